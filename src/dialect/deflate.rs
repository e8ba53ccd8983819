//! Compresses what a group is sent, once for all of its members.
//!
//! Each group has a stream: a frame refers to the frames before it, so that a lone update is small, too. Whoever joins the
//! group does not have these, so the next frame begins anew. Who has a stream, and when it begins anew, depends on who is in the room,
//! and not on updates, so that nobody can tell from it that there are updates that it does not see. This file does not know how
//! large a group is.

use miniz_oxide::deflate::core::{
    compress_to_output, create_comp_flags_from_zip_params, CompressorOxide, TDEFLFlush, TDEFLStatus,
};

use crate::limits::{DEFLATE_GROUPS, DEFLATE_LEVEL};
use crate::protocol::deflate::{BEGINS, CONTINUES, DICTIONARY, END};
use crate::protocol::ids::ClientId;
use crate::room::view::View;

/// Deflate without a header.
const RAW: i32 = -15;

/// The streams of a room's groups, at most [`DEFLATE_GROUPS`].
#[derive(Debug, Default)]
pub struct Deflater {
    streams: Vec<Stream>,
}

/// A frame for all members of a group, but for those who are sent something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deflated {
    /// The frame.
    pub frame: Vec<u8>,
    /// Who does not have what it refers to, because it was sent something else before: it is sent the text.
    pub behind: Vec<ClientId>,
}

struct Stream {
    view: View,
    /// `None` before the first frame.
    compressor: Option<Box<CompressorOxide>>,
    /// Whether nobody has joined since the last frame. If somebody has, the next one begins anew.
    continues: bool,
    /// Who was sent something else since it last began.
    behind: Vec<ClientId>,
}

impl Deflater {
    /// Somebody with this view has joined. `wants` says which groups are to have a stream.
    pub fn join(&mut self, view: &View, wants: impl Fn(&View) -> bool) {
        if let Some(stream) = self.stream(view) {
            stream.continues = false;
            return;
        }
        if !wants(view) {
            return;
        }
        if self.streams.len() >= DEFLATE_GROUPS {
            self.streams.retain(|stream| wants(&stream.view));
        }
        if self.streams.len() < DEFLATE_GROUPS {
            self.streams.push(Stream::of(view.clone()));
        }
    }

    /// The frame of a text that the members of a group are sent, `except` for some. `None` if it is not compressed: then
    /// the text is sent.
    pub fn frame(&mut self, view: &View, text: &str, except: &[ClientId]) -> Option<Deflated> {
        let stream = self.stream(view)?;
        let frame = stream.frame(text);
        stream.continues = frame.is_some();
        let behind = stream.behind.iter().filter(|client| !except.contains(client));
        let behind: Vec<ClientId> = behind.cloned().collect();
        let deflated = Deflated { frame: frame?, behind };
        let new = except.iter().filter(|client| !stream.behind.contains(client)).cloned();
        let new: Vec<ClientId> = new.collect();
        stream.behind.extend(new);
        Some(deflated)
    }

    fn stream(&mut self, view: &View) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.view == *view)
    }
}

impl Stream {
    fn of(view: View) -> Self {
        Self { view, compressor: None, continues: false, behind: Vec::new() }
    }

    fn frame(&mut self, text: &str) -> Option<Vec<u8>> {
        let kind = if self.continues { CONTINUES } else { BEGINS };
        let compressor = self.compressor.get_or_insert_with(|| Box::new(compressor()));
        if !self.continues {
            self.behind.clear();
            compressor.reset();
            compress(compressor, DICTIONARY.as_bytes(), &mut Vec::new())?;
        }
        let mut frame = vec![kind];
        compress(compressor, text.as_bytes(), &mut frame)?;
        let sent = frame.strip_suffix(&END)?.len();
        frame.truncate(sent);
        Some(frame)
    }
}

fn compressor() -> CompressorOxide {
    CompressorOxide::new(create_comp_flags_from_zip_params(DEFLATE_LEVEL, RAW, 0))
}

/// Adds to `frame` what the bytes become, up to a whole byte.
fn compress(compressor: &mut CompressorOxide, bytes: &[u8], frame: &mut Vec<u8>) -> Option<()> {
    let add = |compressed: &[u8]| {
        frame.extend_from_slice(compressed);
        true
    };
    let (status, taken) = compress_to_output(compressor, bytes, TDEFLFlush::Sync, add);
    (status == TDEFLStatus::Okay && taken == bytes.len()).then_some(())
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { view, continues, behind, .. } = self;
        let mut to = to.debug_struct("Stream");
        to.field("view", view).field("continues", continues).field("behind", behind).finish()
    }
}
