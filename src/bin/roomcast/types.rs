//! `roomcast types`: the types of the wire as a module of TypeScript, from the Rust types.
//!
//! Asks no server. The data of a document's updates is what `roomcast preset types` prints.

use clap::{Args, ValueEnum};
use roomcast::deployment::failure::Failure;
use roomcast::protocol::typescript;

/// Which part of the wire.
#[derive(Debug, Args)]
pub(crate) struct TypesOptions {
    /// The module: `client/src/protocol.ts` or `client/src/company.ts`
    #[arg(value_name = "MODULE")]
    module: Module,
}

/// A part of the wire.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Module {
    /// Frames, codes, and answers over HTTP
    Protocol,
    /// Presence and signals
    Company,
}

/// Prints a module.
///
/// # Errors
/// A type of the wire has a form for which there is no TypeScript yet.
pub(crate) fn run(options: &TypesOptions) -> Result<(), Failure> {
    let text = match options.module {
        Module::Protocol => typescript::protocol(),
        Module::Company => typescript::company(),
    };
    print!("{}", text.map_err(|unprintable| Failure::Machine(unprintable.to_string()))?);
    Ok(())
}
