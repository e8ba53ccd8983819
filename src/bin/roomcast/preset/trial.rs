//! `roomcast preset try`: events go through a document and a room, and the frames of one client are printed.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;

use clap::Args;
use roomcast::deployment::failure::Failure;
use roomcast::ingest::dispatch::{Batch, Dispatch, Pointers};
use roomcast::ingest::envelope::{self, Rejected};
use roomcast::preset::presets::Presets;
use roomcast::protocol::company::Company;
use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, SessionId};
use roomcast::protocol::problem::Malformed;
use roomcast::protocol::results::Outcome;
use roomcast::protocol::time::Timestamp;
use roomcast::protocol::topics::Topics;
use roomcast::room::publish::Post;
use roomcast::room::view::View;
use roomcast::room::{Input, PostId};
use roomcast::runner::Runner;

use super::document;
use super::stage::Stage;

/// What to try, and as whom.
#[derive(Debug, Args)]
pub(crate) struct TrialOptions {
    /// The document: a file, or the name of one that is built in
    #[arg(value_name = "FILE")]
    preset: PathBuf,
    /// The events: a file with one event per line
    #[arg(value_name = "EVENTS")]
    events: PathBuf,
    /// The session that the client watches; by default that of the first event
    #[arg(long)]
    session: Option<SessionId>,
    /// The client's user
    #[arg(long, default_value = "someone")]
    user: String,
    /// A topic, or a prefix followed by *, that it subscribes to; by default all. May be repeated, or hold several with commas
    #[arg(long = "topic", value_name = "TOPIC", value_delimiter = ',')]
    topics: Option<Vec<String>>,
    /// A permission of its token. May be repeated, or hold several with commas
    #[arg(long = "permission", value_name = "PERMISSION", value_delimiter = ',')]
    permissions: Vec<String>,
    /// Milliseconds that it wants between two frames
    #[arg(long, default_value_t = 0)]
    pace: u32,
    /// Show the frames of roomcast.v1 instead of the document's own
    #[arg(long)]
    v1: bool,
}

/// Prints the frames of a client that is there from the beginning, and on stderr what is wrong with events.
///
/// # Errors
/// A file cannot be read, or an event is malformed.
pub(super) fn run(options: &TrialOptions) -> Result<(), Failure> {
    print(&frames(options)?)
}

/// The frames, one per line.
pub(super) fn frames(options: &TrialOptions) -> Result<String, Failure> {
    let preset = document::load(&options.preset)?;
    let dialect = match preset.wire() {
        _ if options.v1 => Dialect::V1,
        Some(wire) => Dialect::Json(wire),
        None => Dialect::Plain,
    };
    let presets = Presets::from(preset);
    let posts = posts(options, &presets)?;
    let session = options.session.clone().or_else(|| first_session(&posts));
    let session = session.ok_or_else(|| {
        Failure::Input("no event goes to a session: the document takes none of them".to_owned())
    })?;
    let began = posts.first().map_or_else(Timestamp::default, |post| post.at);
    let (mut runner, mut stage) = (Runner::default(), Stage::new(session.clone(), began));
    join(options, dialect, &mut runner, &mut stage)?;
    for (number, Posted { at, dispatch, .. }) in (1..).zip(posts) {
        stage.pass(Some(at), &mut runner);
        for delivery in dispatch.deliveries.into_iter().filter(|one| one.session == session) {
            let post =
                Post { id: PostId(number), signed: at, updates: delivery.updates, pace_ms: None };
            let turned = runner.turn(Input::Published(post), &mut stage);
            turned.map_err(|_| failed(&stage))?;
        }
    }
    stage.pass(None, &mut runner);
    Ok(stage.sent())
}

/// One event, dispatched.
struct Posted {
    at: Timestamp,
    dispatch: Dispatch,
}

fn posts(options: &TrialOptions, presets: &Presets) -> Result<Vec<Posted>, Failure> {
    let file = options.events.display();
    let unreadable = |error| Failure::Input(format!("{file}: {error}"));
    let text = fs::read_to_string(&options.events).map_err(unreadable)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut known = Pointers::new();
    let mut posts = Vec::new();
    for (index, line) in lines {
        let place = format!("{file}, line {}", index + 1);
        let wrong = |rejected| Failure::Input(format!("{place}: {}", worded(rejected)));
        let events = envelope::decode(line.as_bytes()).map_err(wrong)?;
        let at = events.first().and_then(|event| Timestamp::from_rfc3339(&event.occurred_at));
        let batch = Batch::new(presets, events).map_err(Rejected::Malformed).map_err(wrong)?;
        let dispatch = batch.dispatch(&known).map_err(wrong)?;
        let learned = dispatch.learn.iter();
        known.extend(learned.map(|one| (one.aggregate.clone(), one.session.clone())));
        for result in &dispatch.results {
            if let Outcome::Ignored { reason, detail } = result.outcome() {
                let detail = detail.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
                eprintln!("{place}: ignored: {}{detail}", code(reason));
            }
        }
        posts.push(Posted { at: at.unwrap_or_default(), dispatch });
    }
    Ok(posts)
}

fn code<T: serde::Serialize>(reason: &T) -> String {
    serde_json::to_string(reason).unwrap_or_default().trim_matches('"').to_owned()
}

/// What is wrong with a post, in words.
pub(super) fn worded(rejected: Rejected) -> String {
    match rejected {
        Rejected::TooLarge => "too large".to_owned(),
        Rejected::Malformed(errors) => {
            let each =
                errors.iter().map(|Malformed { field, reason, .. }| format!("{field} {reason}"));
            each.collect::<Vec<_>>().join("; ").trim().to_owned()
        }
    }
}

fn first_session(posts: &[Posted]) -> Option<SessionId> {
    let mut deliveries = posts.iter().flat_map(|post| &post.dispatch.deliveries);
    deliveries.next().map(|delivery| delivery.session.clone())
}

fn join(
    options: &TrialOptions,
    dialect: Dialect,
    runner: &mut Runner,
    stage: &mut Stage,
) -> Result<(), Failure> {
    let topics = match &options.topics {
        None => Topics::default(),
        Some(list) => Topics::parse(list.iter().map(String::as_str))
            .map_err(|bad| Failure::Input(format!("--topic: {bad}")))?,
    };
    let grant = Grant::new(options.user.clone(), Timestamp::NEVER);
    let resume = dialect.resume(None);
    let permissions = options.permissions.clone().into();
    let pace_ms = options.pace;
    let view = View { topics, permissions, pace_ms, ..View::of_all(dialect) };
    let (client, company) = (ClientId::from_random([1; 8]), Company::default());
    let input = Input::Connected {
        client,
        grant,
        view,
        company,
        resume,
        resume_topics: None,
        address: None,
    };
    runner.turn(input, stage).map(drop).map_err(|_| failed(stage))
}

fn failed(stage: &Stage) -> Failure {
    Failure::Machine(format!("the room failed: {}", stage.failure().unwrap_or_default()))
}

/// Prints the frames. If the reader has left (`| head`), that is no failure.
fn print(frames: &str) -> Result<(), Failure> {
    match io::stdout().write_all(frames.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Machine(format!("stdout cannot be written to: {error}")))
        }
        _ => Ok(()),
    }
}
