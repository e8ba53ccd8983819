//! What can be wrong with a client's frame. The connection stays open; faults that close it are in `close.rs`.

table! {
    /// What can be wrong with a client's frame. The connection stays open.
    FrameFault: (&'static str, bool) {
        /// It is not text or not a JSON object, or a field is missing or of the wrong type.
        BadFrame => ("bad_frame", false),
        /// The protocol does not have its `type`.
        UnknownType => ("unknown_type", false),
        /// It is an `ack` beyond the head.
        BadPosition => ("bad_position", false),
        /// A topic is malformed, or there are too many.
        BadTopic => ("bad_topic", false),
        /// The document does not let clients send it.
        NotAllowed => ("not_allowed", false),
        /// The token does not allow a topic.
        TopicRefused => ("topic_refused", false),
        /// As many members have the topic as may.
        TopicFull => ("topic_full", true),
        /// The new token is refused; the grant stays as it was.
        RefreshRefused => ("refresh_refused", false),
        /// The room is sending others so much that the state of a subscription has to wait.
        Busy => ("busy", true),
        /// The client sends more frames than it may.
        RateLimited => ("rate_limited", true),
    }
}

impl FrameFault {
    /// The code in the `error` frame.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// Whether the same frame may succeed later.
    pub const fn is_retryable(self) -> bool {
        self.row().1
    }
}
