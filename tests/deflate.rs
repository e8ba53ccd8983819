//! Compressed frames: what groups are sent is read back, refers to what was sent before, and begins anew when it has to.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use roomcast::deployment::inflater::{Inflater, Unreadable};
use roomcast::dialect::deflate::Deflater;
use roomcast::limits::DEFLATE_GROUPS;
use roomcast::protocol::deflate::{BEGINS, CONTINUES, DICTIONARY};
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::room::view::View;
use serde_json::Value;

/// The view of a group, by its number.
fn view(group: u32) -> View {
    View { pace_ms: group, deflate: true, ..View::of_all(Dialect::V1) }
}

/// Streams for groups of which all want one.
fn joined(groups: std::ops::Range<u32>) -> Deflater {
    let mut deflater = Deflater::default();
    groups.for_each(|group| deflater.join(&view(group), |_| true));
    deflater
}

fn frame(deflater: &mut Deflater, group: u32, text: &str) -> Option<Vec<u8>> {
    deflater.frame(&view(group), text, &[]).map(|deflated| deflated.frame)
}

fn update(seq: usize) -> String {
    let n = seq * 7;
    format!(r#"{{"type":"dashboard.update","seq":{seq},"updateType":"a","data":{{"n":{n}}}}}"#)
}

#[test]
fn frames_refer_to_those_before_them_until_somebody_joins() {
    let (mut deflater, mut client) = (joined(0..1), Inflater::default());
    let mut next = |deflater: &mut Deflater, seq| {
        let frame = frame(deflater, 0, &update(seq)).unwrap();
        assert_eq!(client.text(&frame).unwrap(), update(seq));
        (frame[0], frame.len())
    };
    let first = next(&mut deflater, 1);
    let second = next(&mut deflater, 2);
    assert_eq!((first.0, second.0), (BEGINS, CONTINUES));
    assert!(second.1 < first.1, "{second:?} is smaller than {first:?}");
    deflater.join(&view(2), |_| true);
    assert_eq!(next(&mut deflater, 3).0, CONTINUES, "somebody has joined another group");
    deflater.join(&view(0), |_| true);
    assert_eq!(next(&mut deflater, 4).0, BEGINS);
    assert_eq!(next(&mut deflater, 5).0, CONTINUES);
}

#[test]
fn the_first_frame_refers_to_the_dictionary() {
    let frame = frame(&mut joined(0..1), 0, DICTIONARY).unwrap();
    assert!(frame.len() < 40, "{} bytes", frame.len());
}

#[test]
fn who_was_sent_something_else_is_behind_until_the_stream_begins_anew() {
    let mut deflater = joined(0..1);
    let [ada, bob] = [1, 2].map(|id| ClientId::from_random([id; 8]));
    let next = |deflater: &mut Deflater, except: &[ClientId]| {
        let sent = deflater.frame(&view(0), "a", except).unwrap();
        (sent.frame[0], sent.behind)
    };
    assert_eq!(next(&mut deflater, &[]), (BEGINS, vec![]));
    assert_eq!(next(&mut deflater, std::slice::from_ref(&bob)), (CONTINUES, vec![]));
    assert_eq!(next(&mut deflater, &[]), (CONTINUES, vec![bob.clone()]));
    assert_eq!(next(&mut deflater, &[bob.clone(), ada.clone()]), (CONTINUES, vec![]));
    assert_eq!(next(&mut deflater, &[]), (CONTINUES, vec![bob, ada.clone()]));
    deflater.join(&view(0), |_| true);
    assert_eq!(next(&mut deflater, std::slice::from_ref(&ada)), (BEGINS, vec![]));
    assert_eq!(next(&mut deflater, &[]), (CONTINUES, vec![ada]));
}

#[test]
fn there_are_so_many_streams_and_those_that_nobody_wants_any_more_make_place() {
    let groups = u32::try_from(DEFLATE_GROUPS).unwrap();
    let mut deflater = joined(0..groups + 1);
    assert!(frame(&mut deflater, groups - 1, "a").is_some());
    assert_eq!(frame(&mut deflater, groups, "a"), None, "there is no place");
    deflater.join(&view(groups), |wanted| *wanted != view(3));
    assert_eq!(frame(&mut deflater, 3, "a"), None);
    assert_eq!(frame(&mut deflater, groups, "a").unwrap()[0], BEGINS);
    deflater.join(&view(9), |_| false);
    assert_eq!(frame(&mut deflater, 9, "a"), None, "it wants none");
}

#[test]
fn what_is_malformed_or_has_not_begun_is_not_read() {
    let mut deflater = joined(0..1);
    frame(&mut deflater, 0, "a").unwrap();
    let later = frame(&mut deflater, 0, "b").unwrap();
    assert_eq!(Inflater::default().text(&later), Err(Unreadable));
    for bad in [&[][..], &[2, 0], &[BEGINS, 0xff, 0xff]] {
        assert_eq!(Inflater::default().text(bad), Err(Unreadable), "{bad:?}");
    }
}

#[test]
fn the_shared_vectors_are_read() {
    let path = format!("{}/tests/vectors/deflate.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(vectors["dictionary"], DICTIONARY);
    let (mut client, mut kinds) = (Inflater::default(), BTreeSet::new());
    for frame in vectors["frames"].as_array().unwrap() {
        let bytes = bytes(frame["hex"].as_str().unwrap());
        assert_eq!(client.text(&bytes).unwrap(), frame["text"].as_str().unwrap());
        kinds.insert(bytes[0]);
    }
    assert_eq!(kinds, BTreeSet::from([BEGINS, CONTINUES]));
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[derive(Debug, Clone)]
enum Step {
    /// Somebody joins a group.
    Join(u32),
    /// A group is sent a text.
    Send(u32, String),
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop_oneof![
        "[ -~]{0,40}",
        (0..3_000_usize).prop_map(|many| (0..many).map(update).collect()),
        ("\\PC{1,8}", 1..9_000_usize).prop_map(|(text, many)| text.repeat(many)),
    ];
    prop_oneof![
        1 => (0..12_u32).prop_map(Step::Join),
        4 => (0..12_u32, text).prop_map(|(group, text)| Step::Send(group, text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_member_reads_every_frame_since_it_joined(steps in prop::collection::vec(step(), 1..40)) {
        let mut deflater = Deflater::default();
        let mut groups: BTreeMap<u32, Vec<Inflater>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Join(group) => {
                    deflater.join(&view(group), |_| true);
                    groups.entry(group).or_default().push(Inflater::default());
                }
                Step::Send(group, text) => {
                    let Some(frame) = frame(&mut deflater, group, &text) else { continue };
                    for member in groups.entry(group).or_default() {
                        prop_assert!(member.text(&frame).as_ref() == Ok(&text));
                    }
                }
            }
        }
    }
}

/// An update as rooms send it, whose text is words.
fn sentence(seq: usize) -> String {
    const WORDS: [&str; 16] = [
        "the", "lease", "of", "our", "bakery", "ends", "in", "march", "invoice", "queue", "moved",
        "review", "assigned", "customer", "region", "forecast",
    ];
    let mut random = (seq as u64 * 0x9e37_79b9_7f4a_7c15) | 1;
    let mut word = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        WORDS[usize::try_from(random >> 60).unwrap()]
    };
    let text: Vec<&str> = (0..14).map(|_| word()).collect();
    let (text, cycle, at) = (text.join(" "), seq % 8, seq % 60);
    format!(
        r#"{{"type":"dashboard.update","seq":{seq},"updateType":"component.output","timestamp":"2026-01-07T10:00:{at:02}Z","data":{{"cycleId":"cycle-{cycle}","componentType":"part-1","summary":"{text}"}}}}"#
    )
}

/// `cargo test --release --test deflate -- --ignored --nocapture` prints the table of docs/performance.md.
#[test]
#[ignore = "measures"]
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn what_compressing_costs() {
    for (many, anew) in [1, 20, 50, 100].into_iter().flat_map(|many| [(many, false), (many, true)])
    {
        let texts: Vec<String> = (0..400)
            .map(|burst| {
                (0..many).map(|n| sentence(burst * many + n)).collect::<Vec<_>>().join(",")
            })
            .collect();
        let mut deflater = joined(0..1);
        let (mut json, mut bytes, mut took) = (0, 0, Duration::ZERO);
        for text in &texts {
            if anew {
                deflater.join(&view(0), |_| true);
            }
            let begun = Instant::now();
            bytes += frame(&mut deflater, 0, text).unwrap().len();
            took += begun.elapsed();
            json += text.len();
        }
        let percent = bytes * 1_000 / json;
        println!(
            "{many} updates{}: {} bytes become {}.{} %, in {} µs",
            if anew { ", each anew" } else { "" },
            json / texts.len(),
            percent / 10,
            percent % 10,
            took.as_micros() / texts.len() as u128,
        );
    }
}
