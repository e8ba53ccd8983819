//! A backend that receives hooks: checks the signature of each, and answers as a test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use roomcast::auth::webhook::{verify, WebhookSecrets};
use roomcast::protocol::post::PostHeaders;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::clock::now;
use super::posted::{posted, Posted};
use super::WAIT;

/// The secret that hooks are signed with.
pub(crate) const HOOK_SECRET: &str = "whsec_aG9vay1ob29rLWhvb2staG9vay1ob29r";

/// A hook as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arrived {
    /// The header `webhook-id`.
    pub(crate) id: String,
    /// The status with which it was answered.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Value,
}

/// A receiver of hooks.
#[derive(Debug)]
pub(crate) struct Receiver {
    address: String,
    status: Arc<Mutex<u16>>,
    arrived: watch::Receiver<Vec<Arrived>>,
}

impl Receiver {
    /// Starts to listen. Every hook is answered with 204.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let (sender, arrived) = watch::channel(Vec::new());
        let status = Arc::new(Mutex::new(204));
        let (sender, answer) = (Arc::new(sender), status.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(receive(socket, answer.clone(), sender.clone()));
            }
        });
        Self { address, status, arrived }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// From now on hooks are answered with this status.
    pub(crate) fn answer(&self, status: u16) {
        *self.status.lock().expect("nobody panics with it") = status;
    }

    /// Waits for a hook, longer than for anything else: a room may find out late that everyone has left.
    pub(crate) async fn late(&mut self, wanted: impl Fn(&Arrived) -> bool) -> Arrived {
        let there = self.arrived.wait_for(|arrived| arrived.iter().any(&wanted));
        let arrived = timeout(4 * WAIT, there).await.expect("no such hook").expect("it listens");
        arrived.iter().find(|hook| wanted(hook)).expect("it is there").clone()
    }

    /// The hooks that have arrived so far.
    pub(crate) fn so_far(&self) -> Vec<Arrived> {
        self.arrived.borrow().clone()
    }

    /// The hooks that have arrived, as soon as there are so many.
    pub(crate) async fn hooks(&mut self, count: usize) -> Vec<Arrived> {
        let all = self.arrived.wait_for(|arrived| arrived.len() >= count);
        let arrived = timeout(WAIT, all).await.map(|all| all.expect("it listens").clone());
        arrived.unwrap_or_else(|_| panic!("not {count} hooks, but {:?}", self.arrived.borrow()))
    }
}

async fn receive(
    mut socket: TcpStream,
    status: Arc<Mutex<u16>>,
    arrived: Arc<watch::Sender<Vec<Arrived>>>,
) {
    let Some(Posted { head, body }) = posted(&mut socket).await else { return };
    check(&head, &body);
    let status = *status.lock().expect("nobody panics with it");
    let body = serde_json::from_str(&body).expect("hooks are JSON");
    let id = head["webhook-id"].clone();
    arrived.send_modify(|all| all.push(Arrived { id, status, body }));
    let answer =
        format!("HTTP/1.1 {status} Answered\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let _ = socket.write_all(answer.as_bytes()).await;
}

fn check(head: &HashMap<String, String>, body: &str) {
    let header = |name: &str| head.get(name).map(String::as_str);
    let headers = PostHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        ..PostHeaders::default()
    };
    let secrets = WebhookSecrets::parse(HOOK_SECRET).expect("a secret");
    verify(&secrets, &headers, body.as_bytes(), now()).expect("a signed hook");
    assert_eq!(header("content-type"), Some("application/json"));
}
