//! Posted events: what becomes of them, what it costs, where they go.

use roomcast::limits::CHECKPOINT_BURSTS;
use serde_json::{json, Value};

use crate::support::events::{completed, created, cycle_created, event, message, renamed, renames};
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_is_answered_with_what_became_of_it_in_order() {
    let server = Server::start().await;
    let publisher = server.publisher();
    publisher.post_one(created("e-1", "s-1")).await;
    let unknown = event("e-3", "invoice.paid", "Session/s-1", json!({}));
    let nowhere = completed("e-4", "c-nowhere", "objectives");
    let events =
        [created("e-1", "s-1"), renamed("e-2", "s-1"), unknown, nowhere, renamed("e-2", "s-1")];
    let answer = publisher.post(&events).await;
    assert_eq!(
        answer.body,
        json!({"results": [
            {"eventId": "e-1", "status": "duplicate", "session": "s-1", "seq": 1},
            {"eventId": "e-2", "status": "accepted", "session": "s-1", "seq": 2},
            {"eventId": "e-3", "status": "ignored", "reason": "unknown_event_type"},
            {"eventId": "e-4", "status": "ignored", "reason": "no_session"},
            {"eventId": "e-2", "status": "duplicate", "session": "s-1", "seq": 2},
        ]})
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_may_be_about_several_sessions() {
    let server = Server::start().await;
    let (mut one, mut two) = (server.client("s-1").open().await, server.client("s-2").open().await);
    let events = [
        created("e-1", "s-1"),
        created("e-2", "s-2"),
        renamed("e-3", "s-1"),
        created("e-1", "s-2"),
    ];
    let answer = server.publisher().post(&events).await;
    assert_eq!(answer.results("session"), ["s-1", "s-2", "s-1", "s-2"]);
    assert_eq!(answer.results("seq"), [1, 1, 2, 2]);
    // An event id counts within its session.
    assert_eq!(answer.results("status"), ["accepted"; 4]);
    one.updates_until(2).await;
    two.updates_until(2).await;
    let many: Vec<String> = (0..40).map(|number| format!("many-{number}")).collect();
    let events: Vec<Value> = many.iter().rev().map(|session| created("e-1", session)).collect();
    let answer = server.publisher().post(&events).await;
    assert!(answer.results("session").iter().eq(many.iter().rev()));
    assert_eq!(answer.results("seq"), [1; 40]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_repeated_after_a_restart_is_a_duplicate_with_its_first_seq() {
    let mut server = Server::start().await;
    let events = renames("e", "s-1", 5);
    server.publisher().post(&events).await;
    server.publisher().post_one(renamed("f-1", "s-1")).await;
    server.restart().await;
    let answer = server.publisher().post(&events).await;
    assert_eq!(answer.results("status"), ["duplicate"; 5]);
    assert_eq!(
        (answer.results("seq"), answer.rows),
        (vec![json!(1), json!(2), json!(3), json!(4), json!(5)], 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_names_no_session_goes_where_an_earlier_one_of_its_aggregate_went() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    // Within one request, in a later one, and after everything in memory is gone.
    let events = [cycle_created("e-1", "s-1", "c-1"), completed("e-2", "c-1", "objectives")];
    assert_eq!(publisher.post(&events).await.results("session"), ["s-1"; 2]);
    let later = publisher.post_one(completed("e-3", "c-1", "alternatives")).await;
    assert_eq!(
        (later.results("session"), later.results("seq")),
        (vec![json!("s-1")], vec![json!(3)])
    );
    server.restart().await;
    let later = publisher.post_safely(&[completed("e-4", "c-1", "consequences")]).await;
    assert_eq!(
        (later.results("session"), later.results("seq")),
        (vec![json!("s-1")], vec![json!(4)])
    );
    // The latest event that names a session counts.
    publisher.post_one(cycle_created("e-5", "s-2", "c-1")).await;
    let moved = publisher.post_one(completed("e-6", "c-1", "tradeoffs")).await;
    assert_eq!(moved.results("session"), ["s-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_event_costs_one_row_and_so_do_a_hundred_together() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut rows = 0;
    for event in renames("e", "s-1", 130) {
        rows += publisher.post_one(event).await.rows;
    }
    let checkpoints = 130 / usize::try_from(CHECKPOINT_BURSTS).unwrap();
    // One row more is what a room has to remember of itself.
    assert_eq!(rows, 130 + checkpoints + 1);
    assert_eq!(publisher.post(&renames("f", "s-1", 100)).await.rows, 1);
    assert_eq!(publisher.post(&renames("f", "s-1", 100)).await.rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_the_first_hundred_characters_and_never_all_of_a_longer_text() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let long = "ä€😀".repeat(40);
    for (id, content) in [("e-1", "short"), ("e-2", &long)] {
        server.publisher().post_one(message(id, "s-1", content)).await;
    }
    let updates = client.updates_until(2).await;
    let preview =
        |update: &Value| update["data"]["message"]["contentPreview"].as_str().unwrap().to_owned();
    assert_eq!(preview(&updates[0]), "short");
    assert_eq!(preview(&updates[1]), long.chars().take(100).collect::<String>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_comes_out_as_it_went_in() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let scores =
        r#"{"b":1,"a":-0.5,"😀 \"\\\u0000\u2028":[true,null,{"z":1,"y":9007199254740993}]}"#;
    let scores: Value = serde_json::from_str(scores).unwrap();
    let payload = json!({"session_id": "s-1", "cycle_id": "é/ %", "scores": scores});
    let id = "😀".repeat(128);
    let sent = event(&id, "dq_scores.computed", &format!("Cycle/{id}"), payload);
    let answer = server.publisher().post_one(sent).await;
    assert_eq!(answer.results("eventId"), [json!(id)]);
    let data = client.next_frame().await["data"].clone();
    // As text: the order of the fields is the backend's as well.
    assert_eq!(data["scores"].to_string(), scores.to_string());
    assert_eq!(data["cycleId"], "é/ %");
    // Numbers that are longer when written out make a row that is longer than the post.
    let many = format!("[{}1e15]", "1e15,".repeat(45_000));
    let long = created("e-2", "s-1").to_string().replace("session.created", "dq_scores.computed");
    let fields = format!(r#""cycle_id":"c-1","scores":{many},"title""#);
    let body = long.replace(r#""title""#, &fields);
    let response = server.publisher().signed(body).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let scores = client.next_frame().await["data"]["scores"].clone();
    assert_eq!(scores.as_array().map(Vec::len), Some(45_001));
}
