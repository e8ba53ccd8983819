//! A server that answers one post after the other as a test says, and notes what arrived. It checks that each is signed, and
//! nothing else: it has no rooms.

use std::sync::Arc;

use roomcast::auth::webhook::{verify, WebhookSecrets};
use roomcast::protocol::post::PostHeaders;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::clock::now;
use super::posted::{posted, Posted};
use super::worker_config::WEBHOOK_SECRET;

/// How one post is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// The connection ends.
    Nothing,
    /// With this status, more header lines, each with its end, and this body.
    With(u16, &'static str, &'static str),
}

/// A server with as many answers as it was given. The posts after that get the last one.
#[derive(Debug)]
pub(crate) struct Reluctant {
    address: String,
    arrived: watch::Receiver<Vec<Arrived>>,
}

/// A post as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// The header `webhook-id`.
    pub(crate) id: String,
    /// The header `webhook-timestamp`.
    pub(crate) seconds: u64,
    /// The body.
    pub(crate) body: String,
}

impl Reluctant {
    /// Starts to listen.
    pub(crate) async fn start(answers: &'static [Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let (sender, arrived) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, answers, sender.clone()));
            }
        });
        Self { address, arrived }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.address
    }

    /// What has arrived so far.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.borrow().clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    answers: &[Answer],
    arrived: Arc<watch::Sender<Vec<Arrived>>>,
) {
    let Some(post) = posted(&mut socket).await else { return };
    let post = signed(&post);
    let mut before = 0;
    arrived.send_modify(|all| {
        before = all.len();
        all.push(post);
    });
    let answer = answers.get(before).or(answers.last()).expect("an answer");
    let Answer::With(status, headers, body) = answer else { return };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Answered\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    let _ = socket.write_all((head + body).as_bytes()).await;
}

fn signed(post: &Posted) -> Arrived {
    let header = |name: &str| post.head.get(name).map(String::as_str);
    let headers = PostHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        ..PostHeaders::default()
    };
    let secrets = WebhookSecrets::parse(WEBHOOK_SECRET).expect("a secret");
    verify(&secrets, &headers, post.body.as_bytes(), now()).expect("a signed post");
    Arrived {
        id: post.head["webhook-id"].clone(),
        seconds: post.head["webhook-timestamp"].parse().expect("seconds"),
        body: post.body.clone(),
    }
}
