//! The client in Chromium, as its users have it: tabs, tokens that end, servers that die, networks that go silent. What each journey does and
//! checks is in the program of its name, in `client/tests/browser/`.

use crate::support::server::Server;
use crate::support::stage::play;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_tabs_have_one_connection_and_miss_nothing_when_the_leader_or_the_network_goes() {
    play(&mut Server::start().await, "tabs", &[]).await;
}
