//! Counts the bytes that may be queued for clients that do not read.
//!
//! The platform queues frames without a limit and does not say how many bytes it holds. It only says when it last
//! answered a ping of each client. It stops reading from a client when it cannot write the answer, so at most one more
//! ping of a client that reads nothing is answered. Apart from that one, an answered ping proves that the client has
//! read everything sent before it. This file counts what was sent since; `members` and `frames` decide what to do.
//!
//! In memory only: the platform does not evict a room while anything is queued.

use std::collections::HashMap;

use super::groups::Groups;
use super::view::View;
use crate::limits::RoomLimits;
use crate::protocol::ids::ClientId;
use crate::protocol::time::Timestamp;

/// Number of pings that prove that a client has read everything sent before the first of them.
const PROOF: u8 = 2;

/// What was sent to one client.
#[derive(Debug)]
struct Reader {
    view: View,
    /// Bytes that had been sent to its group when it last pinged.
    level: u64,
    /// Bytes sent to this client alone since it last pinged.
    own: u64,
    /// When it last pinged, as far as is known.
    pinged: Timestamp,
    /// Bytes of states and missed updates that it may not have read.
    recovery: u64,
    /// When it was last sent a state or missed updates.
    recovered: Timestamp,
    /// Pings since then, at most [`PROOF`].
    pings: u8,
}

/// What was sent to the clients of a room and may still be unread.
#[derive(Debug, Default)]
pub struct Backlog {
    readers: HashMap<ClientId, Reader>,
    /// Bytes sent to all groups.
    broadcast: u64,
    /// `broadcast` when the pings were last asked for.
    asked: u64,
    /// Bytes of states and missed updates that may be unread, of all clients.
    recovery: u64,
    /// Bytes that may still be queued for each closed connection.
    left: HashMap<ClientId, u64>,
    /// The sum of `left`.
    held: u64,
}

impl Backlog {
    /// A client joins its group.
    pub fn enter(&mut self, client: ClientId, view: &View, groups: &Groups, now: Timestamp) {
        let reader = Reader {
            view: view.clone(),
            level: sent(groups, view),
            own: 0,
            pinged: now,
            recovery: 0,
            recovered: now,
            pings: 0,
        };
        self.readers.insert(client, reader);
    }

    /// A connection is closed, by the room or by its client. The platform keeps what is queued for it until the client
    /// has read it or the network reports that the client is gone. The room only learns of the second.
    pub fn leave(&mut self, client: &ClientId, groups: &Groups, limits: &RoomLimits) {
        let unread = self.unread(client, groups);
        if let Some(reader) = self.remove(client) {
            // A client that reads leaves only the last seconds unread, which is not much.
            let much = unread > limits.unread_bytes as u64 / 16;
            let held = if much { unread } else { reader.recovery };
            if held > 0 {
                self.left.insert(client.clone(), held);
                self.held += held;
            }
        }
    }

    /// The network reports that the client is gone, so nothing is queued for it any more.
    pub fn vanish(&mut self, client: &ClientId) {
        self.remove(client);
        self.held -= self.left.remove(client).unwrap_or_default();
    }

    fn remove(&mut self, client: &ClientId) -> Option<Reader> {
        let reader = self.readers.remove(client)?;
        self.recovery -= reader.recovery;
        Some(reader)
    }

    /// Updates are sent to a group. What a dialect adds around them is not counted.
    pub fn broadcast(&mut self, bytes: u64) {
        self.broadcast += bytes;
    }

    /// A client has changed its view. What it has not read of the previous group stays unread.
    pub fn change(&mut self, client: &ClientId, view: &View, groups: &Groups) {
        let unread = self.unread(client, groups);
        if let Some(reader) = self.readers.get_mut(client) {
            reader.own = unread;
            (reader.level, reader.view) = (sent(groups, view), view.clone());
        }
    }

    /// A client is sent updates that others of its group are not sent, of so many bytes more.
    pub fn single_out(&mut self, client: &ClientId, bytes: u64) {
        if let Some(reader) = self.readers.get_mut(client) {
            reader.own += bytes;
        }
    }

    /// A client is sent a state or missed updates.
    pub fn recover(&mut self, client: &ClientId, bytes: usize, now: Timestamp) {
        if let Some(reader) = self.readers.get_mut(client) {
            reader.own += bytes as u64;
            reader.recovery += bytes as u64;
            (reader.recovered, reader.pings) = (now, 0);
            self.recovery += bytes as u64;
        }
    }

    /// Takes the times at which the runtime last answered a ping of each client.
    pub fn pinged(&mut self, pinged: &[(ClientId, Timestamp)], groups: &Groups) {
        self.asked = self.broadcast;
        for (client, at) in pinged {
            let Some(reader) = self.readers.get_mut(client).filter(|reader| reader.pinged < *at)
            else {
                continue;
            };
            reader.pinged = *at;
            reader.own = 0;
            reader.level = sent(groups, &reader.view);
            reader.pings += u8::from(*at > reader.recovered && reader.pings < PROOF);
            if reader.pings == PROOF {
                self.recovery -= std::mem::take(&mut reader.recovery);
            }
        }
    }

    /// Bytes sent to a client since it last pinged.
    pub fn unread(&self, client: &ClientId, groups: &Groups) -> u64 {
        let since = |reader: &Reader| sent(groups, &reader.view) - reader.level + reader.own;
        self.readers.get(client).map_or(0, since)
    }

    /// The clients that have left more unread than they may.
    pub fn too_slow(&self, groups: &Groups, limits: &RoomLimits) -> Vec<ClientId> {
        let slow = |client: &&ClientId| self.unread(client, groups) > limits.unread_bytes as u64;
        self.readers.keys().filter(slow).cloned().collect()
    }

    /// Bytes sent to all groups.
    pub fn broadcast_bytes(&self) -> u64 {
        self.broadcast
    }

    /// Whether so much was sent that it is time to ask for the pings.
    pub fn is_worth_a_look(&self, limits: &RoomLimits) -> bool {
        self.broadcast - self.asked > limits.unread_bytes as u64 / 8
    }

    /// Whether so many bytes of a state or missed updates may be sent to one more client.
    pub fn takes_recovery(&self, bytes: usize, limits: &RoomLimits) -> bool {
        self.recovery == 0 || self.recovery + bytes as u64 <= limits.recovery_bytes as u64
    }

    /// Whether closed connections hold more bytes than a room allows.
    pub fn is_stuck(&self, limits: &RoomLimits) -> bool {
        self.held > limits.stuck_bytes as u64
    }
}

/// Bytes sent to all members with this view.
fn sent(groups: &Groups, view: &View) -> u64 {
    groups.get(view).map_or(0, |group| group.sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::dialect::Dialect;

    const ALL: Dialect = Dialect::V1;
    const OTHERS: Dialect = Dialect::Plain;

    fn client(number: u8) -> ClientId {
        ClientId::from_random([number; 8])
    }

    /// So many clients of the dialect [`ALL`], and one of [`OTHERS`].
    fn backlog(clients: u8) -> (Backlog, Groups) {
        let (mut backlog, mut groups) = (Backlog::default(), Groups::default());
        groups.enter(&View::of_all(OTHERS));
        for number in 0..clients {
            groups.enter(&View::of_all(ALL));
            backlog.enter(client(number), &View::of_all(ALL), &groups, Timestamp(0));
        }
        (backlog, groups)
    }

    const LIMITS: fn() -> RoomLimits = || RoomLimits {
        unread_bytes: 100,
        recovery_bytes: 100,
        stuck_bytes: 100,
        ..RoomLimits::default()
    };

    fn broadcast(backlog: &mut Backlog, groups: &mut Groups, to: &Dialect, bytes: u64) {
        let sent = groups.iter_mut().filter(|group| group.view.dialect == *to);
        sent.for_each(|group| group.sent += bytes);
        backlog.broadcast(bytes);
    }

    #[test]
    fn bytes_sent_since_the_last_ping_are_unread() {
        let (mut backlog, mut groups) = backlog(2);
        broadcast(&mut backlog, &mut groups, &ALL, 70);
        broadcast(&mut backlog, &mut groups, &OTHERS, 1_000);
        backlog.pinged(&[(client(0), Timestamp(1))], &groups);
        broadcast(&mut backlog, &mut groups, &ALL, 50);
        assert_eq!(
            (backlog.unread(&client(0), &groups), backlog.unread(&client(1), &groups)),
            (50, 120)
        );
        assert_eq!(backlog.too_slow(&groups, &LIMITS()), [client(1)]);
        backlog.pinged(&[(client(0), Timestamp(1))], &groups);
        assert_eq!(backlog.unread(&client(0), &groups), 50, "the same ping proves nothing new");
    }

    #[test]
    fn what_is_unread_stays_unread_when_the_view_changes() {
        let (mut backlog, mut groups) = backlog(1);
        broadcast(&mut backlog, &mut groups, &ALL, 70);
        broadcast(&mut backlog, &mut groups, &OTHERS, 1_000);
        backlog.change(&client(0), &View::of_all(OTHERS), &groups);
        assert_eq!(backlog.unread(&client(0), &groups), 70);
        broadcast(&mut backlog, &mut groups, &OTHERS, 20);
        backlog.single_out(&client(0), 5);
        assert_eq!(backlog.unread(&client(0), &groups), 95);
    }

    #[test]
    fn two_later_pings_prove_that_a_recovery_was_read() {
        let (mut backlog, groups) = backlog(1);
        backlog.recover(&client(0), 90, Timestamp(10));
        assert!(!backlog.takes_recovery(20, &LIMITS()));
        for (at, taken) in [(9, false), (11, false), (11, false), (12, true)] {
            backlog.pinged(&[(client(0), Timestamp(at))], &groups);
            assert_eq!(backlog.takes_recovery(20, &LIMITS()), taken, "{at}");
        }
    }

    #[test]
    fn a_recovery_larger_than_the_limit_goes_to_one_client_at_a_time() {
        let (mut backlog, _) = backlog(2);
        assert!(backlog.takes_recovery(101, &LIMITS()));
        backlog.recover(&client(0), 101, Timestamp(10));
        assert!(!backlog.takes_recovery(1, &LIMITS()));
        backlog.vanish(&client(0));
        assert!(backlog.takes_recovery(101, &LIMITS()));
    }

    #[test]
    fn a_closed_connection_holds_its_unread_bytes_until_the_client_is_gone() {
        let (mut backlog, mut groups) = backlog(2);
        broadcast(&mut backlog, &mut groups, &ALL, 60);
        for number in [0, 1] {
            assert!(!backlog.is_stuck(&LIMITS()));
            backlog.leave(&client(number), &groups, &LIMITS());
        }
        assert!(backlog.is_stuck(&LIMITS()));
        backlog.leave(&client(0), &groups, &LIMITS());
        assert!(backlog.is_stuck(&LIMITS()), "its close changes nothing");
        backlog.vanish(&client(0));
        assert!(!backlog.is_stuck(&LIMITS()));
    }

    #[test]
    fn a_client_that_leaves_with_little_unread_holds_only_its_recovery() {
        let (mut backlog, mut groups) = backlog(50);
        broadcast(&mut backlog, &mut groups, &ALL, 6);
        for number in 0..40 {
            backlog.leave(&client(number), &groups, &LIMITS());
        }
        assert!(!backlog.is_stuck(&LIMITS()));
        for number in 40..43 {
            backlog.recover(&client(number), 40, Timestamp(1));
            backlog.leave(&client(number), &groups, &LIMITS());
        }
        assert!(backlog.is_stuck(&LIMITS()));
    }

    #[test]
    fn pings_are_asked_for_each_time_an_eighth_of_the_limit_was_sent() {
        let (mut backlog, mut groups) = backlog(1);
        broadcast(&mut backlog, &mut groups, &ALL, 12);
        assert!(!backlog.is_worth_a_look(&LIMITS()));
        broadcast(&mut backlog, &mut groups, &OTHERS, 1);
        assert!(backlog.is_worth_a_look(&LIMITS()));
        backlog.pinged(&[], &groups);
        assert!(!backlog.is_worth_a_look(&LIMITS()));
    }
}
