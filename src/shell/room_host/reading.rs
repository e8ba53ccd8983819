//! Reads of a room over HTTP, on this platform.

use std::rc::Rc;

use super::RoomHost;
use crate::protocol::page::Range;
use crate::room::view::Viewer;
use crate::runner::RoomFailed;

impl RoomHost {
    /// The entity tag of the state as the viewer sees it, and the state as a frame.
    pub(in crate::shell) fn read(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
    ) -> Result<(String, String), RoomFailed> {
        self.runner.borrow_mut().read(viewer, &mut self.clone())
    }

    /// A page of the log as the viewer sees it, as JSON.
    pub(in crate::shell) fn page(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
        range: Range,
    ) -> Result<String, RoomFailed> {
        self.runner.borrow_mut().page(viewer, range, &mut self.clone())
    }

    /// The entity tag of the latest update of a type as the viewer sees it, and its data, if there is one.
    pub(in crate::shell) fn latest(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
        kind: &str,
    ) -> Result<(String, Option<String>), RoomFailed> {
        self.runner.borrow_mut().latest(viewer, kind, &mut self.clone())
    }
}
