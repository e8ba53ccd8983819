//! What the commands for documents have in common: documents of dashboards and of tenants are checked, and their schemas are
//! printed, in the same way.

use std::path::PathBuf;

use roomcast::deployment::failure::Failure;
use roomcast::preset::faults::Fault;
use schemars::JsonSchema;

/// Says of each file what is wrong with its document, and where, or what `read` says if it is fine.
///
/// # Errors
/// A file cannot be read, or a document needs mending.
pub(crate) fn check(
    files: &[PathBuf],
    read: impl Fn(&PathBuf) -> Result<Result<String, Vec<Fault>>, Failure>,
) -> Result<(), Failure> {
    let mut wrong = 0;
    for file in files {
        let name = file.display();
        match read(file)? {
            Ok(fine) => println!("{name}: {fine}"),
            Err(faults) => {
                wrong += 1;
                for fault in faults {
                    println!("{name}: {fault}");
                }
            }
        }
    }
    match wrong {
        0 => Ok(()),
        1 => Err(Failure::Input("one document needs mending".to_owned())),
        many => Err(Failure::Input(format!("{many} documents need mending"))),
    }
}

/// The JSON Schema of a kind of documents, with a newline at the end.
pub(crate) fn schema<D: JsonSchema>() -> String {
    let schema = schemars::schema_for!(D);
    // A schema consists of texts and numbers, so encoding cannot fail.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}
