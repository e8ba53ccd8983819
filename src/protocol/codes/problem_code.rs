//! What problem documents are about, besides refusals. Their details are written where they are answered.

table! {
    /// What a problem document is about, where it is no [refusal](super::Refusal).
    ProblemCode: (u16, &'static str) {
        /// The body broke off.
        Unreadable => (400, "unreadable"),
        /// A header of the signature is missing or not well formed.
        SignatureMissing => (401, "signature_missing"),
        /// No signature is one of the tenant's over this body.
        SignatureInvalid => (401, "signature_invalid"),
        /// It was signed at another time, or before what a room has forgotten.
        SignatureStale => (401, "signature_stale"),
        /// There is nothing at this path.
        NotFound => (404, "not_found"),
        /// The path takes other methods.
        MethodNotAllowed => (405, "method_not_allowed"),
        /// The body did not come in time.
        BodyLate => (408, "body_late"),
        /// More bytes or events than a request may have.
        TooLarge => (413, "too_large"),
        /// The body is not JSON, as its headers say.
        UnsupportedMediaType => (415, "unsupported_media_type"),
        /// The body is encoded once more.
        UnsupportedEncoding => (415, "unsupported_encoding"),
        /// Something is wrong with the events.
        Malformed => (422, "malformed"),
        /// This path is watched with a WebSocket.
        UpgradeRequired => (426, "upgrade_required"),
        /// Something failed that has no better name.
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
