//! What is in `monitoring/`: the dashboard, the alerts and the example for Prometheus, tried with the Prometheus that Debian packages.
//!
//! `scripts/setup --with-prometheus` brings it; where it is not installed, a test that needs it says so and proves nothing. No Worker runs here: a small server
//! serves `tests/fixtures/metrics.txt`, which is written as the Worker writes. Nor is there a Grafana: what it would show is judged by its JSON, and by what
//! Prometheus answers to each of its expressions.
//!
//! | file | what it is for |
//! | --- | --- |
//! | [`families`] | what `/admin/metrics` prints |
//! | [`sample`] | the sample, and the server that serves it |
//! | [`expression`] | what an expression names |
//! | [`dashboard`] | the dashboard, and tests of its form |
//! | [`rules`] | tests of the alerts, with promtool |
//! | [`prometheus`] | a Prometheus of a test |
//! | [`scraping`] | tests with a Prometheus that scrapes |

mod dashboard;
mod expression;
pub(crate) mod families;
pub(crate) mod prometheus;
mod rules;
mod sample;
mod scraping;
