//! A backend: it signs events and posts them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use roomcast::auth::webhook::{sign, WebhookSecrets};
use roomcast::protocol::cost::{self, Cost};
use roomcast::protocol::time::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use super::clock::now;
use super::worker_config::WEBHOOK_SECRET;
use super::WAIT;

/// A backend of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    url: String,
    client: Client,
}

/// The answer to a post.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The header `roomcast-cost`; zero if there is none.
    pub(crate) cost: Cost,
    /// The body.
    pub(crate) body: Value,
}

impl Answer {
    /// The value of `field` in each result.
    pub(crate) fn results(&self, field: &str) -> Vec<Value> {
        let results = self.body["results"].as_array().expect("results");
        results.iter().map(|result| result[field].clone()).collect()
    }
}

impl Publisher {
    pub(crate) fn new(server: &str) -> Self {
        let client = Client::builder().timeout(WAIT).build().expect("a client");
        Self { url: format!("{server}/api/events"), client }
    }

    /// Posts events, which must be answered with 202.
    pub(crate) async fn post(&self, events: &[Value]) -> Answer {
        let answer = self.try_post(events).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer
    }

    /// Posts one event.
    pub(crate) async fn post_one(&self, event: Value) -> Answer {
        self.post(&[event]).await
    }

    /// Posts events. The answer may be an error.
    pub(crate) async fn try_post(&self, events: &[Value]) -> Answer {
        let body = serde_json::to_string(events).expect("JSON");
        answer(self.signed(body).send().await.expect("an answer to a post")).await
    }

    /// Posts the same events until the server says that they are durable, as a backend should.
    pub(crate) async fn post_safely(&self, events: &[Value]) -> Answer {
        let body = serde_json::to_string(events).expect("JSON");
        loop {
            if let Ok(response) = self.signed(body.clone()).send().await {
                let status = response.status().as_u16();
                assert!(matches!(status, 202 | 500..), "{status}: {:?}", response.text().await);
                if let (202, Some(answer)) = (status, read(response).await) {
                    return answer;
                }
            }
            // A backend pauses, so that a server that comes back does not meet a storm of requests.
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A signed request, which a test sends or tampers with.
    pub(crate) fn signed(&self, body: impl Into<Vec<u8>>) -> RequestBuilder {
        self.signed_with(WEBHOOK_SECRET, now(), body)
    }

    /// A request that was signed with another secret, or at another time.
    pub(crate) fn signed_with(
        &self,
        secret: &str,
        at: Timestamp,
        body: impl Into<Vec<u8>>,
    ) -> RequestBuilder {
        let body = body.into();
        let headers = signature(secret, at, &body);
        let request = self.unsigned().body(body);
        let header = |request: RequestBuilder, (name, value)| request.header(name, value);
        headers.into_iter().fold(request, header)
    }

    /// A request without a signature.
    pub(crate) fn unsigned(&self) -> RequestBuilder {
        self.client.post(&self.url).header("content-type", "application/json")
    }
}

/// The three headers of Standard Webhooks. Each request has an id of its own.
pub(crate) fn signature(secret: &str, at: Timestamp, body: &[u8]) -> [(&'static str, String); 3] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let secrets = WebhookSecrets::parse(secret).expect("a secret");
    let id = format!("msg_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    [
        ("webhook-signature", sign(&secrets, &id, at, body)),
        ("webhook-timestamp", at.seconds().to_string()),
        ("webhook-id", id),
    ]
}

/// Reads a whole answer.
pub(crate) async fn answer(response: Response) -> Answer {
    read(response).await.expect("a whole answer")
}

/// Reads an answer; `None` if the server ended in the middle of it.
async fn read(response: Response) -> Option<Answer> {
    let cost = response.headers().get(cost::HEADER).map(|cost| cost.to_str().unwrap());
    Some(Answer {
        cost: Cost::from_header(cost),
        status: response.status().as_u16(),
        body: response.json().await.ok()?,
    })
}
