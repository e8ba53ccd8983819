//! Compressed frames over the wire: who gets them, what they refer to, and that they stay readable when others join and
//! the room is evicted.

use roomcast::limits::DEFLATE_MEMBERS;
use roomcast::protocol::deflate::{BEGINS, CONTINUES};

use crate::support::client::Client;
use crate::support::events::renamed;
use crate::support::server::Server;

async fn watch(server: &Server, many: usize) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..many {
        clients.push(server.client("s-1").asking("compress=deflate").open().await);
    }
    clients
}

/// Posts an update, and waits until all have it. Returns the first byte of the frame in which the first client got it, if that
/// was compressed.
async fn tell(server: &Server, clients: &mut [Client], id: &str) -> Option<u8> {
    server.publisher().post(&[renamed(id, "s-1")]).await;
    for client in clients.iter_mut() {
        client.deflated.clear();
        let seq = client.seen.seq() + 1;
        client.updates_until(seq).await;
    }
    let kinds: Vec<_> =
        clients.iter().map(|one| one.deflated.first().map(|frame| frame.0)).collect();
    assert!(kinds.iter().all(|kind| *kind == kinds[0]), "{kinds:?}: all are sent the same");
    kinds[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_asks_is_sent_compressed_frames_which_begin_anew_when_somebody_joins() {
    let server = Server::start().await;
    let mut plain = server.client("s-1").open().await;
    let mut clients = watch(&server, DEFLATE_MEMBERS - 1).await;
    assert_eq!(tell(&server, &mut clients, "e-1").await, None, "they are too few");
    clients.extend(watch(&server, 1).await);
    // The one that has joined is sent the state first.
    clients.last_mut().expect("a client").next_frame().await;
    assert_eq!(tell(&server, &mut clients, "e-2").await, Some(BEGINS));
    assert_eq!(tell(&server, &mut clients, "e-3").await, Some(CONTINUES));
    let bytes = clients[0].deflated[0].1;
    assert!(bytes < 100, "{bytes} bytes of a lone update that is much like the last");
    clients.extend(watch(&server, 1).await);
    clients.last_mut().expect("a client").next_frame().await;
    assert_eq!(tell(&server, &mut clients, "e-4").await, Some(BEGINS));
    server.evict("demo/s-1").await;
    assert_eq!(tell(&server, &mut clients, "e-5").await, Some(BEGINS), "after an eviction");
    assert_eq!(tell(&server, &mut clients, "e-6").await, Some(CONTINUES));
    plain.updates_until(6).await;
    assert_eq!(plain.deflated, [], "it has not asked");
    assert_eq!(plain.seen.updates, clients[0].seen.updates);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_that_the_server_does_not_know_is_none() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..DEFLATE_MEMBERS {
        clients.push(server.client("s-1").asking("compress=zstd").open().await);
    }
    assert_eq!(tell(&server, &mut clients, "e-1").await, None);
}
