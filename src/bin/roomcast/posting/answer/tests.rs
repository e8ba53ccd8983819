use roomcast::protocol::codes::Refusal;

use super::*;

const RESULTS: &str = r#"{"results":[{"eventId":"e-1","status":"accepted","session":"s-1","seq":42},
    {"eventId":"e-2","status":"ignored","reason":"no_session"}]}"#;

fn judged(status: u16, body: &str) -> Verdict {
    let batch = Batch { body: String::new(), lines: vec![16, 17] };
    let answer = Answer { status, retry_after: Some(7), body: body.as_bytes() };
    answer.judge(&batch, "DEMO_WEBHOOK_SECRET")
}

fn problem(code: ProblemCode) -> String {
    serde_json::to_string(&Problem::new(code, "The detail.")).unwrap()
}

fn told(verdict: Verdict) -> String {
    match verdict {
        Verdict::Final(refused) => refused.failure.to_string(),
        other => panic!("not final: {other:?}"),
    }
}

#[test]
fn an_answer_with_a_result_for_each_event_is_done() {
    assert!(matches!(judged(202, RESULTS), Verdict::Done(results) if results.len() == 2));
}

#[test]
fn an_answer_without_a_result_for_each_event_is_a_failure() {
    for body in ["", "<html>", "{}", r#"{"results":[]}"#] {
        assert!(told(judged(202, body)).contains("Does --url lead to a Roomcast server?"));
    }
}

#[test]
fn a_temporary_failure_is_tried_again_after_the_pause_that_the_server_asks_for() {
    let failed = serde_json::to_string(&Problem::refusal(Refusal::RoomFailed)).unwrap();
    for (status, body) in [(408, ""), (429, ""), (500, ""), (502, "<html>"), (503, &*failed)] {
        let Verdict::Again { not_before, .. } = judged(status, body) else {
            panic!("{status} is final")
        };
        assert_eq!(not_before, Duration::from_secs(7));
    }
}

#[test]
fn an_event_whose_room_did_not_answer_is_sent_again() {
    let failed = RESULTS.replace(r#""ignored","reason":"no_session""#, r#""failed""#);
    assert!(matches!(judged(202, &failed), Verdict::Again { .. }));
}

#[test]
fn a_refusal_that_would_be_repeated_is_final() {
    for code in [ProblemCode::SignatureMissing, ProblemCode::TooLarge, ProblemCode::Misconfigured] {
        let (status, name) = (code.status(), code.code());
        let text = told(judged(status, &problem(code)));
        assert_eq!(text, format!("the server answered {status} {name}: The detail."));
    }
    assert!(told(judged(404, "not here")).contains("Does --url lead to a Roomcast server?"));
    assert!(told(judged(301, "")).contains("301"));
}

#[test]
fn a_refused_signature_names_the_setting() {
    let text = told(judged(401, &problem(ProblemCode::SignatureInvalid)));
    assert!(text.ends_with("DEMO_WEBHOOK_SECRET must be the one the server has."));
}

#[test]
fn a_malformed_event_is_reported_with_its_line() {
    let body = r#"{"type":"about:blank","title":"t","status":422,"code":"malformed","detail":"No.",
        "errors":[{"index":1,"field":"payload.cycle_id","reason":"must be a string"}]}"#;
    let text = told(judged(422, body));
    assert!(text.contains("422 malformed: No."), "{text}");
    assert!(text.ends_with("\n  line 17: payload.cycle_id: must be a string"), "{text}");
}
