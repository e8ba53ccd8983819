//! The dashboards' pages and the documents of the wire, which are static files. Cloudflare serves them before the Worker is asked; elsewhere, and for what
//! Cloudflare does not find, the Worker asks the binding.
//!
//! Knows which paths are pages, not which there are.

use web_sys::Request;
use worker::wasm_bindgen::JsValue;
use worker::{Env, Fetcher, Response, Result};

use super::headers::Headers;
use crate::protocol::route::Route;

/// The binding of static files.
const ASSETS: &str = "ASSETS";

/// Only these are passed on: a page depends on nothing else of a request.
const PASSED_ON: [&str; 2] = ["accept-encoding", "if-none-match"];

/// Whether a page or one of its files may be at the path of a route. A path that another reader could understand in another way is none.
pub(super) fn is_at(path: &str, route: Route) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    match route {
        Route::Page => !path.contains("/.") && path.bytes().all(plain),
        Route::Start
        | Route::ConsolePage
        | Route::OpenApi
        | Route::OpenApiPage
        | Route::AsyncApi
        | Route::AsyncApiPage => true,
        _ => false,
    }
}

/// The file at a path; `None` if there is none, or no binding.
pub(super) async fn at(path: &str, request: &Request, env: &Env) -> Result<Option<Response>> {
    let Ok(assets) = env.get_binding::<Fetcher>(ASSETS) else { return Ok(None) };
    let response = assets.fetch_request(asked(path, request)?).await?;
    Ok((response.status_code() != 404).then_some(response))
}

fn asked(path: &str, request: &Request) -> std::result::Result<Request, JsValue> {
    let known = Headers::of(request, &PASSED_ON.join(","));
    let asked = Request::new_with_str(&format!("https://pages{path}"))?;
    for (name, value) in PASSED_ON.iter().zip(known.values::<2>()) {
        if let Some(value) = value {
            asked.headers().set(name, value)?;
        }
    }
    Ok(asked)
}
