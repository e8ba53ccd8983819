//! What an expression of Prometheus names: time series, and labels. Does not judge whether it is one: promtool does.

use std::collections::BTreeSet;

use super::families::labels;

/// Words before a list of labels.
const LISTS: [&str; 5] = ["by", "without", "on", "ignoring", "group_left"];

/// Words that name nothing.
const WORDS: [&str; 6] = ["and", "or", "unless", "bool", "offset", "group_right"];

/// What an expression names.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Named {
    /// Time series, each with the labels that choose among them.
    pub(crate) series: Vec<(String, Vec<String>)>,
    /// The labels by which something is grouped or joined.
    pub(crate) lists: BTreeSet<String>,
}

/// A piece of an expression. Texts in quotation marks and durations are left out.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Word(String),
    Sign(char),
}

fn pieces(expression: &str) -> Vec<Piece> {
    // Every second part is inside quotation marks; no expression here has one in a text.
    let outside: Vec<&str> = expression.split('"').step_by(2).collect();
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let (mut pieces, mut word) = (Vec::new(), String::new());
    for sign in outside.join(" ").chars().chain([' ']) {
        if is_word(sign) {
            word.push(sign);
            continue;
        }
        let ended = std::mem::take(&mut word);
        // What begins with a digit is a number or a duration.
        let names = ended.starts_with(|c: char| !c.is_numeric());
        pieces.extend(names.then_some(Piece::Word(ended)));
        pieces.extend((!sign.is_whitespace()).then_some(Piece::Sign(sign)));
    }
    pieces
}

/// The words up to a sign, and how many pieces that are.
fn until(pieces: &[Piece], end: char) -> (Vec<String>, usize) {
    let inside = pieces.iter().take_while(|piece| **piece != Piece::Sign(end));
    let word = |piece: &Piece| match piece {
        Piece::Word(word) => Some(word.clone()),
        Piece::Sign(_) => None,
    };
    (inside.clone().filter_map(word).collect(), inside.count())
}

/// What an expression names.
pub(crate) fn named(expression: &str) -> Named {
    let (pieces, mut named, mut at) = (pieces(expression), Named::default(), 0);
    while at < pieces.len() {
        let (next, after) = (pieces.get(at + 1), pieces.get(at + 2..).unwrap_or_default());
        let Piece::Word(word) = &pieces[at] else {
            at += 1;
            continue;
        };
        at += 1;
        match next {
            Some(Piece::Sign('(')) if LISTS.contains(&word.as_str()) => {
                let (list, length) = until(after, ')');
                at += 1 + length;
                named.lists.extend(list);
            }
            Some(Piece::Sign('{')) => {
                let (chosen, length) = until(after, '}');
                at += 1 + length;
                named.series.push((word.clone(), chosen));
            }
            Some(Piece::Sign('(')) => {}
            _ if WORDS.contains(&word.as_str()) => {}
            // As in `sum by (tenant) (…)`. A time series followed by `on` has a sign between.
            Some(Piece::Word(list)) if LISTS.contains(&list.as_str()) => {}
            _ => named.series.push((word.clone(), Vec::new())),
        }
    }
    named
}

/// Checks that an expression, and what is written beside it, names only what there is.
pub(crate) fn assert_known(expression: &str, beside: &[&str]) {
    let named = named(expression);
    assert!(!named.series.is_empty(), "names nothing: {expression}");
    let mut all = BTreeSet::new();
    for (series, chosen) in &named.series {
        let known = labels(series).unwrap_or_else(|| panic!("no {series}: {expression}"));
        for label in chosen {
            assert!(known.contains(&label.as_str()), "{series} has no {label}: {expression}");
        }
        all.extend(known);
    }
    for label in named.lists.iter().map(String::as_str).chain(beside.iter().copied()) {
        assert!(all.contains(label), "nothing has {label}: {expression}");
    }
}

#[test]
fn what_an_expression_names_is_read() {
    let rate = named(
        r#"sum by (by) (rate(a_total{job=~"$job", by!="(x}"}[5m] offset 1d)) / on (job) group_left () b > 1e3 or vector(0)"#,
    );
    let series = |name: &str, chosen: &[&str]| {
        (name.to_owned(), chosen.iter().map(|label| (*label).to_owned()).collect())
    };
    let expected = [series("a_total", &["job", "by"]), series("b", &[])];
    assert_eq!(rate.series, expected);
    assert_eq!(rate.lists, BTreeSet::from(["by".to_owned(), "job".to_owned()]));
}

#[test]
#[should_panic(expected = "roomcast_members has no reason")]
fn a_label_that_a_family_does_not_have_is_found() {
    assert_known(r#"sum(roomcast_members{reason="x"})"#, &[]);
}

#[test]
#[should_panic(expected = "no roomcast_lag_seconds:")]
fn a_family_that_is_not_printed_is_found() {
    assert_known("rate(roomcast_lag_seconds[5m])", &[]);
}
