//! A token as its holder sent it, on its way to those who can verify it.
//!
//! It is not verified here, and it is never shown, logged or stored.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The text of a token. `Debug` shows that there is one and nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema), schemars(inline))]
pub struct Bearer(String);

impl Bearer {
    /// The text, for the function that verifies it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Bearer {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself() {
        assert_eq!(format!("{:?}", Bearer::from("a.b.c")), "Bearer(redacted)");
    }
}
