//! The one timer: the window behind a burst.
//!
//! It starts when it is called. `worker::Delay` starts when it is first polled, which is after the
//! turn, and so after everything that the turn sends.

use js_sys::futures::JsFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;

#[wasm_bindgen(inline_js = "
export function after(ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }")]
extern "C" {
    #[wasm_bindgen(js_name = after, catch)]
    fn after_ms(ms: f64) -> Result<Promise, JsValue>;
}

/// Resolves in so many microseconds from now.
pub(super) fn after(us: u64) -> Result<JsFuture, JsValue> {
    // Below 2^53 for every window there is.
    #[expect(clippy::cast_precision_loss, reason = "a window has at most six digits")]
    let ms = us as f64 / 1_000.0;
    after_ms(ms).map(JsFuture::from)
}
