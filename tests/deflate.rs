//! Compressed frames: what groups are sent is read back, refers to what was sent before, and begins anew when it has to.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use roomcast::deployment::inflater::{Inflater, Unreadable};
use roomcast::dialect::deflate::Deflater;
use roomcast::limits::DEFLATE_GROUPS;
use roomcast::protocol::deflate::{BEGINS, CONTINUES, DICTIONARY};
use roomcast::room::groups::GroupId;
use serde_json::Value;

const A: GroupId = GroupId(1);

fn update(seq: usize) -> String {
    let n = seq * 7;
    format!(r#"{{"type":"dashboard.update","seq":{seq},"updateType":"a","data":{{"n":{n}}}}}"#)
}

#[test]
fn frames_refer_to_those_before_them_until_somebody_joins() {
    let (mut deflater, mut client) = (Deflater::default(), Inflater::default());
    let mut next = |deflater: &mut Deflater, seq| {
        let frame = deflater.frame(A, &update(seq)).unwrap();
        assert_eq!(client.text(&frame).unwrap(), update(seq));
        (frame[0], frame.len())
    };
    let first = next(&mut deflater, 1);
    let second = next(&mut deflater, 2);
    assert_eq!((first.0, second.0), (BEGINS, CONTINUES));
    assert!(second.1 < first.1, "{second:?} is smaller than {first:?}");
    deflater.join(GroupId(2));
    assert_eq!(next(&mut deflater, 3).0, CONTINUES, "somebody has joined another group");
    deflater.join(A);
    assert_eq!(next(&mut deflater, 4).0, BEGINS);
    assert_eq!(next(&mut deflater, 5).0, CONTINUES);
}

#[test]
fn the_first_frame_refers_to_the_dictionary() {
    let mut deflater = Deflater::default();
    let frame = deflater.frame(A, DICTIONARY).unwrap();
    assert!(frame.len() < 40, "{} bytes", frame.len());
}

#[test]
fn more_groups_than_streams_begin_anew() {
    let mut deflater = Deflater::default();
    let groups = u32::try_from(DEFLATE_GROUPS).unwrap() + 1;
    let kind = |deflater: &mut Deflater, group| deflater.frame(GroupId(group), "a").unwrap()[0];
    for group in 1..=groups {
        assert_eq!(kind(&mut deflater, group), BEGINS);
    }
    assert_eq!(kind(&mut deflater, groups), CONTINUES);
    assert_eq!(kind(&mut deflater, 1), BEGINS, "its stream was another group's meanwhile");
    assert_eq!(kind(&mut deflater, 2), BEGINS, "as was that of the next");
}

#[test]
fn what_is_malformed_or_has_not_begun_is_not_read() {
    let mut deflater = Deflater::default();
    deflater.frame(A, "a").unwrap();
    let later = deflater.frame(A, "b").unwrap();
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
                    deflater.join(GroupId(group));
                    groups.entry(group).or_default().push(Inflater::default());
                }
                Step::Send(group, text) => {
                    let frame = deflater.frame(GroupId(group), &text).unwrap();
                    for member in groups.entry(group).or_default() {
                        prop_assert!(member.text(&frame).as_ref() == Ok(&text));
                    }
                }
            }
        }
    }
}
