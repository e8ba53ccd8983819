//! A real Prometheus, started with the example of `monitoring/`: it scrapes, every panel and every alert has an answer, and a wrong token is seen.
//!
//! A Prometheus looks for its targets only 5 s after its start, so one serves for everything that needs a right token.

use serde_json::Value;

use super::dashboard::asked;
use super::expression::assert_known;
use super::prometheus::Prometheus;
use super::sample::{Sampler, TOKEN};

/// The members of both tenants in the sample.
const MEMBERS: &str = "1952";

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prometheus_with_the_example_scrapes_and_answers_every_panel_and_every_alert() {
    let sampler = Sampler::start().await;
    let Some(prometheus) = Prometheus::start(sampler.address(), TOKEN) else { return };
    for job in ["roomcast", "roomcast-here"] {
        let members = format!(r#"sum(roomcast_members{{job="{job}"}})"#);
        assert_eq!(prometheus.value(&members).await, MEMBERS);
    }
    every_panel_has_numbers(&prometheus).await;
    every_alert_is_evaluated(&prometheus).await;
}

async fn every_panel_has_numbers(prometheus: &Prometheus) {
    for asked in asked() {
        let has_numbers = |answer: &Value| {
            let result = list(&answer["result"]);
            let number = |one: &Value| one["value"][1].as_str()?.parse::<f64>().ok();
            let is_number = |one: &Value| number(one).is_some_and(f64::is_finite);
            !result.is_empty() && result.iter().all(is_number)
        };
        prometheus.until("query", &asked.sent(), has_numbers).await;
    }
}

async fn every_alert_is_evaluated(prometheus: &Prometheus) {
    let rules = |answer: &Value| -> Vec<Value> {
        list(&answer["groups"]).iter().flat_map(|group| list(&group["rules"]).to_vec()).collect()
    };
    let evaluated = |answer: &Value| {
        !rules(answer).is_empty() && rules(answer).iter().all(|rule| rule["health"] == "ok")
    };
    let answer = prometheus.until("rules", "", evaluated).await;
    for rule in rules(&answer) {
        let query = rule["query"].as_str().expect("an expression");
        let texts = rule["annotations"].to_string();
        let labels = texts.split("$labels.").skip(1).filter_map(|text| text.split(' ').next());
        assert_known(query, &labels.collect::<Vec<_>>());
        for annotation in ["summary", "description", "guide"] {
            assert!(rule["annotations"][annotation].is_string(), "{rule}: no {annotation}");
        }
        let severity = rule["labels"]["severity"].as_str().unwrap_or_default();
        assert!(["warning", "critical"].contains(&severity), "{rule}");
        prometheus.until("query", query, |_| true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_admin_token_is_a_target_that_is_down() {
    let sampler = Sampler::start().await;
    let Some(prometheus) = Prometheus::start(sampler.address(), "wrong") else { return };
    let refused = |target: &Value| {
        target["health"] == "down" && target["lastError"].to_string().contains("401")
    };
    let down = |answer: &Value| {
        let targets = list(&answer["activeTargets"]);
        targets.len() == 2 && targets.iter().all(refused)
    };
    prometheus.until("targets", "", down).await;
    assert_eq!(prometheus.value(r#"up{job="roomcast"}"#).await, "0");
}
