//! What can be wrong with a posted event. These are sentences for whoever reads the answer; a program looks at
//! the problem's code and at the field.

table! {
    /// What can be wrong with an event, or with one of its fields.
    EventFault: &'static str {
        /// What follows says where.
        NotJson => "the body is not JSON",
        /// A request without events.
        NoEvents => "the array is empty",
        /// An event that is a number, a text or a list.
        NotAnEvent => "an event must be a JSON object",
        /// A field of the envelope that every event has.
        Missing => "is missing",
        /// What follows is the type of the event.
        Required => "is required by",
        /// A name is [`NAME_CHARS`](crate::limits::NAME_CHARS) characters at most.
        NotAName => "must be a string of 1 to 128 characters",
        /// A text that is shortened.
        NotAString => "must be a string",
        /// The payload or the metadata.
        NotAnObject => "must be a JSON object",
        /// When it occurred.
        NotATime => "must be an RFC 3339 time with an offset, such as 2026-01-07T10:00:00Z",
        /// What is to name the session.
        NotASession =>
            "must be 1 to 128 characters out of A-Z a-z 0-9 - _ . : ~ @ + =, and neither . nor ..",
    }
}

impl EventFault {
    /// The reason in the problem document, or how it begins.
    pub const fn reason(self) -> &'static str {
        self.row()
    }
}

#[cfg(test)]
mod tests {
    use super::EventFault;
    use crate::limits::NAME_CHARS;
    use crate::protocol::ids::SessionId;

    #[test]
    fn the_limits_in_the_sentences_are_those_that_are_kept() {
        let sentence = format!("must be a string of 1 to {NAME_CHARS} characters");
        assert_eq!(EventFault::NotAName.reason(), sentence);
        let too_long = "s".repeat(NAME_CHARS + 1).parse::<SessionId>().unwrap_err();
        assert_eq!(too_long.to_string(), EventFault::NotASession.reason());
        assert!(too_long.to_string().contains(&format!(" {NAME_CHARS} ")));
    }
}
