use super::*;
use crate::protocol::report::Turns;

const NOW: Timestamp = Timestamp(1_767_780_000_000);
const BUDGET: Allowance = Allowance { dollars: 0.001, warn_at: 0.5 };

fn prices() -> Prices {
    Prices::built_in().unwrap()
}

/// A room with so many members that has stored so many rows.
fn report(object: &str, all: usize, rows_written: u64) -> Entry {
    let did = Deeds { rows_written, ..Deeds::default() };
    let members = Census { all, v1: all, ..Census::default() };
    let (object, details, closes) = (object.to_owned(), Details::default(), Counts::default());
    Entry::Report(Box::new(Metered { object, members, did, details, closes }))
}

#[test]
fn everything_that_is_entered_counts_today_and_in_all() {
    let mut ledger = Ledger::new(NOW);
    ledger.add(report("s-1", 2, 7), NOW);
    ledger.add(report("s-1", 2, 3), NOW.plus_ms(500));
    let mut refusals = Counts::default();
    refusals.count("token_invalid", 4);
    ledger.add(Entry::Refusals(refusals), NOW);
    ledger.writes(1);
    let Account { did, member_ms, refusals, entries, rows, .. } = &ledger.all;
    assert_eq!((did.rows_written, *member_ms, *entries, *rows), (10, 1_000, 3, 1));
    assert_eq!(refusals.iter().collect::<Vec<_>>(), [("token_invalid", 4)]);
    assert_eq!(ledger.today, ledger.all);
}

#[test]
fn a_day_that_is_over_is_closed_once_and_the_sum_goes_on() {
    let mut ledger = Ledger::new(NOW);
    ledger.add(report("s-1", 0, 7), NOW);
    assert_eq!(ledger.close_day(&prices(), NOW.plus_ms(1)), None);
    let tomorrow = NOW.plus_ms(DAY_MS);
    let over = ledger.close_day(&prices(), tomorrow).unwrap();
    assert_eq!((over.day.as_str(), over.rows_written), ("2026-01-07", 7));
    assert_eq!(ledger.close_day(&prices(), tomorrow), None);
    ledger.add(report("s-1", 0, 1), tomorrow);
    assert_eq!((ledger.today.did.rows_written, ledger.all.did.rows_written), (1, 8));
    assert_eq!(ledger.today_usage(&prices()).day, "2026-01-08");
}

#[test]
fn what_is_used_costs_what_a_calculation_by_hand_says() {
    let did = Deeds {
        turns: Turns { published: 1_000_000, ..Turns::default() },
        rows_written: 1_000_000,
        ..Deeds::default()
    };
    let account = Account { did, entries: 1_000_000, rows: 200_000, ..Account::default() };
    // 0.30 requests, 0.02 CPU, 2 × 0.15 object requests, 2 × 5,000 s × 0.128 GB at 12.50 = 0.016, 1.2 rows written, as many read.
    let wanted = 0.30 + 0.02 + 0.30 + 0.016 + 1.2 + 0.0012;
    let dollars = account.usage().price(&prices());
    assert!((dollars - wanted).abs() < 1e-9, "{dollars}");
}

#[test]
fn a_tenant_is_told_once_a_day_of_each_level() {
    let mut ledger = Ledger::new(NOW);
    let mut tell = |rows, at: Timestamp| {
        ledger.close_day(&prices(), at);
        ledger.add(report("s-1", 0, rows), at);
        ledger.tell(BUDGET, &prices(), at)
    };
    assert_eq!(tell(400, NOW), None);
    assert_eq!(tell(200, NOW), Some(Level::Warned));
    assert_eq!(tell(10, NOW), None, "told");
    assert_eq!(tell(400, NOW), Some(Level::Exceeded));
    assert_eq!(tell(400, NOW), None, "told");
    assert_eq!(tell(2_000, NOW.plus_ms(DAY_MS)), Some(Level::Exceeded), "another day");
}

#[test]
fn yesterdays_use_does_not_count_against_todays_budget() {
    let mut ledger = Ledger::new(NOW);
    ledger.add(report("s-1", 0, 2_000), NOW);
    assert_eq!(ledger.level(BUDGET, &prices(), NOW), Level::Exceeded);
    assert_eq!(ledger.level(BUDGET, &prices(), NOW.plus_ms(DAY_MS)), Level::Within);
}

#[test]
fn the_form_in_which_it_is_stored_is_unchanged() {
    let mut ledger = Ledger::new(NOW);
    ledger.add(report("s-1", 1, 7), NOW);
    let text = serde_json::to_string(&ledger).unwrap();
    let account = concat!(
        r#"{"did":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7,0,0],"#,
        r#""details":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"closes":[],"member_ms":0,"#,
        r#""refusals":[],"entries":1,"rows":0}"#
    );
    let crowds = r#"[["s-1",1767780000000,[1,1,0,0,0,0,0]]]"#;
    let wanted = format!(
        r#"{{"since":1767780000000,"all":{account},"day":20460,"today":{account},"told":"within","crowds":{crowds}}}"#
    );
    assert_eq!(text, wanted);
    assert_eq!(serde_json::from_str::<Ledger>(&wanted).unwrap(), ledger);
}

#[test]
fn the_form_in_which_rooms_and_front_workers_tell_it_is_unchanged() {
    let text = concat!(
        r#"{"report":{"object":"s-1","members":[1,1,0,0,0,0,0],"#,
        r#""did":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,7,0,0],"#,
        r#""details":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"closes":[]}}"#
    );
    assert_eq!(serde_json::to_string(&report("s-1", 1, 7)).unwrap(), text);
    assert!(serde_json::from_str::<Entry>(text).is_ok());
    assert!(serde_json::from_str::<Entry>(r#"{"refusals":[["token_invalid",4]]}"#).is_ok());
}
