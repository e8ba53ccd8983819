use serde_json::{json, Value};

use super::*;

const RECEIVED: Timestamp = Timestamp(1_767_780_000_000);

fn body(fields: &Value) -> Value {
    let mut body = json!({"action": "opened", "repository": {"full_name": "octo/roomcast"}});
    let fields = fields.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body
}

fn pull_request() -> Value {
    body(&json!({"number": 7, "pull_request": {"updated_at": "2026-01-07T09:00:00Z"}}))
}

fn read(event: &str, body: &Value) -> Result<Vec<Event>, Rejected> {
    let delivery =
        Delivery { event: Some(event), id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958") };
    decode(&delivery, body.to_string().as_bytes(), RECEIVED)
}

fn fault(result: Result<Vec<Event>, Rejected>) -> (String, String) {
    match result {
        Err(Rejected::Malformed(mut errors)) => {
            let error = errors.remove(0);
            (error.field, error.reason)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_delivery_is_one_event_of_its_repository() {
    let event = read("pull_request", &pull_request()).unwrap().remove(0);
    assert_eq!(event.kind, "github.pull_request.opened");
    assert_eq!(
        event.aggregate,
        Aggregate { kind: "Repository".into(), id: "octo:roomcast".into() }
    );
    assert_eq!(event.occurred_at, "2026-01-07T09:00:00.000Z");
    assert_eq!(event.correlation_id.as_deref(), Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"));
    assert_eq!(json!(event.payload), pull_request());
}

#[test]
fn a_body_that_comes_again_under_other_headers_is_the_same_event() {
    let send = |event: &str, id: Option<&str>, body: &Value| {
        let delivery = Delivery { event: Some(event), id };
        decode(&delivery, body.to_string().as_bytes(), RECEIVED).unwrap().remove(0).id
    };
    let (one, other) = (pull_request(), body(&json!({"star": 1})));
    assert_eq!(send("pull_request", Some("1"), &one), send("pull_request", Some("2"), &one));
    assert_eq!(send("star", None, &other), send("watch", None, &other));
    assert_ne!(send("star", None, &one), send("star", None, &other));
    assert!(is_name(&send("star", None, &one)));
}

#[test]
fn a_ping_is_no_event() {
    assert_eq!(read("ping", &json!({"zen": "Design for failure."})), Ok(vec![]));
    let delivery = Delivery { event: Some("ping"), id: None };
    assert_eq!(decode(&delivery, b"not even JSON", RECEIVED), Ok(vec![]));
}

#[test]
fn an_event_without_a_time_occurred_when_it_arrived() {
    let arrived = "2026-01-07T10:00:00.000Z";
    let at = |event: &str, body: &Value| read(event, body).unwrap().remove(0).occurred_at;
    assert_eq!(at("star", &body(&json!({}))), arrived);
    let mut late = pull_request();
    late["pull_request"]["updated_at"] = json!("yesterday");
    assert_eq!(at("pull_request", &late), arrived);
    // Whoever makes a commit chooses its time. GitHub says when it was pushed.
    let mut push = json!({"ref": "refs/heads/main", "after": "1234", "commits": [],
        "head_commit": {"timestamp": "2099-01-01T00:00:00Z"},
        "repository": {"full_name": "octo/roomcast", "pushed_at": 1_767_776_400}});
    assert_eq!(at("push", &push), "2026-01-07T09:00:00.000Z");
    push["repository"]["pushed_at"] = Value::Null;
    assert_eq!(at("push", &push), arrived);
}

#[test]
fn an_event_without_an_action_or_repository_is_named_all_the_same() {
    let mut push = json!({"ref": "r", "after": "1", "commits": [], "action": 7,
        "organization": {"login": "octo"}});
    let event = read("push", &push).unwrap().remove(0);
    assert_eq!(event.kind, "github.push");
    assert_eq!(event.aggregate, Aggregate { kind: "Organization".into(), id: "octo".into() });
    push["organization"] = Value::Null;
    assert_eq!(fault(read("push", &push)), ("repository.full_name".into(), "is missing".into()));
}

/// The body of each was signed as another event. Nothing but the header says that it is this one.
#[test]
fn an_event_whose_body_is_of_another_is_refused() {
    let comment = body(&json!({"action": "deleted", "issue": {"number": 1}, "comment": {"id": 1}}));
    let review = body(&json!({"pull_request": {"number": 7}, "review": {"id": 1}}));
    let deployment = body(&json!({"deployment": {"id": 1}, "workflow_run": {"id": 1}}));
    let status = body(&json!({"deployment": {"id": 1}, "deployment_status": {"id": 1},
        "check_run": {"id": 1}, "workflow_run": {"id": 1}}));
    for (event, body) in [
        ("issues", &comment),
        ("pull_request", &review),
        ("pull_request", &body(&json!({}))),
        ("pull_request_review_comment", &review),
        ("pull_request_review_comment", &comment),
        ("workflow_run", &deployment),
        ("workflow_run", &status),
        ("deployment", &status),
        ("check_run", &status),
        ("push", &pull_request()),
        ("issues", &pull_request()),
        ("delete", &body(&json!({"ref": "main", "ref_type": "branch", "master_branch": "main"}))),
        ("workflow_run", &body(&json!({"workflow_run": {"id": 1}, "approver": {"id": 1}}))),
    ] {
        let wanted = ("x-github-event".to_owned(), "does not fit the body".to_owned());
        assert_eq!(fault(read(event, body)), wanted, "{event}: {body}");
    }
    for (event, body) in [
        ("issue_comment", comment),
        ("pull_request_review", review),
        ("deployment", deployment),
        ("deployment_status", status),
    ] {
        assert!(read(event, &body).is_ok(), "{event}");
    }
}

#[test]
fn a_malformed_delivery_is_refused() {
    let long = "x".repeat(129);
    for event in ["", "Pull_Request", "pull request", "a.b", "é", long.as_str()] {
        assert_eq!(fault(read(event, &pull_request())).0, EVENT, "{event}");
    }
    let no_event = decode(&Delivery::default(), b"{}", RECEIVED);
    assert_eq!(fault(no_event), (EVENT.to_owned(), "is missing".to_owned()));
    let mut bad = pull_request();
    bad["action"] = json!("x".repeat(128));
    assert_eq!(fault(read("pull_request", &bad)).0, "action");
    let mut bad = pull_request();
    bad["repository"]["full_name"] = json!(7);
    assert_eq!(fault(read("pull_request", &bad)).0, "repository.full_name");
    assert_eq!(fault(read("star", &json!([]))).1, "an event must be a JSON object");
    let large = vec![b' '; crate::limits::POST_BYTES + 1];
    let star = Delivery { event: Some("star"), id: None };
    assert_eq!(decode(&star, &large, RECEIVED), Err(Rejected::TooLarge));
}
