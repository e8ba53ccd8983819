//! Settings, clock and randomness, which the pure code gets as arguments.

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

/// Vars and secrets are texts among the bindings. On a self-hosted workerd, a setting that is not set is null, and
/// `Env::var` fails on null.
fn parse(env: &Env) -> Result<Tenant, Misconfigured> {
    let binding = |name: &str| Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok();
    Tenant::parse(|name| binding(name).and_then(|value| value.as_string()))
}

/// The current time. On Workers the clock moves only when the Worker does IO.
pub(super) fn now() -> Timestamp {
    Timestamp(Date::now().as_millis())
}

/// Eight random bytes, for an id.
pub(super) fn random() -> worker::Result<[u8; 8]> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| worker::Error::from("no randomness"))?;
    Ok(bytes)
}
