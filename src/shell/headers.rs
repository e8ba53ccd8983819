//! Reads the headers of a request: several in one call into JavaScript, because each call would cost as much as all.
//!
//! Does not know what is in them.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::JsValue;
use web_sys::Request;

// A value cannot contain a line break.
#[wasm_bindgen(inline_js = "
export function headers(request, names, absent) {
  return names.split(',').map((name) => request.headers.get(name) ?? absent).join('\\n');
}")]
extern "C" {
    fn headers(request: &JsValue, names: &str, absent: &str) -> String;
}

/// Stands for a header that is absent. No header can contain it.
const ABSENT: &str = "\r";

/// The values of some headers.
pub(super) struct Headers(String);

impl Headers {
    /// The values of the headers with these names, which are separated by commas.
    pub(super) fn of(request: &Request, names: &str) -> Self {
        Self(headers(request, names, ABSENT))
    }

    /// The values, in the order of their names.
    pub(super) fn values<const N: usize>(&self) -> [Option<&str>; N] {
        let mut values = self.0.split('\n');
        std::array::from_fn(|_| values.next().filter(|value| *value != ABSENT))
    }
}

/// The value of one header.
pub(super) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}
