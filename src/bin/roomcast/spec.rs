//! `roomcast spec`: the wire as documents that other people's tools read, from the Rust types.
//!
//! Asks no server.

use clap::{Args, ValueEnum};
use roomcast::spec;

/// Which document.
#[derive(Debug, Args)]
pub(crate) struct SpecOptions {
    /// The document: `docs/openapi.json` or `docs/asyncapi.json`
    #[arg(value_name = "DOCUMENT")]
    document: Document,
}

/// A document of the wire.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Document {
    /// `OpenAPI` 3.1: all that is asked over HTTP
    #[value(name = "openapi")]
    OpenApi,
    /// `AsyncAPI` 3: all that is said over WebSockets
    #[value(name = "asyncapi")]
    AsyncApi,
}

impl Document {
    fn text(self) -> String {
        match self {
            Self::OpenApi => spec::openapi(),
            Self::AsyncApi => spec::asyncapi(),
        }
    }
}

/// Prints a document.
pub(crate) fn run(options: &SpecOptions) {
    print!("{}", options.document.text());
}
