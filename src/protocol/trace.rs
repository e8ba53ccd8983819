//! The trace that an event belongs to, as W3C Trace Context writes it (`traceparent`, version 00), so that a dashboard can say
//! which request has changed it.
//!
//! It is passed on as it came, and never decides anything. So one that is malformed counts as absent, as the
//! specification wants it.

use serde_json::{Map, Value};

/// A well-formed `traceparent` of 55 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

/// The name of the header, and of the field.
pub const TRACEPARENT: &str = "traceparent";

impl TraceParent {
    /// Reads a value; `None` if it is malformed, or of a version that is not known.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace) = (parts.next()?, parts.next()?);
        let (parent, flags) = (parts.next()?, parts.next()?);
        let known = version == "00" && parts.next().is_none() && is_hex(flags, 2);
        let named = |id, digits| is_hex(id, digits) && id.bytes().any(|byte| byte != b'0');
        (known && named(trace, 32) && named(parent, 16)).then(|| Self(text.trim().to_owned()))
    }

    /// That of an event, among what its format says about it.
    pub fn among(metadata: &Map<String, Value>) -> Option<Self> {
        Self::parse(metadata.get(TRACEPARENT)?.as_str()?)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_well_formed_trace_is_kept_as_it_is() {
        assert_eq!(TraceParent::parse(GOOD).unwrap().as_str(), GOOD);
        assert_eq!(TraceParent::parse(&format!(" {GOOD}\t")).unwrap().as_str(), GOOD);
    }

    #[test]
    fn anything_else_is_none() {
        let zero = |part: &str| GOOD.replace(part, &"0".repeat(part.len()));
        let bad = [
            String::new(),
            GOOD.replacen("00", "01", 1),
            GOOD.to_uppercase(),
            GOOD.replace("4bf9", "4bf"),
            zero("4bf92f3577b34da6a3ce929d0e0e4736"),
            zero("00f067aa0ba902b7"),
            format!("{GOOD}-x"),
            GOOD.replace("-01", "-1"),
            GOOD.replace("4bf9", "4b\"9"),
        ];
        for text in bad {
            assert_eq!(TraceParent::parse(&text), None, "{text}");
        }
    }
}
