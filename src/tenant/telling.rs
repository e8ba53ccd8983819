//! Telling rooms: in which order, when, and how often a tenant's object tells its rooms a rule that has changed.
//!
//! It goes through the rooms in the order of their names, some at a time, and keeps how far it is. Nothing here stores or
//! asks; `shell/tenant_rooms.rs` does.

use serde::{Deserialize, Serialize};

use crate::limits::{TELLING_MS, TELL_AGAIN_MS, TOLD_AGAIN_MS};
use crate::protocol::rule::Rule;
use crate::protocol::time::Timestamp;

/// The rule that the rooms were told last, or are being told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    rule: Rule,
    since: Timestamp,
    /// Whether rooms may have kept something else when this began: for how long they are kept, or whether there are hooks.
    retains: bool,
    /// The pass through the rooms that is under way or comes next. Without one, all is told.
    pass: Option<Pass>,
}

/// A pass through all rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pass {
    begins: Timestamp,
    /// The room that was told last.
    after: String,
    /// Whether a room did not answer.
    silent: bool,
}

impl Pass {
    fn at(begins: Timestamp) -> Self {
        Self { begins, after: String::new(), silent: false }
    }
}

impl Telling {
    /// What there is to tell if the rule is this one from now on; `None` if nothing has changed.
    ///
    /// A tenant that is open again and keeps its rooms as long as before tells nothing, because rooms do not note that they are
    /// suspended. So it can stop telling them that they are.
    pub fn changed(last: Option<&Self>, rule: Rule, now: Timestamp) -> Option<Self> {
        let told = last.map(|last| last.rule).unwrap_or_default();
        if told == rule {
            return None;
        }
        let untold = last.is_some_and(|last| last.retains && last.pass.is_some());
        let kept = |rule: Rule| Rule { suspended: false, ..rule };
        let retains = untold || kept(rule) != kept(told);
        let pass = (retains || rule.suspended).then(|| Pass::at(now));
        Some(Self { rule, since: now, retains, pass })
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// When there is more to tell; `None` if all is told.
    pub fn due(&self) -> Option<Timestamp> {
        self.pass.as_ref().map(|pass| pass.begins)
    }

    /// The name after which the next rooms to be told come; at first empty.
    pub fn after(&self) -> &str {
        self.pass.as_ref().map_or("", |pass| pass.after.as_str())
    }

    /// Rooms were told, up to `last`; without one there were no more. `silent` if one of them did not answer. Returns whether
    /// it is given up that there are such.
    pub fn told(&mut self, last: Option<&str>, silent: bool, now: Timestamp) -> bool {
        let Some(pass) = &mut self.pass else { return false };
        pass.silent |= silent;
        if let Some(last) = last {
            last.clone_into(&mut pass.after);
            return false;
        }
        let (begun, silent) = (pass.begins, pass.silent);
        let next = [self.once_more(begun, now), self.to_the_silent(silent, now)];
        self.pass = next.into_iter().flatten().min().map(Pass::at);
        silent && self.pass.is_none()
    }

    /// When rooms are told once more that they are suspended, for those who came in by an old copy of the document.
    fn once_more(&self, begun: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let again = self.since.plus_ms(TOLD_AGAIN_MS);
        (self.rule.suspended && begun < again).then(|| again.max(now))
    }

    /// When rooms that did not answer are told again.
    fn to_the_silent(&self, silent: bool, now: Timestamp) -> Option<Timestamp> {
        let passed = now.ms_since(self.since);
        let next = now.plus_ms(passed.max(TELL_AGAIN_MS));
        (silent && next.ms_since(self.since) <= TELLING_MS).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{DAY_MS, LEASE_MS, TENANT_STALE_MS};

    const NOW: Timestamp = Timestamp(1_767_780_000_000);

    fn rule(suspended: bool, days: u64) -> Rule {
        Rule { suspended, retention_ms: days * DAY_MS, hooks: false }
    }

    fn telling(rule: Rule) -> Telling {
        Telling::changed(None, rule, NOW).unwrap()
    }

    /// Passes through so many rooms that all answer, or one of which does not, until nothing is left to tell. Returns after how
    /// many milliseconds each pass began, and whether it was given up.
    fn passes(mut telling: Telling, silent: bool) -> (Vec<u64>, bool) {
        let (mut began, mut given_up) = (Vec::new(), false);
        while let Some(at) = telling.due() {
            began.push(at.ms_since(NOW));
            assert_eq!(telling.after(), "");
            telling.told(Some("acme/s-1"), silent, at);
            assert_eq!((telling.after(), telling.due()), ("acme/s-1", Some(at)), "at once");
            telling.told(Some("acme/s-2"), false, at);
            given_up = telling.told(None, false, at);
        }
        (began, given_up)
    }

    #[test]
    fn a_rule_that_has_not_changed_is_not_told() {
        assert_eq!(Telling::changed(None, Rule::default(), NOW), None, "rooms follow it untold");
        let last = telling(rule(true, 30));
        assert_eq!(Telling::changed(Some(&last), rule(true, 30), NOW), None);
    }

    #[test]
    fn a_changed_retention_is_told_once_and_at_once() {
        assert_eq!(passes(telling(rule(false, 7)), false), (vec![0], false));
    }

    #[test]
    fn that_a_tenant_wants_hooks_or_none_is_told_once_and_at_once() {
        let wanted = Telling::changed(None, Rule { hooks: true, ..Rule::default() }, NOW).unwrap();
        assert_eq!(passes(wanted.clone(), false), (vec![0], false));
        let unwanted = Telling::changed(Some(&wanted), Rule::default(), NOW).unwrap();
        assert_eq!(passes(unwanted, false), (vec![0], false));
    }

    #[test]
    fn that_a_tenant_is_suspended_is_told_again_when_nobody_can_come_in_by_an_old_copy() {
        assert_eq!(passes(telling(rule(true, 30)), false), (vec![0, TOLD_AGAIN_MS], false));
        const { assert!(TOLD_AGAIN_MS > TENANT_STALE_MS + LEASE_MS) };
    }

    #[test]
    fn a_long_first_pass_is_followed_by_the_second_at_once() {
        let mut long = telling(rule(true, 30));
        let end = NOW.plus_ms(TOLD_AGAIN_MS + 5_000);
        long.told(None, false, end);
        assert_eq!(long.due(), Some(end));
        long.told(None, false, end);
        assert_eq!(long.due(), None);
    }

    #[test]
    fn rooms_that_do_not_answer_are_told_for_an_hour_more_and_more_seldom() {
        let (began, given_up) = passes(telling(rule(false, 7)), true);
        assert_eq!(began[..4], [0, 10_000, 20_000, 40_000]);
        assert!(given_up && began.len() < 12 && began.last() <= Some(&TELLING_MS));
        let (began, given_up) = passes(telling(rule(true, 30)), true);
        assert!(given_up && began.contains(&TOLD_AGAIN_MS), "{began:?}");
    }

    #[test]
    fn a_tenant_that_is_open_again_tells_nothing_and_stops_telling() {
        let suspended = telling(rule(true, 30));
        let open = Telling::changed(Some(&suspended), rule(false, 30), NOW).unwrap();
        assert_eq!((open.rule(), open.due()), (rule(false, 30), None));
        assert!(Telling::changed(Some(&open), rule(true, 30), NOW).unwrap().due().is_some());
    }

    #[test]
    fn a_retention_that_was_not_told_to_the_end_is_told_with_the_next_rule() {
        let both = telling(rule(true, 7));
        let open = Telling::changed(Some(&both), rule(false, 7), NOW).unwrap();
        assert_eq!(open.due(), Some(NOW));
        let mut back = Telling::changed(Some(&open), rule(false, 30), NOW).unwrap();
        assert_eq!(back.due(), Some(NOW), "some rooms may follow the rule in between");
        back.told(None, false, NOW);
        let suspended = Telling::changed(Some(&back), rule(true, 30), NOW).unwrap();
        let open = Telling::changed(Some(&suspended), rule(false, 30), NOW).unwrap();
        assert_eq!(open.due(), None, "all follow it");
    }

    #[test]
    fn the_form_in_which_it_is_stored_is_unchanged() {
        let text = r#"{"rule":{"suspended":true,"retention_ms":604800000},"since":1767780000000,"retains":true,"pass":{"begins":1767780000000,"after":"acme/s-1","silent":false}}"#;
        let mut stored = telling(rule(true, 7));
        stored.told(Some("acme/s-1"), false, NOW);
        assert_eq!(serde_json::to_string(&stored).unwrap(), text);
        assert_eq!(serde_json::from_str::<Telling>(text).unwrap(), stored);
    }
}
