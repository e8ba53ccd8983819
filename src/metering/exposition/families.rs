//! The families of metrics: what each is called, what it means, and where its values are in a statement.

use super::Decimal;
use crate::metering::statement::Statement;
use crate::protocol::details::{Counts, Kept, Lag, Recoveries, LAG_MS};
use crate::protocol::report::{Alarms, Turns};

/// What kind of metric a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows, until the tenant is deleted.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counters by how much each counted thing took.
    Histogram,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Values by what their label says; by nothing, if there is no label.
type Samples = Vec<(String, Decimal)>;

/// A family of metrics.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    /// The label beside the tenant; empty if there is none.
    pub(super) label: &'static str,
    pub(super) samples: fn(&Statement) -> Samples,
}

macro_rules! families {
    ($($name:literal $kind:ident $label:literal $help:literal $samples:expr;)+) => {
        [$(Family { name: $name, kind: Kind::$kind, help: $help, label: $label, samples: $samples }),+]
    };
}

/// All that have values for each tenant.
pub(super) static FAMILIES: [Family; 23] = families! {
    "roomcast_rooms" Gauge "" "Rooms that are stored." |s| one(s.rooms);
    "roomcast_rooms_occupied" Gauge "" "Rooms that have members." |s| one(s.occupied as u64);
    "roomcast_members" Gauge "dialect" "Members of rooms." |s| by(&[
        ("v1", s.members.v1 as u64),
        ("plain", s.members.plain as u64),
        ("json", s.members.json as u64),
        ("socket_io", s.members.socket_io as u64),
    ]);
    "roomcast_members_behind" Gauge "state" "Members that cannot keep up, and are sent less." |s| by(&[
        ("conflated", s.members.conflated as u64),
        ("held", s.members.held as u64),
    ]);
    "roomcast_events_total" Counter "" "Events that rooms got, repeats included." |s| one(s.all.did.events);
    "roomcast_updates_total" Counter "" "Updates that were stored." |s| one(s.all.did.updates);
    "roomcast_bursts_total" Counter "" "Bursts that were stored, each a row." |s| one(s.all.did.bursts);
    "roomcast_deliveries_total" Counter "" "Frames that were sent, once for each receiver." |s| one(s.all.did.frames);
    "roomcast_delivered_bytes_total" Counter "" "Bytes of these frames." |s| one(s.all.did.bytes);
    "roomcast_conflated_updates_total" Counter "" "Updates that a group was not sent, as later ones took their place."
        |s| one(s.all.details.conflated);
    "roomcast_recoveries_total" Counter "kind" "Clients that joined, by how they got to the head." |s| recoveries(s.all.details.recoveries);
    "roomcast_closes_total" Counter "reason" "Connections that rooms closed." |s| counts(&s.all.closes);
    "roomcast_refusals_total" Counter "reason" "Requests that were refused before they reached a room, or by one." |s| counts(&s.all.refusals);
    "roomcast_room_failures_total" Counter "" "Times that a room failed." |s| one(s.all.details.failures);
    "roomcast_lag_seconds" Histogram "le" "How long updates waited in their room until they were sent." |s| lag(&s.all.details.lag);
    "roomcast_rows_written_total" Counter "" "Rows that rooms and the meter wrote." |s| one(s.all.did.rows_written + s.all.rows);
    "roomcast_rows_read_total" Counter "" "Rows that rooms read." |s| one(s.all.did.rows_read);
    "roomcast_turns_total" Counter "cause" "What made rooms work." |s| turns(s.all.did.turns);
    "roomcast_alarms_total" Counter "why" "For what alarms of rooms went off." |s| alarms(s.all.did.alarms);
    "roomcast_kept_seconds_total" Counter "by" "Time for which rooms could not rest." |s| kept(s.all.details.kept);
    "roomcast_cost_dollars_total" Counter "" "What was used, by list prices." |s| dollars(s.dollars);
    "roomcast_cost_today_dollars" Gauge "" "What was used today (UTC), by list prices." |s| dollars(s.today.dollars);
    "roomcast_budget_dollars" Gauge "" "What the tenant may cost in a day." |s| {
        s.budget.iter().flat_map(|budget| dollars(budget.dollars_per_day)).collect()
    };
};

fn one(amount: u64) -> Samples {
    vec![(String::new(), Decimal(amount, 0))]
}

fn dollars(amount: f64) -> Samples {
    vec![(String::new(), Decimal::dollars(amount))]
}

fn by(amounts: &[(&str, u64)]) -> Samples {
    amounts.iter().map(|(label, amount)| ((*label).to_owned(), Decimal(*amount, 0))).collect()
}

fn counts(counts: &Counts) -> Samples {
    counts.iter().map(|(name, count)| (name.to_owned(), Decimal(count, 0))).collect()
}

fn recoveries(Recoveries { none, replayed, snapshot }: Recoveries) -> Samples {
    by(&[("none", none), ("replayed", replayed), ("snapshot", snapshot)])
}

fn turns(turns: Turns) -> Samples {
    let Turns { published, joined, left, said, waited, read, told, alarm } = turns;
    by(&[
        ("published", published),
        ("joined", joined),
        ("left", left),
        ("said", said),
        ("waited", waited),
        ("read", read),
        ("told", told),
        ("alarm", alarm),
    ])
}

fn alarms(Alarms { sweep, refresh, ends, occupancy, end }: Alarms) -> Samples {
    by(&[
        ("sweep", sweep),
        ("refresh", refresh),
        ("ends", ends),
        ("occupancy", occupancy),
        ("end", end),
    ])
}

fn kept(Kept { window, states, pace, presence, token, relays, report }: Kept) -> Samples {
    let all = [
        ("window", window),
        ("states", states),
        ("pace", pace),
        ("presence", presence),
        ("token", token),
        ("relays", relays),
        ("report", report),
    ];
    all.map(|(by, ms)| (by.to_owned(), Decimal(ms, 3))).into()
}

/// The buckets of a histogram, each with those before it, and then the sum and the count.
fn lag(lag: &Lag) -> Samples {
    let (mut updates, mut samples) = (0, Samples::new());
    for (place, more) in lag.updates.iter().enumerate() {
        updates += more;
        let most = LAG_MS.get(place).map_or_else(|| "+Inf".to_owned(), |ms| seconds(*ms));
        samples.push((most, Decimal(updates, 0)));
    }
    samples.push(("sum".to_owned(), Decimal(lag.ms, 3)));
    samples.push(("count".to_owned(), Decimal(updates, 0)));
    samples
}

/// Milliseconds as seconds, without zeros at the end.
fn seconds(ms: u64) -> String {
    let text = Decimal(ms, 3).to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
