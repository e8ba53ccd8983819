//! The parts that the tests are built from.
//!
//! | file | what it is for |
//! | --- | --- |
//! | [`server`] | a Worker in workerd: started, evicted, killed, started again |
//! | [`worker_config`] | its configuration |
//! | [`log`] | its log lines |
//! | [`connecting`] | how a dashboard connects, or is refused |
//! | [`client`] | a dashboard that checks what it is sent |
//! | [`follower`] | a dashboard that connects again until it has seen everything |
//! | [`feed`] | backends that post while dashboards follow |
//! | [`tracker`] | whether frames leave gaps or repeat themselves |
//! | [`memory`] | how much memory the server has |
//! | [`publisher`] | a backend that signs |
//! | [`posted`] | what arrives at servers that tests play |
//! | [`reluctant`] | a server that takes posts only after some others |
//! | [`issuer`] | an issuer of tokens with a JWKS |
//! | [`events`] | the events that a backend posts |
//! | [`token`] | tokens, good and bad |
//! | [`raw`] | bytes as they cross a socket |
//! | [`wire`] | connections by hand |
//! | [`browser`] | the page in Chromium |
//! | [`stage`] | what journeys of the client in Chromium ask for |
//! | [`program`] | other programs, the command line among them |
//! | [`clock`] | the only place that reads the clock |

pub(crate) mod browser;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod connecting;
pub(crate) mod disk;
pub(crate) mod events;
pub(crate) mod feed;
pub(crate) mod follower;
pub(crate) mod issuer;
pub(crate) mod log;
pub(crate) mod memory;
pub(crate) mod posted;
pub(crate) mod program;
pub(crate) mod publisher;
pub(crate) mod raw;
pub(crate) mod receiver;
pub(crate) mod reluctant;
pub(crate) mod server;
pub(crate) mod stage;
pub(crate) mod token;
pub(crate) mod tracker;
pub(crate) mod watch;
pub(crate) mod wire;
pub(crate) mod worker_config;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// How long anything that has to happen may take, on a slow machine under load.
pub(crate) const WAIT: Duration = Duration::from_secs(30);

/// A path in the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Says that something is not tested here. The macros would only be seen if the test failed.
pub(crate) fn left_out(what: &str, lacks: &str) {
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {what} is not tested, because {lacks}");
}
