//! Reports of rooms as data points of Workers Analytics Engine, where the deployment has the binding `ANALYTICS`.
//!
//! The platform takes a point without being waited for, and may sample. Nothing here is read again. The columns of a point are in
//! `docs/metrics.md`; a change of their order changes what queries mean.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::Env;

use super::environment::binding;
use crate::metering::usage::exact;
use crate::protocol::ids::RoomName;
use crate::protocol::report::Report;

/// The binding of the dataset.
const ANALYTICS: &str = "ANALYTICS";

#[wasm_bindgen]
extern "C" {
    type Dataset;

    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &JsValue) -> Result<(), JsValue>;
}

/// Writes the report of a room. Says whether the platform took it, or there is nowhere to write it.
pub(super) fn write(env: &Env, room: &RoomName, report: &Report) -> bool {
    let Some(dataset) = binding(env, ANALYTICS) else { return true };
    let dataset: Dataset = dataset.unchecked_into();
    point(room, report).and_then(|point| dataset.write_data_point(&point)).is_ok()
}

fn point(room: &RoomName, Report { room: standing, did, .. }: &Report) -> Result<Object, JsValue> {
    let document = room.preset.as_ref().map_or("-".to_owned(), ToString::to_string);
    let amounts = [
        standing.members.all as u64,
        did.events,
        did.updates,
        did.bursts,
        did.frames,
        did.bytes,
        did.rows_written,
        did.rows_read,
        did.kept_ms,
    ];
    let indexes = Array::of1(&JsValue::from_str(room.tenant.as_str()));
    let blobs = Array::of2(&room.within().into(), &document.into());
    let doubles: Array = amounts.into_iter().map(|one| JsValue::from_f64(exact(one))).collect();
    let point = Object::new();
    for (name, values) in [("indexes", indexes), ("blobs", blobs), ("doubles", doubles)] {
        Reflect::set(&point, &JsValue::from_str(name), &values)?;
    }
    Ok(point)
}
