//! What the front Worker and the objects tell each other: what can be read is written and read back the same.

use roomcast::hop::join::Join;
use roomcast::hop::reading::Reading;
use roomcast::hop::{delivery, directory, lesson, seat, tenant};
use roomcast::protocol::lease::RollCall;
use roomcast::room::member::Member;
use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::parts::{join, split};

/// The target `hops`: a form and a text, which is read as this form.
pub(super) fn hops(input: &[u8]) {
    let [form, text] = split(input);
    match form.first().unwrap_or(&0) % 15 {
        0 => header(text, Join::decode, Join::encode),
        1 => header(text, Reading::decode, Reading::encode),
        2 => delivered(text),
        3 => same::<delivery::Delivered>(text),
        4 => same::<tenant::Question>(text),
        5 => same::<tenant::Answer>(text),
        6 => same::<tenant::Copied>(text),
        7 => same::<directory::Question>(text),
        8 => same::<directory::Answer>(text),
        9 => same::<lesson::Lesson>(text),
        10 => same::<RollCall>(text),
        11 => same::<seat::Take>(text),
        12 => same::<seat::Taken>(text),
        13 => same::<tenant::Welcome>(text),
        _ => same::<Member>(text),
    }
}

/// A header is base64, so that the text within is the input.
fn header<T: PartialEq + std::fmt::Debug + DeserializeOwned + Serialize>(
    text: &[u8],
    decode: fn(&str) -> Option<T>,
    encode: fn(&T) -> String,
) {
    let Ok(read) = serde_json::from_slice::<T>(text) else { return };
    assert_eq!(decode(&encode(&read)), Some(read), "a header reads back");
    let _ = str::from_utf8(text).map(decode);
}

fn delivered(text: &[u8]) {
    let Ok((docket, updates)) = delivery::decode(text) else { return };
    let body = delivery::encode(docket, &updates);
    assert_eq!(delivery::decode(body.as_bytes()), Ok((docket, updates)), "a delivery reads back");
}

fn same<T: DeserializeOwned + Serialize>(text: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(text) else { return };
    let written = serde_json::to_string(&read).unwrap();
    let again: T = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
}

/// Seeds of `hops`: one of each form.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let delivery = concat!(
        r#"[7,[["e-1",{"key":"k\n\"","bytes":9}],["e-2",{"key":"k","keep":50,"occurred":9,"topic":"project:7","#,
        r#""audience":{"users":["ada"],"permissions":["see"]},"drops":["a*"],"parts":[13,20,0,30],"bytes":0}]]]"#,
        "\n\"a\":\"é\n\""
    );
    let join_text = concat!(
        r#"{"client":"0101010101010101","grant":{"user":"ada","expires":7,"sessions":["s-*"],"topics":["a*"],"#,
        r#""permissions":["read"],"token":"t","issued":1},"dialect":"v1","topics":["a"],"pace_ms":250,"#,
        r#""resume_topics":["*"],"capacity":{"clients":3},"leases":[[{"user":"ada"},{"at":5,"life":4}]],"resume":"0123456789abcdef:7"}"#
    );
    let member = concat!(
        r#"{"user":"ada","expires":7,"dialect":{"json":{"update":"@data"}},"topics":["a"],"permissions":["p"],"#,
        r#""pace_ms":250,"allowed":["a*"],"joined":1,"heard":2,"acked":3,"paid":4,"state":5}"#
    );
    let texts = [
        (0, join_text),
        (1, r#"{"user":"Zoë","topics":["a"],"permissions":["read"],"latest":"x"}"#),
        (2, delivery),
        (2, "[7,[],null,2000]\n"),
        (
            3,
            r#"{"outcomes":[{"accepted":1},{"duplicate":2},"stale"],"cost":{"requests":1,"bursts":0,"rowsWritten":0,"rowsRead":0}}"#,
        ),
        (4, r#"{"put":{"document":{"a":[1]},"condition":{"matches":null,"differs":"*"}}}"#),
        (4, r#""reseal""#),
        (5, r#"{"faulty":{"conflict":false,"faults":[{"place":"tokens","reason":"is missing"}]}}"#),
        (5, r#"{"document":{"version":"0123","document":{},"created":true}}"#),
        (6, r#"{"changed":{"version":"0123","document":{"origins":[]}}}"#),
        (
            7,
            r#"{"claim":{"tenant":"acme","hosts":["a.test"],"credentials":[{"fingerprint":"0f","all":["0f"]}]}}"#,
        ),
        (7, r#"{"list":{"after":"acme","limit":2}}"#),
        (8, r#"{"taken":{"hosts":[0],"credentials":[]}}"#),
        (9, r#"{"name":"Cycle/c-1","session":"s-1","at":7}"#),
        (10, r#"{"clients":["0101010101010101"],"all":[{"address":"10.0.0.1/admin"},7]}"#),
        (
            11,
            r#"{"client":"0101010101010101","room":"t/s-1","subject":{"user":"ada"},"limit":5,"shown":{"token":"t-1","issued":7,"session":"s-1"},"attempts":9}"#,
        ),
        (12, r#"{"granted":{"at":7,"life":3}}"#),
        (13, r#"{"rule":{"suspended":true,"retention_ms":86400000}}"#),
        (14, member),
    ];
    texts.into_iter().map(|(form, text)| join(&[&[form][..], text.as_bytes()])).collect()
}
