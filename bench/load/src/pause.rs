//! The pause of the clients that stop reading for a while: a mode begins and ends it, and they wait for its end.

use tokio::sync::watch;

/// Whether those read that may stop reading. At first they do.
#[derive(Debug, Default)]
pub(crate) struct Pause(watch::Sender<bool>);

impl Pause {
    /// From now on they do not read.
    pub(crate) fn begin(&self) {
        self.0.send_replace(true);
    }

    /// From now on they do.
    pub(crate) fn end(&self) {
        self.0.send_replace(false);
    }

    /// Waits until they do.
    pub(crate) async fn over(&self) {
        // This fails only if the sender is gone, which lives as long as `self`.
        let _ = self.0.subscribe().wait_for(|paused| !paused).await;
    }
}
