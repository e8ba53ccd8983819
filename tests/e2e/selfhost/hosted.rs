//! A Roomcast that runs in namespaces of its own: it sees the files of an installation, can write to its rooms only, and is nobody.
//!
//! All mounts are made in a namespace that ends with the process, so nothing of them is left on the machine.

use std::fs;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, Response};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::USER;
use crate::support::connecting::Connecting;
use crate::support::log::Log;
use crate::support::program::signal;
use crate::support::publisher::Publisher;
use crate::support::server::free_port;
use crate::support::worker_config::{document, ADMIN_TOKEN, ORIGIN, SEALING_KEYS};
use crate::support::WAIT;

/// The settings of the tests, as `roomcast.env` has them.
pub(super) const SETTINGS: [(&str, &str); 3] =
    [("SEALING_KEYS", SEALING_KEYS), ("ADMIN_TOKEN", ADMIN_TOKEN), ("DEFAULT_TENANT", "demo")];

/// What a container sees: the files of the image, read-only, with the devices that every container has.
const CONTAINER: &str = r#"
root=$1/root folder=$2
mount --bind "$root" "$root"
mount --bind "$1/rooms" "$root/var/lib/roomcast"
mkdir -p "$root/dev" "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
cd /
shift 2
exec setpriv --no-new-privs --clear-groups unshare --root="$root" --wd="$folder" --setuid 65532 --setgid 65532 "$@"
"#;

/// What the service sees: this machine, read-only, with an installation in /opt/roomcast, its rooms, its copies and its credentials.
const SERVICE: &str = r#"
for hidden in /opt /var/lib /run; do mount -t tmpfs -o mode=755 tmpfs "$hidden"; done
mkdir /opt/roomcast /var/lib/roomcast /var/lib/roomcast-backups /run/credentials
mount --bind "$1/root" /opt/roomcast
mount --bind "$1/rooms" /var/lib/roomcast
mount --bind "$1/backups" /var/lib/roomcast-backups
mount --bind "$1/credentials" /run/credentials
mount -t tmpfs tmpfs /tmp
# For systemd-analyze.
install -d -o 65532 /run/systemd
for kept in /opt /opt/roomcast /run/credentials /; do mount -o remount,bind,ro "$kept"; done
cd "$2"
shift 2
exec setpriv --no-new-privs --clear-groups --reuid=65532 --regid=65532 "$@"
"#;

/// Where things run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// In the file system of the image.
    Container,
    /// On this machine, as systemd shows it to the service.
    Service,
}

/// The files of an installation, and what it keeps.
#[derive(Debug)]
pub(super) struct Machine {
    folder: TempDir,
    place: Place,
}

impl Machine {
    /// A machine without an installation: that goes to [`Machine::root`].
    pub(super) fn new(place: Place) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        for kept in ["rooms", "backups", "credentials"] {
            let kept = folder.path().join(kept);
            fs::create_dir(&kept).expect("a folder");
            chown(&kept, Some(USER), Some(USER)).expect("a folder of the user");
        }
        Self { folder, place }
    }

    /// Where the installation is.
    pub(super) fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// A folder of what it keeps: `rooms`, `backups` or `credentials`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command that runs there, in this folder, and has this environment only.
    pub(super) fn command<S: AsRef<str>>(
        &self,
        folder: &str,
        words: &[S],
        environment: &[(&str, &str)],
    ) -> Command {
        // Whoever runs the tests in the background has them, and what they start, ignore SIGINT.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", "unshare", "--mount", "--fork", "--kill-child"]);
        match self.place {
            // The first process of a container gets no signals that it does not handle.
            Place::Container => command.args(["--pid", "sh", "-euc", CONTAINER, "sh"]),
            Place::Service => command.args(["sh", "-euc", SERVICE, "sh"]),
        };
        command.arg(self.folder.path()).arg(folder);
        command.args(words.iter().map(AsRef::as_ref)).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").envs(environment.iter().copied());
        command
    }
}

/// A Roomcast that runs.
#[derive(Debug)]
pub(super) struct Hosted {
    process: Child,
    port: u16,
    log: Log,
}

/// An address for a Roomcast, and its port.
pub(super) fn address() -> (String, u16) {
    let port = free_port();
    (format!("127.0.0.1:{port}"), port)
}

impl Hosted {
    /// Starts a command that listens on this port. Whether it serves is for its own health check to say.
    pub(super) fn start(mut command: Command, port: u16) -> Self {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = piped.spawn().expect("unshare");
        let log = Log::new();
        log.follow(process.stdout.take().expect("its stdout"));
        log.follow(process.stderr.take().expect("its stderr"));
        Self { process, port, log }
    }

    /// The log of the server.
    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    /// The address of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Stores the document of the tenant `demo`.
    pub(super) async fn make_tenant(&self) {
        let put = Client::new().put(self.url("/admin/tenants/demo")).bearer_auth(ADMIN_TOKEN);
        let answer = put.json(&document(&[ORIGIN])).send().await.expect("an answer to a PUT");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// Asks for a path.
    pub(super) async fn get(&self, path: &str) -> Response {
        reqwest::get(self.url(path)).await.expect("an answer")
    }

    /// A dashboard that is about to connect to a session.
    pub(super) fn client(&self, session: &str) -> Connecting {
        Connecting::new(&self.url(""), session)
    }

    /// A backend that posts here.
    pub(super) fn publisher(&self) -> Publisher {
        Publisher::new(&self.url(""))
    }

    /// The number of the program itself, while it runs. `unshare` is its parent.
    fn program(&self) -> Option<String> {
        let id = self.process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        Some(children.trim().to_owned()).filter(|children| !children.is_empty())
    }

    /// Ends it as a container or a service is ended: by a signal to the program itself. It must not wait for anybody.
    pub(super) async fn stop(&mut self, name: &str) {
        signal(name.trim_start_matches("SIG"), &self.program().expect("the program"));
        let ended = async {
            while self.process.try_wait().expect("a process").is_none() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(WAIT, ended).await.expect("an end in time");
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        // It has become another user, so the end of its parent does not end it.
        if let Some(program) = self.program() {
            signal("KILL", &program);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
