//! What a request brings beside its body: its address, its origin, and what it claims when it wants to watch a session.

use roomcast::auth::admission::{admit, Claimed, Open, Place};
use roomcast::auth::origin::Origins;
use roomcast::auth::token::Carriers;
use roomcast::limits::{PACE_MAX_MS, PACE_STEP_MS};
use roomcast::preset::presets::Presets;
use roomcast::protocol::etag;
use roomcast::protocol::ids::{Position, RoomName, SessionId};
use roomcast::tenant::document::parse;
use roomcast::tenant::site::{site, Named};
use roomcast::tenant::Tenant;
use serde_json::json;

use crate::jwt::hs256;
use crate::parts::{given, join, texts};
use crate::seeds;
use crate::stage::NOW;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const ORIGIN: &str = "https://app.example.com";

thread_local! {
    static TENANT: Tenant = tenant();
}

fn tenant() -> Tenant {
    let document = json!({"origins": [ORIGIN], "tokens": {"issuer": null, "audience": null,
        "keys": [{"alg": "HS256", "secret": KEY}]},
        "webhooks": [{"scheme": "standard", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}]});
    parse("acme".parse().unwrap(), document).unwrap().tenant
}

/// The token that is good. Nobody without the key can make another one.
fn token() -> String {
    let claims = json!({"sub": "ada", "exp": NOW.seconds() + 60, "sessions": ["s-*"],
        "topics": ["a", "p:*"]});
    hs256(KEY.as_bytes(), br#"{"alg":"HS256","typ":"JWT"}"#, claims.to_string().as_bytes())
}

/// The target `admission`: everything that a client claims. `TOKEN` stands for the token that is good.
pub(super) fn admission(input: &[u8]) {
    let Some(parts) = texts::<10>(input) else { return };
    let token = token();
    let parts = parts.map(|part| part.replace("TOKEN", &token));
    let [session, origin, resume, topics, resume_topics, pace, authorization, protocols, cookie, query] =
        parts.each_ref().map(String::as_str);
    let carriers = Carriers {
        authorization: given(authorization),
        protocols: given(protocols),
        cookie: given(cookie),
        query: given(query),
    };
    let claimed = Claimed {
        origin: given(origin),
        carriers,
        resume: given(resume),
        topics: given(topics),
        resume_topics: given(resume_topics),
        pace: given(pace),
        compress: None,
    };
    for open in [Open::Closed, Open::ToOrigins, Open::ToReaders] {
        is_right(&claimed, &Place { open, ..Place::of(session) }, &token);
    }
}

fn is_right(claimed: &Claimed<'_>, place: &Place<'_>, token: &str) {
    let admitted =
        TENANT.with(|tenant| admit((&tenant.origins, &tenant.tokens), place, claimed, NOW));
    let Ok(admitted) = admitted else { return };
    let carried = claimed.carriers.find();
    assert!(claimed.origin.is_none_or(|origin| origin == ORIGIN));
    assert!(carried.is_none_or(|carried| carried.token == token), "forged: {carried:?}");
    if let Some(carried) = carried {
        assert_eq!(admitted.grant.user, "ada");
        assert!(admitted.session.as_str().starts_with("s-"), "another session");
        assert!(claimed.origin.is_some() || !carried.ambient);
    } else {
        assert_eq!(admitted.grant.user, "", "a name without a token");
        assert!(place.open != Open::Closed, "in without a token");
        assert!(place.open != Open::ToOrigins || claimed.origin.is_some());
    }
    assert!(admitted.grant.topics.cover(&admitted.topics), "more topics than allowed");
    assert!(admitted.pace_ms <= PACE_MAX_MS && admitted.pace_ms.is_multiple_of(PACE_STEP_MS));
    let resume = admitted.resume.map(|position| position.to_string());
    assert_eq!(resume.map(|text| text.parse::<Position>().is_ok()), claimed.resume.map(|_| true));
}

/// Seeds of `admission`: a claim by each carrier, and those that are attacks.
pub(super) fn admissions() -> Vec<Vec<u8>> {
    let claim = ["s-1", ORIGIN, "0123456789abcdef:7", "a,p:7", "a,old", "251", "", "", "", ""];
    let carried = [
        (6, "Bearer TOKEN"),
        (7, "roomcast.v1, roomcast.bearer.TOKEN"),
        (8, "x=1; roomcast_token=TOKEN"),
        (9, "TOKEN"),
        (9, "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDB9."),
    ];
    let mut all = vec![join(&claim)];
    for (place, text) in carried {
        let mut with = claim;
        with[place] = text;
        all.push(join(&with));
    }
    for session in seeds::texts(&seeds::json("tests/attacks/cases/sessions.json")) {
        let mut with = claim;
        with[0] = &session;
        all.push(join(&with));
    }
    all
}

/// The target `addresses`: an address, a suffix of host names, and a header `If-None-Match`.
pub(super) fn addresses(input: &[u8]) {
    let Some([url, suffix, tag]) = texts(input) else { return };
    let (named, path) = site(url, given(suffix));
    assert!(url.contains(path) || path == "/", "{path}");
    match named {
        Named::Tenant(name) => {
            let text = name.as_str();
            assert!(
                text.len() <= 32
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
        Named::Host(host) => assert!(!host.bytes().any(|byte| byte.is_ascii_uppercase())),
        Named::Nobody => {}
    }
    let presets = PRESETS.with(Presets::clone);
    for path in [path, url] {
        let Some(place) = presets.place(path) else { continue };
        if let Ok(session) = place.session.parse::<SessionId>() {
            let room = presets.room(&"acme".parse().unwrap(), place.preset, &session);
            assert_eq!(room.to_string().parse::<RoomName>(), Ok(room), "two rooms of one name");
        }
    }
    if let Ok(room) = url.parse::<RoomName>() {
        assert_eq!(room.to_string(), url, "two names of one room");
    }
    assert!(
        !etag::matches(tag, "\"0123456789abcdef:7\"")
            || tag.contains("0123456789abcdef:7")
            || tag.trim() == "*"
    );
}

thread_local! {
    static PRESETS: Presets = Presets::parse("sessions admin projects stats").unwrap();
}

/// Seeds of `addresses`: of each kind one, and the paths that are attacks.
pub(super) fn urls() -> Vec<Vec<u8>> {
    let mut urls: Vec<String> = [
        "https://acme.rooms.test/api/sessions/s-1/live?topics=a",
        "https://other.test:8443/t/acme/api/events",
        "http://[::1]:8787/ws/projects/p-1",
        "https://u:p@acme.rooms.test/",
        "demo/admin/all",
        "/ws/admin/monitor",
    ]
    .map(str::to_owned)
    .into();
    urls.extend(seeds::texts(&seeds::json("tests/attacks/cases/paths.json")));
    urls.iter().map(|url| join(&[url, ".rooms.test", "W/\"0123456789abcdef:7\""])).collect()
}

/// The target `origins`: a list, and an origin that is asked for.
pub(super) fn origins(input: &[u8]) {
    let Some([list, asked]) = texts(input) else { return };
    match Origins::parse(list) {
        Err(reason) => assert!(reason.starts_with("must be an origin")),
        Ok(origins) => {
            let entries: Vec<String> =
                list.split_whitespace().map(str::to_ascii_lowercase).collect();
            assert!(entries.iter().all(|entry| origins.contains(entry)));
            assert_eq!(origins.contains(asked), entries.iter().any(|entry| entry == asked));
            assert!(!origins.contains("null") && !origins.contains("") && !origins.contains("*"));
            assert!(!origins.allow(None, true) && origins.allow(None, false));
        }
    }
}

/// Seeds of `origins`: a list, and the origins that are attacks.
pub(super) fn lists() -> Vec<Vec<u8>> {
    let asked = seeds::texts(&seeds::json("tests/attacks/cases/origins.json"));
    let list = "https://app.example.com http://localhost:8787\nHTTPS://B.test";
    asked.iter().map(|origin| join(&[list, origin])).collect()
}
