//! Where the values of an encoded update are, so that another dialect can build its frames from slices of the text,
//! without decoding JSON.
//!
//! This file knows the order in which [`super::update`] writes the fields, but not what is in them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) const UPDATE_TYPE: &str = "\"updateType\":";
pub(super) const TIMESTAMP: &str = ",\"timestamp\":";
pub(super) const CORRELATION_ID: &str = ",\"correlationId\":";
pub(super) const DATA: &str = ",\"data\":";

/// The bytes at which the values of an encoded update begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 4]", into = "[usize; 4]")]
pub struct Parts {
    pub(super) update_type: usize,
    pub(super) timestamp: usize,
    pub(super) correlation_id: Option<usize>,
    pub(super) data: usize,
}

/// The values of an encoded update, as JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slices<'t> {
    /// A string, with its quotes.
    pub update_type: &'t str,
    /// A string, with its quotes.
    pub timestamp: &'t str,
    /// A string, with its quotes, if the update has one.
    pub correlation_id: Option<&'t str>,
    /// An object.
    pub data: &'t str,
}

impl<'t> Slices<'t> {
    /// The type without its quotes.
    pub fn kind(&self) -> Option<&'t str> {
        self.update_type.strip_prefix('"')?.strip_suffix('"')
    }
}

impl Parts {
    /// Finds the values in the encoded update `text`. For updates that were stored without their parts.
    pub fn find(text: &str) -> Option<Self> {
        let update_type = text.find(UPDATE_TYPE)? + UPDATE_TYPE.len();
        let timestamp = after_string(text, update_type, TIMESTAMP)?;
        let correlation_id = after_string(text, timestamp, CORRELATION_ID);
        let data = after_string(text, correlation_id.unwrap_or(timestamp), DATA)?;
        Some(Self { update_type, timestamp, correlation_id, data })
    }

    /// The parts of the same update when it has `bytes` more bytes before it.
    #[must_use]
    pub fn moved(self, bytes: usize) -> Self {
        Self {
            update_type: self.update_type + bytes,
            timestamp: self.timestamp + bytes,
            correlation_id: self.correlation_id.map(|at| at + bytes),
            data: self.data + bytes,
        }
    }

    /// The encoded update `text` with other data.
    pub fn with_data(self, text: &str, data: &Map<String, Value>) -> Option<String> {
        let data = serde_json::to_string(data).ok()?;
        Some(format!("{}{data}}}", text.get(..self.data)?))
    }

    /// The values of the encoded update `text`. `None` if these parts do not fit the text.
    pub fn of(self, text: &str) -> Option<Slices<'_>> {
        let cut = |start: usize, next: usize, name: &str| {
            let end = next.checked_sub(name.len())?;
            (text.get(end..next)? == name).then_some(text.get(start..end)?)
        };
        let before_data = |start| cut(start, self.data, DATA);
        let (timestamp, correlation_id) = match self.correlation_id {
            None => (before_data(self.timestamp)?, None),
            Some(at) => (cut(self.timestamp, at, CORRELATION_ID)?, Some(before_data(at)?)),
        };
        Some(Slices {
            update_type: cut(self.update_type, self.timestamp, TIMESTAMP)?,
            timestamp,
            correlation_id,
            data: text.get(self.data..)?.strip_suffix('}')?,
        })
    }
}

/// Where the value of the field `name` begins, if this field follows the string that begins at `start`.
fn after_string(text: &str, start: usize, name: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate().skip(start + 1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return text.get(at + 1..)?.starts_with(name).then_some(at + 1 + name.len()),
            _ => {}
        }
    }
    None
}

impl From<[usize; 4]> for Parts {
    fn from([update_type, timestamp, correlation_id, data]: [usize; 4]) -> Self {
        // 0 means that there is none: no value begins at the first byte.
        let correlation_id = Some(correlation_id).filter(|at| *at > 0);
        Self { update_type, timestamp, correlation_id, data }
    }
}

impl From<Parts> for [usize; 4] {
    fn from(parts: Parts) -> Self {
        [parts.update_type, parts.timestamp, parts.correlation_id.unwrap_or(0), parts.data]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::server_frame::update;
    use super::super::trace::TraceParent;
    use super::super::update::Content;
    use super::*;

    const AWKWARD: &str = "a \"b\\\",\"timestamp\":\"é\u{1}";

    fn encoded(correlation_id: Option<&str>) -> (String, Parts) {
        let topic = correlation_id.map(|_| AWKWARD);
        let trace = TraceParent::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let data = json!({"updateType": AWKWARD, "data": {}});
        let content = Content {
            update_type: AWKWARD,
            timestamp: "12:00",
            correlation_id,
            topic,
            trace: trace.as_ref().filter(|_| correlation_id == Some(AWKWARD)),
            data: &data.as_object().unwrap().into(),
        };
        let (text, parts) = content.encode();
        let update = update(7, &text);
        let before = update.find(&text).unwrap();
        (update, parts.moved(before))
    }

    #[test]
    fn the_slices_of_an_update_are_the_values_that_were_written() {
        for correlation_id in [None, Some("c-1"), Some(AWKWARD)] {
            let (text, parts) = encoded(correlation_id);
            let slices = parts.of(&text).unwrap();
            let read = |slice: &str| serde_json::from_str::<serde_json::Value>(slice).unwrap();
            assert_eq!(read(slices.update_type), AWKWARD);
            assert_eq!(read(slices.timestamp), "12:00");
            assert_eq!(slices.correlation_id.map(read), correlation_id.map(|id| json!(id)));
            assert_eq!(read(slices.data), json!({"updateType": AWKWARD, "data": {}}));
        }
    }

    #[test]
    fn parts_that_were_not_stored_are_found() {
        for correlation_id in [None, Some("c-1"), Some(AWKWARD)] {
            let (text, parts) = encoded(correlation_id);
            assert_eq!(Parts::find(&text), Some(parts));
        }
        assert_eq!(Parts::find(r#"{"type":"dashboard.update","seq":1,"updateType":"x"#), None);
    }

    #[test]
    fn parts_do_not_fit_another_text() {
        let (text, parts) = encoded(Some("c-1"));
        for other in ["", "é", text.trim_start_matches('{'), &text.replace("c-1", "c-11")] {
            assert_eq!(parts.of(other), None, "{other}");
        }
        assert_eq!(Parts::from([9, 3, 0, usize::MAX]).of(&text), None);
    }
}
