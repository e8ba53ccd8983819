//! Backends that publish: the examples in `examples/publish/`, unchanged, each in its own language.
//!
//! An example is left out where its language is not installed, and only then. `scripts/setup --with-browser` installs what it can.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::events::renamed;
use crate::support::program::{end_within, start, Ran};
use crate::support::reluctant::{Answer, Reluctant};
use crate::support::server::Server;
use crate::support::worker_config::WEBHOOK_SECRET;

/// The longest time that a program may take, the compiler of Go included.
const TIME: Duration = Duration::from_mins(3);

/// How long the server that is reluctant asks for.
const RETRY_AFTER_S: u64 = 2;

const OTHER_SECRET: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";

/// A post is repeated after each of these but the last.
const RELUCTANT: &[Answer] = &[
    Answer::With(429, "Retry-After: 2\r\n", r#"{"code":"events_exceeded","detail":"Too many."}"#),
    Answer::With(503, "", r#"{"code":"room_failed","detail":"It failed."}"#),
    Answer::Nothing,
    Answer::With(
        202,
        "",
        r#"{"results":[{"eventId":"e-1","status":"duplicate","session":"s-1","seq":7,"also":[{"preset":"x","status":"accepted","session":"s","seq":8}]},{"eventId":"e-2","status":"ignored","reason":"no_session"}]}"#,
    ),
];

const ELSEWHERE: &[Answer] = &[Answer::With(404, "", "<h1>Nothing here</h1>")];

/// An example, ready to run.
struct Example {
    command: Vec<PathBuf>,
    /// Where its compiler has put it, if it has one.
    _built: Option<TempDir>,
}

impl Example {
    fn new(command: &[PathBuf]) -> Self {
        Self { command: command.to_vec(), _built: None }
    }

    fn command(&self, url: &str, events: &Value) -> (Command, TempDir) {
        let folder = TempDir::new().expect("a folder");
        let file = folder.path().join("events.json");
        fs::write(&file, events.to_string()).expect("a file");
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).arg(file);
        command.env("ROOMCAST_URL", url).env("ROOMCAST_TENANT", "demo");
        command.env("ROOMCAST_WEBHOOK_SECRET", WEBHOOK_SECRET);
        (command, folder)
    }

    async fn publish(&self, url: &str, events: &Value) -> Ran {
        let (mut command, _folder) = self.command(url, events);
        end_within(TIME, start(&mut command)).await
    }

    async fn publish_with(&self, secret: &str, url: &str) -> Ran {
        let (mut command, _folder) = self.command(url, &events());
        command.env("ROOMCAST_WEBHOOK_SECRET", secret);
        end_within(TIME, start(&mut command)).await
    }
}

fn file(path: &str) -> PathBuf {
    checkout("examples/publish").join(path)
}

fn events() -> Value {
    let text = fs::read_to_string(file("events.json")).expect("the events");
    serde_json::from_str(&text).expect("JSON")
}

/// A program that may be installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Says that a test is left out. The macros would only be seen if it failed.
fn left_out<T>(language: &str, lacks: &str) -> Option<T> {
    let _ = writeln!(
        std::io::stderr(),
        "LEFT OUT: the example in {language} is not tested, because {lacks}"
    );
    None
}

async fn python() -> Option<Example> {
    let python = file("python/.venv/bin/python");
    if !python.is_file() {
        return left_out("Python", "scripts/setup found no Python 3.11 or newer");
    }
    Some(Example::new(&[python, file("python/publish.py")]))
}

async fn typescript() -> Option<Example> {
    Some(Example::new(&[checkout("node_modules/.bin/node"), file("typescript/publish.ts")]))
}

async fn go() -> Option<Example> {
    let Some(go) = installed("go") else {
        return left_out("Go", "there is no `go`");
    };
    let folder = TempDir::new().expect("a folder");
    let program = folder.path().join("publish");
    let mut build = Command::new(go);
    build.args(["build", "-o"]).arg(&program).arg(".");
    build.current_dir(file("go")).env("GOTOOLCHAIN", "local").env("GOFLAGS", "-buildvcs=false");
    let ran = end_within(TIME, start(&mut build)).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    Some(Example { _built: Some(folder), ..Example::new(&[program]) })
}

async fn ruby() -> Option<Example> {
    match installed("ruby") {
        Some(ruby) => Some(Example::new(&[ruby, file("ruby/publish.rb")])),
        None => left_out("Ruby", "there is no `ruby`"),
    }
}

async fn shell() -> Option<Example> {
    Some(Example::new(&["sh".into(), file("shell/publish.sh")]))
}

/// What an example prints of the events, if each has this status.
fn printed(status: &str) -> String {
    let events = events();
    let ids = events.as_array().expect("a list").iter().map(|event| event["event_id"].as_str());
    let lines = ids.zip(1..).map(|(id, seq)| format!("{} {status} {seq}\n", id.expect("an id")));
    lines.collect()
}

async fn the_events_are_in_the_room_once(example: Example) {
    let server = Server::start().await;
    let mut client = server.client("demo-session").open().await;
    let ran = example.publish(&server.url("/"), &events()).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, printed("accepted").as_str()), "{ran:?}");
    let seen = client.updates_until(4).await;
    assert_eq!(seen[0]["data"], json!({"title": "Bäckerei Kranz & Mori: three weeks to move"}));
    assert_eq!(
        seen[3]["data"]["message"]["contentPreview"],
        events()[3]["payload"]["message"]["content"]
    );
    let again = example.publish(&server.url(""), &events()).await;
    assert_eq!(
        (again.code, again.stdout.as_str()),
        (0, printed("duplicate").as_str()),
        "{again:?}"
    );
    server.publisher().post_one(renamed("e-after", "demo-session")).await;
    assert_eq!(
        client.next_frame().await["data"],
        json!({"title": "e-after"}),
        "nothing else is sent"
    );
}

async fn a_refusal_says_what_is_wrong(example: Example) {
    let server = Server::start().await;
    let fails = |ran: Ran, says: &[&str]| {
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
        for text in says {
            assert!(ran.stderr.contains(text), "{text:?} is not in {ran:?}");
        }
    };
    let url = server.url("");
    let says = ["401 signature_invalid: No signature matches. Sign `id.timestamp.body` with"];
    fails(example.publish_with(OTHER_SECRET, &url).await, &says);
    let mut untitled = events();
    untitled[0]["payload"] = json!({});
    let says = ["422 malformed: ", "\n  event 0: payload.title"];
    fails(example.publish(&url, &untitled).await, &says);
    let elsewhere = Reluctant::start(ELSEWHERE).await;
    let says = ["404, and not from Roomcast"];
    fails(example.publish(elsewhere.url(), &events()).await, &says);
    assert_eq!(elsewhere.arrived().len(), 1, "what is refused is not repeated");
    let bad = example.publish_with("whsec_x", &url).await;
    assert!(bad.code == 1 && bad.stderr.starts_with("error: "), "{bad:?}");
    let unset = example.publish_with("", &url).await;
    assert!(unset.code != 0 && unset.stderr.contains("ROOMCAST_WEBHOOK_SECRET"), "{unset:?}");
}

async fn a_repetition_is_the_same_post_signed_again(example: Example) {
    let server = Reluctant::start(RELUCTANT).await;
    let ran = example.publish(server.url(), &events()).await;
    let results = "e-1 duplicate 7\ne-2 ignored no_session\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, results), "{ran:?}");
    let said = ran.stderr.matches("trying again in").count();
    assert_eq!(said, RELUCTANT.len() - 1, "who waits says so: {ran:?}");
    assert!(ran.stderr.contains("429 events_exceeded: Too many."), "{ran:?}");
    let posts = server.arrived();
    assert_eq!(posts.len(), RELUCTANT.len());
    let first = &posts[0];
    assert!(posts.iter().all(|post| (&post.id, &post.body) == (&first.id, &first.body)));
    assert!(posts[1].seconds >= first.seconds + RETRY_AFTER_S, "{posts:?}");
    let other = Reluctant::start(&RELUCTANT[3..]).await;
    example.publish(other.url(), &events()).await;
    assert_ne!(other.arrived()[0].id, first.id, "another post has an id of its own");
}

/// Every example does all of it.
macro_rules! facts {
    ($language:ident: $($fact:ident),*) => {
        mod $language {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $fact() {
                    if let Some(example) = super::$language().await {
                        super::$fact(example).await;
                    }
                }
            )*
        }
    };
    ($($language:ident)*) => {
        $(facts! { $language: the_events_are_in_the_room_once, a_refusal_says_what_is_wrong, a_repetition_is_the_same_post_signed_again })*
    };
}

facts! { python typescript go ruby shell }
