//! The server's clock is set back by minutes while the server is down, as on a machine whose clock was wrong.
//!
//! workerd has another clock by `clock.c`, which `scripts/chaos` compiles. The clocks of the backends go with it; tokens are those of the
//! real clock, and long enough for both. The clock is not set back while the server runs: workerd lets an object that
//! lives keep the old time, so that its room and the front Workers disagree.

use std::path::Path;

use roomcast::protocol::time::Timestamp;
use serde_json::json;
use tokio::time::{sleep, Duration, Instant};

use super::arena::Arena;
use super::report::Report;
use crate::support::clock::now;
use crate::support::connecting::Connecting;
use crate::support::events::event;
use crate::support::token::token;
use crate::support::worker_config::WEBHOOK_SECRET;

/// By how many seconds the clock is set back: more than the five minutes by which clocks may differ.
const STEP_S: u64 = 480;

/// How long the feed runs between two faults.
const CALM: Duration = Duration::from_secs(3);

/// Sets the clock back so many times.
///
/// # Errors
/// If workerd cannot be given another clock.
pub(crate) async fn run(times: u64, library: Option<&Path>) -> Result<Report, String> {
    let library = library.ok_or("clock.c could not be compiled, or this is no Linux")?;
    let mut ahead = STEP_S * times;
    let environment = clock(library, ahead);
    let mut arena =
        Arena::start("A clock that is set back", |setup| setup.environment = environment).await;
    if posted(&arena, 0).await != 401 {
        return Err("workerd does not take the other clock".to_owned());
    }
    arena.feed.sign_ahead(ahead);
    while ahead > 0 {
        sleep(CALM).await;
        set_back(&mut arena, library, ahead).await;
        ahead -= STEP_S;
        arena.compare().await;
    }
    arena.report.notes.push(format!(
        "By {STEP_S} s each time. Before and after, signatures and tokens were judged by the clock of then."
    ));
    Ok(arena.end().await)
}

/// Sets a clock back that is so far ahead.
async fn set_back(arena: &mut Arena, library: &Path, ahead: u64) {
    judge(arena, ahead).await;
    // Too old for the clock as it is, and good by the clock as it will be.
    let connecting = with_token(arena, ahead - STEP_S / 4);
    let refused = connecting.clone().closed().await;
    expect(arena, refused.1 == "token_expired", &format!("a token that had ended: {refused:?}"));
    let lost = Instant::now();
    arena.server.kill_9();
    let ahead = ahead - STEP_S;
    arena.feed.sign_ahead(ahead);
    arena.server.restart_as(|setup| setup.environment = clock(library, ahead)).await;
    arena.recover(Some(lost), Instant::now()).await;
    judge(arena, ahead).await;
    let again = connecting.try_open().await;
    expect(arena, again.is_ok(), &format!("a token that is good again: {again:?}"));
}

/// The environment of a program whose clock is so many seconds ahead.
fn clock(library: &Path, ahead: u64) -> Vec<(String, String)> {
    let set = [("LD_PRELOAD", library.display().to_string()), ("CLOCK_AHEAD", ahead.to_string())];
    set.map(|(name, value)| (name.to_owned(), value)).into()
}

/// A client whose token ends so many seconds from now.
fn with_token(arena: &Arena, seconds: u64) -> Connecting {
    let seconds = i64::try_from(seconds).expect("a small number");
    arena.server.client("s-1").with_token(Some(token("s-1").ends_in(seconds).text()))
}

/// Signatures of this clock are good, and those of the clock before and after are not.
async fn judge(arena: &mut Arena, ahead: u64) {
    let before = ahead.checked_sub(STEP_S).map(|signed| (signed, 401));
    for (signed, wanted) in [(ahead, 202), (ahead + STEP_S, 401)].into_iter().chain(before) {
        let status = posted(arena, signed).await;
        expect(arena, status == wanted, &format!("at {ahead}, signed at {signed}: {status}"));
    }
}

fn expect(arena: &mut Arena, holds: bool, what: &str) {
    if !holds {
        arena.report.wrong.push(what.to_owned());
    }
}

/// The status of a post that was signed so many seconds from now. Its event is of a type that nobody shows.
async fn posted(arena: &Arena, ahead: u64) -> u16 {
    let body = json!(event("judged", "nobody.shows", "Session/s-1", json!({}))).to_string();
    let at = Timestamp(now().0 + ahead * 1_000);
    let signed = arena.server.publisher().signed_with(WEBHOOK_SECRET, at, body);
    signed.send().await.expect("an answer").status().as_u16()
}
