//! Rooms that wake: large ones, old ones, broken ones.

use std::fs;

use roomcast::limits::LOG_BURSTS;
use serde_json::{json, Value};

use crate::support::checkout;
use crate::support::disk::{alter, make_alarms_due};
use crate::support::events::{completed, created, cycle_created, event, renamed};
use crate::support::memory::{peak, resident};
use crate::support::server::{databases, Server};

/// The most megabytes that waking may need, whatever the log holds. An object on Cloudflare has 128 in all.
const WAKING_MB: u64 = 40;

/// Fills the log with 512 posts of 250 KB.
async fn fill_log(server: &Server) {
    let large = |number: u64| {
        let payload = json!({"cycle_id": format!("c-{}", number % 50), "component_type": "part",
            "summary": "x".repeat(250_000)});
        event(&format!("f-{number}"), "component.output_updated", "Session/s-1", payload)
    };
    for number in 1..=LOG_BURSTS {
        server.publisher().post_one(large(number)).await;
    }
}

/// Restarts the server, and measures how much additional memory waking the room takes.
async fn waking(server: &mut Server, cause: &str) -> Option<u64> {
    server.restart().await;
    // The first measurement includes the Worker itself and a room with one event.
    server.publisher().post_safely(&[renamed(&format!("{cause}-0"), "s-2")]).await;
    let before = resident(server.process())?;
    match cause {
        "post" => drop(server.publisher().post_safely(&[renamed("last", "s-1")]).await),
        _ => drop(server.client("s-1").open().await),
    }
    Some(peak(server.process())?.saturating_sub(before) >> 20)
}

/// Waking such a room once took 455 MB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waking_a_room_with_128_mb_of_log_takes_little_memory() {
    let mut server = Server::start().await;
    fill_log(&server).await;
    assert!(server.bytes_stored() > 120_000_000, "{}", server.bytes_stored());
    for cause in ["join", "post"] {
        let Some(took) = waking(&mut server, cause).await else { return };
        println!("waking for a {cause}: {took} MB");
        assert!(took < WAKING_MB, "waking for a {cause} took {took} MB");
    }
}

/// A room that an older release has stored: 70 bursts, of which the last ends with update 77.
struct OldRoom {
    file: &'static str,
    epoch: &'static str,
    /// How many updates its state has apart from the session's title, and of which type.
    kept: (usize, &'static str),
}

const SCHEMA_1: OldRoom = OldRoom {
    file: "room-schema-1.sqlite",
    epoch: "ed9459fb7c649415",
    kept: (7, "conversation.message"),
};

const SCHEMA_2: OldRoom = OldRoom {
    file: "room-schema-2.sqlite",
    epoch: "c159a24778d11ca8",
    kept: (1, "component.output"),
};

const SCHEMA_3: OldRoom = OldRoom {
    file: "room-schema-3.sqlite",
    epoch: "b2aeb449ff1cf468",
    kept: (1, "component.output"),
};

/// The name that workerd gives to the file of the room `demo/s-1`.
const OLD_ROOM: &str = "24a358c8b4453e19b925a6ab2655c5240594b4eef3c55d05ef8f489cd9958de4.sqlite";
const OLD_HEAD: u64 = 77;

async fn goes_on(old: OldRoom) {
    let mut server = Server::start().await;
    server.kill_9();
    let folder = server.storage().join("room");
    fs::create_dir_all(&folder).unwrap();
    let file = checkout("tests/fixtures").join(old.file);
    fs::copy(file, folder.join(OLD_ROOM)).unwrap();
    for restart in 0..3 {
        server.restart().await;
        let at = |seq: u64| server.client("s-1").resume(&format!("{}:{seq}", old.epoch));
        let mut back = at(60).open().await;
        assert_eq!(
            (&back.hello["recovery"], &back.hello["epoch"]),
            (&json!("replayed"), &json!(old.epoch))
        );
        let missed = back.updates_until(OLD_HEAD).await;
        let last = missed.iter().find(|update| update["seq"] == OLD_HEAD).unwrap();
        assert_eq!(last["data"]["title"], "e-70");
        let mut new = server.client("s-1").open().await;
        let state = new.next_frame().await;
        let kept = state["updates"].as_array().unwrap().iter();
        let kept = kept.filter(|update| update["updateType"] == old.kept.1);
        assert_eq!(kept.count(), old.kept.0, "the state is unchanged: {state}");
        // Old events are known, in the log and in the checkpoint. A new event gets the next seq.
        for (id, seq) in [("e-1", 1), ("e-70", OLD_HEAD)] {
            let again = server.publisher().post_one(renamed(id, "s-1")).await;
            assert_eq!(again.results("status"), ["duplicate"]);
            assert_eq!(again.results("seq"), [json!(seq)]);
        }
        let next = server.publisher().post_one(renamed("after", "s-1")).await;
        assert_eq!(next.results("seq"), [json!(OLD_HEAD + 1)], "restart {restart}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_schema_1_goes_on_as_if_nothing_had_happened() {
    goes_on(SCHEMA_1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_schema_2_goes_on_as_if_nothing_had_happened() {
    goes_on(SCHEMA_2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_schema_3_goes_on_as_if_nothing_had_happened() {
    goes_on(SCHEMA_3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_and_a_pointer_that_were_not_used_for_a_month_are_deleted() {
    let mut server = Server::start().await;
    server.publisher().post_one(cycle_created("e-1", "s-1", "c-1")).await;
    let epoch = server.client("s-1").open().await.seen.epoch().to_owned();
    server.log().wait("connection.closed", |_| true).await;
    server.kill_9();
    let [rooms, pointers] = ["room", "pointer"].map(|kind| server.storage().join(kind));
    alter(&databases(&rooms), "UPDATE room SET at = 0 WHERE id >= 0").await;
    alter(&databases(&pointers), "UPDATE session_of SET used = 0").await;
    for objects in [rooms, pointers] {
        make_alarms_due(&objects).await;
    }
    server.restart().await;
    server.log().wait("room.ended", |line| line["room"] == "demo/s-1").await;
    let mut back = server.client("s-1").resume(&format!("{epoch}:1")).open().await;
    assert_eq!(back.hello["recovery"], "none");
    assert_ne!(back.hello["epoch"], epoch);
    let forgotten = server.publisher().post_one(completed("e-2", "c-1", "objectives")).await;
    assert_eq!(forgotten.results("reason"), ["no_session"]);
    server.publisher().post_one(created("e-1", "s-1")).await;
    assert_eq!(back.next_frame().await["seq"], 1, "the room has begun again");
}

/// Changes the first character of the epoch of every room on the disk, which makes it malformed or restores it.
fn break_epochs(server: &Server, epoch: &str, by: u8) {
    for database in server.rooms() {
        for file in [database.clone(), format!("{}-wal", database.display()).into()] {
            let Ok(mut bytes) = fs::read(&file) else { continue };
            let rest = &epoch.as_bytes()[1..];
            let places = bytes.windows(rest.len()).enumerate();
            let places = places.filter(|(_, window)| *window == rest).map(|(at, _)| at);
            let places: Vec<usize> = places.collect();
            for at in places {
                bytes[at - 1] = by;
            }
            fs::write(&file, bytes).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_cannot_be_read_closes_its_clients_and_comes_back_with_its_disk() {
    let mut server = Server::start().await;
    let mut here = server.client("s-1").open().await;
    let mut plain = server.client("s-1").plain().open().await;
    server.publisher().post_one(created("e-1", "s-1")).await;
    for client in [&mut here, &mut plain] {
        client.next_frame().await;
    }
    let epoch = here.seen.epoch().to_owned();
    server.evict("demo/s-1").await;
    break_epochs(&server, &epoch, b'Z');
    let answer = server.publisher().try_post(&[created("e-2", "s-1")]).await;
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("room_failed")));
    for client in [&mut here, &mut plain] {
        assert_eq!(client.expect_close().await, (4503, "room_failed".to_owned()));
    }
    let load = |line: &Value| line["stage"] == "load" && line["room"] == "demo/s-1";
    let line = server.log().wait("room.failed", load).await;
    assert!(line["cause"].as_str().unwrap().contains("epoch"), "{line}");
    // A client that connects again after the disk is repaired gets everything once.
    server.kill_9();
    break_epochs(&server, &epoch, epoch.as_bytes()[0]);
    server.restart().await;
    server.publisher().post_safely(&[created("e-2", "s-1")]).await;
    let mut back = server.client("s-1").after(here.seen).open().await;
    assert_eq!(back.hello["recovery"], "replayed");
    assert_eq!(back.updates_until(2).await.len(), 1);
}
