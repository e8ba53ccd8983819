//! Changes one value within a JSON document: its type, its size, its place.

use serde_json::{json, Map, Value};

use super::dice::Dice;
use super::text;

/// Lengths next to the limits of names, users and topics.
const LENGTHS: [usize; 9] = [0, 1, 64, 65, 128, 129, 256, 257, 4097];

pub(super) fn mutate(document: &mut Value, dice: &mut Dice) {
    let other = {
        let mut at = dice.below(count(document));
        nth(document, &mut at).cloned().unwrap_or_default()
    };
    let mut at = dice.below(count(document));
    let Some(value) = nth(document, &mut at) else { return };
    match dice.below(9) {
        0 => *value = odd(dice),
        1 => *value = nested(value.take(), dice),
        // One that is already large is not put into another, because sizes would double each time.
        2 if count(&other) < 200 => *value = other,
        3 => *value = of_a_length(dice),
        _ => inside(value, other, dice),
    }
}

/// Changes a value and keeps its type.
fn inside(value: &mut Value, other: Value, dice: &mut Dice) {
    match value {
        Value::String(inner) => *inner = of_text(inner, dice),
        Value::Array(items) => list(items, other, dice),
        Value::Object(fields) => object(fields, other, dice),
        _ => *value = number(dice),
    }
}

/// A text often is JSON itself, as the metadata of stored rows is.
fn of_text(inner: &str, dice: &mut Dice) -> String {
    if let Ok(mut document @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(inner) {
        mutate(&mut document, dice);
        return document.to_string();
    }
    String::from_utf8_lossy(&text::mutate(inner.as_bytes(), dice)).into_owned()
}

fn list(items: &mut Vec<Value>, other: Value, dice: &mut Dice) {
    let at = dice.below(items.len());
    match dice.below(4) {
        0 if !items.is_empty() => drop(items.remove(at)),
        1 if !items.is_empty() => {
            let times = *dice.pick(&[1, 2, 21, 51, 501]);
            let one = items[at].clone();
            if count(&one) * times < 2_000 && one.to_string().len() * times < text::MOST_BYTES {
                items.extend(std::iter::repeat_n(one, times));
            }
        }
        2 if !items.is_empty() => {
            let with = dice.below(items.len());
            items.swap(at, with);
        }
        _ => items.push(other),
    }
}

fn object(fields: &mut Map<String, Value>, other: Value, dice: &mut Dice) {
    let names: Vec<String> = fields.keys().cloned().collect();
    if names.is_empty() || dice.one_in(4) {
        fields.insert(of_text("x", dice), other);
        return;
    }
    let name = dice.pick(&names).clone();
    match dice.below(3) {
        0 => drop(fields.remove(&name)),
        1 => {
            let value = fields.remove(&name).unwrap_or_default();
            fields.insert(of_text(&name, dice), value);
        }
        _ => {
            let value = fields.get(dice.pick(&names)).cloned().unwrap_or_default();
            fields.insert(name, value);
        }
    }
}

fn odd(dice: &mut Dice) -> Value {
    dice.pick(&[
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(""),
        json!("*"),
        json!([[]]),
        json!({"": null}),
        json!("\u{0}"),
        json!("\u{d7ff}\u{e000}"),
        json!(["a", 1, null]),
        json!({"value": {"value": 1}}),
    ])
    .clone()
}

fn number(dice: &mut Dice) -> Value {
    dice.pick(&[
        json!(0),
        json!(1),
        json!(-1),
        json!(-0.0),
        json!(0.5),
        json!(u64::MAX),
        json!(u64::MAX - 1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(1_u64 << 53),
        json!((1_u64 << 53) - 1),
        json!(u32::MAX),
        json!(1e300),
        json!(1e-300),
        json!(1_767_780_000),
        json!(512),
    ])
    .clone()
}

/// A text, a list or an object of a length next to a limit.
fn of_a_length(dice: &mut Dice) -> Value {
    let length = *dice.pick(&LENGTHS);
    match dice.below(4) {
        0 => json!("é".repeat(length)),
        1 => json!(vec!["a"; length.min(600)]),
        2 => json!(dice.pick(&["\"", "a", "/", "*"]).repeat(length)),
        _ => (0..length.min(600)).map(|n| (format!("k{n}"), json!(n))).collect(),
    }
}

fn nested(mut value: Value, dice: &mut Dice) -> Value {
    for _ in 0..*dice.pick(&[1, 2, 40, 126, 127]) {
        value = if dice.one_in(2) { json!([value]) } else { json!({"a": value}) };
    }
    value
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The value with this number, counted from the top.
fn nth<'v>(value: &'v mut Value, at: &mut usize) -> Option<&'v mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, at)),
        Value::Object(fields) => fields.values_mut().find_map(|item| nth(item, at)),
        _ => None,
    }
}
