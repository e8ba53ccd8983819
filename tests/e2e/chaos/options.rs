//! What a run is asked for, in the environment: `scripts/chaos` sets it.

use std::env;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What a run is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Decides every random choice.
    pub(crate) seed: u64,
    /// How often the server is killed.
    pub(crate) kills: usize,
    /// How long all of it may take.
    pub(crate) time: Duration,
    /// The only fault that is made; all if there is none.
    pub(crate) only: Option<String>,
    /// The time between two deploys.
    pub(crate) deploy_every: Duration,
    /// A build of an older release, whose rooms have another schema, and its commit.
    pub(crate) old: Option<(PathBuf, String)>,
    /// The library that gives a program another clock.
    pub(crate) clock: Option<PathBuf>,
}

impl Options {
    pub(crate) fn read() -> Self {
        let seconds =
            |name: &str, default: u64| Duration::from_secs(number(name).unwrap_or(default));
        let commit = || text("CHAOS_OLD_COMMIT").unwrap_or_default();
        Self {
            seed: number("CHAOS_SEED").unwrap_or(0),
            kills: number("CHAOS_KILLS").unwrap_or(1_000),
            time: seconds("CHAOS_SECONDS", 900),
            only: text("CHAOS_ONLY"),
            deploy_every: seconds("CHAOS_DEPLOY_SECONDS", 10),
            old: text("CHAOS_OLD").map(|folder| (folder.into(), commit())),
            clock: text("CHAOS_CLOCK").map(PathBuf::from),
        }
    }

    /// Whether a fault is asked for.
    pub(crate) fn wants(&self, fault: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == fault)
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

fn number<T: FromStr>(name: &str) -> Option<T> {
    let text = text(name)?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is {text}, which is no number")))
}
