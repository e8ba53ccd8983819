//! The sweep, once a minute. This is the only test that has to let minutes pass.

use std::time::Duration;

use tokio::time::timeout;

use crate::support::client::{Client, Ended, PING};
use crate::support::server::Server;
use crate::support::token::token;

/// A little more often than a dashboard pings.
const PING_EVERY: Duration = Duration::from_secs(25);

/// The time of two sweeps, even on a slow machine.
const TWO_SWEEPS: Duration = Duration::from_secs(150);

/// Pings until the server closes.
async fn ping_until_closed(client: &mut Client) -> Ended {
    loop {
        match timeout(PING_EVERY, client.try_frame()).await {
            Ok(Ok(_)) => {}
            Ok(Err(ended)) => return ended,
            Err(_) => client.send_text(PING).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_closes_only_members_that_are_silent_or_whose_token_has_expired() {
    let server = Server::start().await;
    let mut silent = server.client("s-1").open().await;
    silent.patience = TWO_SWEEPS;
    let mut pinging = server.client("s-1").open().await;
    let mut plain = server.client("s-1").plain().open().await;
    let short = token("s-1").ends_in(3).text();
    let mut expired = server.client("s-1").with_token(Some(short)).open().await;
    // Every client of this room has left.
    server.client("s-2").open().await.close(1000, "").await;
    server.log().wait("connection.closed", |line| line["room"] == "demo/s-2").await;
    // The runtime alone answers the pings, and the alarm finds both rooms out of memory.
    server.evict("demo/s-1").await;
    server.evict("demo/s-2").await;
    let mark = server.log().mark();

    let closed = tokio::select! {
        closed = async { tokio::join!(silent.expect_close(), ping_until_closed(&mut expired)) } => closed,
        ended = ping_until_closed(&mut pinging) => panic!("a client that pings was closed: {ended:?}"),
        ended = ping_until_closed(&mut plain) => panic!("a plain client that pings was closed: {ended:?}"),
    };
    assert_eq!(closed, ((4504, "silent".to_owned()), (4401, "token_expired".to_owned())));
    for client in [&mut pinging, &mut plain] {
        client.ping().await;
    }
    let sweeps = server.log().events_since(mark, "room.restored");
    assert!(sweeps.iter().any(|line| line["room"] == "demo/s-1" && line["clients"] == 4));
    // A room without clients has no reason to wake.
    assert!(sweeps.iter().all(|line| line["room"] != "demo/s-2"), "{sweeps:?}");
    for code in [4504, 4401] {
        server.log().wait_since(mark, "connection.closed", |line| line["code"] == code).await;
    }
}
