//! Calls from the front Worker to the objects, and from one object to another.
//!
//! Each request to an object is built here from scratch, so an object receives nothing of a client's request that was not
//! verified. Each call makes a new stub, because a stub may be unusable after an error.

use js_sys::futures::JsFuture;
use js_sys::Promise;
use serde::de::DeserializeOwned;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Env, Response};

use crate::hop::delivery::{self, Charge, Delivered, Docket};
use crate::hop::engine::{self, Knock};
use crate::hop::join::{Join, HEADER};
use crate::hop::lesson::Answer;
use crate::hop::reading::{self, Reading};
use crate::hop::tenant::{Begun, Change, Ended, Noted, Welcome};
use crate::hop::verify::{self, Question};
use crate::hop::{
    self, directory, feed, seat, BEGUN, ENDED, LIVE, LOG, METER, OCCUPANCY, REPORT, STATE, UPDATES,
    VERIFY,
};
use crate::metering::ledger::Entry;
use crate::protocol::codes::Refusal;
use crate::protocol::ids::{RoomName, TenantName};
use crate::protocol::update::Update;
use crate::room::tree::company::letters::Reply;
use crate::room::tree::feeding::{Ate, Hunger, Served};
use crate::room::tree::placing::{Placement, Seeking};

/// The binding of the rooms.
const ROOM: &str = "ROOM";

/// The binding of the pointers.
const POINTER: &str = "POINTER";

/// The binding of the tenants' objects.
const TENANT: &str = "TENANT";

/// The binding of the seats.
const SEAT: &str = "SEAT";

/// The binding of the directory.
const DIRECTORY: &str = "DIRECTORY";

#[wasm_bindgen(module = "/src/shell/objects.js")]
extern "C" {
    fn post(namespace: &JsValue, object: &str, path: &str, body: &[u8], name: &str) -> Promise;

    #[wasm_bindgen(js_name = postText)]
    fn post_text(namespace: &JsValue, object: &str, path: &str, body: &str, name: &str) -> Promise;

    fn tell(namespace: &JsValue, object: &str, path: &str, body: &str) -> Promise;

    fn ask(namespace: &JsValue, object: &str, path: &str, body: &str) -> Promise;

    #[wasm_bindgen(js_name = askBriefly)]
    fn ask_briefly(
        namespace: &JsValue,
        object: &str,
        path: &str,
        name: &str,
        question: &str,
    ) -> Promise;

    fn read(
        namespace: &JsValue,
        object: &str,
        path: &str,
        name: &str,
        value: &str,
        known: Option<String>,
    ) -> Promise;

    #[wasm_bindgen(js_name = engine)]
    fn pass_engine(
        namespace: &JsValue,
        object: &str,
        near: Option<&str>,
        path: &str,
        name: &str,
        value: &str,
        body: Option<Vec<u8>>,
        upgrade: bool,
    ) -> Promise;

    fn upgrade(
        namespace: &JsValue,
        object: &str,
        near: Option<&str>,
        path: &str,
        name: &str,
        value: &str,
    ) -> Promise;
}

/// What a room answers to a client that wants to join.
pub(super) enum Answered {
    /// It has joined. The response is passed on as it is.
    Joined(web_sys::Response),
    /// The room has spread over relays.
    Spread,
    /// It is refused.
    Refused(Refusal),
}

impl Answered {
    /// The response, if it is to come from this room and no other object.
    pub(super) fn response(self) -> Result<web_sys::Response, Refusal> {
        match self {
            Self::Joined(response) => Ok(response),
            Self::Spread => Err(Refusal::RoomBusy),
            Self::Refused(refusal) => Err(refusal),
        }
    }
}

/// The location hint for an object of a room: a relay that is new is made near the viewers of its region.
fn near(room: &RoomName) -> Option<&'static str> {
    room.relay?.region().hint()
}

/// Connects a verified client to a room, or to a relay of one.
pub(super) async fn join(env: &Env, room: &RoomName, join: &Join) -> Result<Answered, Refusal> {
    join_object(env, (&room.to_string(), near(room)), join).await
}

/// Connects the operator to the room of the console, which has no relays.
pub(super) async fn join_console(env: &Env, join: &Join) -> Result<Answered, Refusal> {
    join_object(env, (hop::CONSOLE, None), join).await
}

async fn join_object(
    env: &Env,
    (room, near): (&str, Option<&str>),
    join: &Join,
) -> Result<Answered, Refusal> {
    let rooms = env.durable_object(ROOM).map_err(|_| Refusal::RoomFailed)?;
    let answer = upgrade(rooms.as_ref(), room, near, LIVE, HEADER, &join.encode());
    let answer = JsFuture::from(answer).await.map_err(|_| Refusal::RoomFailed)?;
    let response: web_sys::Response = answer.dyn_into().map_err(|_| Refusal::RoomFailed)?;
    Ok(match response.status() {
        101 => Answered::Joined(response),
        hop::SPREAD => Answered::Spread,
        status => Answered::Refused(hop::meant(status)),
    })
}

/// Asks a room which of its objects take members. `None` if it did not answer.
pub(super) async fn place(env: &Env, room: &RoomName, seeking: &Seeking) -> Option<Placement> {
    ask_room(env, &room.to_string(), hop::PLACE, seeking).await
}

/// Asks the parent of a relay for what it lacks. `None` if it did not answer, or has never begun.
pub(super) async fn ask_for_bursts(
    env: &Env,
    parent: &RoomName,
    hunger: &Hunger,
) -> Option<Served> {
    let question = serde_json::to_string(hunger).ok()?;
    let answer = ask_text(env, (ROOM, &parent.to_string()), hop::HUNGER, &question).await?;
    feed::decode(&answer)
}

/// Sends a relay what it lacks. `None` if it did not answer.
pub(super) async fn feed(env: &Env, relay: &RoomName, body: &str) -> Option<Ate> {
    let rooms = env.durable_object(ROOM).ok()?;
    let answer = post_text(rooms.as_ref(), &relay.to_string(), hop::FEED, body, feed::HEADER);
    serde_json::from_str(&JsFuture::from(answer).await.ok()?.as_string()?).ok()
}

/// Writes a letter to another object of a room. `None` if it did not answer.
pub(super) async fn write_letter(env: &Env, object: &RoomName, letter: &str) -> Option<Reply> {
    let answer = ask_text(env, (ROOM, &object.to_string()), hop::COMPANY, letter).await?;
    serde_json::from_str(&answer).ok()
}

/// Passes a request of Engine.IO on to its room. The response is passed on as it is.
pub(super) async fn engine(
    env: &Env,
    room: &RoomName,
    knock: &Knock,
    (body, is_upgrade): (Option<Vec<u8>>, bool),
) -> Result<web_sys::Response, Refusal> {
    let rooms = env.durable_object(ROOM).map_err(|_| Refusal::RoomFailed)?;
    let (object, value) = (room.to_string(), knock.encode());
    let (rooms, name) = (rooms.as_ref(), engine::HEADER);
    let answer =
        pass_engine(rooms, &object, near(room), hop::ENGINE, name, &value, body, is_upgrade);
    let answer = JsFuture::from(answer).await.map_err(|_| Refusal::RoomFailed)?;
    answer.dyn_into().map_err(|_| Refusal::RoomFailed)
}

/// The state of a room as the reader sees it, or 304 if its tag is `known`; or a page of its log.
pub(super) async fn state(
    env: &Env,
    room: &RoomName,
    reading: &Reading,
    known: Option<String>,
) -> Result<Response, Refusal> {
    let rooms = env.durable_object(ROOM).map_err(|_| Refusal::RoomFailed)?;
    let (room, header) = (room.to_string(), reading.encode());
    let path = if reading.page.is_some() { LOG } else { STATE };
    let answer = read(rooms.as_ref(), &room, path, reading::HEADER, &header, known);
    let answer = JsFuture::from(answer).await.map_err(|_| Refusal::RoomFailed)?;
    let response: web_sys::Response = answer.dyn_into().map_err(|_| Refusal::RoomFailed)?;
    match response.status() {
        200 | 204 | 304 => Ok(response.into()),
        _ => Err(Refusal::RoomFailed),
    }
}

/// Ends a room of a deleted tenant. Says whether it has ended.
pub(super) async fn end(env: &Env, room: &str) -> bool {
    end_object(env, (ROOM, room)).await
}

/// Ends a pointer of a deleted tenant. Says whether it has ended.
pub(super) async fn end_pointer(env: &Env, object: &str) -> bool {
    end_object(env, (POINTER, object)).await
}

async fn end_object(env: &Env, (binding, name): (&str, &str)) -> bool {
    let Ok(objects) = env.durable_object(binding) else { return false };
    let status = JsFuture::from(tell(objects.as_ref(), name, hop::END, "")).await;
    status.is_ok_and(|status| status.as_f64() == Some(204.0))
}

/// Asks a tenant's object. `None` if it did not answer.
pub(super) async fn ask_tenant<Q: Serialize, A: DeserializeOwned>(
    env: &Env,
    tenant: &TenantName,
    path: &str,
    question: &Q,
) -> Option<A> {
    ask_object(env, (TENANT, tenant.as_str()), path, question).await
}

/// Asks the directory. `None` if it did not answer.
pub(super) async fn directory(
    env: &Env,
    question: &directory::Question,
) -> Option<directory::Answer> {
    ask_object(env, (DIRECTORY, "all"), hop::DIRECTORY, question).await
}

/// Asks a seat. `None` if it did not answer.
pub(super) async fn ask_seat<Q: Serialize, A: DeserializeOwned>(
    env: &Env,
    name: &str,
    path: &str,
    question: &Q,
) -> Option<A> {
    let seats = env.durable_object(SEAT).ok()?;
    let question = seat::encode(question);
    let answer = ask_briefly(seats.as_ref(), name, path, seat::HEADER, &question);
    serde_json::from_str(&JsFuture::from(answer).await.ok()?.as_string()?).ok()
}

/// Asks a room. `None` if it did not answer.
pub(super) async fn ask_room<Q: Serialize, A: DeserializeOwned>(
    env: &Env,
    room: &str,
    path: &str,
    question: &Q,
) -> Option<A> {
    ask_object(env, (ROOM, room), path, question).await
}

async fn ask_object<Q: Serialize, A: DeserializeOwned>(
    env: &Env,
    object: (&str, &str),
    path: &str,
    question: &Q,
) -> Option<A> {
    let question = serde_json::to_string(question).ok()?;
    serde_json::from_str(&ask_text(env, object, path, &question).await?).ok()
}

async fn ask_text(
    env: &Env,
    (binding, name): (&str, &str),
    path: &str,
    question: &str,
) -> Option<String> {
    let objects = env.durable_object(binding).ok()?;
    JsFuture::from(ask(objects.as_ref(), name, path, question)).await.ok()?.as_string()
}

/// How a room stands, as JSON; empty if it has never begun. `None` if it did not answer.
pub(super) async fn survey(env: &Env, room: &str) -> Option<String> {
    ask_text(env, (ROOM, room), REPORT, "").await
}

/// Calls a pointer object. `None` if it did not answer.
pub(super) async fn ask_pointer(
    env: &Env,
    object: &str,
    path: &str,
    question: &str,
) -> Option<Answer> {
    let answer = ask_text(env, (POINTER, object), path, question).await?;
    let mut answer: Answer = serde_json::from_str(&answer).ok()?;
    answer.cost.requests += 1;
    Some(answer)
}

/// Tells a tenant that a room has begun. `None` if it did not answer.
pub(super) async fn begun(env: &Env, tenant: &TenantName, begun: &Begun) -> Option<Welcome> {
    ask_tenant(env, tenant, BEGUN, begun).await
}

/// Tells a tenant that somebody is in a room, or nobody any more. `None` if it did not answer.
pub(super) async fn announce(env: &Env, tenant: &TenantName, change: &Change) -> Option<Noted> {
    ask_tenant(env, tenant, OCCUPANCY, change).await
}

/// Tells the meter of a tenant something. `None` if it did not answer.
pub(super) async fn meter(env: &Env, tenant: &TenantName, entry: &Entry) -> Option<()> {
    ask_tenant(env, tenant, METER, entry).await
}

/// Tells a tenant that a room has ended. It may not hear it.
pub(super) async fn ended(env: &Env, tenant: &TenantName, ended: &Ended) {
    let (Ok(tenants), Ok(body)) = (env.durable_object(TENANT), serde_json::to_string(ended)) else {
        return;
    };
    // Whether it has heard changes nothing here.
    let _ = JsFuture::from(tell(tenants.as_ref(), tenant.as_str(), ENDED, &body)).await;
}

/// Asks a tenant about a token. `None` if it did not answer.
pub(super) async fn verify(
    env: &Env,
    tenant: &TenantName,
    question: &Question,
) -> Option<verify::Answer> {
    ask_tenant(env, tenant, VERIFY, question).await
}

/// Delivers updates to a room. `None` if it did not answer.
pub(super) async fn deliver(
    env: &Env,
    room: &str,
    (charge, docket): (Option<Charge>, Docket),
    updates: &[Update],
) -> Option<Delivered> {
    let rooms = env.durable_object(ROOM).ok()?;
    let body = match charge {
        Some(charge) => delivery::encode_charged(charge, docket, updates),
        None => delivery::encode(docket, updates),
    };
    let name = delivery::HEADER;
    let answer = match delivery::in_header(&body) {
        Some(value) => ask_briefly(rooms.as_ref(), room, UPDATES, name, &value),
        None => post(rooms.as_ref(), room, UPDATES, body.as_bytes(), name),
    };
    let answer = JsFuture::from(answer).await.ok()?.as_string()?;
    let mut delivered: Delivered = serde_json::from_str(&answer).ok()?;
    delivered.cost.requests += 1;
    let whole = delivered.outcomes.len() == updates.len() || delivered.retry_ms.is_some();
    whole.then_some(delivered)
}
