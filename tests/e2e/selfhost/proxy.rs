//! Caddy in front of Roomcast, with the `Caddyfile` of `selfhost/`. Only its addresses are others, and it serves in plain HTTP: there are no certificates here.

use std::fs;
use std::process::Stdio;

use reqwest::Client;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::left_out;
use crate::support::checkout;
use crate::support::connecting::Connecting;
use crate::support::events::renames;
use crate::support::server::{free_port, Server};

/// The line of the `Caddyfile` that names the hosts.
const HOSTS: &str = "rooms.example.com, acme.rooms.example.com, live.acme.example {";

struct Proxy {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Proxy {
    /// Starts Caddy in front of a server. `None` where there is no Caddy.
    async fn start(server: &Server) -> Option<Self> {
        let (folder, port) = (TempDir::new().expect("a temporary folder"), free_port());
        let file = fs::read_to_string(checkout("selfhost/Caddyfile")).expect("the Caddyfile");
        assert_eq!(file.matches(HOSTS).count(), 1);
        let here = format!("http://127.0.0.1:{port}, http://acme.rooms.example.com:{port} {{");
        let file = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{}", file.replace(HOSTS, &here));
        let path = folder.path().join("Caddyfile");
        fs::write(&path, file).expect("a file");
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(&path);
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        command.env("ROOMCAST", server.url("").trim_start_matches("http://"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.kill_on_drop(true).spawn().ok()?;
        let mut proxy = Self { process, port, _folder: folder };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(proxy.process.try_wait().expect("a process").is_none(), "caddy has ended");
            tokio::task::yield_now().await;
        }
        Some(proxy)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn client(&self, session: &str) -> Connecting {
        Connecting::new(&self.url(""), session)
    }

    async fn status(&self, path: &str) -> u16 {
        reqwest::get(self.url(path)).await.expect("an answer").status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_the_proxy_dashboards_are_live_and_nobody_can_say_to_be_somewhere_else() {
    let server = Server::start_with(|setup| {
        setup.set("ADDRESS_HEADER", "x-forwarded-for");
        setup.set("TENANT_HOST_SUFFIX", ".rooms.example.com");
        setup.limit("connections_per_address", &json!(1));
    });
    let server = server.await;
    let Some(proxy) = Proxy::start(&server).await else {
        return left_out("the proxy", "there is no caddy: scripts/setup --with-proxy installs it");
    };
    let mut client = proxy.client("s-1").claiming("192.0.2.7").open().await;
    server.publisher().post(&renames("one", "s-1", 2)).await;
    client.updates_until(2).await;
    // Whatever it claims, it comes from where the first came from.
    let second = proxy.client("s-1").claiming("192.0.2.8").closed().await;
    assert_eq!(second.1, "address_full");
    // Without the proxy, anybody would be believed: so nobody else may reach Roomcast.
    server.client("s-1").claiming("192.0.2.9").open().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proxy_passes_on_the_tenants_that_it_names_and_keeps_the_admin_api_inside() {
    let server =
        Server::start_with(|setup| setup.set("TENANT_HOST_SUFFIX", ".rooms.example.com")).await;
    let Some(proxy) = Proxy::start(&server).await else {
        return left_out("the proxy", "there is no caddy: scripts/setup --with-proxy installs it");
    };
    assert_eq!(proxy.status("/healthz").await, 200);
    for inside in ["/admin", "/admin/tenants", "/admin/tenants/demo", "/admin/console/live"] {
        assert_eq!(proxy.status(inside).await, 404, "{inside}");
    }
    assert_eq!(server.log().events("admin.refused").len(), 0, "Roomcast was not asked");
    let state = "api/sessions/s-1/state";
    assert_eq!(proxy.status(&format!("/t/demo/{state}")).await, 401, "Roomcast wants a token");
    assert_eq!(proxy.status(&format!("/t/nobody/{state}")).await, 404);
    assert!(!server.log().text().contains("nobody"), "Roomcast was not asked");
    // Roomcast finds the tenant by the host name: there is no acme here.
    let here = ([127, 0, 0, 1], proxy.port).into();
    let acme = Client::builder().resolve("acme.rooms.example.com", here).build().unwrap();
    let asked = acme.get(format!("http://acme.rooms.example.com:{}/{state}", proxy.port));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["code"], "tenant_unknown");
}
