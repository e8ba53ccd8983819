//! Reads the body and the headers of a post. The body must arrive in time and must not be too large.
//!
//! Does not check what is in them.

use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::Request;

use super::events::too_large;
use crate::limits::{BODY_MS, PASSED_OVER_BYTES, POST_BYTES};
use crate::protocol::codes::ProblemCode;
use crate::protocol::problem::Problem;

#[wasm_bindgen(module = "/src/shell/body.js")]
extern "C" {
    fn headers(request: &JsValue, names: &str, absent: &str) -> String;

    fn read(request: &JsValue, limit: f64, most: f64, milliseconds: f64) -> Promise;
}

/// The headers of a post that matter, in the order of the functions of [`Headers`].
const NAMES: &str = "content-type,content-encoding,webhook-id,webhook-timestamp,webhook-signature";

/// Stands for a header that is absent. No header can contain it.
const ABSENT: &str = "\r";

/// The headers of a post.
pub(super) struct Headers(String);

impl Headers {
    pub(super) fn of(request: &Request) -> Self {
        Self(headers(request.inner().as_ref(), NAMES, ABSENT))
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.line(0)
    }

    pub(super) fn content_encoding(&self) -> Option<&str> {
        self.line(1)
    }

    pub(super) fn webhook_id(&self) -> Option<&str> {
        self.line(2)
    }

    pub(super) fn webhook_timestamp(&self) -> Option<&str> {
        self.line(3)
    }

    pub(super) fn webhook_signature(&self) -> Option<&str> {
        self.line(4)
    }

    fn line(&self, number: usize) -> Option<&str> {
        self.0.split('\n').nth(number).filter(|value| *value != ABSENT)
    }
}

/// Reads the body, if it arrives in time. The runtime cuts off a sender that is answered before it has sent everything.
/// So a body that is too long is read to its end, and then refused.
#[expect(clippy::cast_precision_loss, reason = "limits are small")]
pub(super) async fn read_body(request: &Request) -> Result<Vec<u8>, Problem> {
    let (limit, most) = (POST_BYTES as f64, PASSED_OVER_BYTES as f64);
    let body = JsFuture::from(read(request.inner().as_ref(), limit, most, BODY_MS as f64)).await;
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
