//! Compresses what a group is sent, once for all of its members.
//!
//! Each group has a stream: a frame refers to the frames before it, so that a lone update is small, too. Whoever joins the
//! group does not have these, so the next frame begins anew. This file does not know who asked for it, and not how large a group is.

use miniz_oxide::deflate::core::{
    compress_to_output, create_comp_flags_from_zip_params, CompressorOxide, TDEFLFlush, TDEFLStatus,
};

use crate::limits::{DEFLATE_GROUPS, DEFLATE_LEVEL};
use crate::protocol::deflate::{BEGINS, CONTINUES, DICTIONARY, END};
use crate::room::groups::GroupId;

/// Deflate without a header.
const RAW: i32 = -15;

/// The streams of a room's groups, at most [`DEFLATE_GROUPS`]. If there are more groups, the stream that was used longest ago is
/// another group's, and begins anew.
#[derive(Debug, Default)]
pub struct Deflater {
    /// The one that was used last is the last one.
    streams: Vec<Stream>,
}

struct Stream {
    group: GroupId,
    compressor: Box<CompressorOxide>,
    /// Whether all members have its frames. If not, the next one begins anew.
    continues: bool,
}

impl Deflater {
    /// Somebody has joined a group.
    pub fn join(&mut self, group: GroupId) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.group == group) {
            stream.continues = false;
        }
    }

    /// The frame of a text that all members of a group are sent. `None` if it cannot be compressed: then the text is sent, and
    /// what comes after it begins anew.
    pub fn frame(&mut self, group: GroupId, text: &str) -> Option<Vec<u8>> {
        let mut stream = self.take(group);
        let frame = stream.frame(text);
        stream.continues = frame.is_some();
        self.streams.push(stream);
        frame
    }

    fn take(&mut self, group: GroupId) -> Stream {
        match self.streams.iter().position(|stream| stream.group == group) {
            Some(own) => self.streams.remove(own),
            None if self.streams.len() < DEFLATE_GROUPS => Stream::of(group),
            None => {
                let oldest = self.streams.remove(0);
                Stream { group, continues: false, ..oldest }
            }
        }
    }
}

impl Stream {
    fn of(group: GroupId) -> Self {
        let flags = create_comp_flags_from_zip_params(DEFLATE_LEVEL, RAW, 0);
        Self { group, compressor: Box::new(CompressorOxide::new(flags)), continues: false }
    }

    fn frame(&mut self, text: &str) -> Option<Vec<u8>> {
        let kind = if self.continues { CONTINUES } else { BEGINS };
        if !self.continues {
            self.compressor.reset();
            self.compress(DICTIONARY.as_bytes(), &mut Vec::new())?;
        }
        let mut frame = vec![kind];
        self.compress(text.as_bytes(), &mut frame)?;
        let sent = frame.strip_suffix(&END)?.len();
        frame.truncate(sent);
        Some(frame)
    }

    /// Adds to `frame` what the bytes become, up to a whole byte.
    fn compress(&mut self, bytes: &[u8], frame: &mut Vec<u8>) -> Option<()> {
        let add = |compressed: &[u8]| {
            frame.extend_from_slice(compressed);
            true
        };
        let (status, taken) =
            compress_to_output(&mut self.compressor, bytes, TDEFLFlush::Sync, add);
        (status == TDEFLStatus::Okay && taken == bytes.len()).then_some(())
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { group, continues, .. } = self;
        to.debug_struct("Stream").field("group", group).field("continues", continues).finish()
    }
}
