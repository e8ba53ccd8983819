use serde_json::Value;

use super::*;

const MINTED: Circumstances<'_> = Circumstances {
    server: "http://a.test",
    minted_with: Some("DEMO_TOKEN_SECRET"),
    welcomed: true,
    reached: true,
};
const GIVEN: Circumstances<'_> = Circumstances { minted_with: None, ..MINTED };

fn after(code: u16, reason: &str, known: &Circumstances<'_>) -> Next {
    Ending::Closed { code, reason: reason.to_owned() }.next(known)
}

fn told(next: Next) -> String {
    match next {
        Next::Stop(failure) => {
            assert_eq!(failure.exit_code(), 1);
            failure.to_string()
        }
        other => panic!("not the end: {other:?}"),
    }
}

#[test]
fn the_close_code_says_whether_to_connect_again() {
    let vectors = include_str!("../../../../../tests/vectors/close-codes.json");
    let rows: Vec<Value> = serde_json::from_str(vectors).unwrap();
    for row in &rows {
        let code = u16::try_from(row["code"].as_u64().unwrap()).unwrap();
        let again = |known| matches!(after(code, "", known), Next::Again(_));
        // A token that was given cannot be replaced; one that was minted can.
        let want = match row["reconnect"].as_str().unwrap() {
            "yes" => (true, true),
            "with a new token" => (false, true),
            _ => (false, false),
        };
        assert_eq!((again(&GIVEN), again(&MINTED)), want, "{code}");
    }
    assert_eq!(after(NORMAL, "", &GIVEN), Next::Done);
}

#[test]
fn a_minted_token_that_has_expired_is_replaced() {
    assert!(matches!(after(4401, "token_expired", &MINTED), Next::Again(_)));
}

#[test]
fn a_minted_token_that_is_refused_at_once_names_the_setting() {
    let refused = Circumstances { welcomed: false, ..MINTED };
    let text = told(after(4401, "token_invalid", &refused));
    assert!(text.starts_with("the server closed the connection with 4401 token_invalid. "));
    assert!(text.contains("DEMO_TOKEN_SECRET must be the one the server has"), "{text}");
}

#[test]
fn the_message_about_a_final_close_says_how_to_fix_it() {
    let text = told(after(4403, "session_refused", &GIVEN));
    assert!(text.contains("does not name this session") && text.contains("roomcast token"));
    assert!(told(after(4400, "bad_position", &MINTED)).contains("<epoch>:<seq>"));
}

#[test]
fn a_server_that_was_never_reached_ends_the_command() {
    let ending = Ending::Unreachable("Connection refused".to_owned());
    let first = Circumstances { reached: false, welcomed: false, ..MINTED };
    assert!(told(ending.next(&first)).contains("scripts/dev"));
    assert!(matches!(ending.next(&MINTED), Next::Again(_)));
}

#[test]
fn an_http_answer_in_place_of_the_upgrade_is_reported() {
    let declined = |status, body: &str| {
        Ending::Declined { status, body: body.as_bytes().to_vec() }.next(&MINTED)
    };
    assert!(told(declined(404, "nope")).contains("Does --url lead to a Roomcast server?"));
    assert!(matches!(declined(502, "<html>"), Next::Again(_)));
    let problem = Problem::new(ProblemCode::Misconfigured, "DEMO_ORIGINS is not set.");
    let text = told(declined(503, &serde_json::to_string(&problem).unwrap()));
    assert!(text.ends_with("503 misconfigured: DEMO_ORIGINS is not set."));
}

#[test]
fn the_command_connects_again_after_a_network_failure() {
    for ending in [Ending::Broken(String::new()), Ending::Dead, Ending::Gap(String::new())] {
        assert!(matches!(ending.next(&GIVEN), Next::Again(_)));
    }
}
