//! The failures that end a program, their messages, and the exit code.
//!
//! Messages say what is wrong, where, and how to fix it. None holds a secret, a token, or the
//! value of a setting.

use std::fmt;

use crate::config::Misconfigured;

/// Why a program ended without having done its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server could not be reached.
    Unreachable {
        /// The address, without credentials.
        url: String,
        /// The innermost cause, as the system words it.
        cause: String,
    },
    /// The server answered and refused.
    Refused(String),
    /// This machine failed: no random bytes, no writable output.
    Machine(String),
    /// The arguments or the input are not what they must be.
    Input(String),
    /// A setting is missing or malformed.
    Setting(Misconfigured),
}

impl Failure {
    /// The setting `name` is missing or malformed.
    pub fn setting(name: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Setting(Misconfigured { setting: name.into(), must: Some(reason.to_string()) })
    }

    /// A line of the input is malformed.
    pub fn line(line: usize, what: impl fmt::Display) -> Self {
        Self::Input(format!("line {line}: {what}"))
    }

    /// The exit code, as documented in `--help`.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unreachable { .. } | Self::Refused(_) | Self::Machine(_) => 1,
            Self::Input(_) => 2,
            Self::Setting(_) => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { url, cause } => {
                write!(f, "could not reach {url}: {cause}. ")?;
                f.write_str("Is it running? Start it with scripts/dev, or give --url.")
            }
            Self::Refused(text) | Self::Machine(text) | Self::Input(text) => f.write_str(text),
            Self::Setting(misconfigured) => misconfigured.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

/// The innermost cause of an error. The layers around it say only that something failed.
pub fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_about_an_unreachable_server_says_how_to_start_it() {
        let failure = Failure::Unreachable {
            url: "http://127.0.0.1:8787/".to_owned(),
            cause: "Connection refused (os error 111)".to_owned(),
        };
        let text = failure.to_string();
        assert!(text.starts_with("could not reach http://127.0.0.1:8787/: Connection refused"));
        assert!(text.contains("scripts/dev") && text.contains("--url"));
    }

    #[test]
    fn the_exit_code_differs_for_the_server_the_input_and_the_settings() {
        assert_eq!(Failure::Refused(String::new()).exit_code(), 1);
        assert_eq!(Failure::line(3, "bad").exit_code(), 2);
        assert_eq!(Failure::setting("DEMO_TOKEN_SECRET", "is not set").exit_code(), 3);
    }
}
