//! Log lines: one JSON object per accepted, refused or closed connection, per refused post, and per room that was
//! restored, failed or ended. They say who, where and why, and never contain a token or a payload.
//!
//! A line is short and cannot mislead its reader, whatever names clients choose: long texts are cut, and characters
//! that a viewer would act on, hide or reorder are written as escapes. The shell writes the lines out.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use crate::limits::LOG_TEXT_BYTES;
use crate::protocol::ids::{ClientId, Seq};

/// One log line.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
pub enum Line<'a> {
    /// A client is in a room.
    #[serde(rename = "connection.accepted")]
    Accepted {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The connection.
        client: &'a ClientId,
        /// The user in its token.
        user: &'a str,
        /// The name of its dialect.
        dialect: &'a str,
        /// Whether it sent a position.
        resumed: bool,
    },
    /// An upgrade or a read of the state was refused.
    #[serde(rename = "connection.refused")]
    Refused {
        /// The tenant; empty if the request names none that is served.
        tenant: &'a str,
        /// The session as requested, which may not be a valid name; the path of a request that names no tenant.
        session: &'a str,
        /// The origin of the page that asked.
        origin: Option<&'a str>,
        /// The status.
        status: u16,
        /// The code.
        reason: &'a str,
    },
    /// A client has left a room, or the room has closed it.
    #[serde(rename = "connection.closed")]
    Closed {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The connection.
        client: &'a ClientId,
        /// The user in its token.
        user: &'a str,
        /// The close code.
        code: u16,
        /// How long it was in the room.
        seconds: u64,
        /// The `seq` up to which it said that it has applied updates.
        acked: Seq,
    },
    /// A client of Socket.IO has not acknowledged an update, as its document wants it to. It is not sent again.
    #[serde(rename = "update.unacknowledged")]
    Unacknowledged {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The connection.
        client: &'a ClientId,
        /// The number of the update.
        seq: Seq,
        /// How often it was sent.
        attempts: u32,
    },
    /// Updates were never sent to a group of members, because later ones took their place. At most one line a minute.
    #[serde(rename = "room.conflated")]
    Conflated {
        /// The room: `tenant/session`.
        room: &'a str,
        /// How many, once per group.
        updates: u64,
    },
    /// Members of a room could not keep up. At most one line a minute.
    #[serde(rename = "room.slowed")]
    Slowed {
        /// The room: `tenant/session`.
        room: &'a str,
        /// How many were sent conflated frames from then on.
        conflated: u64,
        /// How many were sent nothing until they acknowledged.
        held: u64,
    },
    /// Events of a post lack what their document needs, and the document skips such events.
    #[serde(rename = "events.skipped")]
    Skipped {
        /// The tenant.
        tenant: &'a str,
        /// How many events of the post.
        events: usize,
        /// What is wrong with the first of them: a field and a reason, and nothing of its content.
        detail: &'a str,
    },
    /// A post was refused.
    #[serde(rename = "post.refused")]
    PostRefused {
        /// The tenant.
        tenant: &'a str,
        /// The status.
        status: u16,
        /// The code.
        reason: &'a str,
    },
    /// Messages of a queue were read.
    #[serde(rename = "queue.read")]
    QueueRead {
        /// The queue.
        queue: &'a str,
        /// How many of them were published.
        published: usize,
        /// Of their events, how many are new to a room.
        applied: usize,
        /// Of their events, how many were applied before.
        duplicate: usize,
        /// Of their events, how many no room shows.
        ignored: usize,
        /// How many messages are tried again later.
        again: usize,
        /// How many messages can never be published.
        dead: usize,
    },
    /// A message of a queue can never be published. It is given to the queue of dead letters, if there is one.
    #[serde(rename = "queue.dead")]
    QueueDead {
        /// The queue.
        queue: &'a str,
        /// The message.
        id: &'a str,
        /// The status that a post would have got.
        status: u16,
        /// The code.
        reason: &'a str,
        /// Whether the dead letter queue has it. Else the message is tried again, until the queue drops it.
        kept: bool,
    },
    /// A room could not do what it was asked. It is restored from storage at the next input.
    #[serde(rename = "room.failed")]
    RoomFailed {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The step that failed.
        stage: &'a str,
        /// The platform's error. It is for the operator only, so it appears only in the log.
        cause: &'a str,
    },
    /// A tenant has used so much of its budget of today that it is warned, or all of it.
    #[serde(rename = "tenant.budget")]
    Budget {
        /// The tenant.
        tenant: &'a str,
        /// The day, of UTC.
        day: &'a str,
        /// Whether it has used all of it.
        exceeded: bool,
    },
    /// A report of a room did not get to the operator's console, or to the tenant's meter.
    #[serde(rename = "report.failed")]
    ReportFailed {
        /// The room: `tenant/session`.
        room: &'a str,
    },
    /// A room was brought back into memory.
    #[serde(rename = "room.restored")]
    RoomRestored {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The number of clients that were connected.
        clients: usize,
    },
    /// A tenant's document was stored.
    #[serde(rename = "tenant.stored")]
    TenantStored {
        /// The tenant.
        tenant: &'a str,
        /// The version of the document.
        version: &'a str,
        /// Whether the tenant is new.
        created: bool,
    },
    /// The object of a tenant could not do what it was asked.
    #[serde(rename = "tenant.failed")]
    TenantFailed {
        /// The tenant.
        tenant: &'a str,
        /// What failed. It is for the operator only, so it appears only in the log.
        cause: &'a str,
    },
    /// A tenant was deleted. Its rooms are being ended.
    #[serde(rename = "tenant.deleted")]
    TenantDeleted {
        /// The tenant.
        tenant: &'a str,
    },
    /// The keys of an issuer could not be fetched or read. The last good ones serve.
    #[serde(rename = "keys.failed")]
    KeysFailed {
        /// The tenant.
        tenant: &'a str,
        /// The URL in its document.
        url: &'a str,
        /// Why.
        cause: &'a str,
    },
    /// A hook could not be delivered.
    #[serde(rename = "hook.failed")]
    HookFailed {
        /// The room: `tenant/session`; the tenant alone if the hook is about its budget.
        room: &'a str,
        /// The id of the hook.
        id: &'a str,
        /// The status of the answer; without one, none came in time.
        status: Option<u16>,
        /// Whether it is not sent again.
        given_up: bool,
    },
    /// Tokens were revoked.
    #[serde(rename = "user.revoked")]
    Revoked {
        /// The tenant.
        tenant: &'a str,
        /// The user.
        user: &'a str,
        /// The `jti` of the only token, if it was one.
        token: Option<&'a str>,
        /// How many connections were closed at once.
        closed: usize,
    },
    /// A request to the admin API was refused.
    #[serde(rename = "admin.refused")]
    AdminRefused {
        /// Its method.
        method: &'a str,
        /// Its path.
        path: &'a str,
        /// The status.
        status: u16,
        /// The code.
        reason: &'a str,
    },
    /// The storage of a room was deleted, because nothing had happened in it for long enough.
    #[serde(rename = "room.ended")]
    RoomEnded {
        /// The room: `tenant/session`.
        room: &'a str,
    },
}

impl Line<'_> {
    /// The line, without a newline.
    pub fn encode(&self) -> String {
        let mut json = Vec::new();
        // Encoding strings and numbers into memory cannot fail.
        let _ = self.serialize(&mut Serializer::with_formatter(&mut json, Shown::default()));
        String::from_utf8(json).unwrap_or_default()
    }
}

/// Formats JSON: cuts long texts and escapes hidden characters.
#[derive(Debug, Default)]
struct Shown {
    /// Bytes that the text may still have.
    left: usize,
    cut: bool,
}

impl Shown {
    fn put<W: ?Sized + Write>(&mut self, to: &mut W, character: char) -> Result<()> {
        let (mut utf8, escape);
        let text: &str = match character {
            '"' => r#"\""#,
            '\\' => r"\\",
            hidden if is_hidden(hidden) => {
                escape = format!(r"\\u{{{:x}}}", u32::from(hidden));
                &escape
            }
            visible => {
                utf8 = [0; 4];
                visible.encode_utf8(&mut utf8)
            }
        };
        match self.left.checked_sub(text.len()) {
            _ if self.cut => Ok(()),
            Some(left) => {
                self.left = left;
                to.write_all(text.as_bytes())
            }
            None => {
                self.cut = true;
                to.write_all("…".as_bytes())
            }
        }
    }
}

impl Formatter for Shown {
    fn begin_string<W: ?Sized + Write>(&mut self, to: &mut W) -> Result<()> {
        *self = Self { left: LOG_TEXT_BYTES, cut: false };
        to.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, text: &str) -> Result<()> {
        text.chars().try_for_each(|character| self.put(to, character))
    }

    /// A parser would turn a JSON escape back into the character, so `put` decides how the character is written.
    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        to: &mut W,
        escape: CharEscape,
    ) -> Result<()> {
        let character = match escape {
            CharEscape::Quote => '"',
            CharEscape::ReverseSolidus => '\\',
            CharEscape::Solidus => '/',
            CharEscape::Backspace => '\u{8}',
            CharEscape::FormFeed => '\u{c}',
            CharEscape::LineFeed => '\n',
            CharEscape::CarriageReturn => '\r',
            CharEscape::Tab => '\t',
            CharEscape::AsciiControl(byte) => char::from(byte),
        };
        self.put(to, character)
    }
}

/// Whether a viewer would show something other than this character in its place: nothing at all, a
/// new line, another order, or a glyph that depends on the font. The ranges are those of Unicode 17: controls,
/// default ignorables, the separators of lines and paragraphs, private use and non-characters.
fn is_hidden(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || code & 0xfffe == 0xfffe
        || matches!(
            code,
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff
            | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffc
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..
        )
}

#[cfg(test)]
mod tests;
