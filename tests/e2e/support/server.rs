//! A Worker in workerd: started, evicted, killed, started again on the same port and storage.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use super::connecting::Connecting;
use super::log::{Log, Mark};
use super::publisher::Publisher;
use super::worker_config::{write, Setup, ADMIN_TOKEN};
use super::{checkout, WAIT};

/// The server of one test. It ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    control: u16,
    process: Option<Child>,
    log: Log,
    setup: Setup,
}

impl Server {
    /// Starts a server for the tenant `demo`.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// Starts a server with other variables or tenants.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (port, control) = (free_port(), free_port());
        let mut setup = Setup::demo(&format!("http://127.0.0.1:{port}"));
        change(&mut setup);
        write(folder.path(), &setup);
        let log = Log::new();
        let mut server = Self { folder, port, control, process: None, log, setup };
        server.restart().await;
        for (tenant, document) in &server.setup.tenants {
            let answer = server.put_tenant(tenant, document).await;
            let status = answer.status();
            assert!(status.is_success(), "{tenant}: {status} {:?}", answer.text().await);
        }
        server
    }

    /// Starts the server again with other variables.
    pub(crate) async fn restart_with(&mut self, variables: &[(&str, &str)]) {
        self.restart_as(|setup| variables.iter().for_each(|(name, value)| setup.set(name, value)))
            .await;
    }

    /// Kills the server, and starts it again over the same storage with a setup that has changed.
    pub(crate) async fn restart_as(&mut self, change: impl FnOnce(&mut Setup)) {
        change(&mut self.setup);
        self.kill_9();
        write(self.folder.path(), &self.setup);
        self.restart().await;
    }

    /// Kills the server, and starts another release of the Worker over the same storage, which says its name in the log.
    pub(crate) async fn release(&mut self, name: &str) {
        let says = format!(r#"console.log(JSON.stringify({{event:"release",name:"{name}"}}));"#);
        let mark = self.log.mark();
        self.restart_as(|setup| setup.release = says).await;
        self.log.wait_since(mark, "release", |line| line["name"] == name).await;
    }

    /// Stores the document of a tenant.
    pub(crate) async fn put_tenant(&self, tenant: &str, document: &Value) -> Response {
        let put = self.admin(Method::PUT, &format!("/admin/tenants/{tenant}")).json(document);
        put.send().await.expect("an answer to a PUT")
    }

    /// A request to the admin API, with the admin token.
    pub(crate) fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        Client::new().request(method, self.url(path)).bearer_auth(ADMIN_TOKEN)
    }

    /// Kills the process, which gets no time to do anything.
    pub(crate) fn kill_9(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a signal to workerd");
            process.wait().expect("the end of workerd");
        }
    }

    /// Kills the process if it runs, starts it again, and waits until it answers.
    pub(crate) async fn restart(&mut self) {
        self.kill_9();
        let mark = self.log.mark();
        self.process = Some(self.spawn());
        self.log.wait_since(mark, "listen", |line| line["socket"] == "main").await;
        // In a test of wrong settings, the answer is 503.
        let answer = reqwest::get(self.url("/healthz")).await.expect("an answer of /healthz");
        assert!(matches!(answer.status().as_u16(), 200 | 503));
    }

    fn spawn(&self) -> Child {
        let mut process = Command::new(workerd())
            .args(["serve", "config.capnp", "--experimental", "--control-fd=1"])
            .arg(format!("--socket-addr=main=127.0.0.1:{}", self.port))
            .arg(format!("--socket-addr=control=127.0.0.1:{}", self.control))
            .current_dir(self.folder.path())
            .envs(self.setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("workerd, which scripts/setup brings");
        self.log.follow(process.stdout.take().expect("its stdout"));
        self.log.follow(process.stderr.take().expect("its stderr"));
        process
    }

    /// Forces a room out of memory, as hibernation does. The next event brings it back. The room must be in
    /// memory.
    pub(crate) async fn evict(&self, room: &str) {
        let evicted = self.try_evict(room).await;
        evicted.unwrap_or_else(|why| panic!("{room} is not evicted: {why}"));
    }

    /// Forces a room out of memory, unless it is out already or cannot be evicted now.
    pub(crate) async fn try_evict(&self, room: &str) -> Result<(), String> {
        let room = room.replace('/', "%2F").replace('#', "%23");
        let url = format!("http://127.0.0.1:{}/{room}", self.control);
        let answer = timeout(WAIT, reqwest::get(url)).await.expect("an eviction in time");
        let answer = answer.expect("an answer of the control worker");
        match answer.status() {
            StatusCode::OK => Ok(()),
            _ => Err(answer.text().await.unwrap_or_default()),
        }
    }

    /// Calls a seat as the front Worker does.
    pub(crate) async fn call_seat(&self, seat: &str, path: &str, question: &Value) -> Value {
        let seat = seat.replace('/', "%2F");
        let url = format!("http://127.0.0.1:{}/{seat}?path={path}", self.control);
        let answer = Client::new().post(url).body(question.to_string()).send().await;
        answer.expect("an answer of a seat").json().await.expect("JSON")
    }

    /// Waits until the log says that a room came back into memory with so many clients.
    pub(crate) async fn restored(&self, mark: Mark, room: &str, clients: usize) -> Value {
        let back = |line: &Value| line["room"] == room && line["clients"] == clients;
        self.log.wait_since(mark, "room.restored", back).await
    }

    /// The id of the running process.
    pub(crate) fn process(&self) -> u32 {
        self.process.as_ref().expect("a server that runs").id()
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The log of the server.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// A dashboard that is about to connect to a session.
    pub(crate) fn client(&self, session: &str) -> Connecting {
        Connecting::new(&self.url(""), session)
    }

    /// A backend that posts here.
    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::new(&self.url(""))
    }

    /// The size in bytes of everything that is stored of rooms.
    pub(crate) fn bytes_stored(&self) -> u64 {
        let bytes = |path: String| fs::metadata(path).map_or(0, |file| file.len());
        let of = |database: &PathBuf| {
            let path = database.display().to_string();
            bytes(format!("{path}-wal")) + bytes(path)
        };
        self.rooms().iter().map(of).sum()
    }

    /// The number of databases of pointer objects.
    pub(crate) fn pointer_files(&self) -> usize {
        databases(&self.storage().join("pointer")).len()
    }

    /// The folder with all databases.
    pub(crate) fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }

    /// The databases of rooms.
    pub(crate) fn rooms(&self) -> Vec<PathBuf> {
        databases(&self.storage().join("room"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill_9();
    }
}

/// The databases of objects in a folder, which may not exist.
pub(crate) fn databases(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.expect("a folder that can be read").path());
    let database = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.ends_with(".sqlite") && name != "metadata.sqlite"
    };
    paths.filter(database).collect()
}

/// The program itself. The file that npm puts into `.bin` may be a script that starts it.
pub(crate) fn workerd() -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let width = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "64",
    };
    checkout(&format!("node_modules/@cloudflare/workerd-{system}-{width}/bin/workerd"))
}

/// A port that stays free while the server is down. It is below the range that systems use for outgoing connections:
/// one of those could otherwise take the port, or even connect to itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two suites that run at the same time begin far apart.
    let start = u16::try_from(std::process::id() % 48 * 250).unwrap_or_default();
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
