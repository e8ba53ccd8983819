//! Ring 3: every code is documented, pinned by a vector and typed, and there are no other codes.
//!
//! The declarations in `src/protocol/codes.rs` are compared, kind by kind, with the tables of
//! `docs/protocol.md`, with `tests/vectors/` and with the types in `client/src/protocol.ts`. `tests/e2e/` and
//! `tests/attacks/` test which request gets which code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;

use roomcast::ingest::dispatch::{Batch, Pointers};
use roomcast::ingest::envelope::Rejected;
use roomcast::ingest::source::Source;
use roomcast::preset::event::Event;
use roomcast::preset::presets::Presets;
use roomcast::protocol::codes::{
    reconnect, CloseCode, CloseReason, EventFault, FrameFault, ProblemCode, Reconnect, Refusal,
    NORMAL,
};
use roomcast::protocol::post::{GitHubHeaders, PostHeaders};
use roomcast::protocol::problem::Malformed;
use roomcast::protocol::results::{EventResult, IgnoredBecause, Outcome};
use roomcast::protocol::time::Timestamp;
use serde_json::{json, Value};

const DOCUMENT: &str = "docs/protocol.md";
const TYPES: &str = "client/src/protocol.ts";

fn read(file: &str) -> String {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn vectors(file: &str) -> Vec<Value> {
    serde_json::from_str(&read(&format!("tests/vectors/{file}"))).unwrap()
}

/// One line per row, in the order of the table.
fn lines<Row>(rows: &[Row], line: impl Fn(&Row) -> String) -> Vec<String> {
    rows.iter().map(line).collect()
}

/// Checks that both lists have the same entries, each once.
fn same(place: &str, declared: &[String], found: &[String]) {
    let set = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
    let missing: Vec<_> = set(declared).difference(&set(found)).cloned().collect();
    let unknown: Vec<_> = set(found).difference(&set(declared)).cloned().collect();
    assert!(missing.is_empty(), "{place} lacks {missing:#?}, which src/protocol/codes.rs declares");
    assert!(unknown.is_empty(), "{place} has {unknown:#?}, which src/protocol/codes.rs does not");
    assert_eq!((set(declared).len(), set(found).len()), (declared.len(), found.len()), "{place}");
}

/// The content of a table's cell: the parts written as code, or the text if there are none.
fn cell(text: &str) -> String {
    let code: Vec<_> = text.split('`').skip(1).step_by(2).collect();
    if code.is_empty() {
        text.trim().to_owned()
    } else {
        code.join(", ")
    }
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split(" |").map(cell).collect()
}

/// These columns of the rows of the table that has them, under a heading of the document.
fn table(heading: &str, columns: &[&str]) -> Vec<String> {
    let document = read(DOCUMENT);
    let section = document.lines().skip_while(|line| *line != heading).skip(1);
    let section = section.take_while(|line| !line.starts_with('#'));
    let lines: Vec<_> = section.collect();
    let place = |header: &str| -> Option<Vec<usize>> {
        let header = cells(header);
        columns.iter().map(|column| header.iter().position(|one| one == column)).collect()
    };
    let header = |pair: &[&str]| pair[1].starts_with("| ---").then(|| place(pair[0])).flatten();
    let mut pairs = lines.windows(2).enumerate();
    let found = pairs.find_map(|(at, pair)| Some((at + 2, header(pair)?)));
    let (start, places) = found.unwrap_or_else(|| panic!("{DOCUMENT}: no {columns:?}: {heading}"));
    let rows = lines[start..].iter().take_while(|line| line.starts_with('|'));
    let chosen = |row: Vec<String>| places.iter().map(|at| row[*at].clone()).collect::<Vec<_>>();
    rows.map(|line| chosen(cells(line)).join(" ")).collect()
}

/// The types of the client without their comments.
fn types() -> String {
    let is_comment = |line: &str| line.trim_start().starts_with(['/', '*']);
    let text = read(TYPES);
    text.split_inclusive('\n').filter(|line| !is_comment(line)).collect()
}

/// The constants of a field in a union of objects among the types of the client.
fn tags(name: &str, field: &str) -> Vec<String> {
    let types = types();
    let (_, rest) = types.split_once(&format!("export type {name} =")).unwrap();
    let (members, _) = rest.split_once("};\n").unwrap();
    let start = format!("{field}: '");
    let tag = |line: &str| line.trim().strip_prefix(&start)?.strip_suffix("';").map(str::to_owned);
    members.lines().filter_map(tag).collect()
}

/// The literals in a union among the types of the client, which may consist of other unions.
fn union(name: &str) -> Vec<String> {
    let types = types();
    let start = format!("export type {name} =");
    let (_, rest) = types.split_once(&start).unwrap_or_else(|| panic!("{TYPES}: no {name}"));
    let (members, _) = rest.split_once(";\n").unwrap();
    let members = members.split('|').map(str::trim).filter(|member| !member.is_empty());
    let member = |member: &str| match member.trim_matches(['\'', '`']) {
        text if text != member => vec![text.trim_end_matches(" ${string}").to_owned()],
        text if text.starts_with(|first: char| first.is_ascii_digit()) => vec![text.to_owned()],
        other => union(other),
    };
    members.flat_map(member).collect()
}

#[test]
fn every_refusal_is_documented_pinned_and_typed() {
    let row = |one: &Refusal| format!("{} {} {}", one.code(), one.status(), one.close().number());
    let declared = lines(Refusal::ALL, row);
    same(DOCUMENT, &declared, &table("### Refusals", &["code", "status", "close"]));
    let row = |one: &Refusal| {
        json!({"code": one.code(), "status": one.status(), "close": one.close().number(),
            "challenge": one.challenge()})
        .to_string()
    };
    let pinned = lines(&vectors("refusals.json"), Value::to_string);
    same("refusals.json", &lines(Refusal::ALL, row), &pinned);
    same(TYPES, &lines(Refusal::ALL, |one| one.code().to_owned()), &union("RefusalCode"));
}

#[test]
fn every_code_of_a_problem_is_documented_pinned_and_typed() {
    let declared = lines(ProblemCode::ALL, |one| format!("{} {}", one.status(), one.code()));
    let refusals = lines(Refusal::ALL, |one| format!("{} {}", one.status(), one.code()));
    let columns = ["status", "code"];
    let documented =
        [table("### Other answers", &columns), table("## Problem documents", &columns)];
    let mut documented = documented.concat();
    documented.retain(|row| !refusals.contains(row));
    same(DOCUMENT, &declared, &documented);
    let pinned = |row: &Value| format!("{} {}", row["status"], row["code"].as_str().unwrap());
    same("problems.json", &declared, &lines(&vectors("problems.json"), pinned));
    let mut codes = lines(ProblemCode::ALL, |one| one.code().to_owned());
    codes.extend(lines(Refusal::ALL, |one| one.code().to_owned()));
    same(TYPES, &codes, &union("ProblemCode"));
}

/// The close codes that Roomcast chooses, each with its close reasons, and whether to connect again.
fn closes() -> Vec<(u16, Vec<&'static str>, &'static str)> {
    let reasons = |close: &CloseCode| {
        let reasons = CloseReason::all().filter(|reason| reason.close() == *close);
        reasons.map(CloseReason::code).collect()
    };
    let row = |close: &CloseCode| (close.number(), reasons(close), close.reconnect().words());
    CloseCode::ALL.iter().map(row).collect()
}

#[test]
fn every_close_code_and_reason_is_documented_pinned_and_typed() {
    let closes = closes();
    for (number, reasons, _) in &closes {
        assert!(!reasons.is_empty(), "{number} has no reason");
    }
    let mut documented = table("## Close codes", &["code", "close reason"]);
    documented.retain(|row| row.starts_with(|first: char| first.is_ascii_digit()));
    let mut declared = lines(&closes, |row| format!("{} {}", row.0, row.1.join(", ")));
    declared.push(format!("{NORMAL} "));
    same(DOCUMENT, &declared, &documented);
    let row = |row: &Value| format!("{} {} {}", row["code"], row["reasons"], row["reconnect"]);
    let mut pinned = vectors("close-codes.json");
    pinned.retain(|row| row.get("reasons").is_some());
    let declared = lines(&closes, |row| format!("{} {} {}", row.0, json!(row.1), json!(row.2)));
    same("close-codes.json", &declared, &lines(&pinned, row));
    let mut numbers = lines(&closes, |row| row.0.to_string());
    numbers.push(NORMAL.to_string());
    same(TYPES, &numbers, &union("CloseCode"));
    let reasons: Vec<_> = CloseReason::all().collect();
    same(TYPES, &lines(&reasons, |one| one.code().to_owned()), &union("CloseReason"));
}

#[test]
fn whether_to_connect_again_is_the_same_here_in_the_vectors_and_in_the_types() {
    let rows = vectors("close-codes.json");
    for row in &rows {
        let code = u16::try_from(row["code"].as_u64().unwrap()).unwrap();
        assert_eq!(row["reconnect"], reconnect(code).words(), "{code}");
    }
    let declared = lines(Reconnect::ALL, |one| one.words().to_owned());
    let pinned: BTreeSet<_> = rows.iter().map(|row| row["reconnect"].as_str().unwrap()).collect();
    let pinned: Vec<_> = pinned.into_iter().map(str::to_owned).collect();
    same("close-codes.json", &declared, &pinned);
    same(TYPES, &declared, &union("MayReconnect"));
}

#[test]
fn every_error_of_a_frame_is_documented_pinned_and_typed() {
    let yes_or_no = |retryable| if retryable { "yes" } else { "no" };
    let row = |one: &FrameFault| format!("{} {}", one.code(), yes_or_no(one.is_retryable()));
    let declared = lines(FrameFault::ALL, row);
    same(DOCUMENT, &declared, &table("### `error`", &["code", "retryable"]));
    let pinned = |row: &Value| {
        format!("{} {}", row["code"].as_str().unwrap(), yes_or_no(row["retryable"] == true))
    };
    same("frame-errors.json", &declared, &lines(&vectors("frame-errors.json"), pinned));
    same(TYPES, &lines(FrameFault::ALL, |one| one.code().to_owned()), &union("ErrorCode"));
}

#[test]
fn every_result_of_an_event_is_documented_pinned_and_typed() {
    let heading = "### 202: what became of each event, in the order of the request";
    let rows = vectors("results.json");
    for row in &rows {
        let read: EventResult = serde_json::from_value(row.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), *row);
    }
    let kinds = [
        ("status", Outcome::CODES, tags("Outcome", "status")),
        ("reason", IgnoredBecause::CODES, union("IgnoredBecause")),
    ];
    for (field, codes, typed) in kinds {
        let declared = lines(codes, |code| (*code).to_owned());
        same(DOCUMENT, &declared, &table(heading, &[field]));
        let pinned: BTreeSet<_> = rows.iter().filter_map(|row| row[field].as_str()).collect();
        let pinned: Vec<_> = pinned.into_iter().map(str::to_owned).collect();
        same("results.json", &declared, &pinned);
        same(TYPES, &declared, &typed);
    }
}

/// The source of a post with these headers, which are those that matter for decoding.
fn decoded(headers: &Value, body: &str) -> Result<Vec<Event>, Rejected> {
    let header = |name: &str| headers[name].as_str();
    let fields = headers.as_object().into_iter().flatten();
    let lines = fields.map(|(name, value)| format!("{name}:{}", value.as_str().unwrap()));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let signature = header("x-github-event");
    let post = PostHeaders {
        content_type: header("content-type"),
        specversion: header("ce-specversion"),
        github: GitHubHeaders { signature, ..GitHubHeaders::default() },
        stripe: header("stripe-signature"),
        ..PostHeaders::default()
    };
    let post = post.with(&lines);
    Source::of(&post, post.scheme().unwrap()).decode(body.as_bytes(), Timestamp(0), None)
}

/// The fault of the first malformed event in a body.
fn first_error(headers: &Value, body: &str, preset: &Presets) -> Malformed {
    let errors = match decoded(headers, body) {
        Err(Rejected::Malformed(errors)) => errors,
        Err(Rejected::TooLarge) => panic!("too large: {body}"),
        Ok(events) => match Batch::new(preset, events) {
            Err(errors) => errors,
            Ok(batch) => match batch.dispatch(&Pointers::new()) {
                Err(Rejected::Malformed(errors)) => errors,
                other => panic!("{other:?}: {body}"),
            },
        },
    };
    errors.into_iter().next().unwrap()
}

#[test]
fn every_reason_of_a_malformed_event_is_documented_pinned_and_typed() {
    let declared = lines(EventFault::ALL, |one| one.reason().to_owned());
    same(DOCUMENT, &declared, &table("### Other answers", &["reason"]));
    same(TYPES, &declared, &union("MalformedReason"));
    let mut pinned = BTreeSet::new();
    for row in vectors("malformed.json") {
        let own = row.get("preset").map(|preset| Presets::parse(&preset.to_string()).unwrap());
        let preset = own.unwrap_or_else(|| Presets::parse("sessions").unwrap());
        let found = first_error(&row["headers"], row["body"].as_str().unwrap(), &preset);
        assert_eq!(
            (json!(found.field), json!(found.reason)),
            (row["field"].clone(), row["reason"].clone())
        );
        let begins = declared.iter().filter(|reason| found.reason.starts_with(*reason));
        pinned.extend(begins.max_by_key(|reason| reason.len()).cloned());
    }
    same("malformed.json", &declared, &pinned.into_iter().collect::<Vec<_>>());
}
