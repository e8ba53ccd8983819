//! The wire as other people's tools read it: an `OpenAPI` 3.1 document of all that is asked over HTTP, and an `AsyncAPI` 3 document of all
//! that is said over WebSockets. `docs/openapi.json` and `docs/asyncapi.json` are what [`openapi`] and [`asyncapi`] make.
//!
//! Nothing is described twice: paths come from the table of routes, codes from theirs, schemas from the Rust types, examples from the
//! vectors. Said here is only what these do not say: which codes a path answers with, and what its parameters are. Host only.
//!
//! | file | what it says |
//! | --- | --- |
//! | `http` | the `OpenAPI` document |
//! | `operations` | what each method of a route is for |
//! | `asked`, `answered` | its parameters and its body; what is answered if all is well |
//! | `refusals` | which codes each route answers with |
//! | `problems` | these answers |
//! | `parameters` | what stands in paths, queries and headers |
//! | `security` | how somebody shows who it is |
//! | `sockets` | the `AsyncAPI` document |
//! | `messages` | its frames, and what answers what |
//! | `schemas` | the types that both name |
//! | `examples` | what they show |

mod answered;
mod asked;
mod examples;
mod http;
mod messages;
mod operations;
mod parameters;
mod problems;
mod refusals;
mod schemas;
mod security;
mod sockets;

#[cfg(test)]
mod tests;

use serde_json::Value;

/// The `OpenAPI` document, with a newline at the end.
pub fn openapi() -> String {
    written(&http::document())
}

/// The `AsyncAPI` document, with a newline at the end.
pub fn asyncapi() -> String {
    written(&sockets::document())
}

fn written(document: &Value) -> String {
    // Texts and numbers only, so encoding cannot fail.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
