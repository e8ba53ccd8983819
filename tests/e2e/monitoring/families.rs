//! What `/admin/metrics` prints: the families and their labels. Knows no values.

/// The end of a name of a family of time series, and the label that only these have.
const PARTS: [(&str, &[&str]); 3] = [("_bucket", &["le"]), ("_sum", &[]), ("_count", &[])];

/// The labels that Prometheus adds.
const ADDED: [&str; 2] = ["job", "instance"];

/// What Prometheus itself writes, and the dashboard and the alerts may name too.
const ITS_OWN: [(&str, &[&str]); 2] =
    [("up", &[]), ("ALERTS", &["alertname", "alertstate", "severity", "tenant", "reason"])];

/// A family with its type and its labels.
pub(crate) type Family = (&'static str, &'static str, &'static [&'static str]);

/// All families.
// `tests/e2e/metrics.rs` holds the Worker's own output to the list.
pub(crate) const FAMILIES: [Family; 27] = [
    ("roomcast_build_info", "gauge", &["version"]),
    ("roomcast_tenants", "gauge", &[]),
    ("roomcast_tenants_left_out", "gauge", &[]),
    ("roomcast_tenant_up", "gauge", &["tenant"]),
    ("roomcast_rooms", "gauge", &["tenant"]),
    ("roomcast_rooms_occupied", "gauge", &["tenant"]),
    ("roomcast_members", "gauge", &["tenant", "dialect"]),
    ("roomcast_members_behind", "gauge", &["tenant", "state"]),
    ("roomcast_events_total", "counter", &["tenant"]),
    ("roomcast_updates_total", "counter", &["tenant"]),
    ("roomcast_bursts_total", "counter", &["tenant"]),
    ("roomcast_deliveries_total", "counter", &["tenant"]),
    ("roomcast_delivered_bytes_total", "counter", &["tenant"]),
    ("roomcast_conflated_updates_total", "counter", &["tenant"]),
    ("roomcast_recoveries_total", "counter", &["tenant", "kind"]),
    ("roomcast_closes_total", "counter", &["tenant", "reason"]),
    ("roomcast_refusals_total", "counter", &["tenant", "reason"]),
    ("roomcast_room_failures_total", "counter", &["tenant"]),
    ("roomcast_lag_seconds", "histogram", &["tenant"]),
    ("roomcast_rows_written_total", "counter", &["tenant"]),
    ("roomcast_rows_read_total", "counter", &["tenant"]),
    ("roomcast_turns_total", "counter", &["tenant", "cause"]),
    ("roomcast_alarms_total", "counter", &["tenant", "why"]),
    ("roomcast_kept_seconds_total", "counter", &["tenant", "by"]),
    ("roomcast_cost_dollars_total", "counter", &["tenant"]),
    ("roomcast_cost_today_dollars", "gauge", &["tenant"]),
    ("roomcast_budget_dollars", "gauge", &["tenant"]),
];

/// The family that time series of this name belong to.
pub(crate) fn family(series: &str) -> Option<Family> {
    let named = |name: &str| FAMILIES.into_iter().find(|family| family.0 == name);
    let part = |(end, _): &(&str, _)| named(series.strip_suffix(end)?);
    let of_part = PARTS.iter().find_map(part).filter(|family| family.1 == "histogram");
    of_part.or_else(|| named(series).filter(|family| family.1 != "histogram"))
}

/// The labels that time series of this name have in Prometheus; `None` if there are none.
pub(crate) fn labels(series: &str) -> Option<Vec<&'static str>> {
    let its_own = ITS_OWN.iter().find(|(name, _)| *name == series).map(|(_, labels)| *labels);
    let labels = its_own.or_else(|| family(series).map(|family| family.2))?;
    let of_part = PARTS.iter().filter(|(end, _)| series.ends_with(end)).flat_map(|part| part.1);
    Some(labels.iter().chain(&ADDED).chain(of_part).copied().collect())
}
