use super::*;
use crate::metering::ledger::{Allowance, Entry, Ledger, Metered};
use crate::metering::prices::Prices;
use crate::protocol::details::{Counts, Details};
use crate::protocol::report::{Census, Deeds};
use crate::protocol::time::Timestamp;

const NOW: Timestamp = Timestamp(1_767_780_000_000);

fn stated() -> Vec<Stated> {
    let mut ledger = Ledger::new(NOW);
    let mut details = Details::default();
    details.lag.count(0, 5);
    details.lag.count(30, 2);
    let mut closes = Counts::default();
    closes.count("silent", 1);
    let did = Deeds { events: 7, updates: 7, rows_written: 3, ..Deeds::default() };
    let members = Census { all: 2, v1: 1, socket_io: 1, held: 1, ..Census::default() };
    let report = Metered { object: "s-1".to_owned(), members, did, details, closes };
    ledger.add(Entry::Report(Box::new(report)), NOW);
    let mut refusals = Counts::default();
    refusals.count("token_expired", 4);
    ledger.add(Entry::Refusals(refusals), NOW);
    let prices = Prices::built_in().unwrap();
    let allowance = Some(Allowance { dollars: 2.5, warn_at: 0.8 });
    let statement = Some(Statement::of(&ledger, 3, allowance, (&prices, NOW)));
    let silent = Stated { tenant: "globex".to_owned(), statement: None };
    vec![Stated { tenant: "acme".to_owned(), statement }, silent]
}

#[test]
fn each_number_of_a_statement_is_a_line() {
    let text = text("1.2.3", &stated(), false);
    for line in [
        r#"roomcast_build_info{version="1.2.3"} 1"#,
        "roomcast_tenants 2",
        r#"roomcast_tenant_up{tenant="acme"} 1"#,
        r#"roomcast_tenant_up{tenant="globex"} 0"#,
        "# TYPE roomcast_members gauge",
        r#"roomcast_members{tenant="acme",dialect="socket_io"} 1"#,
        r#"roomcast_members_behind{tenant="acme",state="held"} 1"#,
        r#"roomcast_rooms{tenant="acme"} 3"#,
        r#"roomcast_rooms_occupied{tenant="acme"} 1"#,
        "# TYPE roomcast_events_total counter",
        r#"roomcast_events_total{tenant="acme"} 7"#,
        r#"roomcast_closes_total{tenant="acme",reason="silent"} 1"#,
        r#"roomcast_refusals_total{tenant="acme",reason="token_expired"} 4"#,
        "# TYPE roomcast_lag_seconds histogram",
        r#"roomcast_lag_seconds_bucket{tenant="acme",le="0.001"} 5"#,
        r#"roomcast_lag_seconds_bucket{tenant="acme",le="0.05"} 7"#,
        r#"roomcast_lag_seconds_bucket{tenant="acme",le="5"} 7"#,
        r#"roomcast_lag_seconds_bucket{tenant="acme",le="+Inf"} 7"#,
        r#"roomcast_lag_seconds_sum{tenant="acme"} 0.060"#,
        r#"roomcast_lag_seconds_count{tenant="acme"} 7"#,
        r#"roomcast_budget_dollars{tenant="acme"} 2.500000000"#,
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains(r#"rooms{tenant="globex""#), "nothing is known of it");
}

#[test]
fn families_are_called_as_prometheus_wants_it() {
    for family in &FAMILIES {
        let counts = family.name.ends_with("_total");
        assert_eq!(counts, family.kind == Kind::Counter, "{}", family.name);
        assert!(family.help.ends_with('.') && !family.help.contains(['\\', '\n']));
    }
    let mut names: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FAMILIES.len());
}

#[test]
fn a_number_is_printed_with_its_fraction() {
    let all = [Decimal(7, 0), Decimal(60, 3), Decimal(1_001, 3), Decimal::dollars(0.000_001_5)];
    assert_eq!(all.map(|one| one.to_string()), ["7", "0.060", "1.001", "0.000001500"]);
}
