//! Splits a stream of bytes into events, each as soon as it is complete, and notes the line where it starts.
//!
//! One rule covers the three forms of input: an event is an object at the top level, or an object in an array at
//! the top level. This module follows only the nesting, which is enough to report a missing brace on the line where
//! it is missing. serde then checks that the whole event is JSON.

use roomcast::deployment::failure::Failure;

use crate::posting::batch::{Event, EVENT_BYTES};

/// The state of reading a stream.
#[derive(Debug)]
pub(crate) struct Framing {
    line: usize,
    /// The brackets that are open, innermost last.
    open: Vec<u8>,
    /// The last byte outside of strings that was not a blank.
    before: u8,
    in_string: bool,
    escaped: bool,
    /// The part of the current event that was read, and the line on which the event starts.
    event: Vec<u8>,
    started: usize,
}

impl Framing {
    /// The start of a stream.
    pub(crate) fn new() -> Self {
        let event = Vec::new();
        let (in_string, escaped) = (false, false);
        Self { line: 1, open: vec![], before: b'\n', in_string, escaped, event, started: 1 }
    }

    /// Takes the next byte. Returns the event that it completes.
    ///
    /// # Errors
    /// The line and what is wrong with it.
    pub(crate) fn push(&mut self, byte: u8) -> Result<Option<Event>, Failure> {
        let within = self.within_event();
        if within {
            self.keep(byte)?;
        }
        if self.in_string {
            self.string(byte)?;
        } else {
            match byte {
                b'{' | b'[' => self.opened(byte)?,
                b'}' | b']' => self.closed(byte)?,
                b'"' if within => self.in_string = true,
                b',' if self.open.as_slice() == b"[" => self.separated()?,
                _ if within || byte.is_ascii_whitespace() => {}
                _ => return Err(self.wrong("an event must be a JSON object")),
            }
            if !byte.is_ascii_whitespace() {
                self.before = byte;
            }
        }
        self.line += usize::from(byte == b'\n');
        if within && !self.within_event() {
            self.completed().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The end of the stream.
    ///
    /// # Errors
    /// What is still open.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        match self.open.as_slice() {
            [] => Ok(()),
            b"[" => Err(self.wrong("the array of events is not closed: a `]` is missing")),
            _ => Err(self.unclosed()),
        }
    }

    fn within_event(&self) -> bool {
        self.open.contains(&b'{')
    }

    fn keep(&mut self, byte: u8) -> Result<(), Failure> {
        if self.event.len() >= EVENT_BYTES {
            let what = format!("the event is over {EVENT_BYTES} bytes, which no request can hold");
            return Err(Failure::line(self.started, what));
        }
        self.event.push(byte);
        Ok(())
    }

    fn string(&mut self, byte: u8) -> Result<(), Failure> {
        match byte {
            b'\n' => return Err(self.wrong("a string is not closed: a `\"` is missing")),
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_string = false;
                self.before = b'"';
            }
            _ => {}
        }
        Ok(())
    }

    fn opened(&mut self, byte: u8) -> Result<(), Failure> {
        match (self.open.last(), self.before) {
            (None, _) | (Some(b'['), b'[' | b',') | (Some(b'{'), b':') => {}
            (Some(b'{'), _) => return Err(self.unclosed()),
            _ => return Err(self.wrong("a `,` is missing between two values of an array")),
        }
        if byte == b'[' && self.open.as_slice() == b"[" {
            return Err(self.wrong("an event must be a JSON object, not an array"));
        }
        if byte == b'{' && !self.within_event() {
            self.started = self.line;
            self.event.push(byte);
        }
        self.open.push(byte);
        Ok(())
    }

    fn closed(&mut self, byte: u8) -> Result<(), Failure> {
        let wanted = if byte == b'}' { b'{' } else { b'[' };
        if self.open.pop() == Some(wanted) {
            return Ok(());
        }
        Err(self.wrong(format!("a `{}` closes nothing", char::from(byte))))
    }

    fn separated(&self) -> Result<(), Failure> {
        if self.before == b'}' {
            Ok(())
        } else {
            Err(self.wrong("a `,` follows no event"))
        }
    }

    fn completed(&mut self) -> Result<Event, Failure> {
        let line = self.started;
        let text = String::from_utf8(std::mem::take(&mut self.event))
            .map_err(|_| Failure::line(line, "the event is not UTF-8"))?;
        let checked: Result<serde::de::IgnoredAny, _> = serde_json::from_str(&text);
        checked.map_err(|error| Failure::line(line + error.line().max(1) - 1, not_json(&error)))?;
        Ok(Event { line, text })
    }

    fn unclosed(&self) -> Failure {
        Failure::line(self.started, "the object that starts here is not closed: a `}` is missing")
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Failure {
        Failure::line(self.line, what)
    }
}

/// serde's message without its line number, which counts from the start of the event.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (what, _) = text.split_once(" at line ").unwrap_or((&text, ""));
    format!("the event is not JSON: {what} in column {}", error.column())
}

#[cfg(test)]
mod tests;
