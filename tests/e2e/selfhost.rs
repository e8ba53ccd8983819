//! Roomcast on a machine of one's own: what `selfhost/` has, run as its files say.
//!
//! No container is built and no systemd is started: a machine that runs tests has no daemon for the first, and one that is not its own for the second. What both
//! would run is run here: the same files at the same paths, by the commands in the Dockerfile and in the units, by nobody, with nothing to write to but
//! the rooms. That takes root and namespaces; a test that cannot have them says so, and proves nothing.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`hosted`] | a Roomcast that runs isolated |
//! | [`recipe`] | what the Dockerfile says |
//! | [`unit`] | what a unit of systemd says |
//! | [`image`] | tests of the container image |
//! | [`service`] | tests of the units, backups and upgrades |
//! | [`proxy`] | tests of the proxy in front |

mod hosted;
mod image;
mod proxy;
mod recipe;
mod service;
mod unit;

use std::path::Path;

use tokio::process::Command;

use crate::support::program::{run, Ran};
use crate::support::{checkout, left_out};

/// The number of the user that runs Roomcast: that of the image.
const USER: u32 = 65532;

/// Whether this machine lets tests make mount and process namespaces and become another user.
async fn isolates(what: &str) -> bool {
    let mut probe = Command::new("unshare");
    probe.args([
        "--mount",
        "--pid",
        "--fork",
        "setpriv",
        "--reuid=65532",
        "--clear-groups",
        "true",
    ]);
    let lets = probe.output().await.is_ok_and(|output| output.status.success());
    if !lets {
        left_out(what, "it takes root, unshare and setpriv");
    }
    lets
}

/// Runs `selfhost/install`.
async fn install(arguments: &[&str], to: &Path) -> Ran {
    let ran = run(Command::new(checkout("selfhost/install")).args(arguments).arg(to)).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran
}
