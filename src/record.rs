//! Log lines: one JSON object per accepted, refused and closed connection, per refused request and
//! per failure of a room. They say who, where and why; never a token or a payload.
//!
//! A line is short and says what it seems to say, whatever clients call themselves: each text in it is
//! cut, and characters that a viewer would act on, hide or reorder are written out. Where lines go is
//! the shell's business.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use crate::limits::LOG_TEXT_BYTES;
use crate::protocol::dialect::Dialect;
use crate::protocol::ids::{ClientId, Seq};

/// What is written down.
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
        /// Whose token it brought.
        user: &'a str,
        /// How it speaks.
        dialect: Dialect,
        /// Whether it said where it was.
        resumed: bool,
    },
    /// An upgrade or a read of the state was refused.
    #[serde(rename = "connection.refused")]
    Refused {
        /// The tenant.
        tenant: &'a str,
        /// The session as it was asked for, which may be no name at all.
        session: &'a str,
        /// The page that asked.
        origin: Option<&'a str>,
        /// The status.
        status: u16,
        /// The code.
        reason: &'a str,
    },
    /// A client has left a room, or was closed by it.
    #[serde(rename = "connection.closed")]
    Closed {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The connection.
        client: &'a ClientId,
        /// Whose token it brought.
        user: &'a str,
        /// The close code.
        code: u16,
        /// How long it was there.
        seconds: u64,
        /// How far it said that it has applied.
        acked: Seq,
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
    /// A room could not do what it was asked. It is restored from storage at the next input.
    #[serde(rename = "room.failed")]
    RoomFailed {
        /// The room: `tenant/session`.
        room: &'a str,
        /// What it was about to do.
        stage: &'a str,
        /// What the platform said. It is nobody's but the operator's, and stands nowhere but here.
        cause: &'a str,
    },
    /// A room was brought back into memory.
    #[serde(rename = "room.restored")]
    RoomRestored {
        /// The room: `tenant/session`.
        room: &'a str,
        /// The clients that it found.
        clients: usize,
    },
    /// Nothing has happened in a room for so long that its storage was deleted.
    #[serde(rename = "room.ended")]
    RoomEnded {
        /// The room: `tenant/session`.
        room: &'a str,
    },
}

impl Line<'_> {
    /// The line, without its end.
    pub fn encode(&self) -> String {
        let mut json = Vec::new();
        // Strings and numbers only, into memory: encoding them cannot fail.
        let _ = self.serialize(&mut Serializer::with_formatter(&mut json, Shown::default()));
        String::from_utf8(json).unwrap_or_default()
    }
}

/// JSON whose texts are cut, and show what is in them.
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

    /// What JSON would write as an escape, a reader of JSON would turn into itself again.
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

/// Whether a viewer would show something else than this character where it stands: nothing at all, a
/// new line, another order, or whatever a font makes of it. The ranges are those of Unicode 17: controls,
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
