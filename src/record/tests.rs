use serde_json::{json, Value};

use super::*;

/// Lines with `text` in every field whose text comes from a client or from the platform.
fn lines_with(text: &str) -> Vec<String> {
    let client = ClientId::from_random([7; 8]);
    let (room, user, client) = (text, text, &client);
    let lines = [
        Line::Accepted { room, client, user, dialect: "v1", resumed: true },
        Line::Refused {
            tenant: text,
            session: text,
            origin: Some(text),
            status: 400,
            reason: text,
        },
        Line::Closed { room, client, user, code: 1000, seconds: 1, acked: 2 },
        Line::PostRefused { tenant: text, status: 401, reason: text },
        Line::RoomFailed { room, stage: text, cause: text },
        Line::Skipped { tenant: text, events: 2, detail: text },
        Line::RoomRestored { room, clients: 2 },
        Line::RoomEnded { room },
        Line::Conflated { room, updates: 2 },
        Line::TenantStored { tenant: text, version: text, created: true },
        Line::TenantFailed { tenant: text, cause: text },
        Line::TenantDeleted { tenant: text },
        Line::KeysFailed { tenant: text, url: text, cause: text },
        Line::HookFailed { room, id: text, status: Some(500), given_up: true },
        Line::Revoked { tenant: text, user, token: Some(text), closed: 2 },
        Line::AdminRefused { method: text, path: text, status: 401, reason: text },
    ];
    lines.iter().map(Line::encode).collect()
}

/// The texts of a line, as a JSON parser reads them.
fn texts(line: &str) -> Vec<String> {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let fields = line.as_object().unwrap().values();
    fields.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn shown(text: &str) -> String {
    let line = Line::PostRefused { tenant: text, status: 401, reason: "r" }.encode();
    let line: Value = serde_json::from_str(&line).unwrap();
    line["tenant"].as_str().unwrap().to_owned()
}

#[test]
fn the_names_of_lines_and_fields_are_unchanged() {
    let client = ClientId::from_random([7; 8]);
    let (room, user, client) = ("demo/s-1", "ada", &client);
    let id = "0707070707070707";
    for (line, want) in [
        (
            Line::Accepted { room, client, user, dialect: "v1", resumed: true },
            json!({"event": "connection.accepted", "room": room, "client": id, "user": user,
                "dialect": "v1", "resumed": true}),
        ),
        (
            Line::Refused { tenant: "demo", session: "s", origin: None, status: 401, reason: "r" },
            json!({"event": "connection.refused", "tenant": "demo", "session": "s",
                "origin": null, "status": 401, "reason": "r"}),
        ),
        (
            Line::Closed { room, client, user, code: 1000, seconds: 7, acked: 42 },
            json!({"event": "connection.closed", "room": room, "client": id, "user": user,
                "code": 1000, "seconds": 7, "acked": 42}),
        ),
        (
            Line::PostRefused { tenant: "demo", status: 401, reason: "signature_stale" },
            json!({"event": "post.refused", "tenant": "demo", "status": 401,
                "reason": "signature_stale"}),
        ),
        (
            Line::RoomFailed { room, stage: "append", cause: "disk full" },
            json!({"event": "room.failed", "room": room, "stage": "append", "cause": "disk full"}),
        ),
        (
            Line::HookFailed { room, id: "0e-1", status: None, given_up: false },
            json!({"event": "hook.failed", "room": room, "id": "0e-1", "status": null,
                "givenUp": false}),
        ),
        (
            Line::RoomRestored { room, clients: 3 },
            json!({"event": "room.restored", "room": room, "clients": 3}),
        ),
        (
            Line::Skipped { tenant: "demo", events: 2, detail: "payload.a: is missing" },
            json!({"event": "events.skipped", "tenant": "demo", "events": 2,
                "detail": "payload.a: is missing"}),
        ),
        (
            Line::Conflated { room, updates: 7 },
            json!({"event": "room.conflated", "room": room, "updates": 7}),
        ),
        (
            Line::Slowed { room, conflated: 2, held: 1 },
            json!({"event": "room.slowed", "room": room, "conflated": 2, "held": 1}),
        ),
        (Line::RoomEnded { room }, json!({"event": "room.ended", "room": room})),
        (
            Line::TenantStored { tenant: "demo", version: "3", created: false },
            json!({"event": "tenant.stored", "tenant": "demo", "version": "3", "created": false}),
        ),
        (
            Line::TenantFailed { tenant: "demo", cause: "disk full" },
            json!({"event": "tenant.failed", "tenant": "demo", "cause": "disk full"}),
        ),
        (
            Line::TenantDeleted { tenant: "demo" },
            json!({"event": "tenant.deleted", "tenant": "demo"}),
        ),
        (
            Line::KeysFailed { tenant: "demo", url: "https://id.test/keys", cause: "status 500" },
            json!({"event": "keys.failed", "tenant": "demo", "url": "https://id.test/keys",
                "cause": "status 500"}),
        ),
        (
            Line::Revoked { tenant: "demo", user, token: Some("t-1"), closed: 2 },
            json!({"event": "user.revoked", "tenant": "demo", "user": user, "token": "t-1",
                "closed": 2}),
        ),
        (
            Line::Revoked { tenant: "demo", user, token: None, closed: 0 },
            json!({"event": "user.revoked", "tenant": "demo", "user": user, "token": null,
                "closed": 0}),
        ),
        (
            Line::AdminRefused {
                method: "PUT",
                path: "/admin/tenants/a",
                status: 401,
                reason: "r",
            },
            json!({"event": "admin.refused", "method": "PUT", "path": "/admin/tenants/a",
                "status": 401, "reason": "r"}),
        ),
    ] {
        // The texts are compared, so that readers without a parser also find what they expect.
        assert_eq!(line.encode(), want.to_string());
    }
}

#[test]
fn visible_characters_are_written_unchanged() {
    for text in ["Zoë", "日本 語", "हिन्दी", "e\u{301}", "👍🏽", "a\"b\\c/d", "\u{fffd}", "«‘…’»", ""]
    {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn characters_that_a_viewer_would_act_on_hide_or_reorder_are_escaped() {
    assert_eq!(shown("a\nb"), r"a\u{a}b");
    assert_eq!(shown("\u{1b}[2Jx\u{202e}y"), r"\u{1b}[2Jx\u{202e}y");
    for (name, hidden) in [
        ("controls", "\0\t\r\n\u{8}\u{c}\u{1b}\u{1f}\u{7f}"),
        ("C1", "\u{80}\u{85}\u{9b}\u{9f}"),
        ("directions", "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}"),
        ("isolates", "\u{2066}\u{2067}\u{2068}\u{2069}"),
        ("no width", "\u{ad}\u{34f}\u{180e}\u{200b}\u{200c}\u{200d}\u{2060}\u{2064}\u{feff}"),
        ("separators", "\u{2028}\u{2029}"),
        ("fillers", "\u{115f}\u{1160}\u{3164}\u{ffa0}"),
        ("variations", "\u{fe00}\u{fe0f}\u{e0100}\u{e01ef}"),
        ("tags", "\u{e0001}\u{e0041}\u{e007f}"),
        ("private", "\u{e000}\u{f8ff}\u{f0000}\u{10fffd}"),
        ("specials", "\u{fff9}\u{fffb}\u{fffc}\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{fdd0}"),
    ] {
        for character in hidden.chars() {
            let want = format!(r"<\u{{{:x}}}>", u32::from(character));
            assert_eq!(shown(&format!("<{character}>")), want, "{name}");
        }
    }
}

#[test]
fn a_long_text_is_cut_between_characters_and_ends_in_an_ellipsis() {
    let most = "x".repeat(LOG_TEXT_BYTES);
    assert_eq!(shown(&most), most);
    assert_eq!(shown(&format!("{most}y")), format!("{most}…"));
    let wide = "日".repeat(LOG_TEXT_BYTES);
    assert_eq!(shown(&wide), "日".repeat(LOG_TEXT_BYTES / 3) + "…");
    // Nothing after the cut is written, even if it would fit: it would seem to follow directly.
    let gap = format!("{}日y", "x".repeat(LOG_TEXT_BYTES - 1));
    assert_eq!(shown(&gap), "x".repeat(LOG_TEXT_BYTES - 1) + "…");
    // An escape is written whole or not at all.
    let escape = format!("{}\n", "x".repeat(LOG_TEXT_BYTES - 1));
    assert_eq!(shown(&escape), "x".repeat(LOG_TEXT_BYTES - 1) + "…");
}

#[test]
fn a_line_is_short_and_stays_one_line_whatever_it_contains() {
    for text in ["x", "\"", "\\", "\n", "日", "\u{202e}", "\u{10ffff}"] {
        for (line, short) in lines_with(&text.repeat(60_000)).iter().zip(lines_with("§")) {
            assert!(line.len() < 1_400, "{} bytes: {line}", line.len());
            assert_eq!(line.lines().count(), 1);
            // Every text was cut.
            let cut = texts(line).iter().filter(|text| text.ends_with('…')).count();
            assert_eq!(cut, short.matches('§').count(), "{line}");
        }
    }
}
