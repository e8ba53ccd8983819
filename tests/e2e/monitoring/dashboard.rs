//! The dashboard: its panels and their expressions, and tests that it is one that Grafana can show and people can read.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::expression::assert_known;
use crate::support::checkout;

/// How wide Grafana's grid is.
const COLUMNS: u64 = 24;

/// What stands for a choice of the reader, and what Grafana could put there.
const VARIABLES: [(&str, &str); 4] = [
    ("$job", "(roomcast|roomcast-here)"),
    ("$tenant", ".*"),
    ("$__rate_interval", "5s"),
    ("$__range", "1m"),
];

/// An expression of the dashboard.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The title of its panel.
    pub(crate) panel: String,
    /// The expression as it is written.
    pub(crate) written: String,
    /// How what it answers is called.
    pub(crate) legend: String,
}

impl Asked {
    /// The expression as Grafana would send it.
    pub(crate) fn sent(&self) -> String {
        let put = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
        let sent = VARIABLES.iter().fold(self.written.clone(), put);
        assert!(!sent.contains('$'), "{}: an unknown variable: {sent}", self.panel);
        sent
    }
}

fn dashboard() -> Value {
    let text = fs::read_to_string(checkout("monitoring/grafana.json")).expect("the dashboard");
    serde_json::from_str(&text).expect("JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// All expressions of all panels.
pub(crate) fn asked() -> Vec<Asked> {
    let dashboard = dashboard();
    let of_panel = |panel: &Value| {
        let asked = |target: &Value| Asked {
            panel: text(&panel["title"]),
            written: text(&target["expr"]),
            legend: text(&target["legendFormat"]),
        };
        list(&panel["targets"]).iter().map(asked).collect::<Vec<_>>()
    };
    let asked: Vec<Asked> = list(&dashboard["panels"]).iter().flat_map(of_panel).collect();
    assert!(asked.len() > 30, "{}", asked.len());
    asked
}

/// The expression of the marks for alerts.
pub(crate) fn marks() -> Asked {
    let marks = &dashboard()["annotations"]["list"][1];
    Asked { panel: "marks".to_owned(), written: text(&marks["expr"]), legend: String::new() }
}

/// The labels in a legend such as `{{tenant}}`.
fn labels(legend: &str) -> Vec<&str> {
    let parts = legend.split("{{").skip(1);
    parts.filter_map(|part| part.split("}}").next()).map(str::trim).collect()
}

#[test]
fn each_expression_of_the_dashboard_names_only_what_roomcast_prints() {
    for asked in asked().iter().chain([&marks()]) {
        assert_known(&asked.sent(), &labels(&asked.legend));
    }
}

/// The cells of the grid that a panel takes.
fn cells(panel: &Value) -> Vec<(u64, u64)> {
    let [x, y, wide, high] =
        ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().expect("a number"));
    assert!(wide > 0 && high > 0 && x + wide <= COLUMNS, "{}", panel["title"]);
    (x..x + wide).flat_map(|x| (y..y + high).map(move |y| (x, y))).collect()
}

#[test]
fn no_panel_of_the_dashboard_covers_another_and_no_cell_is_empty() {
    let dashboard = dashboard();
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in list(&dashboard["panels"]) {
        assert!(ids.insert(panel["id"].as_u64()), "{}: an id that is taken", panel["title"]);
        for cell in cells(panel) {
            assert!(taken.insert(cell), "{} covers another", panel["title"]);
        }
    }
    let rows = taken.iter().map(|(_, y)| y + 1).max().expect("panels");
    assert_eq!(taken.len() as u64, rows * COLUMNS, "a hole");
}

#[test]
fn every_panel_of_the_dashboard_asks_the_prometheus_that_the_reader_chose_and_says_what_it_shows() {
    let dashboard = dashboard();
    assert_eq!(dashboard["schemaVersion"], 42);
    for panel in list(&dashboard["panels"]).iter().filter(|panel| panel["type"] != "row") {
        let title = text(&panel["title"]);
        assert!(text(&panel["description"]).len() > 40, "{title}: no description");
        let defaults = &panel["fieldConfig"]["defaults"];
        let unit = if panel["type"] == "heatmap" { &panel["options"]["yAxis"] } else { defaults };
        assert!(unit["unit"].is_string(), "{title}: no unit");
        let targets = list(&panel["targets"]);
        assert!(!targets.is_empty(), "{title}: asks nothing");
        for place in targets.iter().chain([panel]) {
            assert_eq!(place["datasource"]["uid"], "${datasource}", "{title}");
            // Grafana would take 15 s, and then ask for rates over a minute, in which there is one scrape.
            assert_eq!(place["interval"], "1m", "{title}");
        }
        let refs: BTreeSet<String> = targets.iter().map(|target| text(&target["refId"])).collect();
        assert_eq!(refs.len(), targets.len(), "{title}: two of the same refId");
    }
}

#[test]
fn what_the_reader_of_the_dashboard_chooses_counts_in_every_expression() {
    let dashboard = dashboard();
    let chosen = list(&dashboard["templating"]["list"]);
    let names: Vec<String> = chosen.iter().map(|variable| text(&variable["name"])).collect();
    assert_eq!(names, ["datasource", "job", "tenant"]);
    for asked in asked() {
        for selector in asked.written.split('{').skip(1) {
            assert!(selector.starts_with(r#"job=~"$job""#), "{}: {}", asked.panel, asked.written);
        }
        let of_deployment = ["up{", "roomcast_tenants{", "roomcast_build_info{"];
        let selectors = asked.written.matches('{').count();
        let by_tenant = asked.written.matches(r#", tenant=~"$tenant""#).count();
        let of_all = of_deployment.iter().any(|name| asked.written.contains(name));
        assert!(of_all || by_tenant == selectors, "{}: {}", asked.panel, asked.written);
    }
}
