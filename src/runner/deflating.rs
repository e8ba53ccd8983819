//! Which effects are sent compressed, and who joins the streams to which their frames refer.

use super::Runner;
use crate::dialect::deflate::{Deflated, Deflater};
use crate::dialect::Frames;
use crate::protocol::ids::ClientId;
use crate::room::{Effect, Room};

/// Everyone in a room that was not in memory joins a stream that has not begun.
pub(super) fn restore(deflater: &mut Deflater, room: &Room) {
    let views = room.members().filter_map(|(client, _)| room.view(client));
    for view in views.filter(|view| view.deflate) {
        deflater.join(view, |view| room.deflates(view));
    }
}

impl Runner {
    /// The compressed frame of a broadcast to members that want it so. It is made once for all of them. What goes to single
    /// clients stays text.
    pub(super) fn deflated(&mut self, effect: &Effect, frames: &Frames) -> Option<Deflated> {
        let (Effect::Broadcast { view, except, .. }, [text]) = (effect, &**frames) else {
            return None;
        };
        let pays = self.room.as_ref()?.deflates(view);
        pays.then(|| self.deflater.frame(view, text, except)).flatten()
    }

    /// Somebody has joined a group: it does not have what the next frame would refer to.
    pub(super) fn joins_stream(&mut self, client: &ClientId) {
        let Some(room) = &self.room else { return };
        if let Some(view) = room.view(client).filter(|view| view.deflate) {
            self.deflater.join(view, |view| room.deflates(view));
        }
    }
}
