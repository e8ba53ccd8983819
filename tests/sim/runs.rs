//! Runs: a seed decides everything. A run that breaks an invariant is run once more with a log, and then with fewer and fewer of its
//! steps, as long as it still breaks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe};
use std::sync::Once;

use roomcast::limits::{RELAY_KEPT_MS, RELAY_LOST_MS, SWEEP_EVERY_MS, TENANT_STALE_MS};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::wire::Wire;
use roomcast::tenant::telling::Telling;

use crate::agent::Agent;
use crate::backend::Backend;
use crate::calendar::Calendar;
use crate::chance::Chance;
use crate::coverage::Coverage;
use crate::documents::{document, some_board, tenant};
use crate::events::Event;
use crate::front::Front;
use crate::relays::relay;
use crate::system::{Counts, System, Weather, BEGIN, SKEW_MS};
use crate::tenant::TenantObject;

/// Clients, backends and front Workers of a run.
const AGENTS: usize = 9;
const BACKENDS: usize = 2;
const FRONTS: usize = 3;

/// Steps in which things go wrong, twice in a run.
const STEPS: u64 = 6_000;

/// How long a relay is cut off from its room: until it is given up, whenever the sweeps of the two are.
const CUT_OFF_MS: u64 = RELAY_LOST_MS + 2 * SWEEP_EVERY_MS;

/// Bodies that are posted then.
const NEWS: usize = 3;

/// Bodies that are posted when everybody has gone: six for as long as a relay is kept, and four times as long.
const BODIES_FOR_NOBODY: usize = 24;

/// How long the tenant stays suspended: for longer than a change of its document may take everywhere.
const SUSPENDED_MS: u64 = 65_000;

/// How many of the last steps are shown.
const SHOWN: usize = 30;

/// A run that broke an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) seed: u64,
    pub(crate) step: u64,
    pub(crate) invariant: String,
    pub(crate) last: Vec<String>,
}

impl System {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let weather = Weather::of(&mut chance);
        let mut system = Self {
            chance,
            now: 1_000,
            calendar: Calendar::default(),
            weather,
            active: true,
            deserted: false,
            frozen: false,
            cut_off: None,
            fronts: Vec::new(),
            rooms: BTreeMap::new(),
            seats: BTreeMap::new(),
            pointers: BTreeMap::new(),
            tenant: TenantObject::new(0),
            agents: Vec::new(),
            lines: BTreeMap::new(),
            backends: Vec::new(),
            undertakings: BTreeMap::new(),
            open: BTreeSet::new(),
            begun: 0,
            labels: BTreeMap::new(),
            told: BTreeMap::new(),
            revoked: Vec::new(),
            counts: Counts::default(),
            coverage: Coverage::default(),
            log: None,
        };
        system.populate();
        system
    }

    fn populate(&mut self) {
        let tenant = tenant(document(false, 1));
        self.tenant.telling = Telling::changed(None, tenant.rule(), BEGIN);
        self.tenant.skew = self.skew();
        for _ in 0..FRONTS {
            let skew = self.skew();
            self.fronts.push(Front { skew, ..Front::default() });
        }
        let wire: Wire = tenant.presets.get(0).unwrap().wire().unwrap();
        for number in 0..AGENTS {
            let dialect = match number % 4 {
                2 => Dialect::Plain,
                3 => Dialect::Json(wire.clone()),
                _ => Dialect::V1,
            };
            let address = format!("10.0.0.{}", 1 + number % 2);
            let board = some_board(&mut self.chance);
            self.agents.push(Agent::new(Self::user_of(number), address, board, dialect));
        }
        self.backends.extend((0..BACKENDS).map(|_| Backend::default()));
        self.found("acme/b-0");
        self.found("acme/b-1");
        self.found("acme/b-2");
        self.later(1, Event::TenantAlarm);
    }

    /// Everyone begins.
    fn stir(&mut self) {
        (self.active, self.deserted, self.frozen) = (true, false, false);
        for number in 0..AGENTS {
            self.agent_later(number, 1 + number as u64);
        }
        for number in 0..BACKENDS {
            self.later(5, Event::Backend(number));
        }
        self.later(20, Event::Stock("acme/b-0".to_owned()));
        self.later(100, Event::Fault);
    }

    /// Everything that can go wrong goes wrong for a while; then nothing does, and everything has to come right.
    fn act(&mut self) {
        self.stir();
        self.run(u64::MAX, STEPS);
        let stormy = std::mem::replace(&mut self.weather, Weather::CALM);
        self.active = false;
        self.change_document(false, 1);
        self.run(self.now + 200_000, u64::MAX);
        self.cut_off_a_relay();
        // Tokens end all the time, so somebody may just be out.
        for _ in 0..20 {
            if !self.has_free_places() {
                break;
            }
            self.run(self.now + 10_000, u64::MAX);
        }
        self.check_places();
        self.frozen = true;
        self.run(self.now + 9_500, u64::MAX);
        // A sweep may just have found somebody silent.
        for _ in 0..3 {
            if !self.rests() {
                self.run(self.now + 3_000, u64::MAX);
            }
        }
        self.check_rest();
        self.check_level();
        self.suspend_after_a_silence();
        self.weather = stormy;
    }

    /// Clients do something again.
    fn thaw(&mut self) {
        self.frozen = false;
        (0..AGENTS).for_each(|number| self.agent_later(number, 1));
    }

    /// A relay with members is alone for so long that the other objects of its room give it up. Then there is news.
    fn cut_off_a_relay(&mut self) {
        let used = self.rooms.iter().filter(|(_, room)| !room.connections.is_empty());
        let relays: Vec<String> =
            used.map(|(name, _)| name.clone()).filter(|name| relay(name).is_some()).collect();
        if relays.is_empty() {
            return;
        }
        self.cut_off = Some(self.chance.pick(&relays).clone());
        self.run(self.now + CUT_OFF_MS, u64::MAX);
        self.cut_off = None;
        (0..NEWS).for_each(|_| self.backend_posts(0));
        self.run(self.now + 100_000, u64::MAX);
    }

    /// The tenant is suspended when each front Worker has a copy of its document that is too old to be used unseen. Nobody gets in.
    fn suspend_after_a_silence(&mut self) {
        self.run(self.now + TENANT_STALE_MS + 2 * SKEW_MS, u64::MAX);
        self.change_document(true, 1);
        self.thaw();
        self.run(self.now + SUSPENDED_MS, u64::MAX);
        self.change_document(false, 1);
        self.run(self.now + 30_000, u64::MAX);
    }

    /// There is news for nobody. Relays that nobody needs end all the same.
    fn feed_nobody(&mut self) {
        for _ in 0..BODIES_FOR_NOBODY {
            self.backend_posts(0);
            self.run(self.now + RELAY_KEPT_MS / 6, u64::MAX);
        }
        self.check_relays_ended();
    }

    /// Everyone goes, and nobody comes for longer than rooms are kept.
    fn desert(&mut self) {
        let stormy = std::mem::replace(&mut self.weather, Weather::CALM);
        self.deserted = true;
        self.thaw();
        self.later(1, Event::Stock("acme/b-0".to_owned()));
        self.run(self.now + 25_000, u64::MAX);
        self.frozen = true;
        self.feed_nobody();
        self.run(self.now + 40 * 86_400_000, u64::MAX);
        self.check_ended();
        for agent in &mut self.agents {
            agent.forget_token();
        }
        self.weather = stormy;
    }
}

thread_local! {
    /// Whether a panic of this thread is part of a run, whose end is reported otherwise.
    static RUNS: Cell<bool> = const { Cell::new(false) };
}

/// Sees to it that the panics of runs are not written twice.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |panic| {
            if RUNS.get() {
                PLACE.set(panic.location().map(ToString::to_string).unwrap_or_default());
            } else {
                loud(panic);
            }
        }));
    });
}

thread_local! {
    /// Where the run broke.
    static PLACE: Cell<String> = const { Cell::new(String::new()) };
}

/// Runs a seed. Returns the system as it was at the end, and what broke.
fn run(seed: u64, logged: bool) -> (Box<System>, Option<String>) {
    hush();
    let mut system = Box::new(System::new(seed));
    system.log = logged.then(Vec::new);
    RUNS.set(true);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        system.act();
        system.desert();
        system.act();
    }));
    RUNS.set(false);
    let broken = ran.err().map(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default();
        format!("{text} ({})", PLACE.take())
    });
    (system, broken)
}

/// What a run counted and covered.
pub(crate) struct Ran {
    pub(crate) counts: Counts,
    pub(crate) coverage: Coverage,
}

/// Runs a seed.
pub(crate) fn one(seed: u64) -> Result<Ran, Broken> {
    let (system, broken) = run(seed, false);
    if broken.is_none() {
        return Ok(Ran { counts: system.counts.clone(), coverage: system.coverage.clone() });
    }
    // The same again, this time with a log.
    let (system, invariant) = run(seed, true);
    let log = system.log.unwrap_or_default();
    if let Ok(path) = std::env::var("SIMULATE_LOG") {
        std::fs::write(path, log.join("\n")).unwrap();
    }
    let last = log.iter().skip(log.len().saturating_sub(SHOWN)).cloned().collect();
    let invariant = invariant.unwrap_or_else(|| "it did not break again".to_owned());
    Err(Broken { seed, step: system.counts.steps, invariant, last })
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, step, invariant, last } = self;
        for line in last {
            let line: String = line.chars().take(300).collect();
            writeln!(f, "{line}")?;
        }
        writeln!(f, "broken at seed {seed}, step {step}: {invariant}")?;
        write!(f, "run it again: scripts/simulate --seed {seed} --runs 1")
    }
}

/// Everything that happens in a run, in order.
pub(crate) fn log(seed: u64) -> Vec<String> {
    run(seed, true).0.log.unwrap_or_default()
}
