//! What checks compare: small questions whose answers say in words what is otherwise than it should be.

use roomcast::deployment::failure::Failure;
use serde_json::Value;

/// What a check found: nothing, or what is otherwise than it should be.
pub(super) type Found = Result<(), String>;

/// What a check needs before it can ask anything; why it cannot be had, as checks say it.
pub(super) fn in_words<T>(prepared: Result<T, Failure>) -> Result<T, String> {
    prepared.map_err(|failure| failure.to_string())
}

/// Something is what it should be.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, is: &T, wanted: &T) -> Found {
    if is == wanted {
        return Ok(());
    }
    Err(format!("{what} is {}, not {}", short(is), short(wanted)))
}

/// Something holds.
pub(super) fn holds(is: bool, otherwise: impl FnOnce() -> String) -> Found {
    if is {
        return Ok(());
    }
    Err(otherwise())
}

/// What is at a place of a value (RFC 6901); null if nothing is.
pub(super) fn at<'v>(value: &'v Value, place: &str) -> &'v Value {
    value.pointer(place).unwrap_or(&Value::Null)
}

/// What a value has at a place, if that is a list.
pub(super) fn list(value: &Value, place: &str) -> Vec<Value> {
    at(value, place).as_array().cloned().unwrap_or_default()
}

/// The type of a frame.
pub(super) fn kind(frame: &Value) -> &str {
    at(frame, "/type").as_str().unwrap_or("nothing")
}

/// A frame has this type.
pub(super) fn is_kind(frame: &Value, wanted: &str) -> Found {
    same("the type of the frame", &kind(frame), &wanted)
}

/// A whole number.
pub(super) fn number(from: &Value, field: &str) -> Result<u64, String> {
    let found = from.get(field).unwrap_or(&Value::Null);
    found.as_u64().ok_or_else(|| format!("`{field}` is {found}, not a whole number"))
}

/// A text that is not empty.
pub(super) fn text<'v>(from: &'v Value, field: &str) -> Result<&'v str, String> {
    let found = from.get(field).unwrap_or(&Value::Null);
    let text = found.as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| format!("`{field}` is {found}, not a text"))
}

/// The updates of a frame that has some.
pub(super) fn updates(frame: &Value) -> Result<Vec<Value>, String> {
    match kind(frame) {
        "dashboard.update" => Ok(vec![frame.clone()]),
        "dashboard.updates" | "dashboard.state" => {
            let list = at(frame, "/updates").as_array().cloned();
            list.ok_or_else(|| format!("`updates` of `{}` is no list", kind(frame)))
        }
        other => Err(format!("a frame `{other}` came where updates should")),
    }
}

/// A value that fits into a line.
fn short(value: &impl std::fmt::Debug) -> String {
    const MOST: usize = 300;
    let text = format!("{value:?}");
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_otherwise_is_said_in_words() {
        assert_eq!(same("the status", &200, &200), Ok(()));
        assert_eq!(same("the status", &500, &200), Err("the status is 500, not 200".to_owned()));
        let frame = json!({"type": "pong", "seq": "7"});
        assert!(is_kind(&frame, "connected").unwrap_err().contains("\"pong\", not \"connected\""));
        assert_eq!(number(&frame, "seq").unwrap_err(), "`seq` is \"7\", not a whole number");
        assert!(updates(&frame).unwrap_err().contains("`pong`"));
    }

    #[test]
    fn a_long_value_is_cut() {
        let error = same("the body", &"é".repeat(999), &String::new()).unwrap_err();
        assert!(error.chars().count() < 350, "{error}");
    }
}
