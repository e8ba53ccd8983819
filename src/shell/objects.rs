//! Calling rooms, and other objects, from the front Worker.
//!
//! Every request to an object is built anew here, so that nothing a client sent gets there unless
//! it was verified and put in on purpose. A stub lives for one call: after an error an old one may
//! never work again.

use js_sys::futures::JsFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Env, Headers, Method, Request, RequestInit, Response, Result, Stub};

use crate::hop::delivery::{self, Delivered};
use crate::hop::join::{Join, HEADER};
use crate::hop::{BUSY, FULL, LIVE, STATE, UPDATES};
use crate::protocol::codes::Refusal;
use crate::protocol::ids::RoomName;
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;

/// The binding of the rooms.
const ROOM: &str = "ROOM";

#[wasm_bindgen(module = "/src/shell/objects.js")]
extern "C" {
    fn post(namespace: &JsValue, object: &str, path: &str, body: &[u8], name: &str) -> Promise;

    fn upgrade(namespace: &JsValue, object: &str, path: &str, name: &str, value: &str) -> Promise;
}

/// Upgrades a verified client into its room. The response is passed on as it is.
pub(super) async fn join(
    env: &Env,
    room: &RoomName,
    join: &Join,
) -> Result<web_sys::Response, Refusal> {
    let rooms = env.durable_object(ROOM).map_err(|_| Refusal::RoomFailed)?;
    let answer = upgrade(rooms.as_ref(), &room.to_string(), LIVE, HEADER, &join.encode());
    let answer = JsFuture::from(answer).await.map_err(|_| Refusal::RoomFailed)?;
    let response: web_sys::Response = answer.dyn_into().map_err(|_| Refusal::RoomFailed)?;
    match response.status() {
        101 => Ok(response),
        FULL => Err(Refusal::RoomFull),
        BUSY => Err(Refusal::RoomBusy),
        _ => Err(Refusal::RoomFailed),
    }
}

/// The state of a room, or 304 if it is at the position that is `known`.
pub(super) async fn state(
    env: &Env,
    room: &RoomName,
    known: Option<&str>,
) -> Result<Response, Refusal> {
    let headers = Headers::new();
    if let Some(known) = known {
        headers.set("if-none-match", known).map_err(|_| Refusal::RoomFailed)?;
    }
    let response = call(env, ROOM, &room.to_string(), Method::Get, STATE, headers, None).await;
    match response {
        // A response from elsewhere has headers that cannot be changed; this one's have to be.
        Ok(response) if matches!(response.status_code(), 200 | 304) => {
            let headers = response.headers().clone();
            Ok(response.with_headers(headers))
        }
        _ => Err(Refusal::RoomFailed),
    }
}

/// Hands updates to a room. `None` when it did not answer.
pub(super) async fn deliver(
    env: &Env,
    room: &RoomName,
    signed: Timestamp,
    updates: &[Update],
) -> Option<Delivered> {
    let rooms = env.durable_object(ROOM).ok()?;
    let body = delivery::encode(signed, updates);
    let name = delivery::ANSWER;
    let answer = post(rooms.as_ref(), &room.to_string(), UPDATES, body.as_bytes(), name);
    let answer = JsFuture::from(answer).await.ok()?.as_string()?;
    let mut delivered: Delivered = serde_json::from_str(&answer).ok()?;
    delivered.cost.requests += 1;
    (delivered.outcomes.len() == updates.len()).then_some(delivered)
}

pub(super) async fn call(
    env: &Env,
    binding: &str,
    name: &str,
    method: Method,
    path: &str,
    headers: Headers,
    body: Option<String>,
) -> Result<Response> {
    let stub: Stub = env.durable_object(binding)?.get_by_name(name)?;
    let mut init = RequestInit::new();
    init.with_method(method).with_headers(headers).with_body(body.map(Into::into));
    // The host is never resolved: the binding decides where the request goes.
    let request = Request::new_with_init(&format!("https://object{path}"), &init)?;
    stub.fetch_with_request(request).await
}

pub(super) fn unexpected(what: impl std::fmt::Display) -> worker::Error {
    worker::Error::RustError(format!("unexpected answer of an object: {what}"))
}
