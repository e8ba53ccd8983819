//! Limits of messages that come from a queue.

/// Seconds after which a message that could not be published is tried again for the first time: a room did not answer, or there were too
/// many events. Doubled for each further attempt.
pub const QUEUE_AGAIN_S: u32 = 5;

/// Seconds between two attempts at most. Beyond the number of attempts that the queue allows (`max_retries`), Cloudflare gives the
/// message to the queue's dead letter queue, or drops it.
pub const QUEUE_AGAIN_LONGEST_S: u32 = 300;
