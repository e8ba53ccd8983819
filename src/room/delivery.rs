//! How updates travel from the front Worker to the room: one line of JSON that says what they are,
//! then their contents as they are, so that nothing is escaped, copied or decoded on the way.
//!
//! Both ends are the same release of the same Worker; nobody else speaks this.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::row::{write, Entry};
use crate::protocol::time::Timestamp;
use crate::protocol::update::Update;

/// The first line: when the request was signed, and what each update is.
#[derive(Serialize, Deserialize)]
struct Line(Timestamp, Vec<Carried>);

/// The id of an update's event, and what is known of the update. Its bytes are those of its content.
#[derive(Serialize, Deserialize)]
struct Carried(String, Entry);

/// A body that the front Worker cannot have sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADelivery;

impl fmt::Display for NotADelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is not a delivery")
    }
}

impl std::error::Error for NotADelivery {}

/// The body of a delivery, for updates of a request that was signed then.
pub fn encode(signed: Timestamp, updates: &[Update]) -> String {
    let carried = |one: &Update| {
        let Update { event_id, key, keep, occurred, content } = one;
        let (key, bytes) = (key.clone(), content.len());
        Carried(event_id.clone(), Entry { key, keep: *keep, occurred: *occurred, bytes })
    };
    let mut body = write(&Line(signed, updates.iter().map(carried).collect()));
    body.push('\n');
    for update in updates {
        body.push_str(&update.content);
    }
    body
}

/// When the request of a delivery was signed, and its updates.
///
/// # Errors
/// [`NotADelivery`] when it is not UTF-8 or the lengths do not fit.
pub fn decode(body: &[u8]) -> Result<(Timestamp, Vec<Update>), NotADelivery> {
    let body = str::from_utf8(body).map_err(|_| NotADelivery)?;
    let (line, mut contents) = body.split_once('\n').ok_or(NotADelivery)?;
    let Line(signed, carried) = serde_json::from_str(line).map_err(|_| NotADelivery)?;
    let mut updates = Vec::with_capacity(carried.len());
    for Carried(event_id, Entry { key, keep, occurred, bytes }) in carried {
        let (content, rest) = contents.split_at_checked(bytes).ok_or(NotADelivery)?;
        contents = rest;
        updates.push(Update { event_id, key, keep, occurred, content: content.to_owned() });
    }
    Ok((signed, updates))
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
            occurred: (id == "e-2").then_some(Timestamp(9)),
            content: content.into(),
        };
        let updates = [update("e-1", "\"a\":\"é\n\""), update("e-2", "")];
        let signed = Timestamp(7);
        assert_eq!(decode(encode(signed, &updates).as_bytes()), Ok((signed, updates.to_vec())));
        assert_eq!(decode(encode(signed, &[]).as_bytes()), Ok((signed, Vec::new())));
    }

    #[test]
    fn anything_else_is_refused() {
        let line = |bytes: usize| format!(r#"[7,[["e",{{"key":"k","bytes":{bytes}}}]]]"#);
        for body in ["", "[]", "x\n", &(line(5) + "\nabc"), &(line(1) + "\né")] {
            assert_eq!(decode(body.as_bytes()), Err(NotADelivery), "{body:?}");
        }
    }
}
