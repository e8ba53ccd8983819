//! The answers with a problem document: one for each status, with all codes that it can have there.

use std::collections::BTreeMap;

use serde_json::{json, Map, Value};

use super::schemas::{reference, sentence};
use crate::auth::webhook;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::media::Unsupported;
use crate::protocol::problem::{Problem, CHALLENGE, MEDIA_TYPE, RETRY_AFTER};

/// Where a document has the examples of problems.
const EXAMPLES: &str = "/components/examples";

/// A code of a problem document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// A problem.
    Problem(ProblemCode),
    /// A refusal.
    Refusal(Refusal),
}

impl Code {
    /// All codes there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let problems = ProblemCode::ALL.iter().copied().map(Self::Problem);
        problems.chain(Refusal::ALL.iter().copied().map(Self::Refusal))
    }

    /// The code on the wire.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Problem(code) => code.code(),
            Self::Refusal(refusal) => refusal.code(),
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::Problem(code) => code.status(),
            Self::Refusal(refusal) => refusal.status(),
        }
    }

    fn meaning(self) -> String {
        sentence(match self {
            Self::Problem(code) => code.meaning(),
            Self::Refusal(refusal) => refusal.meaning(),
        })
    }

    /// A problem with this code, as it is answered.
    fn example(self) -> Problem {
        let problem = match self {
            Self::Problem(ProblemCode::UnsupportedMediaType) => Unsupported::MediaType.problem(),
            Self::Problem(ProblemCode::UnsupportedEncoding) => Unsupported::Encoding.problem(),
            Self::Problem(code) => Problem::new(code, self.meaning()),
            Self::Refusal(refusal) => Problem::refusal(refusal),
        };
        match self {
            Self::Problem(ProblemCode::EventsExceeded) => problem.with_retry(1),
            Self::Refusal(Refusal::AttemptsExceeded) => problem.with_retry(60),
            Self::Problem(
                ProblemCode::SignatureMissing
                | ProblemCode::SignatureInvalid
                | ProblemCode::SignatureStale,
            ) => problem.with_header(CHALLENGE, webhook::CHALLENGE),
            Self::Problem(ProblemCode::AdminRefused) => {
                problem.with_header(CHALLENGE, r#"Bearer realm="roomcast admin""#)
            }
            Self::Problem(ProblemCode::UpgradeRequired) => problem
                .with_header("upgrade", "websocket")
                .with_header("sec-websocket-version", "13"),
            _ => problem,
        }
    }
}

/// An example of each problem that the answers name.
pub(super) fn examples() -> Map<String, Value> {
    let named = Code::all().filter(|code| *code != Code::Problem(ProblemCode::MethodNotAllowed));
    named.map(|code| (code.text().to_owned(), json!({ "value": code.example() }))).collect()
}

/// The answers with these codes, by status.
pub(super) fn responses(codes: &[Code]) -> BTreeMap<u16, Value> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let known = by_status.entry(code.status()).or_default();
        if !known.contains(code) {
            known.push(*code);
        }
    }
    by_status.into_iter().map(|(status, codes)| (status, response(status, &codes))).collect()
}

fn response(status: u16, codes: &[Code]) -> Value {
    let line = |code: &Code| format!("- `{}`: {}", code.text(), code.meaning());
    let lines: Vec<_> = codes.iter().map(line).collect();
    let texts: Vec<_> = codes.iter().map(|code| code.text()).collect();
    let problem = json!({"allOf": [reference("Problem"), {
        "type": "object",
        "properties": {"status": {"const": status}, "code": {"enum": texts}},
    }]});
    let example = |code: &Code| {
        let place = format!("#{EXAMPLES}/{}", code.text());
        (code.text().to_owned(), json!({ "$ref": place }))
    };
    let examples: Map<_, _> = codes.iter().map(example).collect();
    let mut response = json!({"description": lines.join("\n")});
    if let Some(fields) = response.as_object_mut() {
        let headers = headers(codes);
        if !headers.is_empty() {
            fields.insert("headers".to_owned(), headers.into());
        }
        let content = json!({ MEDIA_TYPE: {"schema": problem, "examples": examples} });
        fields.insert("content".to_owned(), content);
    }
    response
}

/// The headers that some of these answers have, besides those that all have.
fn headers(codes: &[Code]) -> Map<String, Value> {
    let mut headers = Map::new();
    for code in codes {
        for (name, value) in code.example().headers {
            let entry = headers.entry(written(name)).or_insert_with(|| {
                json!({"description": about(name), "schema": {"type": "string"}, "examples": {}})
            });
            if let Some(examples) = entry.get_mut("examples").and_then(Value::as_object_mut) {
                examples.insert(code.text().to_owned(), json!({ "value": value }));
            }
        }
    }
    headers
}

/// A name as people write it. Case does not count.
fn written(name: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_uppercase() + rest,
        None => String::new(),
    };
    let all: Vec<_> = name.split('-').map(word).collect();
    all.join("-").replace("Www", "WWW").replace("Websocket", "WebSocket")
}

fn about(name: &str) -> &'static str {
    match name {
        CHALLENGE => "Which scheme is wanted, and what was wrong with what was shown.",
        RETRY_AFTER => "After how many seconds to come back.",
        "accept-post" => "The media types that are taken.",
        "accept-encoding" => "The encodings that are taken.",
        "upgrade" => "What to upgrade to. Some servers take this header out.",
        _ => "The version of the WebSocket protocol that is taken.",
    }
}
