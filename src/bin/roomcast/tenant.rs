//! `roomcast tenant`: makes, reads, changes and deletes the tenants of a deployment, over its admin API.
//!
//! Secrets are sent, and never shown, except those that `rotate` has just made.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::protocol::ids::TenantName;
use roomcast::tenant::document::{parse, Document};
use serde_json::Value;

pub(crate) mod admin;
mod file;
pub(crate) mod rotation;

use admin::{Admin, Stored};
use rotation::Kind;

use crate::documents;

/// What to do with tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Say what is wrong with documents of tenants, and where
    Check(CheckOptions),
    /// Store the document of a tenant
    Put(PutOptions),
    /// Print the document of a tenant, without its secrets
    Get(NameOption),
    /// Print the names of all tenants
    List,
    /// Delete a tenant, close its connections, and delete what its rooms have stored
    Delete(NameOption),
    /// Make a new secret beside the one that is used, or drop the older ones
    Rotate(RotateOptions),
    /// Encrypt the stored secrets with the newest sealing key
    Reseal(ResealOptions),
    /// Print the JSON Schema of documents, for editors
    Schema,
}

/// The documents to check.
#[derive(Debug, Args)]
pub(crate) struct CheckOptions {
    /// The files. In place of a secret there may be {"env": "NAME"}: the value of a setting
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A tenant.
#[derive(Debug, Args)]
pub(crate) struct NameOption {
    /// Its name
    #[arg(value_name = "TENANT")]
    name: TenantName,
}

/// A tenant and its document.
#[derive(Debug, Args)]
pub(crate) struct PutOptions {
    /// Its name
    #[arg(value_name = "TENANT")]
    name: TenantName,
    /// The document. In place of a secret there may be {"env": "NAME"}: the value of a setting
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only if there is no such tenant yet
    #[arg(long, conflicts_with = "if_match")]
    new: bool,
    /// Only if this is still its version, as `get` prints it to stderr
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
}

/// Which secret of which tenant.
#[derive(Debug, Args)]
pub(crate) struct RotateOptions {
    /// The tenant
    #[arg(value_name = "TENANT")]
    name: TenantName,
    /// The secret for posts, or that for tokens
    #[arg(value_name = "KIND")]
    kind: Kind,
    /// Drop all but the newest, once everyone uses it
    #[arg(long)]
    finish: bool,
}

/// Which tenants.
#[derive(Debug, Args)]
pub(crate) struct ResealOptions {
    /// Their names; without any, all
    #[arg(value_name = "TENANT")]
    names: Vec<TenantName>,
}

/// Runs one of the commands.
///
/// # Errors
/// A file, a setting or a document is not right, or the server refuses.
pub(crate) async fn run(target: &Target, command: &TenantCommand) -> Result<(), Failure> {
    match command {
        TenantCommand::Check(options) => check(target, &options.files),
        TenantCommand::Schema => {
            print!("{}", documents::schema::<Document>());
            Ok(())
        }
        TenantCommand::Put(options) => put(target, options).await,
        TenantCommand::Get(NameOption { name }) => {
            let Stored { document, version } = Admin::new(target)?.get(name).await?;
            eprintln!("{version}");
            println!("{}", pretty(&document));
            Ok(())
        }
        TenantCommand::List => list(target).await,
        TenantCommand::Delete(NameOption { name }) => {
            Admin::new(target)?.delete(name).await?;
            println!("{name} is deleted; its rooms are being ended");
            Ok(())
        }
        TenantCommand::Rotate(options) => rotate(target, options).await,
        TenantCommand::Reseal(options) => reseal(target, &options.names).await,
    }
}

fn check(target: &Target, files: &[PathBuf]) -> Result<(), Failure> {
    let settings = Settings::load(target)?;
    documents::check(files, |path| {
        let document = file::load(path, &settings)?;
        // The name matters only for what is allowed by default.
        let tenant = "tenant".parse().map_err(|_| Failure::Input("a bad name".to_owned()))?;
        Ok(parse(tenant, document).map(|_| "is fine".to_owned()))
    })
}

async fn put(target: &Target, options: &PutOptions) -> Result<(), Failure> {
    let PutOptions { name, file, new, if_match } = options;
    let document = file::load(file, &Settings::load(target)?)?;
    let admin = Admin::new(target)?;
    let condition = match if_match {
        Some(version) => Some(("if-match", version.as_str())),
        None => new.then_some(("if-none-match", "*")),
    };
    let (created, version) = admin.put(name, &document, condition).await?;
    let done = if created { "is made" } else { "is changed, everywhere within 30 s" };
    println!("{name} {done}: version {version}");
    Ok(())
}

async fn list(target: &Target) -> Result<(), Failure> {
    for name in Admin::new(target)?.list().await? {
        println!("{name}");
    }
    Ok(())
}

async fn rotate(target: &Target, options: &RotateOptions) -> Result<(), Failure> {
    let RotateOptions { name, kind, finish } = options;
    let admin = Admin::new(target)?;
    let Stored { mut document, version } = admin.get(name).await?;
    let made = if *finish {
        rotation::finish(&mut document, *kind)?;
        None
    } else {
        Some(rotation::begin(&mut document, *kind)?)
    };
    admin.put(name, &document, Some(("if-match", &version))).await?;
    match made {
        Some(secret) => {
            eprintln!(
                "The new secret. It is shown only now. Wait 30 s before you use it; the older ones still count:"
            );
            println!("{secret}");
        }
        None => println!("{name}: only the newest secret counts, everywhere within 30 s"),
    }
    Ok(())
}

async fn reseal(target: &Target, names: &[TenantName]) -> Result<(), Failure> {
    let admin = Admin::new(target)?;
    let names = if names.is_empty() { admin.list().await? } else { names.to_vec() };
    let mut failed = 0;
    for name in &names {
        match admin.reseal(name).await {
            Ok(()) => println!("{name}: its secrets are encrypted with the newest key"),
            Err(failure) => {
                failed += 1;
                println!("{name}: {failure}");
            }
        }
    }
    match failed {
        0 => Ok(()),
        many => {
            Err(Failure::Refused(format!("{many} of {} tenants are as they were", names.len())))
        }
    }
}

fn pretty(document: &Value) -> String {
    // Encoding what was decoded cannot fail.
    serde_json::to_string_pretty(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tenant.schema.json");
        let published = std::fs::read_to_string(path).unwrap_or_default();
        let hint = "run `cargo run --bin roomcast -- tenant schema > docs/tenant.schema.json`";
        assert!(published == documents::schema::<Document>(), "{hint}");
    }
}
