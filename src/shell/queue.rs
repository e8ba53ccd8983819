//! Messages of a queue: reads them, publishes their events, and acknowledges each message for itself.
//!
//! A message is acknowledged when all its events are durable in their rooms, or when it can never be published: then the queue behind the
//! binding [`DEAD_LETTERS`] gets it, with the reason. All others are tried again later. [`crate::ingest::queued`] decides what a message
//! is and what becomes of it.

use std::rc::Rc;

use js_sys::futures::{future_to_promise, JsFuture};
use js_sys::{Object, Promise, Reflect, Uint8Array, JSON};
use serde_json::json;
use wasm_bindgen::prelude::{wasm_bindgen, JsValue};
use wasm_bindgen::JsCast as _;
use worker::worker_sys;
use worker::{Context, Date, Env};

use super::environment::{binding, deployment, now};
use super::events::unpublished;
use super::publish::{publish, Published, Unpublished};
use super::record::{write, Line};
use super::tenants;
use crate::config::Deployment;
use crate::ingest::queued::{body, fate, groups, Fate, Queued, Tally};
use crate::protocol::codes::Refusal;
use crate::protocol::problem::Problem;
use crate::protocol::time::Timestamp;
use crate::tenant::site::Named;
use crate::tenant::Tenant;

/// The binding of the queue that gets messages that can never be published.
const DEAD_LETTERS: &str = "DEAD_LETTERS";

// `worker` has these types too, but not how often a message was tried.
#[wasm_bindgen]
extern "C" {
    type Batch;

    #[wasm_bindgen(method, getter)]
    fn queue(this: &Batch) -> String;
    #[wasm_bindgen(method, getter)]
    fn messages(this: &Batch) -> Vec<Message>;
    #[wasm_bindgen(method, js_name = retryAll)]
    fn retry_all(this: &Batch);

    type Message;

    #[wasm_bindgen(method, getter)]
    fn id(this: &Message) -> String;
    #[wasm_bindgen(method, getter)]
    fn timestamp(this: &Message) -> js_sys::Date;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Message) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn attempts(this: &Message) -> u32;
    #[wasm_bindgen(method)]
    fn ack(this: &Message);
    #[wasm_bindgen(method)]
    fn retry(this: &Message, options: &JsValue);

    type Producer;

    #[wasm_bindgen(method, catch)]
    fn send(this: &Producer, message: &str, options: &JsValue) -> Result<Promise, JsValue>;
}

/// The handler of the platform: `queue(batch)`.
#[wasm_bindgen(js_name = queue)]
#[allow(unreachable_pub, reason = "only what is public can be exported")]
pub fn handle(batch: JsValue, env: Env, context: worker_sys::Context) -> Promise {
    future_to_promise(async move {
        let batch: Batch = batch.unchecked_into();
        match deployment(&env) {
            Ok(deployment) => {
                Consumer { env: &env, context: &Context::new(context), deployment: &deployment }
                    .consume(&batch)
                    .await;
            }
            // It says what is wrong to whoever asks over HTTP.
            Err(_) => batch.retry_all(),
        }
        Ok(JsValue::UNDEFINED)
    })
}

struct Consumer<'c> {
    env: &'c Env,
    context: &'c Context,
    deployment: &'c Deployment,
}

/// A message whose form is right.
struct Read {
    message: Message,
    text: String,
    queued: Queued,
}

impl Read {
    fn is_new(&self) -> bool {
        self.message.attempts() < 2
    }

    /// When its events count as signed. If it was tried before, that is when it was sent, so that a room tells whether it has them already.
    fn signed(&self) -> Timestamp {
        if self.is_new() {
            now()
        } else {
            sent(&self.message)
        }
    }
}

impl Consumer<'_> {
    async fn consume(&self, batch: &Batch) {
        let (queue, mut tally) = (batch.queue(), Tally::default());
        let mut all = Vec::new();
        for message in batch.messages() {
            let text = text(&message.body());
            match Queued::read(&text) {
                Ok(queued) => all.push(Read { message, text, queued }),
                Err(rejected) => {
                    let problem = unpublished(Unpublished::Rejected(rejected));
                    self.refuse(&queue, (&message, &text), &problem, &mut tally).await;
                }
            }
        }
        let (new, again): (Vec<Read>, Vec<Read>) = all.into_iter().partition(Read::is_new);
        for group in groups(new.iter().map(|read| &read.queued)) {
            let group: Vec<&Read> = group.iter().filter_map(|number| new.get(*number)).collect();
            self.publish_group(&queue, &group, &mut tally).await;
        }
        for read in &again {
            self.publish_alone(&queue, read, &mut tally).await;
        }
        let Tally { published, applied, duplicate, ignored, again, dead } = tally;
        write(&Line::QueueRead {
            queue: &queue,
            published,
            applied,
            duplicate,
            ignored,
            again,
            dead,
        });
    }

    async fn publish_group(&self, queue: &str, group: &[&Read], tally: &mut Tally) {
        if let [_, _, ..] = group {
            if let Ok(published) = self.publish(group, now()).await {
                tally.publish(group.len(), &published.results);
                for read in group {
                    read.message.ack();
                }
                return;
            }
        }
        for read in group {
            self.publish_alone(queue, read, tally).await;
        }
    }

    async fn publish_alone(&self, queue: &str, read: &Read, tally: &mut Tally) {
        match self.publish(&[read], read.signed()).await {
            Ok(published) => {
                tally.publish(1, &published.results);
                read.message.ack();
            }
            Err(problem) => self.refuse(queue, (&read.message, &read.text), &problem, tally).await,
        }
    }

    /// Publishes the events of messages of one tenant.
    async fn publish(&self, group: &[&Read], signed: Timestamp) -> Result<Published, Problem> {
        let Some(Read { queued: first, .. }) = group.first() else {
            return Err(Problem::refusal(Refusal::TenantUnknown));
        };
        let tenant = self.tenant(first).await.map_err(Problem::refusal)?;
        let (source, body) = (first.source(), body(group.iter().map(|read| &read.queued)));
        let published = publish((&source, None), body.as_bytes(), signed, &tenant, self.env);
        published.await.map_err(unpublished)
    }

    async fn tenant(&self, queued: &Queued) -> Result<Rc<Tenant>, Refusal> {
        let name = queued.tenant.clone().or_else(|| self.deployment.default_tenant.clone());
        let named = name.map_or(Named::Nobody, Named::Tenant);
        tenants::find(named, self.deployment, self.env, self.context).await
    }

    /// Has a message tried again, or gives it up.
    async fn refuse(
        &self,
        queue: &str,
        (message, text): (&Message, &str),
        problem: &Problem,
        tally: &mut Tally,
    ) {
        match fate(problem, message.attempts()) {
            Fate::Again(seconds) => {
                tally.again += 1;
                message.retry(&option("delaySeconds", &seconds.into()));
            }
            Fate::Dead => {
                tally.dead += 1;
                let kept = self.bury(queue, (message, text), problem).await.is_some();
                let (id, status, reason) = (&message.id(), problem.status, &problem.code);
                write(&Line::QueueDead { queue, id, status, reason, kept });
                if kept {
                    message.ack();
                } else {
                    message.retry(&JsValue::UNDEFINED);
                }
            }
        }
    }

    /// Gives a message to the dead letter queue, with the problem that a post would have got. `None` if that is not possible.
    async fn bury(
        &self,
        queue: &str,
        (message, text): (&Message, &str),
        problem: &Problem,
    ) -> Option<()> {
        let letters: Producer = binding(self.env, DEAD_LETTERS)?.unchecked_into();
        let sent = sent(message).rfc3339();
        let letter = json!({"queue": queue, "id": message.id(), "sent": sent, "attempts": message.attempts(),
            "problem": problem, "body": text});
        let sending = letters.send(&letter.to_string(), &option("contentType", &"text".into()));
        JsFuture::from(sending.ok()?).await.ok().map(drop)
    }
}

/// When a message was sent.
fn sent(message: &Message) -> Timestamp {
    Timestamp(Date::from(message.timestamp()).as_millis())
}

/// An object with one field.
fn option(name: &str, value: &JsValue) -> JsValue {
    let options = Object::new();
    // An object that is new takes any field.
    let _ = Reflect::set(&options, &name.into(), value);
    options.into()
}

/// The body of a message as text: what was sent as text or bytes, or JSON of all else.
fn text(body: &JsValue) -> String {
    if let Some(text) = body.as_string() {
        return text;
    }
    if body.is_instance_of::<js_sys::ArrayBuffer>() || body.is_instance_of::<Uint8Array>() {
        return String::from_utf8_lossy(&Uint8Array::new(body).to_vec()).into_owned();
    }
    JSON::stringify(body).map(String::from).unwrap_or_default()
}
