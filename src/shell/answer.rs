//! Responses: JSON, problem documents, and closes for clients that cannot read a status.

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use worker::{Context, Response, ResponseBuilder, Result, WebSocketPair};

use crate::limits::REFUSED_CLOSE_MS;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::problem::{Problem, MEDIA_TYPE};

// One call into JavaScript for the answer that nearly all requests get.
//
// A socket cannot end before its client answers the close, but its request can be aborted. `abort` stops the script at
// once, and Rust must not be stopped in the middle of a function, so a JavaScript timer calls it. A runtime that has no
// `abort` waits for the answer.
#[wasm_bindgen(inline_js = "
export function answer(status, mediaType, body, name, value) {
  const headers = { 'content-type': mediaType, 'cache-control': 'no-store', [name]: value };
  return new Response(body, { status, headers });
}

export function abortUnlessClosed(context, socket, milliseconds) {
  const reason = new Error('a refused client has not answered the close');
  const timer = setTimeout(() => context.abort?.(reason), milliseconds);
  socket.addEventListener('close', () => clearTimeout(timer));
}")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn answer(
        status: u16,
        media_type: &str,
        body: &str,
        name: &str,
        value: &str,
    ) -> Result<web_sys::Response, JsValue>;

    #[wasm_bindgen(js_name = abortUnlessClosed, catch)]
    fn abort_unless_closed(
        context: &JsValue,
        socket: &web_sys::WebSocket,
        milliseconds: u32,
    ) -> Result<(), JsValue>;
}

/// The subprotocol of clients that speak the whole protocol.
pub(super) const SUBPROTOCOL: &str = "roomcast.v1";

/// A JSON body.
pub(super) fn json(status: u16, body: &impl Serialize) -> Result<Response> {
    typed(status, "application/json", serde_json::to_string(body)?)
}

/// A text body of a media type.
pub(super) fn typed(status: u16, media_type: &str, body: String) -> Result<Response> {
    let headers = [("content-type", media_type), ("cache-control", "no-store")];
    Ok(build(status, &headers)?.fixed(body.into_bytes()))
}

/// A JSON body, and a header.
pub(super) fn json_with_header(
    status: u16,
    body: &impl Serialize,
    name: &str,
    value: &str,
) -> Result<web_sys::Response> {
    Ok(answer(status, "application/json", &serde_json::to_string(body)?, name, value)?)
}

/// A problem document.
pub(super) fn problem(problem: &Problem) -> Result<Response> {
    let mut response = typed(problem.status, MEDIA_TYPE, serde_json::to_string(problem)?)?;
    for (name, value) in &problem.headers {
        response.headers_mut().set(name, value)?;
    }
    Ok(response)
}

/// The answer to a wrong method: 405 with the methods that the path takes.
pub(super) fn method_not_allowed(allow: &'static str) -> Result<Response> {
    let detail = format!("This path takes {allow}.");
    problem(&Problem::new(ProblemCode::MethodNotAllowed, detail).with_header("allow", allow))
}

/// Refuses with a close code, because a browser cannot read the status of a failed upgrade.
pub(super) fn close(refusal: Refusal, context: &Context) -> Result<Response> {
    let WebSocketPair { client, server } = WebSocketPair::new()?;
    server.accept()?;
    abort_unless_closed(context.as_ref(), server.as_ref(), REFUSED_CLOSE_MS)?;
    server.close(Some(refusal.close().number()), Some(refusal.code()))?;
    upgraded(client, true)
}

/// Accepts an upgrade. Only our own subprotocol is echoed, whatever else the client offered.
pub(super) fn upgraded(client: worker::WebSocket, speaks_v1: bool) -> Result<Response> {
    let mut response = Response::from_websocket(client)?;
    if speaks_v1 {
        response.headers_mut().set("sec-websocket-protocol", SUBPROTOCOL)?;
    }
    Ok(response)
}

fn build(status: u16, headers: &[(&str, &str)]) -> Result<ResponseBuilder> {
    headers.iter().try_fold(Response::builder().with_status(status), |builder, (name, value)| {
        builder.with_header(name, value)
    })
}
