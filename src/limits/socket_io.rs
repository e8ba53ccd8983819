//! Limits of Socket.IO.

/// Milliseconds between two pings to a client of Socket.IO. As many as between two sweeps, so that a room that rests wakes for
/// both at once.
pub const PING_INTERVAL_MS: u64 = 60_000;

/// Milliseconds in which a client has to answer a ping. A client gives up on the server after this and the interval; an alarm
/// may be late by some seconds.
pub const PING_TIMEOUT_MS: u64 = 30_000;

/// Milliseconds in which a client has to connect to a namespace; then its session is closed. The default of Socket.IO.
pub const CONNECT_TIMEOUT_MS: u64 = 45_000;

/// The longest of these times that a document may set. Browsers cannot wait longer than 2^31 ms in all.
pub const TIMEOUT_MAX_MS: u64 = 600_000;

/// Namespaces that a document may have, each of which makes a member of a connection. Four members fit into an attachment.
pub const NAMESPACES: usize = 4;

/// Bytes that the description may take as it is kept with a connection, once for the session and once for each member.
pub const SOCKET_IO_BYTES: usize = 2_048;

/// Bytes of one request or frame that a client of Socket.IO may send, as it is told. More is answered with 413, or closes.
pub const MAX_PAYLOAD_BYTES: usize = 1_000_000;

/// Milliseconds in which an upgrade from polling to a WebSocket has to be completed; then it is given up, and the client goes on
/// polling.
pub const UPGRADE_TIMEOUT_MS: u64 = 10_000;

/// Bytes that may wait for the next poll of a client. If more wait, its session is closed, and it recovers.
pub const POLL_QUEUE_BYTES: usize = 4_194_304;

/// Sessions without a member that a room has at most. More are refused with 503: they come back.
pub const GUESTS: usize = 1_000;

/// Bytes that an offset may have for the topics of a client. With more topics it is told none: it cannot recover.
pub const OFFSET_TOPICS_BYTES: usize = 256;

/// Binary attachments that one event of a client may have.
pub const ATTACHMENTS: usize = 16;

/// How often an update that has to be acknowledged is sent to one client at most.
pub const REPEATS: u32 = 10;

/// Milliseconds between two of these times, at most. The room stays in memory for as long as it waits for acknowledgements.
pub const REPEAT_MAX_MS: u64 = 30_000;

/// Updates that one client may leave without acknowledgement. With more, the oldest is given up.
pub const UNACKNOWLEDGED: usize = 64;

/// Seconds after which a document may let a topic end: 30 days, after which a room without events ends as well.
pub const TOPIC_LIFE_S: u64 = 2_592_000;

/// Users that wait before a full room and know their place. More are told how many there are.
pub const LINE: usize = 1_000;

/// Milliseconds after which somebody who waits has left the line, unless it has asked again.
pub const LINE_MS: u64 = 60_000;

/// Milliseconds that a place is guessed to take to become free, as long as none has.
pub const WAIT_GUESS_MS: u64 = 10_000;

/// How often a client may be refused within one session, so that nobody tries tokens in a row. Then the session is ended; the next is
/// an attempt, which is counted.
pub const CONNECT_REFUSALS: u32 = 5;
