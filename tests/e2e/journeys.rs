//! What the user of a dashboard sees, from connecting to coming back. Each test has clients of `roomcast.v1` and plain
//! clients.

use serde_json::{json, Value};

use crate::support::client::Client;
use crate::support::connecting::Connecting;
use crate::support::events::{completed, created, cycle_created, message, renamed, WHEN};
use crate::support::server::Server;
use crate::support::tracker::alone;

const MULTI: &str = "s-multi";

fn fields(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

/// A plain client's next frame, which has to be an update.
async fn update(client: &mut Client) -> Value {
    let frame = client.next_frame().await;
    assert_eq!(frame["type"], "dashboard.update", "{frame}");
    frame
}

async fn connection_flow(server: &Server, connecting: Connecting, dialect: &str) {
    let client = connecting.open().await;
    let id = client.hello["clientId"].clone();
    let of_client = |line: &Value| line["client"] == id;
    let accepted = server.log().wait("connection.accepted", of_client).await;
    assert_eq!(
        accepted,
        json!({"event": "connection.accepted", "room": "demo/s-1", "client": id, "user": "ada",
            "dialect": dialect, "resumed": false})
    );
    assert_eq!(client.close(1000, "bye").await.0, 1000);
    let closed = server.log().wait("connection.closed", of_client).await;
    assert_eq!(
        (&closed["room"], &closed["user"], &closed["code"]),
        (&json!("demo/s-1"), &json!("ada"), &json!(1000))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_flow_a_client_connects_receives_connected_and_leaves() {
    let server = Server::start().await;
    connection_flow(&server, server.client("s-1"), "v1").await;
    connection_flow(&server, server.client("s-1").plain(), "plain").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connected_has_exactly_the_fields_of_the_dialect() {
    let server = Server::start().await;
    let v1 = server.client("s-1").open().await;
    let with_place =
        ["type", "sessionId", "clientId", "timestamp", "expiresAt", "epoch", "seq", "recovery"];
    assert_eq!(fields(&v1.hello), with_place);
    assert_eq!(v1.protocol.as_deref(), Some("roomcast.v1"));
    assert_eq!((&v1.hello["seq"], &v1.hello["recovery"]), (&json!(0), &json!("none")));
    let plain = server.client("s-1").plain().open().await;
    assert_eq!(fields(&plain.hello), ["type", "sessionId", "clientId", "timestamp"]);
    assert_eq!(
        (&plain.hello["type"], &plain.hello["sessionId"]),
        (&json!("connected"), &json!("s-1"))
    );
    assert_eq!(plain.protocol, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_delivery_a_published_event_reaches_the_clients() {
    let server = Server::start().await;
    let mut v1 = server.client("s-1").open().await;
    let mut plain = server.client("s-1").plain().open().await;
    let mut event = created("e-1", "s-1");
    event["metadata"] = json!({"correlation_id": "corr-1", "user_id": "not for dashboards"});
    server.publisher().post_one(event).await;
    let wanted = json!({
        "type": "dashboard.update", "seq": 1, "updateType": "session.metadata", "timestamp": WHEN,
        "correlationId": "corr-1", "data": {"title": "Session s-1"},
    });
    assert_eq!(alone(&v1.next_frame().await), wanted);
    assert_eq!(plain.next_frame().await, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_one_frame_for_v1_and_one_frame_per_update_for_plain_clients() {
    let server = Server::start().await;
    let mut v1 = server.client("s-1").open().await;
    let mut plain = server.client("s-1").plain().open().await;
    let events = [
        created("e-1", "s-1"),
        cycle_created("e-2", "s-1", "c-1"),
        completed("e-3", "c-1", "objectives"),
    ];
    server.publisher().post(&events).await;
    let burst = v1.next_frame().await;
    assert_eq!(
        (&burst["type"], &burst["prev"], &burst["seq"]),
        (&json!("dashboard.updates"), &json!(0), &json!(3))
    );
    for wanted in burst["updates"].as_array().unwrap() {
        assert_eq!(update(&mut plain).await, *wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn room_isolation_events_reach_only_their_own_session() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let (mut one, mut two) = (server.client("s-1").open().await, server.client("s-2").open().await);
    let mut plain = server.client("s-2").plain().open().await;
    publisher.post_one(created("e-1", "s-1")).await;
    publisher.post_one(created("e-2", "s-2")).await;
    // Each room has seqs of its own, and the first frame of each client is about its own session.
    assert_eq!(one.next_frame().await["data"]["title"], "Session s-1");
    assert_eq!(two.next_frame().await["data"]["title"], "Session s-2");
    assert_eq!(update(&mut plain).await["data"]["title"], "Session s-2");
    one.ping().await;
    two.ping().await;
    assert_eq!((one.seen.updates.len(), two.seen.updates.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reconnection_a_client_that_comes_back_is_brought_up_to_date() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut client = server.client("s-1").open().await;
    publisher.post_one(created("e-1", "s-1")).await;
    client.updates_until(1).await;
    let seen = client.seen.clone();
    client.close(1000, "").await;
    publisher.post_one(renamed("e-2", "s-1")).await;
    let mut back = server.client("s-1").after(seen).open().await;
    assert_eq!((&back.hello["seq"], &back.hello["recovery"]), (&json!(2), &json!("replayed")));
    assert_eq!(back.updates_until(2).await[0]["data"]["title"], "e-2");
    // A plain client asks for the state instead, and gets it one update at a time.
    let mut plain = server.client("s-1").plain().open().await;
    plain.send(&json!({"type": "request.state"})).await;
    assert_eq!(update(&mut plain).await["data"]["title"], "Session s-1");
    assert_eq!(update(&mut plain).await["data"]["title"], "e-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_dashboard_a_completed_component_is_shown() {
    let server = Server::start().await;
    let publisher = server.publisher();
    publisher.post(&[created("e-1", "s-1"), cycle_created("e-2", "s-1", "c-1")]).await;
    let mut client = server.client("s-1").open().await;
    client.updates_until(2).await;
    let mut plain = server.client("s-1").plain().open().await;
    publisher.post_one(completed("e-3", "c-1", "objectives")).await;
    let wanted = json!({
        "type": "dashboard.update", "seq": 3, "updateType": "component.completed", "timestamp": WHEN,
        "data": {"cycleId": "c-1", "componentType": "objectives", "completedAt": WHEN,
            "progress": {"completed": 1, "total": 8, "percent": 12}},
    });
    assert_eq!(alone(&client.next_frame().await), wanted);
    assert_eq!(update(&mut plain).await, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multi_client_all_clients_see_every_message() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for number in 0..4 {
        let connecting = server.client(MULTI);
        clients.push(if number % 2 == 0 { connecting } else { connecting.plain() }.open().await);
    }
    let publisher = server.publisher();
    publisher.post_one(message("e-1", MULTI, "Shall we?")).await;
    publisher.post_one(message("e-2", MULTI, "We shall.")).await;
    for client in &mut clients {
        for (seq, text) in [(1, "Shall we?"), (2, "We shall.")] {
            let update = update(client).await;
            let preview = &update["data"]["message"]["contentPreview"];
            assert_eq!((&update["seq"], preview), (&json!(seq), &json!(text)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reconnect_a_client_sees_exactly_what_it_missed() {
    let server = Server::start().await;
    let publisher = server.publisher();
    let mut client = server.client("s-1").open().await;
    publisher.post_one(message("e-1", "s-1", "before")).await;
    client.updates_until(1).await;
    let seen = client.seen.clone();
    // The connection is lost without a closing handshake.
    drop(client);
    for number in 2..=6 {
        publisher.post_one(message(&format!("e-{number}"), "s-1", "away")).await;
    }
    let position = seen.position();
    let mut back = server.client("s-1").after(seen).open().await;
    publisher.post_one(message("e-7", "s-1", "after")).await;
    let texts: Vec<Value> = back
        .updates_until(7)
        .await
        .iter()
        .map(|update| update["data"]["message"]["id"].clone())
        .collect();
    assert_eq!(json!(texts), json!(["m-e-2", "m-e-3", "m-e-4", "m-e-5", "m-e-6", "m-e-7"]));
    // A plain client that knows a position may send it, and gets the missed updates one at a time.
    let mut plain = server.client("s-1").plain().resume(&position).open().await;
    for seq in 2..=7 {
        assert_eq!(update(&mut plain).await["seq"], seq);
    }
}
