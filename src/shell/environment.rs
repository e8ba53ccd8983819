//! Settings, clock and randomness: everything that the pure code is handed.

use std::cell::OnceCell;
use std::rc::Rc;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::{Date, Env};

use crate::config::{Misconfigured, Tenant};
use crate::protocol::time::Timestamp;

thread_local! {
    /// Settings cannot change while an isolate lives, so they are parsed once.
    static TENANT: OnceCell<Result<Rc<Tenant>, Misconfigured>> = const { OnceCell::new() };
}

/// The tenant of this deployment.
pub(super) fn tenant(env: &Env) -> Result<Rc<Tenant>, Misconfigured> {
    TENANT.with(|tenant| tenant.get_or_init(|| parse(env).map(Rc::new)).clone())
}

/// Vars and secrets are plain texts among the bindings. A self-hosted workerd hands one that is not
/// set over as null, on which `Env::var` would fail for good.
fn parse(env: &Env) -> Result<Tenant, Misconfigured> {
    let binding = |name: &str| Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok();
    Tenant::parse(|name| binding(name).and_then(|value| value.as_string()))
}

/// Now. On Workers the clock stands still between two inputs or outputs.
pub(super) fn now() -> Timestamp {
    Timestamp(Date::now().as_millis())
}

/// Eight random bytes, for an id.
pub(super) fn random() -> worker::Result<[u8; 8]> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| worker::Error::from("no randomness"))?;
    Ok(bytes)
}
