//! What a run has found, as Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::standing::Dialect;

/// What happened under one kind of fault.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Which fault.
    pub(crate) fault: &'static str,
    /// How often it was made.
    pub(crate) faults: usize,
    /// How long it took.
    pub(crate) took: Duration,
    /// Events that were answered 202.
    pub(crate) events: u64,
    /// How posts were answered.
    pub(crate) statuses: BTreeMap<String, u64>,
    /// Answered events that were lost; events that came twice.
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    /// For each dialect: clients, connections, updates that were sent, and how often a client began with a state.
    pub(crate) clients: BTreeMap<Dialect, [u64; 4]>,
    /// From the moment at which the port answered until each client was level.
    pub(crate) times: BTreeMap<Dialect, Vec<Duration>>,
    /// What else is worth knowing.
    pub(crate) notes: Vec<String>,
    /// Everything that was wrong.
    pub(crate) wrong: Vec<String>,
}

impl Report {
    /// The report as Markdown.
    pub(crate) fn markdown(&self) -> String {
        let Self { fault, faults, events, lost, doubled, .. } = self;
        let took = self.took.as_secs();
        let mut text = format!("### {fault}\n\n{faults} times in {took} s; {events} events were answered 202; lost: {lost}, doubled: {doubled}.\n\n");
        text.push_str(
            "| dialect | clients | connections | updates | states | p50 | p95 | p99 | max |\n",
        );
        text.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
        for dialect in Dialect::ALL {
            text.push_str(&self.row(dialect));
        }
        let statuses = self.statuses.iter().map(|(status, count)| format!("{status}: {count}"));
        let statuses: Vec<_> = statuses.collect();
        write!(text, "\nAnswers to posts: {}.\n", statuses.join(", ")).expect("a String takes all");
        for note in &self.notes {
            writeln!(text, "\n{note}").expect("a String takes all");
        }
        for wrong in &self.wrong {
            writeln!(text, "\n**Wrong:** {wrong}").expect("a String takes all");
        }
        text
    }

    fn row(&self, dialect: Dialect) -> String {
        let [clients, connections, updates, states] = self.clients.get(&dialect).unwrap_or(&[0; 4]);
        let mut times = self.times.get(&dialect).cloned().unwrap_or_default();
        times.sort_unstable();
        let shown = [500, 950, 990, 1_000].map(|per_mille| percentile(&times, per_mille));
        let name = dialect.name();
        format!(
            "| {name} | {clients} | {connections} | {updates} | {states} | {} |\n",
            shown.join(" | ")
        )
    }
}

/// The smallest of these sorted times that so many of them do not exceed.
fn percentile(times: &[Duration], per_mille: usize) -> String {
    let rank = (times.len() * per_mille).div_ceil(1_000);
    let time = times.get(rank.saturating_sub(1));
    time.map_or("–".to_owned(), |time| format!("{} ms", time.as_millis()))
}

#[test]
fn a_percentile_is_one_of_the_times() {
    let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
    let shown = [500, 950, 990, 1_000].map(|per_mille| percentile(&times, per_mille));
    assert_eq!(shown, ["100 ms", "190 ms", "198 ms", "200 ms"]);
    assert_eq!(percentile(&times[..1], 500), "1 ms");
    assert_eq!(percentile(&[], 500), "–");
}
