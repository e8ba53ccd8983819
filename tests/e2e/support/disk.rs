//! The databases of a server that is down, changed so that time seems to have passed.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::checkout;
use super::program::{end, start};
use super::server::databases;

/// Runs SQL on the databases of a server that is down.
pub(crate) async fn alter(databases: &[PathBuf], sql: &str) {
    let script = "import { DatabaseSync } from 'node:sqlite'; const [sql, ...files] = process.argv.slice(1); \
                  for (const file of files) new DatabaseSync(file).exec(sql);";
    let mut command = Command::new(checkout("node_modules/.bin/node"));
    command.args(["--input-type=module", "--no-warnings", "-e", script, sql]).args(databases);
    let ran = end(start(&mut command)).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// Makes the alarms due of all objects in this folder. The runtime stores alarms in two places.
pub(crate) async fn make_alarms_due(folder: &Path) {
    alter(&databases(folder), "UPDATE _cf_METADATA SET value = 1000000000").await;
    let alarms = [folder.join("metadata.sqlite")];
    alter(&alarms, "UPDATE _cf_ALARM SET scheduled_time = 1000000000").await;
}
