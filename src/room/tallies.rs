//! Tallies: how many things are in which bucket, and sums of their amounts, counted from events.
//!
//! For each thing, the step that occurred last counts, whichever arrived last. So a tally does not depend on the order of
//! arrival, on repeats or on evictions. Steps are counted when their burst is stored, so that a checkpoint holds exactly
//! what the log before it says.
//!
//! Of at most [`TALLY_ENTITIES`] things the room knows the last step. Beyond it, the oldest things are *settled*: they stay
//! counted, and can no longer change. Things in a final bucket are settled first, because they do not change anyway.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits::TALLY_ENTITIES;
use crate::protocol::gather::gathered;
use crate::protocol::ids::Seq;
use crate::protocol::label::{Label, OwnedLabel};
use crate::protocol::tally::{Step, Totals};
use crate::protocol::time::Timestamp;

/// The tallies of a room, by label and key.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tallies(BTreeMap<(OwnedLabel, String), Tally>);

/// One tally.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Tally {
    things: BTreeMap<u64, Thing>,
    totals: Totals,
    /// Steps up to this time may be of settled things.
    settled: Timestamp,
    /// The number of its last update.
    seq: Seq,
}

/// The last step of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    at: Timestamp,
    tie: u32,
    bucket: Option<String>,
    sums: BTreeMap<String, i64>,
    is_final: bool,
}

impl Tallies {
    /// The number of the update that made a step too late, if there is one.
    pub fn later(&self, label: Label<'_>, key: &str, step: &Step) -> Option<Seq> {
        let tally = self.0.get(&(label.to_owned(), key.to_owned()))?;
        match tally.things.get(&step.entity) {
            Some(thing) => (step.at < thing.at).then_some(tally.seq),
            None => (step.at <= tally.settled).then_some(tally.seq),
        }
    }

    /// The totals of a tally, if it has counted anything.
    pub fn totals(&self, label: Label<'_>, key: &str) -> Option<&Totals> {
        self.0.get(&(label.to_owned(), key.to_owned())).map(|tally| &tally.totals)
    }

    /// Counts a step, and returns the totals after it.
    pub fn count(&mut self, label: Label<'_>, key: &str, seq: Seq, step: &Step) -> &Totals {
        let tally = self.0.entry((label.to_owned(), key.to_owned())).or_default();
        tally.seq = tally.seq.max(seq);
        tally.count(step);
        while tally.things.len() > TALLY_ENTITIES {
            tally.settle_oldest();
        }
        &tally.totals
    }

    /// The tallies as a text, for the checkpoint. Empty if there are none.
    pub fn write(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let forms: Vec<Form<'_>> = self.0.iter().map(Form::of).collect();
        // Strings and numbers, so encoding cannot fail.
        serde_json::to_string(&forms).unwrap_or_default()
    }

    /// Reads what [`Tallies::write`] has written. `None` if it is something else.
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let forms: Vec<Form<'_>> = serde_json::from_str(text).ok()?;
        Some(Self(gathered(forms.into_iter().map(Form::tally))))
    }
}

impl Tally {
    fn count(&mut self, step: &Step) {
        let known = self.things.get(&step.entity);
        let late = match known {
            Some(thing) => (step.at, step.tie) < (thing.at, thing.tie),
            None => step.at <= self.settled,
        };
        if late {
            return;
        }
        let Step { entity, at, tie, bucket, sums, is_final, .. } = step.clone();
        let thing = Thing { at, tie, bucket, sums, is_final };
        add(&mut self.totals, &thing, 1);
        if let Some(before) = self.things.insert(entity, thing) {
            add(&mut self.totals, &before, -1);
        }
    }

    /// Settles the oldest thing: one in a final bucket if there is one.
    fn settle_oldest(&mut self) {
        let age = |(entity, thing): &(&u64, &Thing)| (!thing.is_final, thing.at, **entity);
        let Some(oldest) = self.things.iter().min_by_key(age).map(|(entity, _)| *entity) else {
            return;
        };
        if let Some(thing) = self.things.remove(&oldest) {
            self.settled = self.settled.max(thing.at);
        }
    }
}

/// Adds a thing to the totals, or takes it out.
fn add(totals: &mut Totals, thing: &Thing, sign: i64) {
    totals.total = totals.total.saturating_add(sign);
    if let Some(bucket) = &thing.bucket {
        change(&mut totals.counts, bucket, sign);
    }
    for (name, amount) in &thing.sums {
        change(&mut totals.sums, name, sign.saturating_mul(*amount));
    }
}

fn change(numbers: &mut BTreeMap<String, i64>, name: &str, by: i64) {
    let number = numbers.entry(name.to_owned()).or_default();
    *number = number.saturating_add(by);
    if *number == 0 {
        numbers.remove(name);
    }
}

/// A thing as it is stored: hash, time, tie, bucket, amounts, and whether it is final.
type ThingForm = (u64, Timestamp, u32, Option<String>, BTreeMap<String, i64>, bool);

/// A tally as it is stored: label, key, last number, settled time, totals, things.
#[derive(Serialize, Deserialize)]
struct Form<'t>(OwnedLabel, Cow<'t, str>, Seq, Timestamp, Totals, Vec<ThingForm>);

impl<'t> Form<'t> {
    fn of(((label, key), tally): (&(OwnedLabel, String), &'t Tally)) -> Form<'t> {
        let things = tally.things.iter().map(|(entity, thing)| {
            let Thing { at, tie, bucket, sums, is_final } = thing.clone();
            (*entity, at, tie, bucket, sums, is_final)
        });
        let Tally { seq, settled, totals, .. } = tally;
        let key = key.clone().into();
        Form(label.clone(), key, *seq, *settled, totals.clone(), things.collect())
    }

    fn tally(self) -> ((OwnedLabel, String), Tally) {
        let Form(label, key, seq, settled, totals, things) = self;
        let thing = |(entity, at, tie, bucket, sums, is_final)| {
            (entity, Thing { at, tie, bucket, sums, is_final })
        };
        let things = gathered(things.into_iter().map(thing));
        ((label, key.into_owned()), Tally { things, totals, settled, seq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(entity: u64, at: u64, bucket: &str, amount: i64) -> Step {
        let sums = BTreeMap::from([("amount".to_owned(), amount)]);
        let (at, bucket) = (Timestamp(at), Some(bucket.to_owned()));
        let data = <_>::default();
        Step { entity, at, tie: 0, bucket, sums, is_final: false, data, unchanged: None }
    }

    fn count(tallies: &mut Tallies, step: &Step) -> Totals {
        tallies.count(Label::default(), "k", 1, step).clone()
    }

    fn totals(counts: &[(&str, i64)], amount: i64, total: i64) -> Totals {
        let counts = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Totals { counts, sums: BTreeMap::from([("amount".to_owned(), amount)]), total }
    }

    #[test]
    fn a_thing_counts_where_its_latest_step_says() {
        let mut tallies = Tallies::default();
        assert_eq!(count(&mut tallies, &step(1, 10, "open", 5)), totals(&[("open", 1)], 5, 1));
        assert_eq!(count(&mut tallies, &step(2, 11, "open", 1)), totals(&[("open", 2)], 6, 2));
        let moved = totals(&[("done", 1), ("open", 1)], 8, 2);
        assert_eq!(count(&mut tallies, &step(1, 12, "done", 7)), moved);
        assert_eq!(count(&mut tallies, &step(1, 11, "open", 9)), moved, "a late step");
        assert_eq!(count(&mut tallies, &step(1, 12, "done", 7)), moved, "a repeated step");
        assert_eq!(tallies.later(Label::default(), "k", &step(1, 11, "x", 0)), Some(1));
        assert_eq!(tallies.later(Label::default(), "k", &step(3, 1, "x", 0)), None);
    }

    #[test]
    fn steps_of_the_same_time_count_the_same_in_any_order() {
        let (one, other) = (step(1, 10, "a", 1), Step { tie: 7, ..step(1, 10, "b", 2) });
        let after = |first: &Step, second: &Step| {
            let mut tallies = Tallies::default();
            count(&mut tallies, first);
            count(&mut tallies, second)
        };
        assert_eq!(after(&one, &other), after(&other, &one));
    }

    #[test]
    fn tallies_read_back_what_they_write() {
        let mut tallies = Tallies::default();
        assert_eq!((tallies.write().as_str(), Tallies::read("")), ("", Some(Tallies::default())));
        count(&mut tallies, &step(1, 10, "open", 5));
        count(&mut tallies, &Step { is_final: true, ..step(2, 11, "done", 1) });
        assert_eq!(Tallies::read(&tallies.write()), Some(tallies));
        assert_eq!(Tallies::read("{"), None);
    }

    #[test]
    fn stored_totals_at_the_end_of_the_range_do_not_overflow() {
        let text =
            format!(r#"[[{{}},"k",1,0,{{"counts":{{}},"sums":{{}},"total":{}}},[]]]"#, i64::MAX);
        let mut tallies = Tallies::read(&text).unwrap();
        assert_eq!(count(&mut tallies, &step(1, 10, "open", 5)).total, i64::MAX);
    }

    #[test]
    fn the_format_of_tallies_is_unchanged() {
        let mut tallies = Tallies::default();
        count(&mut tallies, &step(1, 10, "open", 5));
        let text = concat!(
            r#"[[{},"k",1,0,{"counts":{"open":1},"sums":{"amount":5},"total":1},"#,
            r#"[[1,10,0,"open",{"amount":5},false]]]]"#
        );
        assert_eq!(tallies.write(), text);
    }

    #[test]
    fn beyond_the_limit_final_things_are_settled_first_and_stay_counted() {
        let mut tallies = Tallies::default();
        count(&mut tallies, &step(0, 1, "open", 1));
        count(&mut tallies, &Step { is_final: true, ..step(1, 2, "done", 1) });
        for entity in 2..=TALLY_ENTITIES as u64 {
            count(&mut tallies, &step(entity, 10, "open", 1));
        }
        let all = i64::try_from(TALLY_ENTITIES).unwrap();
        assert_eq!(
            count(&mut tallies, &step(0, 3, "done", 1)),
            totals(&[("done", 2), ("open", all - 1)], all + 1, all + 1),
            "the oldest is still known"
        );
        let late = step(1, 2, "open", 1);
        assert_eq!(tallies.later(Label::default(), "k", &late), Some(1), "a settled thing stays");
        assert_eq!(count(&mut tallies, &late).total, all + 1);
    }
}
