//! Sends one request until it has a final answer.
//!
//! A repetition has the same body and the same `webhook-id`, and a fresh timestamp and signature, as Standard
//! Webhooks requires. `answer` decides what an answer means.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use roomcast::auth::webhook::WebhookSecrets;
use roomcast::deployment::failure::{root_cause, Failure};
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::deployment::{random, signed};
use roomcast::protocol::results::EventResult;

use super::answer::{Answer, Refused, Verdict};
use super::batch::Batch;
use crate::pause;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Sends requests to one server.
pub(crate) struct Sender {
    client: Client,
    url: Url,
    /// The server's address, as shown to the user.
    server: String,
    secrets: WebhookSecrets,
    secret_name: String,
    patience: Patience,
}

/// How often a request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// So many times.
    Times(u32),
    /// Until it is answered.
    Endless,
}

impl Sender {
    /// Prepares for sending to `target`.
    ///
    /// # Errors
    /// The signing secret is missing or malformed.
    pub(crate) fn new(
        target: &Target,
        settings: &Settings,
        patience: Patience,
    ) -> Result<Self, Failure> {
        // A redirected POST would arrive as a GET, so the redirection is reported instead.
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .user_agent(concat!("roomcast/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Machine(format!("cannot start: {}", root_cause(&error))))?;
        Ok(Self {
            client,
            url: target.endpoint().events(),
            server: target.endpoint().to_string(),
            secrets: settings.webhook_secrets()?,
            secret_name: settings.name("WEBHOOK_SECRET"),
            patience,
        })
    }

    /// Sends `batch` until it is accepted, refused for good, or the retries are used up. `note` shows the user why it is not yet.
    ///
    /// # Errors
    /// The last failure, or the refusal.
    pub(crate) async fn send(
        &self,
        batch: &Batch,
        note: impl Fn(&str),
    ) -> Result<Vec<EventResult>, Refused> {
        let id = random::message_id()?;
        for failed in 0.. {
            match self.attempt(batch, &id).await {
                Verdict::Done(results) => return Ok(results),
                Verdict::Final(refused) => return Err(refused),
                Verdict::Again { failure, .. } if self.patience.ends_after(failed) => {
                    return Err(failure.into())
                }
                Verdict::Again { failure, not_before } => {
                    let pause = pause::after(failed, random::spread());
                    let pause = pause.max(not_before.min(pause::LONGEST));
                    note(&self.waiting(&failure, pause, failed));
                    tokio::time::sleep(pause).await;
                }
            }
        }
        Err(Failure::Machine("there were too many attempts to count".to_owned()).into())
    }

    fn waiting(&self, failure: &Failure, pause: Duration, failed: u32) -> String {
        let (number, pause) = (failed.saturating_add(1), pause::text(pause));
        match self.patience {
            Patience::Times(most) => {
                format!("{failure} (trying again in {pause}, {number} of {most})")
            }
            Patience::Endless => format!("{failure} (trying again in {pause})"),
        }
    }

    async fn attempt(&self, batch: &Batch, id: &str) -> Verdict {
        let mut request = self.client.post(self.url.clone()).body(batch.body.clone());
        for (name, value) in signed::headers(&self.secrets, id, &batch.body) {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => self.answered(response, batch).await,
            Err(error) => self.unreachable(&error),
        }
    }

    async fn answered(&self, response: Response, batch: &Batch) -> Verdict {
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        match response.bytes().await {
            Ok(body) => Answer { status, retry_after, body: &body }.judge(batch, &self.secret_name),
            Err(error) => self.unreachable(&error),
        }
    }

    /// It is not known whether the request arrived, so repeating it has to be safe.
    fn unreachable(&self, error: &reqwest::Error) -> Verdict {
        let cause = if error.is_timeout() {
            "it did not answer in time".to_owned()
        } else {
            root_cause(error)
        };
        let failure = Failure::Unreachable { url: self.server.clone(), cause };
        Verdict::Again { failure, not_before: Duration::ZERO }
    }
}

impl Patience {
    fn ends_after(self, failed: u32) -> bool {
        matches!(self, Self::Times(most) if failed >= most)
    }
}
