//! How updates travel from the front Worker to the room: one line of JSON that says what they are,
//! then their contents as they are, so that nothing is escaped, copied or decoded on the way.
//!
//! Both ends are the same release of the same Worker; nobody else speaks this.

use std::fmt;

use super::row::{write, Entry};
use crate::protocol::update::Update;

/// A body that the front Worker cannot have sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADelivery;

impl fmt::Display for NotADelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is not a delivery")
    }
}

impl std::error::Error for NotADelivery {}

/// The body of a delivery.
pub fn encode(updates: &[Update]) -> String {
    let entry =
        |one: &Update| Entry(one.event_id.clone(), one.key.clone(), one.keep, one.content.len());
    let mut body = write(&updates.iter().map(entry).collect::<Vec<_>>());
    body.push('\n');
    for update in updates {
        body.push_str(&update.content);
    }
    body
}

/// The updates of a delivery.
///
/// # Errors
/// [`NotADelivery`] when it is not UTF-8 or the lengths do not fit.
pub fn decode(body: &[u8]) -> Result<Vec<Update>, NotADelivery> {
    let body = str::from_utf8(body).map_err(|_| NotADelivery)?;
    let (line, contents) = body.split_once('\n').ok_or(NotADelivery)?;
    let entries: Vec<Entry> = serde_json::from_str(line).map_err(|_| NotADelivery)?;
    let mut start = 0;
    let mut updates = Vec::with_capacity(entries.len());
    for Entry(event_id, key, keep, length) in entries {
        let content = contents.get(start..start + length).ok_or(NotADelivery)?.to_owned();
        start += length;
        updates.push(Update { event_id, key, keep, content });
    }
    Ok(updates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_reads_back_what_it_writes() {
        let update = |id: &str, content: &str| Update {
            event_id: id.into(),
            key: "k\n\"".into(),
            keep: 50,
            content: content.into(),
        };
        let updates = [update("e-1", "\"a\":\"é\n\""), update("e-2", "")];
        assert_eq!(decode(encode(&updates).as_bytes()).unwrap(), updates);
        assert_eq!(decode(encode(&[]).as_bytes()).unwrap(), []);
    }

    #[test]
    fn anything_else_is_refused() {
        for body in ["", "[]", "x\n", "[[\"e\",\"k\",1,5]]\nabc", "[[\"e\",\"k\",1,1]]\né"] {
            assert_eq!(decode(body.as_bytes()), Err(NotADelivery), "{body:?}");
        }
    }
}
