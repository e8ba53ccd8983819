//! Journeys of the client in Chromium: programs in `client/tests/browser/` that drive pages. What they cannot do themselves, they ask
//! for, one line each: to end the server, to start it, and what its log says.
//!
//! It checks nothing: the programs do.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{json, Value};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::browser::chromium;
use super::checkout;
use super::server::Server;
use super::worker_config::{TOKEN_SECRET, WEBHOOK_SECRET};

/// The longest time on a slow machine under load.
const TIME: Duration = Duration::from_mins(5);

/// Plays a journey against a server. Its options are in the environment of the program.
pub(crate) async fn play(server: &mut Server, journey: &str, options: &[(&str, &str)]) {
    let mut program = start(server, journey, options);
    let complaints = tokio::spawn(all(program.stderr.take().expect("its stderr")));
    let played = timeout(TIME, answer(server, &mut program)).await;
    // A program that hangs is ended, so that its complaints end as well.
    let killed = if played.is_err() { program.start_kill() } else { Ok(()) };
    killed.expect("a signal to node");
    let code = program.wait().await.expect("an end").code();
    let complaints = complaints.await.expect("its complaints");
    assert_eq!(code, Some(0), "{journey}: {complaints}");
}

fn start(server: &Server, journey: &str, options: &[(&str, &str)]) -> Child {
    let mut command = Command::new(checkout("node_modules/.bin/node"));
    command.arg(checkout("client/tests/browser").join(format!("{journey}.ts")));
    command.env("URL", server.url("")).env("CHROMIUM", chromium());
    command.env("TOKEN_SECRET", TOKEN_SECRET).env("WEBHOOK_SECRET", WEBHOOK_SECRET);
    command.envs(options.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true).spawn().expect("node, which scripts/setup brings")
}

async fn all(mut output: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    output.read_to_string(&mut text).await.expect("UTF-8");
    text
}

/// Answers each line that asks for something, and shows the others, until there are no more.
async fn answer(server: &mut Server, program: &mut Child) {
    let mut asks = program.stdin.take().expect("its stdin");
    let mut lines = BufReader::new(program.stdout.take().expect("its stdout")).lines();
    while let Some(line) = lines.next_line().await.expect("UTF-8") {
        let asked =
            serde_json::from_str::<Value>(&line).ok().filter(|line| line["ask"].is_string());
        let Some(asked) = asked else {
            println!("{line}");
            continue;
        };
        let answer = do_for(server, &asked).await;
        asks.write_all(format!("{answer}\n").as_bytes()).await.expect("a program that listens");
    }
}

async fn do_for(server: &mut Server, asked: &Value) -> Value {
    let event = asked["event"].as_str().unwrap_or_default();
    match asked["ask"].as_str() {
        Some("kill") => server.kill_9(),
        Some("start") => server.restart().await,
        Some("wait") => {
            let count = asked["count"].as_u64().expect("how many");
            server.log().wait_for(event, usize::try_from(count).expect("a small number")).await;
        }
        Some("events") => return json!({"events": server.log().events(event)}),
        _ => panic!("nobody can do this: {asked}"),
    }
    json!({})
}
