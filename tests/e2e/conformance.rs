//! `roomcast conformance`: what it says of a deployment that keeps the protocol, and of one that does not.

use std::fs;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{copy, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::support::program::{roomcast, run};
use crate::support::server::Server;
use crate::support::worker_config::ADMIN_TOKEN;

async fn tenants(server: &Server) -> Value {
    let answer = server.admin(Method::GET, "/admin/tenants").send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_keeps_the_protocol_passes_every_check_and_is_left_as_it_was() {
    let server = Server::start().await;
    let before = tenants(&server).await;
    let folder = TempDir::new().unwrap();
    let junit = folder.path().join("conformance.xml");
    let mut command =
        roomcast(&server.url(""), &["conformance", "--junit", junit.to_str().unwrap()]);
    let ran = run(command.env("ADMIN_TOKEN", ADMIN_TOKEN)).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let last = ran.stdout.lines().last().unwrap();
    let passed = ran.stdout.lines().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(last, format!("{passed} of {passed} checks passed"));
    assert!(passed > 30, "{passed}");
    let xml = fs::read_to_string(junit).unwrap();
    assert!(xml.contains(&format!("tests=\"{passed}\" failures=\"0\"")), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), passed);
    assert_eq!(tenants(&server).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_can_be_checked_without_posting_or_changing_anything() {
    let server = Server::start().await;
    let arguments = ["--tenant", "demo", "conformance", "--read-only"];
    let ran = run(&mut roomcast(&server.url(""), &arguments)).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.lines().count() > 15, "{}", ran.stdout);
    // It does not know the tenant's secret, and both of its posts are there to be refused.
    let refused = server.log().events("post.refused");
    let reasons: Vec<_> = refused.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["signature_missing", "signature_invalid"]);
}

/// The bytes of one segment of a network on which nothing arrives whole.
const PIECE: usize = 64;

/// An address at which a server is reached over such a network.
async fn in_pieces(server: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            client.set_nodelay(true).unwrap();
            let ((mut asks, answers), (from, mut to)) = (client.into_split(), server.into_split());
            // Each ends when one of the two sides does.
            tokio::spawn(async move { copy(&mut asks, &mut to).await });
            tokio::spawn(cut_up(from, answers));
        }
    });
    format!("http://{address}")
}

async fn cut_up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut piece = [0; PIECE];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
        // So that two pieces are two segments.
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_cuts_answers_up_makes_no_check_fail() {
    let server = Server::start().await;
    let address = in_pieces(&server.url("")).await;
    let mut command = roomcast(&address, &["conformance"]);
    let ran = run(command.env("ADMIN_TOKEN", ADMIN_TOKEN)).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

/// A server that answers everything with 200 and an empty object.
async fn agreeable() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 16_384];
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_agrees_to_everything_fails_every_check_but_that_it_is_there() {
    let server = agreeable().await;
    let ran = run(&mut roomcast(&server, &["conformance", "--read-only"])).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let passed: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("ok ")).collect();
    assert_eq!(passed, ["ok      wire: the deployment says that it is there"]);
    assert!(ran.stdout.contains("the upgrade was refused with 200"), "{}", ran.stdout);
    assert!(ran.stderr.contains("checks failed"), "{}", ran.stderr);
}
