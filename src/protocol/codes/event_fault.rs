//! What can be wrong with a posted event. These texts are for people; programs use the problem's code and the field.

table! {
    /// What can be wrong with an event, or with one of its fields.
    EventFault: &'static str {
        /// The body is not JSON. The place of the error follows.
        NotJson => "the body is not JSON",
        /// The request has no events.
        NoEvents => "the array is empty",
        /// A batch is not a list.
        NotAList => "a batch must be a JSON array",
        /// An event is a number, a string or a list.
        NotAnEvent => "an event must be a JSON object",
        /// A field is missing that every event must have.
        Missing => "is missing",
        /// A field is missing that this type of event must have. The type follows.
        Required => "is required by",
        /// A name is not a string, is empty, or is longer than [`NAME_CHARS`](crate::limits::NAME_CHARS).
        NotAName => "must be a string of 1 to 128 characters",
        /// A field that is sent shortened is not a string.
        NotAString => "must be a string",
        /// The payload or the metadata is not an object.
        NotAnObject => "must be a JSON object",
        /// The time at which the event occurred is malformed.
        NotATime => "must be an RFC 3339 time with an offset, such as 2026-01-07T10:00:00Z",
        /// A time that is a number of seconds is not one.
        NotSeconds => "must be a whole number of seconds since 1970, up to the year 9999",
        /// The event is of another version of `CloudEvents`.
        NotThisVersion => "must be 1.0",
        /// The encoded data of a `CloudEvent` is malformed, or stands beside other data.
        NotBase64 => "must be the base64 of a JSON object, and must not be there beside data",
        /// The value of a header is not percent-encoded as in `CloudEvents`.
        NotEncoded => "must be percent-encoded UTF-8 in printable ASCII",
        /// A header says that the event is another than the body.
        NotOfTheBody => "does not fit the body",
        /// The audience is malformed or names nobody.
        NotAnAudience => "must name 1 to 50 users or permissions, each a string of 1 to 128 characters",
        /// The topic becomes too long, or has a control character.
        NotATopic => "makes a topic of over 128 characters, or one with a control character",
        /// An amount of a tally is not a whole number, or is too large.
        NotAnAmount => "must be a whole number of at most 2^53 - 1",
        /// The name of the session is malformed.
        NotASession =>
            "must be 1 to 128 characters out of A-Z a-z 0-9 - _ . : ~ @ + =, and neither . nor ..",
    }
}

impl EventFault {
    /// The reason in the problem document, or its beginning.
    pub const fn reason(self) -> &'static str {
        self.row()
    }

    /// Whether more follows it in the problem document: the place of an error, or a type.
    pub const fn continues(self) -> bool {
        matches!(self, Self::NotJson | Self::Required)
    }
}

#[cfg(test)]
mod tests {
    use super::EventFault;
    use crate::limits::{AUDIENCE_NAMES, NAME_CHARS, TOPIC_CHARS};
    use crate::protocol::ids::SessionId;

    #[test]
    fn the_sentences_name_the_limits_that_are_enforced() {
        let sentence = format!("must be a string of 1 to {NAME_CHARS} characters");
        assert_eq!(EventFault::NotAName.reason(), sentence);
        let sentence = format!("must name 1 to {AUDIENCE_NAMES} users or permissions, each ");
        assert!(EventFault::NotAnAudience.reason().starts_with(&sentence));
        assert!(EventFault::NotATopic.reason().contains(&format!("over {TOPIC_CHARS} ")));
        let too_long = "s".repeat(NAME_CHARS + 1).parse::<SessionId>().unwrap_err();
        assert_eq!(too_long.to_string(), EventFault::NotASession.reason());
        assert!(too_long.to_string().contains(&format!(" {NAME_CHARS} ")));
    }
}
