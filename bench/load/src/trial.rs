//! One trial: what is put under load, and what clients and publishers find out together.
//!
//! Shared by all tasks. It knows where each room is, so that a client can be told what it missed.

use std::sync::Arc;

use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use roomcast::protocol::ids::SessionId;

use crate::bill::Awake;
use crate::latency::Latencies;
use crate::options::LoadOptions;
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
    /// When posts to it were under way.
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
    /// From publishing to receiving.
    pub(crate) received: Shared<Latencies>,
    /// From connecting to the open connection.
    pub(crate) upgraded: Shared<Latencies>,
    /// From connecting to having what the room has.
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
    /// Options that do not go together, or a setting that is missing.
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
            received: Shared::new(Latencies::new()?),
            upgraded: Shared::new(Latencies::new()?),
            ready: Shared::new(Latencies::new()?),
            refused: Reasons::default(),
            dropped: Reasons::default(),
        }))
    }

    /// A frame with updates came at `now`: how long each was under way.
    pub(crate) fn sample(&self, frame: &str, now: u64) {
        self.received.with(|received| {
            for sent in times(frame).filter(|sent| self.stopwatch.measures(*sent, now)) {
                received.record(now.saturating_sub(sent));
            }
        });
    }
}

impl Room {
    /// Looks at its heads.
    pub(crate) fn heads<R>(&self, look: impl FnOnce(&[u64]) -> R) -> R {
        self.heads.with(|heads| look(heads))
    }

    /// The last update that was accepted, as far as is known; where Roomcast numbers them.
    pub(crate) fn head(&self) -> u64 {
        self.heads(|heads| heads.first().copied().unwrap_or_default())
    }

    /// Publishing has moved a head. Answers may arrive out of order.
    pub(crate) fn advance(&self, accepted: Accepted) {
        self.heads.with(|heads| {
            if let Some(head) = heads.get_mut(accepted.lane) {
                *head = accepted.head.max(*head);
            }
        });
    }
}

/// A number of things as the size of a collection.
pub(crate) fn size(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
