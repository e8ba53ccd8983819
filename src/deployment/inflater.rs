//! Reads compressed frames, as a client does: the reverse of `dialect/deflate.rs`.

use miniz_oxide::inflate::stream::{inflate, InflateState};
use miniz_oxide::{DataFormat, MZError, MZFlush};

use crate::protocol::deflate::{BEGINS, CONTINUES, DICTIONARY, END};

const CHUNK_BYTES: usize = 16 * 1024;

/// What the frames of one connection refer to.
#[derive(Default)]
pub struct Inflater {
    /// `None` before the first frame.
    history: Option<Box<InflateState>>,
}

/// A frame that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

impl Inflater {
    /// The text of the next binary frame.
    ///
    /// # Errors
    /// [`Unreadable`] when the frame is malformed, or continues what has not begun.
    pub fn text(&mut self, frame: &[u8]) -> Result<String, Unreadable> {
        let (kind, deflated) = frame.split_first().ok_or(Unreadable)?;
        let begun = self.history.take();
        let mut history = match (*kind, begun) {
            (BEGINS, _) => begin()?,
            (CONTINUES, Some(history)) => history,
            _ => return Err(Unreadable),
        };
        let bytes = read(&mut history, &[deflated, &END].concat())?;
        self.history = Some(history);
        String::from_utf8(bytes).map_err(|_| Unreadable)
    }
}

/// A history that is the dictionary: as if that had come in a block that is not compressed.
fn begin() -> Result<Box<InflateState>, Unreadable> {
    let mut history = InflateState::new_boxed(DataFormat::Raw);
    let length = u16::try_from(DICTIONARY.len()).map_err(|_| Unreadable)?;
    let head = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    read(&mut history, &[&head, DICTIONARY.as_bytes()].concat())?;
    Ok(history)
}

fn read(history: &mut InflateState, mut deflated: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; CHUNK_BYTES]);
    loop {
        let done = inflate(history, deflated, &mut chunk, MZFlush::None);
        deflated = deflated.get(done.bytes_consumed..).unwrap_or_default();
        bytes.extend_from_slice(chunk.get(..done.bytes_written).unwrap_or_default());
        match done.status {
            Ok(_) | Err(MZError::Buf)
                if deflated.is_empty() && done.bytes_written < CHUNK_BYTES =>
            {
                return Ok(bytes);
            }
            Ok(_) if done.bytes_consumed + done.bytes_written > 0 => {}
            _ => return Err(Unreadable),
        }
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Inflater").field("begun", &self.history.is_some()).finish()
    }
}
