//! The alerts and the example, tried with promtool: whether they are rules, and whether each alert fires when it should, and only then.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::dashboard::{asked, marks, Asked};
use super::families::FAMILIES;
use super::prometheus::{copy_example, lint, promtool};
use super::sample::{sample, SAMPLE};
use crate::support::checkout;

/// The cases of the alerts.
const CASES: [&str; 2] = ["alerts.test.yaml", "alerts.days.test.yaml"];

fn read(path: &str) -> String {
    fs::read_to_string(checkout(path)).expect("a file")
}

/// What follows a word on its lines, in order.
fn after<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.strip_prefix(word)).map(str::trim).collect()
}

#[tokio::test]
async fn every_alert_fires_when_it_should_and_not_otherwise() {
    let folder = checkout("monitoring");
    let Some(checked) = promtool(&folder, &["check", "rules", "alerts.yaml"]).await else { return };
    assert_eq!(checked.code, 0, "{checked:?}");
    let tried = promtool(&folder, &["test", "rules", CASES[0], CASES[1]]).await.expect("promtool");
    assert_eq!(tried.code, 0, "{}{}", tried.stdout, tried.stderr);
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_and_leads_to_its_section() {
    let (alerts, cases, page) = (
        read("monitoring/alerts.yaml"),
        CASES.map(|file| read(&format!("monitoring/{file}"))).concat(),
        read("docs/metrics.md"),
    );
    let names = after(&alerts, "- alert:");
    assert!(names.len() > 9, "{names:?}");
    let guides: Vec<String> =
        names.iter().map(|name| format!("../docs/metrics.md#{}", name.to_lowercase())).collect();
    assert_eq!(after(&alerts, "guide:"), guides);
    for (name, guide) in names.iter().zip(&guides) {
        let fires = cases.contains(&format!("ALERTS{{alertname=\"{name}\", alertstate=\"firing\""))
            || after(&cases, "guide:").contains(&guide.as_str());
        assert!(fires, "{name} fires in no case");
        assert!(page.contains(&format!("\n### {name}\n")), "docs/metrics.md has no {name}");
    }
}

#[test]
fn the_page_explains_every_family_with_its_labels() {
    let page = read("docs/metrics.md");
    for (name, _, labels) in FAMILIES {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}")));
        let row = row.unwrap_or_else(|| panic!("docs/metrics.md does not explain {name}"));
        let first = row.split('|').nth(1).unwrap_or_default();
        for label in labels.iter().filter(|label| **label != "tenant") {
            assert!(first.contains(label), "{name}: no {label}");
        }
    }
}

#[tokio::test]
async fn every_expression_of_the_dashboard_can_be_read_by_prometheus() {
    let folder = TempDir::new().expect("a folder");
    let mut asked = asked();
    asked.push(marks());
    let rule =
        |(number, expression)| json!({"record": format!("panel:{number}"), "expr": expression});
    let rules: Vec<_> = asked.iter().map(Asked::sent).enumerate().map(rule).collect();
    // JSON is YAML.
    let file = json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string();
    fs::write(folder.path().join("rules.yaml"), file).expect("a file");
    let Some(checked) = promtool(folder.path(), &["check", "rules", "rules.yaml"]).await else {
        return;
    };
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
    assert!(checked.stdout.contains(&format!("{} rules found", asked.len())), "{checked:?}");
}

#[tokio::test]
async fn the_example_for_prometheus_is_a_configuration_of_prometheus() {
    let folder = TempDir::new().expect("a folder");
    copy_example(folder.path(), "token", &[]);
    let Some(checked) = promtool(folder.path(), &["check", "config", "prometheus.yaml"]).await
    else {
        return;
    };
    assert_eq!(checked.code, 0, "{}{}", checked.stdout, checked.stderr);
}

#[tokio::test]
async fn the_sample_is_a_text_that_prometheus_praises() {
    lint(&read(SAMPLE)).await;
    let lines = sample();
    let series: BTreeSet<&str> =
        lines.lines().filter_map(|line| line.rsplit_once(' ')).map(|line| line.0).collect();
    assert_eq!(series.len(), lines.lines().count(), "a line is there twice");
}
