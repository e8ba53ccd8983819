//! The codes of problem documents, except refusals. The details of a problem are written where it is answered.

table! {
    /// What a problem document is about. Refusals have a table of their own: [`Refusal`](super::Refusal).
    ProblemCode: (u16, &'static str) {
        /// The body ended before it was complete.
        Unreadable => (400, "unreadable"),
        /// `?from=`, `?to=` or `?limit=` names no page of a log.
        BadRange => (400, "bad_range"),
        /// A header of the signature is missing or malformed.
        SignatureMissing => (401, "signature_missing"),
        /// No signature was made over this body with a secret of the tenant.
        SignatureInvalid => (401, "signature_invalid"),
        /// It was signed too long ago or in the future, or a room cannot tell whether it is a repeat.
        SignatureStale => (401, "signature_stale"),
        /// The admin token is missing or wrong.
        AdminRefused => (401, "admin_refused"),
        /// There is nothing at this path.
        NotFound => (404, "not_found"),
        /// The path does not support this method.
        MethodNotAllowed => (405, "method_not_allowed"),
        /// The body did not arrive in time.
        BodyLate => (408, "body_late"),
        /// Another tenant has one of these credentials or host names.
        Conflict => (409, "conflict"),
        /// The tenant is not as `If-Match` or `If-None-Match` wants it.
        PreconditionFailed => (412, "precondition_failed"),
        /// The request has more bytes or events than it may have.
        TooLarge => (413, "too_large"),
        /// The headers say that the body is not JSON.
        UnsupportedMediaType => (415, "unsupported_media_type"),
        /// The headers say that the body is compressed or otherwise encoded.
        UnsupportedEncoding => (415, "unsupported_encoding"),
        /// Something is wrong with the events.
        Malformed => (422, "malformed"),
        /// This path needs a WebSocket.
        UpgradeRequired => (426, "upgrade_required"),
        /// The room or the tenant gets more events than it may.
        EventsExceeded => (429, "events_exceeded"),
        /// Another failure.
        Internal => (500, "internal"),
        /// A setting is missing or malformed.
        Misconfigured => (503, "misconfigured"),
    }
}

impl ProblemCode {
    /// The code in problem documents and logs.
    pub const fn code(self) -> &'static str {
        self.row().1
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.row().0
    }
}
