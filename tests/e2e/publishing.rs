//! Posted events: their results, their cost, and the sessions that they go to.

use roomcast::limits::{CHECKPOINT_BURSTS, LOG_BURSTS};
use roomcast::protocol::cost::Cost;
use serde_json::{json, Value};

use crate::support::events::{completed, created, cycle_created, event, message, renamed, renames};
use crate::support::publisher::answer;
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_is_answered_with_its_result_in_order() {
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
async fn one_request_may_have_events_for_several_sessions() {
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
    // An event id is unique within its session only.
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
async fn a_fraction_arrives_as_it_was_posted() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let scores = json!([91.666_666_666_666_67, 0.1 + 0.2, 9_007_199_254_740_993_u64, -5e-30]);
    let payload = json!({"session_id": "s-1", "cycle_id": "c-1", "scores": scores});
    server.publisher().post_one(event("e-1", "pugh_scores.computed", "Cycle/c-1", payload)).await;
    assert_eq!(client.next_frame().await["data"]["scores"], scores);
}

/// JavaScript makes such texts: `content.slice(0, 100)` can end between the halves of an emoji.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_with_a_text_that_was_cut_within_a_character_is_accepted() {
    let server = Server::start().await;
    let mut client = server.client("s-1").open().await;
    let cut = message("e-1", "s-1", "CUT");
    let body = json!([cut, created("e-2", "s-1")]).to_string().replace("CUT", r"cut \ud83c");
    let response = server.publisher().signed(body).send().await.unwrap();
    assert_eq!(answer(response).await.results("status"), ["accepted", "accepted"]);
    client.updates_until(2).await;
    let preview = &client.seen.updates[0]["data"]["message"]["contentPreview"];
    assert_eq!(preview, "cut \u{fffd}");
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
    assert_eq!(answer.results("seq"), [1, 2, 3, 4, 5]);
    assert_eq!((answer.cost.bursts, answer.cost.rows_written), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_a_session_goes_to_the_session_that_its_aggregate_named_earlier() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    // This holds within one request, in a later request, and after everything in memory is lost.
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
    // The latest event that names a session decides.
    publisher.post_one(cycle_created("e-5", "s-2", "c-1")).await;
    let moved = publisher.post_one(completed("e-6", "c-1", "tradeoffs")).await;
    assert_eq!(moved.results("session"), ["s-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_event_costs_one_row_and_so_do_a_hundred_in_one_post() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut cost = Cost::default();
    for event in renames("e", "s-1", 130) {
        cost += publisher.post_one(event).await.cost;
    }
    let rows = 130 + 130 / CHECKPOINT_BURSTS + BEGIN.rows_written;
    assert_eq!((cost.requests, cost.bursts, cost.rows_written), (130, 130, rows));
    assert_eq!(publisher.post(&renames("f", "s-1", 100)).await.cost, LONE);
    let again = publisher.post(&renames("f", "s-1", 100)).await.cost;
    assert_eq!(again, ASK);
}

/// The cost of a post that becomes one burst, whatever the room holds.
const LONE: Cost = Cost { requests: 1, bursts: 1, rows_written: 1, rows_read: 1 };

/// What a room also writes and reads when it begins: the row with its epoch, and what the platform needs to make a
/// table. It looks twice whether there is a table: for how long it is kept, and for its log.
const BEGIN: Cost = Cost { requests: 0, bursts: 0, rows_written: 1 + 2, rows_read: 1 + 3 };

/// The cost of a request to an object that writes and reads nothing.
const ASK: Cost = Cost { requests: 1, bursts: 0, rows_written: 0, rows_read: 0 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_that_replaces_a_forgotten_one_costs_the_same() {
    let server = Server::start().await;
    let publisher = server.publisher();
    for event in renames("e", "s-1", usize::try_from(LOG_BURSTS + 1).unwrap()) {
        publisher.post_one(event).await;
    }
    assert_eq!(publisher.post_one(renamed("f-1", "s-1")).await.cost, LONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_post_includes_the_cost_of_beginning_or_restoring_the_room() {
    let mut server = Server::start().await;
    let first = server.publisher().post_one(renamed("e-1", "s-1")).await.cost;
    assert_eq!(first, LONE + BEGIN);
    assert_eq!(server.publisher().post_one(renamed("e-2", "s-1")).await.cost, LONE);
    server.restart().await;
    let restored = server.publisher().post_safely(&[renamed("e-3", "s-1")]).await.cost;
    // The room reads the table's name and for how long it is kept; then the name, the epoch and two bursts, then both bursts again with their bodies, then looks
    // for a checkpoint. SQLite reads one row more to go on from the last row.
    assert_eq!(restored, LONE + Cost { rows_read: 3 + 1 + 3 + 2 + 1 + 1, ..Cost::default() });
    assert_eq!(server.publisher().post_one(renamed("e-4", "s-1")).await.cost, LONE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_costs_one_request_per_room_and_per_pointer_that_it_reads_or_writes() {
    let mut server = Server::start().await;
    let publisher = server.publisher();
    publisher.post(&[renamed("e-1", "s-1"), renamed("e-1", "s-2")]).await;
    let both = publisher.post(&[renamed("e-2", "s-1"), renamed("e-2", "s-2")]).await.cost;
    assert_eq!(both, LONE + LONE);
    let taught = publisher.post_one(cycle_created("e-3", "s-1", "c-1")).await.cost;
    // The first time, the table has to be made.
    assert_eq!(taught, LONE + Cost { rows_written: 1 + 2, rows_read: 1, ..ASK });
    let moved = publisher.post_one(cycle_created("e-4", "s-2", "c-1")).await.cost;
    assert_eq!(moved, LONE + Cost { rows_written: 1, rows_read: 1, ..ASK });
    // An isolate does not ask for a session that it has seen.
    assert_eq!(publisher.post_one(completed("e-5", "c-1", "objectives")).await.cost, LONE);
    server.restart().await;
    publisher.post_safely(&[renamed("e-6", "s-2")]).await;
    let asked = publisher.post_one(completed("e-7", "c-1", "tradeoffs")).await.cost;
    assert_eq!(asked, LONE + Cost { rows_read: 3, ..ASK });
    // A pointer that is right already is not written again.
    server.restart().await;
    publisher.post_safely(&[renamed("e-8", "s-2")]).await;
    let known = publisher.post_one(cycle_created("e-9", "s-2", "c-1")).await.cost;
    assert_eq!((known.requests, known.rows_written), (2, 1));
    let in_vain = publisher.post_one(completed("e-10", "c-9", "tradeoffs")).await.cost;
    assert_eq!(in_vain, Cost { rows_read: 1, ..ASK });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_is_the_first_hundred_characters_of_a_text() {
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
async fn a_payload_is_sent_unchanged() {
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
    // The texts are compared, because the order of the fields is also kept.
    assert_eq!(data["scores"].to_string(), scores.to_string());
    assert_eq!(data["cycleId"], "é/ %");
    // Numbers that are longer when they are encoded again make a row that is longer than the post.
    let with_numbers = |count: usize| {
        let many = format!("[{}1e15]", "1e15,".repeat(count));
        let event = created("e-2", "s-1").to_string();
        let long = event.replace("session.created", "dq_scores.computed");
        let fields = format!(r#""cycle_id":"c-1","scores":{many},"title""#);
        server.publisher().signed(long.replace(r#""title""#, &fields)).send()
    };
    assert_eq!(with_numbers(45_000).await.unwrap().status(), 413, "the row would be too long");
    assert_eq!(with_numbers(25_000).await.unwrap().status(), 202);
    let scores = client.next_frame().await["data"]["scores"].clone();
    assert_eq!(scores.as_array().map(Vec::len), Some(25_001));
}
