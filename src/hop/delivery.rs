//! A delivery: updates on their way from the front Worker to a room, and the room's answer.
//!
//! One line of JSON has the metadata of the updates. Their contents follow as they are, so that nothing in them is
//! escaped or decoded on the way. If the room has a limit, a line stands before all that: `#<events>/<limit>`. The room
//! reads it first, and nothing else if it takes no more.

use std::fmt;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use serde::{Deserialize, Serialize};

use crate::limits::DELIVERY_HEADER_BYTES;
use crate::protocol::cost::Cost;
use crate::protocol::time::Timestamp;
use crate::protocol::update::{Entry, Update};
use crate::room::publish::Posted;

/// The first line: when the request was signed, the event id and the metadata of each update, until when the tenant is
/// watched, and the pace of a tenant over its budget.
#[derive(Deserialize)]
struct Line(
    Timestamp,
    Vec<(String, Entry)>,
    #[serde(default)] Option<Timestamp>,
    #[serde(default)] Option<u32>,
);

/// [`Line`] with borrowed values, for writing. What is not set at its end is left out.
#[derive(Serialize)]
#[expect(clippy::option_option, reason = "the outer one says whether it is written")]
struct LineOf<'u>(
    Timestamp,
    Vec<(&'u str, &'u Entry)>,
    #[serde(skip_serializing_if = "Option::is_none")] Option<Option<Timestamp>>,
    #[serde(skip_serializing_if = "Option::is_none")] Option<u32>,
);

/// What a delivery says beside its updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Docket {
    /// When the request of the updates was signed.
    pub signed: Timestamp,
    /// Until when the operator watches the tenant of the room, if that is so.
    pub watched: Option<Timestamp>,
    /// Milliseconds from one burst of the room to the next, if its tenant is over its budget and wants to save.
    pub pace_ms: Option<u32>,
}

impl Docket {
    /// That of a request that was signed then, to a room that nobody watches or slows down.
    pub fn signed(signed: Timestamp) -> Self {
        Self { signed, watched: None, pace_ms: None }
    }
}

/// The header with the answer to a delivery, and with a delivery that is short: see [`in_header`]. A body would have to be waited
/// for.
pub const HEADER: &str = "roomcast-delivery";

/// Bytes that the metadata of an update have at most, mostly. Beyond it: the body is moved while it grows.
const ENTRY_BYTES: usize = 160;

/// A room's answer to a delivery.
#[derive(Debug, Serialize, Deserialize)]
pub struct Delivered {
    /// One outcome per update.
    pub outcomes: Vec<Posted>,
    /// What the room has spent since its last answer.
    pub cost: Cost,
    /// If the room gets more events than it may: the milliseconds after which it takes these. It has applied nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

/// The events of a delivery, and how many the room takes in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// How many it is about.
    pub events: u64,
    /// How many the room takes.
    pub limit: u32,
}

/// The body is not a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADelivery;

impl fmt::Display for NotADelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is not a delivery")
    }
}

impl std::error::Error for NotADelivery {}

/// The charge of a delivery, if it has one, and the rest of its body. Decodes nothing else.
///
/// # Errors
/// [`NotADelivery`] when the charge is malformed.
pub fn charge(body: &[u8]) -> Result<(Option<Charge>, &[u8]), NotADelivery> {
    let Some(after) = body.strip_prefix(b"#") else { return Ok((None, body)) };
    let end = after.iter().position(|byte| *byte == b'\n').ok_or(NotADelivery)?;
    let (line, rest) = after.split_at_checked(end).ok_or(NotADelivery)?;
    let line = str::from_utf8(line).map_err(|_| NotADelivery)?;
    let (events, limit) = line.split_once('/').ok_or(NotADelivery)?;
    let events = events.parse().map_err(|_| NotADelivery)?;
    let limit = limit.parse().map_err(|_| NotADelivery)?;
    Ok((Some(Charge { events, limit }), rest.get(1..).unwrap_or_default()))
}

/// The body of a delivery to a room with a limit.
pub fn encode_charged(charge: Charge, docket: Docket, updates: &[Update]) -> String {
    let Charge { events, limit } = charge;
    format!("#{events}/{limit}\n{}", encode(docket, updates))
}

/// A delivery as the value of [`HEADER`], if it is short enough for that. Otherwise it is a body.
pub fn in_header(body: &str) -> Option<String> {
    (body.len() <= DELIVERY_HEADER_BYTES).then(|| URL_SAFE_NO_PAD.encode(body))
}

/// Reads the value of [`HEADER`].
///
/// # Errors
/// [`NotADelivery`] when it is not base64url.
pub fn from_header(value: &str) -> Result<Vec<u8>, NotADelivery> {
    URL_SAFE_NO_PAD.decode(value).map_err(|_| NotADelivery)
}

/// The body of a delivery.
pub fn encode(docket: Docket, updates: &[Update]) -> String {
    let Docket { signed, watched, pace_ms } = docket;
    let watched = (watched.is_some() || pace_ms.is_some()).then_some(watched);
    let known = updates.iter().map(|update| (&*update.event_id, &update.entry)).collect();
    let contents: usize = updates.iter().map(|update| update.content.len()).sum();
    let mut body = Vec::with_capacity(contents + (updates.len() + 1) * ENTRY_BYTES);
    // Strings and numbers only, so encoding cannot fail. A room would refuse an empty line.
    let _ = serde_json::to_writer(&mut body, &LineOf(signed, known, watched, pace_ms));
    body.push(b'\n');
    for update in updates {
        body.extend_from_slice(update.content.as_bytes());
    }
    // This cannot fail either, because JSON and contents are UTF-8.
    String::from_utf8(body).unwrap_or_default()
}

/// Reads a delivery: what it says beside its updates, and these.
///
/// # Errors
/// [`NotADelivery`] when the body is not UTF-8, has no well-formed first line, or ends before the last content.
pub fn decode(body: &[u8]) -> Result<(Docket, Vec<Update>), NotADelivery> {
    let body = str::from_utf8(body).map_err(|_| NotADelivery)?;
    let (line, mut contents) = body.split_once('\n').ok_or(NotADelivery)?;
    let Line(signed, known, watched, pace_ms) =
        serde_json::from_str(line).map_err(|_| NotADelivery)?;
    let mut updates = Vec::with_capacity(known.len());
    for (event_id, entry) in known {
        let (content, rest) = contents.split_at_checked(entry.bytes).ok_or(NotADelivery)?;
        contents = rest;
        updates.push(Update { event_id, entry, content: content.to_owned() });
    }
    Ok((Docket { signed, watched, pace_ms }, updates))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::label::Audience;

    const DOCKET: Docket = Docket { signed: Timestamp(7), watched: None, pace_ms: None };

    fn updates() -> [Update; 2] {
        let update = |id: &str, content: &str| Update {
            event_id: id.into(),
            entry: Entry::new("k\n\"".into(), content.len()),
            content: content.into(),
        };
        let [one, mut other] = [update("e-1", "\"a\":\"é\n\""), update("e-2", "")];
        let audience = Audience { users: vec!["ada".into()], permissions: vec!["see".into()] };
        other.entry = Entry {
            keep: 50,
            occurred: Some(Timestamp(9)),
            topic: Some("project:7".into()),
            audience: Some(Box::new(audience)),
            parts: Some([13, 20, 0, 30].into()),
            ..other.entry
        };
        [one, other]
    }

    #[test]
    fn a_delivery_reads_back_what_it_writes() {
        let watched = Docket { watched: Some(Timestamp(9)), ..DOCKET };
        let slowed = |docket| Docket { pace_ms: Some(2_000), ..docket };
        for docket in [DOCKET, watched, slowed(DOCKET), slowed(watched)] {
            let body = encode(docket, &updates());
            assert_eq!(decode(body.as_bytes()), Ok((docket, updates().to_vec())));
            assert_eq!(decode(encode(docket, &[]).as_bytes()), Ok((docket, Vec::new())));
        }
    }

    #[test]
    fn the_form_of_a_delivery_is_unchanged() {
        let line = concat!(
            r#"[7,[["e-1",{"key":"k\n\"","bytes":9}],["e-2",{"key":"k\n\"","keep":50,"occurred":9,"#,
            r#""topic":"project:7","audience":{"users":["ada"],"permissions":["see"]},"#,
            r#""parts":[13,20,0,30],"bytes":0}]]]"#
        );
        assert_eq!(encode(DOCKET, &updates()), format!("{line}\n\"a\":\"é\n\""));
        let watched = Docket { watched: Some(Timestamp(9)), ..DOCKET };
        assert_eq!(encode(watched, &[]), "[7,[],9]\n");
        let slowed = |docket| Docket { pace_ms: Some(2_000), ..docket };
        assert_eq!(encode(slowed(watched), &[]), "[7,[],9,2000]\n");
        assert_eq!(encode(slowed(DOCKET), &[]), "[7,[],null,2000]\n");
    }

    #[test]
    fn the_form_of_an_answer_is_unchanged() {
        let outcomes = vec![Posted::Accepted(1), Posted::Duplicate(2), Posted::Stale];
        let cost = Cost { requests: 1, ..Cost::default() };
        let answer = Delivered { outcomes, cost, retry_ms: None };
        let text = concat!(
            r#"{"outcomes":[{"accepted":1},{"duplicate":2},"stale"],"#,
            r#""cost":{"requests":1,"bursts":0,"rowsWritten":0,"rowsRead":0}}"#
        );
        assert_eq!(serde_json::to_string(&answer).unwrap(), text);
        let refused = Delivered { retry_ms: Some(7), ..answer };
        let text = text.replace("0}}", r#"0},"retry_ms":7}"#);
        assert_eq!(serde_json::to_string(&refused).unwrap(), text);
    }

    #[test]
    fn a_charge_stands_before_a_delivery_and_is_read_without_it() {
        let (one, bare) = (Charge { events: 2, limit: 100 }, encode(DOCKET, &updates()));
        let charged = encode_charged(one, DOCKET, &updates());
        assert_eq!(charged, format!("#2/100\n{bare}"));
        assert_eq!(charge(charged.as_bytes()), Ok((Some(one), bare.as_bytes())));
        assert_eq!(charge(bare.as_bytes()), Ok((None, bare.as_bytes())));
        assert_eq!(charge(b"#2/3\n\xff"), Ok((Some(Charge { limit: 3, ..one }), &b"\xff"[..])));
        for bad in ["#", "#2/100", "#2\n", "#-1/2\n", "#2/x\n"] {
            assert_eq!(charge(bad.as_bytes()), Err(NotADelivery), "{bad}");
        }
    }

    #[test]
    fn a_short_delivery_is_a_header() {
        let body = encode(DOCKET, &updates());
        let value = in_header(&body).unwrap();
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic()), "{value}");
        assert_eq!(from_header(&value).unwrap(), body.as_bytes());
        assert_eq!(from_header("\u{e9}"), Err(NotADelivery));
        assert!(in_header(&"x".repeat(DELIVERY_HEADER_BYTES)).is_some());
        assert!(in_header(&"x".repeat(DELIVERY_HEADER_BYTES + 1)).is_none());
    }

    #[test]
    fn a_body_that_is_not_a_delivery_is_refused() {
        let line = |bytes: usize| format!(r#"[7,[["e",{{"key":"k","bytes":{bytes}}}]]]"#);
        for body in ["", "[]", "x\n", &(line(5) + "\nabc"), &(line(1) + "\né")] {
            assert_eq!(decode(body.as_bytes()), Err(NotADelivery), "{body:?}");
        }
    }
}
