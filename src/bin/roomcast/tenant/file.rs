//! Reads documents of tenants from files. In place of a secret, a file may name a setting, so that the file itself can be
//! kept in version control.

use std::fs;
use std::path::Path;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::tenant::secrets;
use serde_json::Value;

/// The document in a file, with the secrets from the settings that it names.
///
/// # Errors
/// The file cannot be read, is not JSON, or names a setting that is missing.
pub(super) fn load(path: &Path, settings: &Settings) -> Result<Value, Failure> {
    let failed = |why: String| Failure::Input(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let mut document = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    secrets::each(&mut document, |_, secret| {
        if let Some(name) = secret.get("env").and_then(Value::as_str) {
            *secret = settings.required(name)?.into();
        }
        Ok::<_, Failure>(())
    })?;
    Ok(document)
}
