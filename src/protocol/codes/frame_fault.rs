//! What can be wrong with a client's frame. The connection lives.

table! {
    /// What can be wrong with a client's frame. The connection lives.
    FrameFault: (&'static str, bool) {
        /// Not a JSON object, a field missing or of the wrong type, or not text.
        BadFrame => ("bad_frame", false),
        /// A `type` that the protocol does not have.
        UnknownType => ("unknown_type", false),
        /// An `ack` beyond the head.
        BadPosition => ("bad_position", false),
        /// More frames than a client may send.
        RateLimited => ("rate_limited", true),
    }
}

impl FrameFault {
    /// The code in the `error` frame.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// Whether the same frame may do later.
    pub const fn is_retryable(self) -> bool {
        self.row().1
    }
}
