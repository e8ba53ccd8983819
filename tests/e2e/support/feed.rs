//! Backends that post at the same time, while dashboards follow.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::events::renames;
use super::follower::{follow, Followed, FEED};
use super::publisher::Publisher;
use super::server::Server;

/// The backends.
const BACKENDS: [&str; 4] = ["a", "b", "c", "d"];

/// The event of each seq, as answered to its backend.
pub(crate) type Published = BTreeMap<u64, String>;

/// A running feed.
#[derive(Debug)]
pub(crate) struct Feed {
    progress: watch::Receiver<usize>,
    backends: Vec<JoinHandle<Published>>,
    followers: Vec<JoinHandle<Followed>>,
}

impl Feed {
    /// Connects so many clients, then starts posting, `posts` posts in all.
    pub(crate) async fn start(
        server: &Server,
        session: &str,
        clients: usize,
        posts: usize,
    ) -> Self {
        let each = posts / BACKENDS.len();
        let events: u64 = (0..each).map(|post| events_in(post) as u64).sum();
        let last = events * BACKENDS.len() as u64;
        let followers = (0..clients).map(|_| follow(server.client(session), last)).collect();
        server.log().wait_for("connection.accepted", clients).await;
        // Only the backends have a sender: when the last of them has ended, no test waits for more.
        let (report, progress) = watch::channel(0);
        let start = |name: &str| {
            tokio::spawn(post(
                server.publisher(),
                format!("{name}-{session}"),
                each,
                report.clone(),
            ))
        };
        Self { progress, backends: BACKENDS.map(start).into(), followers }
    }

    /// Whether there is more to post.
    pub(crate) fn is_running(&self) -> bool {
        self.backends.iter().any(|backend| !backend.is_finished())
    }

    /// Waits until so many posts have been answered.
    pub(crate) async fn reached(&mut self, posts: usize) {
        let reached = timeout(FEED, self.progress.wait_for(|done| *done >= posts)).await;
        reached.expect("progress in time").expect("backends that go on");
    }

    /// Waits until everything was posted and every client has seen it.
    pub(crate) async fn end(self) -> (Published, Vec<Followed>) {
        let mut published = Published::new();
        for backend in self.backends {
            for (seq, id) in backend.await.expect("a backend that is through") {
                let before = published.insert(seq, id.clone());
                assert_eq!(before, None, "{seq} was also given to {id}");
            }
        }
        let mut followed = Vec::new();
        for follower in self.followers {
            followed.push(follower.await.expect("a follower that has seen it all"));
        }
        (published, followed)
    }
}

/// Events in a post: one, two or three.
fn events_in(post: usize) -> usize {
    1 + post % 3
}

/// One backend, which repeats each post until it is answered.
async fn post(
    publisher: Publisher,
    name: String,
    posts: usize,
    report: watch::Sender<usize>,
) -> Published {
    let mut told = Published::new();
    let session = name.split_once('-').expect("backend-session").1.to_owned();
    for post in 0..posts {
        let events = renames(&format!("{name}-{post}"), &session, events_in(post));
        let answer = publisher.post_safely(&events).await;
        let seqs = answer.results("seq").into_iter().map(|seq| seq.as_u64().expect("a seq"));
        let ids = answer.results("eventId").into_iter().map(text);
        told.extend(seqs.zip(ids));
        report.send_modify(|done| *done += 1);
    }
    told
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => panic!("no text: {other}"),
    }
}
