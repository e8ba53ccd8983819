//! Settings, clock and randomness, which the pure code gets as arguments.

use std::cell::OnceCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use futures::future::{select, Either};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use worker::Env;

use super::timer::Timer;

use crate::config::{Deployment, Misconfigured};
use crate::protocol::time::Timestamp;
use crate::tenant::sealing::NONCE_BYTES;

thread_local! {
    /// Settings cannot change while an isolate lives, so they are parsed once.
    static DEPLOYMENT: OnceCell<Result<Rc<Deployment>, Misconfigured>> = const { OnceCell::new() };
}

/// The settings of this deployment.
pub(super) fn deployment(env: &Env) -> Result<Rc<Deployment>, Misconfigured> {
    DEPLOYMENT.with(|deployment| deployment.get_or_init(|| parse(env).map(Rc::new)).clone())
}

/// Vars and secrets are texts among the bindings. On a self-hosted workerd, a setting that is not set is null, and
/// `Env::var` fails on null.
fn parse(env: &Env) -> Result<Deployment, Misconfigured> {
    let binding = |name: &str| Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok();
    Deployment::parse(|name| binding(name).and_then(|value| value.as_string()))
}

/// A binding that is an object, if the deployment has it: `Env` knows no optional ones.
pub(super) fn binding(env: &Env, name: &str) -> Option<JsValue> {
    let found = Reflect::get(env.as_ref(), &JsValue::from_str(name)).ok()?;
    found.is_object().then_some(found)
}

/// The current time. On Workers the clock moves only when the Worker does IO.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole milliseconds since 1970"
)]
pub(super) fn now() -> Timestamp {
    // `worker::Date::now` makes an object, and asks it in a second call.
    Timestamp(js_sys::Date::now() as u64)
}

/// What comes of `answer`, if it comes within so many milliseconds.
pub(super) async fn within<T>(ms: u64, answer: impl Future<Output = Option<T>>) -> Option<T> {
    let timer = Timer::new(Duration::from_millis(ms)).over();
    match select(Box::pin(answer), Box::pin(timer)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => None,
    }
}

/// Eight random bytes, for an id.
pub(super) fn random() -> worker::Result<[u8; 8]> {
    filled()
}

/// The id of a session of Socket.IO. Whoever knows it can speak for its client.
pub(super) fn sid() -> worker::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(filled::<15>()?))
}

/// The random bytes that one sealed text needs.
pub(super) fn nonce() -> worker::Result<[u8; NONCE_BYTES]> {
    filled()
}

fn filled<const N: usize>() -> worker::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| worker::Error::from("no randomness"))?;
    Ok(bytes)
}
