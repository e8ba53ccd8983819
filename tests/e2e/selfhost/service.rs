//! The units of systemd, backups and upgrades.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::json;
use tokio::process::Command;

use super::hosted::{address, Hosted, Machine, Place, SETTINGS};
use super::unit::Unit;
use super::{install, isolates, left_out};
use crate::support::checkout;
use crate::support::events::renames;
use crate::support::program::{run, Ran};

/// The most that `systemd-analyze security` may say of a unit, in tenths: 0 is a service that can do nothing, 100 one without any bound.
const EXPOSURE: [(&str, u32); 2] = [("roomcast.service", 14), ("roomcast-backup.service", 6)];

const UNITS: [&str; 3] = ["roomcast.service", "roomcast-backup.service", "roomcast-backup.timer"];

/// Runs `systemd-analyze` on a machine with an installation. `None` where there is no systemd-analyze that can do it.
async fn analyze(machine: &Machine, arguments: &[&str], units: &[&str]) -> Option<String> {
    let version = Command::new("systemd-analyze").arg("--version").output().await.ok()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let version: u32 = version.split_whitespace().nth(1)?.parse().ok()?;
    // The first version that judges units that are not installed.
    if version < 250 {
        return None;
    }
    let mut words = vec!["systemd-analyze".to_owned(), "--no-pager".to_owned()];
    words.extend(arguments.iter().map(|word| (*word).to_owned()));
    // The machine has a /tmp of its own: of a checkout below /tmp it sees nothing.
    for unit in units {
        let seen = machine.root().join(unit);
        fs::copy(checkout(&format!("selfhost/{unit}")), seen).expect("a copy");
        words.push(format!("/opt/roomcast/{unit}"));
    }
    let output = machine.command("/", &words, &[]).output().expect("unshare");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    Some(said)
}

async fn installed() -> Machine {
    let machine = Machine::new(Place::Service);
    install(&[], &machine.root()).await;
    machine
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn systemd_finds_nothing_wrong_with_the_units_and_little_that_they_may_do() {
    if !isolates("what systemd says of the units").await {
        return;
    }
    let machine = installed().await;
    let Some(findings) = analyze(&machine, &["verify", "--man=no"], &UNITS).await else {
        return left_out(
            "what systemd says of the units",
            "there is no systemd-analyze 250 or newer",
        );
    };
    assert_eq!(findings, "");
    for (unit, most) in EXPOSURE {
        let threshold = format!("--threshold={most}");
        let said = analyze(&machine, &["security", "--offline=true", &threshold], &[unit]).await;
        assert!(said.expect("as before").contains("Overall exposure level"));
    }
}

#[test]
fn both_services_are_the_same_user_and_the_server_may_open_enough_files() {
    let (server, backup) = (Unit::read(UNITS[0]), Unit::read(UNITS[1]));
    for setting in ["DynamicUser", "User", "WorkingDirectory", "UMask"] {
        assert_eq!(server.value(setting), backup.value(setting), "{setting}");
    }
    assert_eq!(server.value("StateDirectory"), "roomcast");
    assert_eq!(backup.value("StateDirectory"), "roomcast roomcast-backups");
    let files: u32 = server.value("LimitNOFILE").parse().unwrap();
    assert!(files >= 2 * 100_000, "two for each client");
    // V8 would end at once.
    assert_eq!(server.values("MemoryDenyWriteExecute"), Vec::<&str>::new());
}

/// The settings as a file that a shell, Docker and systemd read in the same way.
fn settings() -> String {
    let lines: Vec<_> = SETTINGS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    lines.join("\n")
}

struct Service {
    machine: Machine,
    unit: Unit,
    address: String,
    port: u16,
}

impl Service {
    async fn new() -> Self {
        let machine = installed().await;
        let (address, port) = address();
        let service = Self { machine, unit: Unit::read("roomcast.service"), address, port };
        let (credential, source) = service.unit.value("LoadCredential").split_once(':').unwrap();
        assert_eq!(source, "/etc/roomcast/roomcast.env");
        fs::write(service.machine.path("credentials").join(credential), settings()).unwrap();
        service
    }

    /// Starts it, and waits for what systemd waits for.
    fn start(&self) -> Hosted {
        let words = self.unit.command("ExecStart", &self.address);
        let environment =
            [("LISTEN", self.address.as_str()), ("CREDENTIALS_DIRECTORY", "/run/credentials")];
        let command = self.machine.command("/opt/roomcast", &words, &environment);
        let hosted = Hosted::start(command, self.port);
        let checked = self.run(&self.unit.command("ExecStartPost", &self.address));
        assert_eq!(checked.status.code(), Some(0), "{checked:?} {}", hosted.log().text());
        hosted
    }

    fn run(&self, words: &[String]) -> Output {
        self.machine.command("/opt/roomcast", words, &[]).output().expect("unshare")
    }

    /// Does what the timer does every night.
    fn back_up(&self) {
        let words = Unit::read("roomcast-backup.service").command("ExecStart", "");
        let made = self.run(&words);
        assert_eq!(made.status.code(), Some(0), "{made:?}");
    }
}

/// Puts a copy back, as `selfhost/README.md` says.
async fn restore(service: &Service) -> Ran {
    let copies = fs::read_dir(service.machine.path("backups")).unwrap();
    let copies: Vec<_> = copies.map(|copy| copy.unwrap().path()).collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    let rooms = service.machine.path("rooms");
    fs::remove_dir_all(&rooms).unwrap();
    let restore = [Path::new("--restore"), &copies[0], &rooms];
    let ran = run(Command::new(checkout("scripts/backup")).args(restore)).await;
    // When the service starts, systemd gives its folder to its user.
    let given = run(Command::new("chown").args(["-R", "65532:65532"]).arg(&rooms)).await;
    assert_eq!(given.code, 0, "{}", given.stderr);
    ran
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_serves_is_copied_at_night_is_upgraded_and_is_put_back() {
    if !isolates("the service").await {
        return;
    }
    let service = Service::new().await;
    let mut hosted = service.start();
    hosted.make_tenant().await;
    let mut client = hosted.client("s-1").open().await;
    hosted.publisher().post(&renames("before", "s-1", 3)).await;
    client.updates_until(3).await;
    service.back_up();
    hosted.publisher().post(&renames("lost", "s-1", 1)).await;
    client.updates_until(4).await;

    // An upgrade: new files beside a server that runs, then stop and start.
    install(&[], &service.machine.root()).await;
    let previous = service.machine.path("root.previous");
    assert!(previous.join("bin/workerd").exists(), "what there was before is kept");
    assert_eq!(hosted.get("/").await.status(), 200, "the old one still has its pages");
    hosted.stop(service.unit.value("KillSignal")).await;
    assert_eq!(client.expect_close().await.0, 1006, "it says nothing to clients, who come back");
    let mut hosted = service.start();
    let again = hosted.publisher().post(&renames("lost", "s-1", 1)).await;
    assert_eq!(again.results("status"), ["duplicate"]);

    hosted.stop(service.unit.value("KillSignal")).await;
    let ran = restore(&service).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let hosted = service.start();
    let anew = hosted.publisher().post(&renames("anew", "s-1", 1)).await;
    assert_eq!(anew.results("seq"), [4]);
    let back = hosted.client("s-1").after(client.seen.clone()).open().await;
    assert_eq!((&back.hello["recovery"], &back.hello["seq"]), (&json!("snapshot"), &json!(4)));
}

/// The copies in a folder, oldest first.
fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_newest_copies_stay_and_nothing_else_is_deleted() {
    let folder = tempfile::TempDir::new().unwrap();
    let (storage, kept) = (folder.path().join("storage"), folder.path().join("copies"));
    fs::create_dir(&storage).unwrap();
    let sql = "CREATE TABLE some (thing)";
    crate::support::disk::alter(&[storage.join("some.sqlite")], sql).await;
    for name in
        ["2026-01-01T000000Z", "2026-01-02T000000Z", "2026-01-03T000000Z.unfinished", "mine"]
    {
        fs::create_dir_all(kept.join(name)).unwrap();
    }
    let rotate = |count: &'static str| {
        let mut command = Command::new(checkout("node_modules/.bin/node"));
        command.args(["--no-warnings"]).arg(checkout("selfhost/backup.mjs")).arg("rotate");
        command.arg(&storage).arg(&kept).arg(count);
        command
    };
    let refused = run(&mut rotate("0")).await;
    assert_eq!((refused.code, copies(&kept).len()), (1, 4), "{}", refused.stderr);
    let ran = run(&mut rotate("2")).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let left = copies(&kept);
    assert_eq!((left.len(), left[0].as_str(), left[2].as_str()), (3, "2026-01-02T000000Z", "mine"));
    assert!(kept.join(&left[1]).join("some.sqlite").exists(), "the new copy");
}
