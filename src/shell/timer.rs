//! Timers that can be given up. A `Delay` of `worker` cannot on this runtime, whose timers are no numbers; one that is left keeps an
//! object in memory until its time comes.

use std::time::Duration;

use js_sys::futures::JsFuture;
use js_sys::Promise;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(inline_js = "
export class Timer {
  constructor(ms) { this.over = new Promise((over) => { this.timer = setTimeout(over, ms); }); }
  cancel() { clearTimeout(this.timer); }
}")]
extern "C" {
    #[wasm_bindgen(js_name = Timer)]
    type JsTimer;

    #[wasm_bindgen(constructor, js_class = "Timer")]
    fn new(ms: f64) -> JsTimer;

    #[wasm_bindgen(method, getter)]
    fn over(this: &JsTimer) -> Promise;

    #[wasm_bindgen(method)]
    fn cancel(this: &JsTimer);
}

/// A timer that is given up when it is dropped.
pub(super) struct Timer(JsTimer);

impl Timer {
    /// A timer of this time.
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 ms")]
    pub(super) fn new(time: Duration) -> Self {
        Self(JsTimer::new(time.as_millis() as f64))
    }

    /// Waits for its time. Whoever stops waiting gives it up.
    pub(super) async fn over(self) {
        // The promise of a timer is not rejected.
        let _ = JsFuture::from(self.0.over()).await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
