//! One object of a tree: a real runner, on a platform that counts what Cloudflare would bill, and sends nothing.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::rc::Rc;

use roomcast::limits::RoomLimits;
use roomcast::protocol::bearer::Bearer;
use roomcast::protocol::ids::{ClientId, Epoch};
use roomcast::protocol::relay::RelayName;
use roomcast::protocol::report::Report;
use roomcast::protocol::time::Timestamp;
use roomcast::room::groups::GroupId;
use roomcast::room::member::Member;
use roomcast::room::occupancy::Kept;
use roomcast::room::row::{BurstRow, Stored, RING_SLOTS};
use roomcast::room::tree::feeding::{Guest, Served};
use roomcast::room::tree::KeptTree;
use roomcast::room::Effect;
use roomcast::runner::{Asked, Failure, Identity, Platform, Readers, Wait};

/// What an object has used.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Used {
    /// Requests to it, alarms included.
    pub(crate) requests: u64,
    pub(crate) rows_written: u64,
    pub(crate) rows_read: u64,
    /// Updates to members, each once for each member.
    pub(crate) deliveries: u64,
}

/// An object, as far as it is stored and counted.
pub(crate) struct Object {
    relay: Option<RelayName>,
    pub(crate) now: Timestamp,
    pub(crate) used: Used,
    /// What it sends to relays, in order.
    pub(crate) meals: Vec<(Guest, Served)>,
    /// What it waits for, and until when.
    pub(crate) waits: Vec<(Timestamp, Wait)>,
    pub(crate) alarm: Option<Timestamp>,
    pub(crate) asks_parent: bool,
    bursts: HashMap<u64, BurstRow>,
    groups: HashMap<GroupId, u64>,
    of: HashMap<ClientId, GroupId>,
}

impl Object {
    pub(crate) fn new(relay: Option<RelayName>, now: Timestamp) -> Self {
        Self {
            relay,
            now,
            used: Used::default(),
            meals: Vec::new(),
            waits: Vec::new(),
            alarm: None,
            asks_parent: false,
            bursts: HashMap::new(),
            groups: HashMap::new(),
            of: HashMap::new(),
        }
    }

    fn keep(&mut self, row: BurstRow) {
        self.used.rows_written += 1;
        self.bursts.remove(&row.number.saturating_sub(RING_SLOTS));
        self.bursts.insert(row.number, row);
    }
}

impl Platform for Object {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn identity(&self) -> Result<Identity, Failure> {
        Ok(Identity {
            session: "s-1".parse().map_err(Failure::at("name"))?,
            relay: self.relay,
            limits: RoomLimits::default(),
            occupancy: Kept::default(),
            tree: KeptTree::default(),
        })
    }

    /// It is never evicted, so it is restored once, without members.
    fn members(&mut self) -> Vec<(ClientId, Member)> {
        Vec::new()
    }

    fn load(&mut self) -> Result<(Stored, Epoch), Failure> {
        Ok((Stored::default(), Epoch::from_random([7; 8])))
    }

    fn read(&mut self, numbers: &RangeInclusive<u64>) -> Result<Vec<BurstRow>, Failure> {
        let rows: Vec<_> =
            numbers.clone().filter_map(|number| self.bursts.get(&number).cloned()).collect();
        self.used.rows_read += rows.len() as u64;
        Ok(rows)
    }

    fn pinged(&mut self) -> Vec<(ClientId, Timestamp)> {
        // All have just pinged.
        self.of.keys().map(|client| (client.clone(), self.now)).collect()
    }

    fn enter(&mut self, client: &ClientId, group: GroupId) {
        if let Some(before) = self.of.insert(client.clone(), group) {
            *self.groups.entry(before).or_default() -= 1;
        }
        *self.groups.entry(group).or_default() += 1;
    }

    fn perform(&mut self, effect: Effect, _: &[Rc<str>]) -> Result<(), Failure> {
        match effect {
            // The table counts as two.
            Effect::Found(_) => self.used.rows_written += 3,
            Effect::Append { row, .. } => self.keep(row),
            Effect::Checkpoint(row) => {
                self.used.rows_written += 1 + u64::from(!row.tallies.is_empty());
            }
            Effect::KeepTree(_) | Effect::Retain { .. } | Effect::Occupy(_) => {
                self.used.rows_written += 1;
            }
            Effect::Adopt(served) => {
                self.used.rows_written += 4;
                self.bursts.clear();
                served.bursts.into_iter().for_each(|row| self.keep(row));
            }
            Effect::Broadcast { to, updates, .. } => {
                let members = self.groups.get(&to).copied().unwrap_or_default();
                self.used.deliveries += members * updates.each.len() as u64;
            }
            _ => {}
        }
        Ok(())
    }

    fn wait(&mut self, ms: u64, wait: Wait) {
        self.waits.push((self.now.plus_ms(ms), wait));
    }

    fn verify(&mut self, _: Bearer, _: Asked) {}

    fn feed(&mut self, to: Vec<Guest>, served: Served) {
        self.meals.extend(to.into_iter().map(|guest| (guest, served.clone())));
    }

    fn ask_parent(&mut self) {
        self.asks_parent = true;
    }

    fn report(&mut self, _: Report, _: Readers) {}

    fn failed(&mut self, failure: &Failure) {
        eprintln!("failed: {failure:?}");
    }
}
