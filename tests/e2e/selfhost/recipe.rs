//! What the Dockerfile says, as another project's parser reads it (`tests/selfhost/dockerfile.js`).

use std::collections::BTreeMap;

use serde::Deserialize;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::program::run;

/// The Dockerfile.
#[derive(Debug, Deserialize)]
pub(super) struct Recipe {
    /// What the validator finds wrong.
    pub(super) findings: Vec<String>,
    pub(super) stages: Vec<Stage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stage {
    pub(super) base: String,
    pub(super) instructions: Vec<Instruction>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Instruction {
    pub(super) keyword: String,
    pub(super) words: Vec<String>,
    pub(super) flags: BTreeMap<String, Option<String>>,
}

impl Recipe {
    pub(super) async fn read() -> Self {
        let mut command = Command::new(checkout("node_modules/.bin/node"));
        command.arg(checkout("tests/selfhost/dockerfile.js")).arg(checkout("selfhost/Dockerfile"));
        let ran = run(&mut command).await;
        assert_eq!(ran.code, 0, "{}: scripts/setup brings the parser", ran.stderr);
        serde_json::from_str(&ran.stdout).expect("what the parser prints")
    }
}

impl Stage {
    /// The words of the only instruction of this kind.
    pub(super) fn only(&self, keyword: &str) -> Vec<String> {
        let found: Vec<_> = self.instructions.iter().filter(|one| one.keyword == keyword).collect();
        assert_eq!(found.len(), 1, "{keyword}");
        found[0].words.clone()
    }

    /// The program that a container of it runs, with an address of its own.
    pub(super) fn program(&self, address: &str) -> Vec<String> {
        let mut words = self.only("ENTRYPOINT");
        words.extend(self.only("CMD").iter().map(|word| word.replace("*:8787", address)));
        assert!(words.contains(&format!("http={address}")), "{words:?}");
        words
    }

    /// The check that says whether a container is healthy, for a Roomcast with an address of its own.
    pub(super) fn check(&self, address: &str) -> Vec<String> {
        let mut words = self.only("HEALTHCHECK");
        words.extend(["--external-addr".to_owned(), format!("roomcast={address}")]);
        words
    }
}
