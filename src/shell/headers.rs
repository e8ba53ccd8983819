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
}
export function headersFrom(request, prefix) {
  const found = [...request.headers].filter(([name]) => name.startsWith(prefix));
  return found.map(([name, value]) => name + ':' + value).join('\\n');
}")]
extern "C" {
    fn headers(request: &JsValue, names: &str, absent: &str) -> String;
    #[wasm_bindgen(js_name = headersFrom)]
    fn headers_from(request: &JsValue, prefix: &str) -> String;
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

/// All headers whose names begin with this prefix: one per line, as `name:value`.
pub(super) fn all(request: &Request, prefix: &str) -> String {
    headers_from(request, prefix)
}

/// The value of one header.
pub(super) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}
