//! The client in Chromium, as its users have it: tabs, tokens that end, servers that die, networks that go silent. What each journey does and
//! checks is in the program of its name, in `client/tests/browser/`.

use crate::support::server::Server;
use crate::support::stage::play;
use crate::support::token::token;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_tabs_have_one_connection_and_miss_nothing_when_the_leader_or_the_network_goes() {
    play(&mut Server::start().await, "tabs", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_is_replaced_and_the_connection_stays() {
    play(&mut Server::start().await, "refresh", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_slept_past_the_end_of_its_token_goes_on_with_another_one() {
    play(&mut Server::start().await, "sleep", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_in_strict_mode_has_one_connection_and_closes_it() {
    play(&mut Server::start().await, "strict-mode", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_are_kept_fresh_without_a_request_until_too_much_was_missed() {
    play(&mut Server::start().await, "queries", &[]).await;
}

/// Servers die more often here than connections are healthy by default.
const OFTEN: (&str, &str) = ("RECONNECT", r#"{"baseMs":300,"healthyAfterMs":300}"#);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_what_the_server_has_though_it_is_killed_ten_times() {
    play(&mut Server::start().await, "kills", &[OFTEN]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes two minutes: it measures how soon pages are live again with the options that they have by default"]
async fn pages_with_default_options_come_back_from_ten_kills() {
    play(&mut Server::start().await, "kills", &[("RECONNECT", "{}")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_gives_up_after_ten_pauses_and_comes_back_when_told_online_or_shown() {
    play(&mut Server::start().await, "attempts", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_is_noticed_ten_seconds_after_a_ping() {
    play(&mut Server::start().await, "silence", &[]).await;
}

/// Prints how soon; how to measure it with more events says the program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_posted_is_painted() {
    let options = [("EVENTS", "50"), ("TOKEN", &token("s-1").text())];
    play(&mut Server::start().await, "latency", &options).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_that_opens_lets_no_other_tab_fetch_again() {
    play(&mut Server::start().await, "another-tab", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_with_react_and_tanstack_query_starts_with_one_command_and_stays_live() {
    play(&mut Server::start().await, "example", &example("react-query")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_with_svelte_starts_with_one_command_and_stays_live() {
    play(&mut Server::start().await, "example", &example("svelte")).await;
}

/// An example of `examples/`, which watches this session.
fn example(name: &str) -> [(&'static str, &str); 2] {
    [("EXAMPLE", name), ("SESSION", "demo-session")]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tab_that_joins_others_is_live_when_it_shows_what_they_show() {
    play(&mut Server::start().await, "joining", &[]).await;
}
