//! The bodies of posts: read in time, and never more of them than a request may have.

use std::pin::pin;
use std::time::Duration;

use futures::future::{select, Either};
use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Delay, Request};

use super::events::too_large;
use crate::limits::{BODY_MS, PASSED_OVER_BYTES, POST_BYTES};
use crate::protocol::codes::ProblemCode;
use crate::protocol::problem::Problem;

#[wasm_bindgen(module = "/src/shell/body.js")]
extern "C" {
    fn gather(request: &JsValue, limit: f64, most: f64) -> Promise;
}

/// The body, if it comes in time. A sender that is answered before it has sent everything is cut off
/// by the runtime.
pub(super) async fn read(request: &mut Request) -> Result<Vec<u8>, Problem> {
    let deadline = Delay::from(Duration::from_millis(BODY_MS));
    match select(pin!(read_all(request)), pin!(deadline)).await {
        Either::Left((body, _)) => body,
        Either::Right(_) => Err(late()),
    }
}

async fn read_all(request: &mut Request) -> Result<Vec<u8>, Problem> {
    let length = request.headers().get("content-length").ok().flatten();
    match length.and_then(|length| length.parse::<usize>().ok()) {
        // The runtime reads no more than was announced.
        Some(length) if length <= POST_BYTES => request.bytes().await.map_err(|_| unreadable()),
        _ => read_unannounced(request).await,
    }
}

/// A body of which nobody has said that it is short enough. What is too long is passed over before
/// it is refused: a sender that is cut off while it sends does not get to see the answer.
#[expect(clippy::cast_precision_loss, reason = "limits are small")]
async fn read_unannounced(request: &Request) -> Result<Vec<u8>, Problem> {
    let (limit, most) = (POST_BYTES as f64, PASSED_OVER_BYTES as f64);
    let gathered = JsFuture::from(gather(request.inner().as_ref(), limit, most)).await;
    let gathered = gathered.map_err(|_| unreadable())?;
    let body: Uint8Array = gathered.dyn_into().map_err(|_| too_large())?;
    Ok(body.to_vec())
}

/// The platform's own error text stays inside.
fn unreadable() -> Problem {
    Problem::new(ProblemCode::Unreadable, "The body broke off. Send it again.")
}

fn late() -> Problem {
    let detail = format!("The body had not arrived after {} s. Send it again.", BODY_MS / 1_000);
    Problem::new(ProblemCode::BodyLate, detail)
}
