//! One trial: what is put under load, and what clients and publishers measure together.
//!
//! All tasks share it. It knows the head of each room, so that it can be said what a client has missed.

use std::sync::Arc;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use roomcast::protocol::ids::SessionId;

use crate::bill::Awake;
use crate::latency::Latencies;
use crate::options::LoadOptions;
use crate::pause::Pause;
use crate::peer::exchange::Accepted;
use crate::peer::Peer;
use crate::posting::Posting;
use crate::scan::times;
use crate::shared::{Reasons, Shared};
use crate::stopwatch::Stopwatch;

/// A session under load.
pub(crate) struct Room {
    /// Its name.
    pub(crate) session: SessionId,
    /// The last update of each lane that was accepted.
    heads: Shared<Vec<u64>>,
    /// For how long posts to it were under way.
    pub(crate) awake: Shared<Awake>,
}

/// What all tasks share.
pub(crate) struct Trial {
    /// What is put under load.
    pub(crate) peer: Peer,
    /// The sessions.
    pub(crate) rooms: Vec<Room>,
    /// The time.
    pub(crate) stopwatch: Stopwatch,
    /// What the publishers share.
    pub(crate) posting: Posting,
    /// Whether those read that may stop reading.
    pub(crate) pause: Pause,
    /// From publishing to receiving.
    pub(crate) received: Shared<Latencies>,
    /// From connecting to the open connection.
    pub(crate) upgraded: Shared<Latencies>,
    /// From connecting to being level with the room.
    pub(crate) ready: Shared<Latencies>,
    /// Why attempts to connect failed.
    pub(crate) refused: Reasons,
    /// Why connections ended.
    pub(crate) dropped: Reasons,
}

impl Trial {
    /// Prepares a trial. Nothing is sent yet.
    ///
    /// # Errors
    /// Options contradict each other, or a setting is missing or malformed.
    pub(crate) fn new(target: &Target, options: &LoadOptions) -> Result<Arc<Self>, Failure> {
        options.check()?;
        let peer = Peer::new(target, options)?;
        let lanes = peer.lanes(size(options.publishers));
        let room = |session| Room {
            session,
            heads: Shared::new(vec![0; lanes]),
            awake: Shared::default(),
        };
        Ok(Arc::new(Self {
            peer,
            rooms: options.sessions()?.into_iter().map(room).collect(),
            stopwatch: Stopwatch::start(),
            posting: Posting::new()?,
            pause: Pause::default(),
            received: Shared::new(Latencies::new()?),
            upgraded: Shared::new(Latencies::new()?),
            ready: Shared::new(Latencies::new()?),
            refused: Reasons::default(),
            dropped: Reasons::default(),
        }))
    }

    /// Records how long each update in `frame`, which was received at `now`, was under way.
    pub(crate) fn sample(&self, frame: &str, now: u64) {
        self.received.with(|received| {
            for sent in times(frame).filter(|sent| self.stopwatch.measures(*sent, now)) {
                received.record(now.saturating_sub(sent));
            }
        });
    }
}

impl Room {
    /// Reads its heads.
    pub(crate) fn heads<R>(&self, look: impl FnOnce(&[u64]) -> R) -> R {
        self.heads.with(|heads| look(heads))
    }

    /// The last update that is known to be accepted, if Roomcast numbers the updates.
    pub(crate) fn head(&self) -> u64 {
        self.heads(|heads| heads.first().copied().unwrap_or_default())
    }

    /// Moves a head after a post was accepted. Answers may arrive out of order.
    pub(crate) fn advance(&self, accepted: Accepted) {
        self.heads.with(|heads| {
            if let Some(head) = heads.get_mut(accepted.lane) {
                *head = accepted.head.max(*head);
            }
        });
    }
}

/// A number of clients or publishers as a `usize`.
pub(crate) fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
