//! Reads the body of a post. The body must arrive in time and must not be too large.
//!
//! Does not check what is in it.

use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Request;

use super::events::too_large;
use crate::limits::{BODY_MS, PASSED_OVER_BYTES, POST_BYTES};
use crate::protocol::codes::ProblemCode;
use crate::protocol::problem::Problem;

#[wasm_bindgen(module = "/src/shell/body.js")]
extern "C" {
    fn read(request: &JsValue, limit: f64, most: f64, milliseconds: f64) -> Promise;
}

/// Reads the body, if it arrives in time. The runtime cuts off a sender that is answered before it has sent everything.
/// So a body that is too long is read to its end, and then refused.
pub(super) async fn read_body(request: &Request) -> Result<Vec<u8>, Problem> {
    read_at_most(request, POST_BYTES).await
}

/// Reads a body of at most so many bytes, likewise.
#[expect(clippy::cast_precision_loss, reason = "limits are small")]
pub(super) async fn read_at_most(request: &Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let (limit, most) = (limit as f64, PASSED_OVER_BYTES as f64);
    let body = JsFuture::from(read(request, limit, most, BODY_MS as f64)).await;
    let body = body.map_err(|_| unreadable())?;
    if body.is_undefined() {
        return Err(late());
    }
    let body: Uint8Array = body.dyn_into().map_err(|_| too_large())?;
    Ok(body.to_vec())
}

/// The error text of the platform is not shown to the client.
fn unreadable() -> Problem {
    Problem::new(ProblemCode::Unreadable, "The body broke off. Send it again.")
}

fn late() -> Problem {
    let detail = format!("The body had not arrived after {} s. Send it again.", BODY_MS / 1_000);
    Problem::new(ProblemCode::BodyLate, detail)
}
