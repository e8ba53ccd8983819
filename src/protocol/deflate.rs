//! Frames with updates that are compressed once for a whole group: `compress=deflate` of the protocol.
//!
//! Only what crosses the wire. `dialect/deflate.rs` compresses.

/// The value of the query parameter `compress` that asks for such frames.
pub const DEFLATE: &str = "deflate";

/// The first byte of a frame before which the history is [`DICTIONARY`].
pub const BEGINS: u8 = 0;

/// The first byte of a frame that continues the history of the frames before it.
pub const CONTINUES: u8 = 1;

/// How the compressed bytes of a frame end, which is not sent: an empty block (RFC 7692, 7.2.1).
pub const END: [u8; 4] = [0, 0, 0xff, 0xff];

/// What a frame may refer to as if it had been sent before: the texts that every frame has.
pub const DICTIONARY: &str = concat!(
    r#"{"type":"dashboard.updates","prev":1,"seq":1,"sentAt":"2026-01-01T00:00:00.000Z","updates":[{"type":"dashboard.update","seq":1,"#,
    r#""topic":"","traceparent":"00-","updateType":"","timestamp":"2026-01-01T00:00:00Z","correlationId":"","data":{"id":"","status":"","#,
    r#""title":"","name":"","sentAt":"2026-01-01T00:00:00.000Z"}},{"type":"dashboard.update","seq":1,"updateType":""#,
);
