//! Reads of a room by those who are no members: the state, an update of it, or a page of the log.

use std::rc::Rc;

use super::counting::Cause;
use super::{Failure, Platform, RoomFailed, Runner};
use crate::protocol::etag;
use crate::protocol::ids::{Position, Seq};
use crate::protocol::page::{Page, Range};
use crate::room::outgoing::{Message, Slice, Snapshot};
use crate::room::reading::Excerpt;
use crate::room::recovery::Replay;
use crate::room::view::Viewer;

impl Runner {
    /// The state at the head as the viewer sees it, as a frame of its dialect, and the entity tag of that.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn read(
        &mut self,
        viewer: Viewer<'_>,
        platform: &mut impl Platform,
    ) -> Result<(String, String), RoomFailed> {
        let read = self.try_read(viewer, platform);
        self.or_fail(read, platform)
    }

    /// The data of the latest update of a type as the viewer sees it, if there is one, and the entity tag of that.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn latest(
        &mut self,
        viewer: Viewer<'_>,
        kind: &str,
        platform: &mut impl Platform,
    ) -> Result<(String, Option<String>), RoomFailed> {
        let snapshot = self.try_snapshot(viewer, platform);
        let snapshot = self.or_fail(snapshot, platform)?;
        let latest = snapshot.each.iter().rfind(|slice| slice.is_of(kind));
        let seq = latest.map_or(0, |slice| slice.seq);
        let tag = etag::of(&Position { seq, ..snapshot.head.clone() }, None);
        let data = latest.and_then(Slice::values).map(|values| values.data.to_owned());
        Ok((tag, data))
    }

    /// A page of the log as the viewer sees it, as JSON.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn page(
        &mut self,
        viewer: Viewer<'_>,
        range: Range,
        platform: &mut impl Platform,
    ) -> Result<String, RoomFailed> {
        let page = self.try_page(viewer, range, platform);
        self.or_fail(page, platform)
    }

    fn try_read(
        &mut self,
        viewer: Viewer<'_>,
        platform: &mut impl Platform,
    ) -> Result<(String, String), Failure> {
        let (now, snapshot) = (platform.now(), self.try_snapshot(viewer, platform)?);
        let tag = etag::of(&snapshot.head, snapshot.mark);
        Ok((tag, self.message(viewer.view, &Message::State(snapshot), now).concat()))
    }

    fn try_snapshot(
        &mut self,
        viewer: Viewer<'_>,
        platform: &mut impl Platform,
    ) -> Result<Rc<Snapshot>, Failure> {
        let now = platform.now();
        let (effects, snapshot) = self.room(platform)?.state(viewer, now, || platform.load())?;
        self.run(effects, platform)?;
        self.count_question(Cause::Read, platform);
        Ok(snapshot)
    }

    fn try_page(
        &mut self,
        viewer: Viewer<'_>,
        range: Range,
        platform: &mut impl Platform,
    ) -> Result<String, Failure> {
        let now = platform.now();
        let asked = (viewer, range.from);
        let (effects, excerpt) = self.room(platform)?.excerpt(asked, now, || platform.load())?;
        self.run(effects, platform)?;
        let shown = shown(&excerpt, viewer, range, platform)?;
        self.count_question(Cause::Read, platform);
        let Excerpt { epoch, first, head, .. } = &excerpt;
        let next = next(&excerpt, &shown, range);
        let page = Page { epoch, first: *first, head: *head, next };
        let texts: Vec<&str> = shown.iter().map(|slice| &*slice.text).collect();
        Ok(page.encode(&texts.join(",")))
    }
}

/// The updates of a page.
fn shown(
    excerpt: &Excerpt,
    viewer: Viewer<'_>,
    range: Range,
    platform: &mut impl Platform,
) -> Result<Vec<Slice>, Failure> {
    let Some((bursts, _)) = excerpt.bursts.clone() else { return Ok(Vec::new()) };
    let rows = platform.read(&bursts)?;
    let (view, user) = (viewer.view.clone(), viewer.user.to_owned());
    let after = range.from.saturating_sub(1);
    let replay = Replay { bursts, after, view, user };
    let mut shown = replay.each(&rows).map_err(Failure::at("page"))?;
    shown.retain(|slice| slice.seq <= range.to);
    shown.truncate(range.limit);
    Ok(shown)
}

/// Where the next page begins. A page that is full ends with its last update, any other with the last burst that was read, of
/// which the reader may have seen nothing.
fn next(excerpt: &Excerpt, shown: &[Slice], range: Range) -> Option<Seq> {
    let (_, end) = excerpt.bursts.as_ref()?;
    let full = shown.last().filter(|_| shown.len() == range.limit).map(|last| last.seq);
    let more = excerpt.more.then_some(*end);
    let read = full.or(more)?;
    (read < range.to.min(excerpt.head)).then_some(read + 1)
}
