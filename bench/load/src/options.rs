//! The arguments of the load generator, as clap reads them, and the text of its `--help`.
//!
//! [`LoadOptions::check`] checks what depends on several arguments at once.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use roomcast::auth::origin::Origins;
use roomcast::deployment::endpoint::Endpoint;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use roomcast::deployment::value;
use roomcast::limits::POST_BYTES;
use roomcast::protocol::ids::SessionId;

/// An upper bound of the bytes of an event beyond those of the update that it becomes.
pub(crate) const EVENT_OVERHEAD: usize = 300;

/// The smallest size of an update: its own fields fit into it, whatever their values. It is the same for every peer,
/// so that a size that is possible for one peer is possible for all.
pub(crate) const SMALLEST_UPDATE: usize = 200;

const EXAMPLES: &str = "\
Examples:
  roomcast-load --clients 1000 --publishers 32
  roomcast-load --rate 200 --clients 500 --rooms 5 --json
  roomcast-load --connect-only --clients 5000 --users 1000
  roomcast-load --idle 60s --clients 1000 --pid \"$(pgrep -o workerd)\"
  roomcast-load --recover 100 --between './restart-server'

The events go to the named session, or with --rooms N to N sessions named load-0, load-1 and so on.
The events are real: use sessions that nobody else watches.

With --rate, events are sent on a schedule, and latency counts from when each event was due.
Without it, each publisher posts again as soon as it was answered. The latency from publishing to
receiving is measured in every 20th client; loss, repetition and order in all of them.

Loss is counted at the end, when all clients have had the time of --drain to become level with their
rooms. Without clients (--clients 0) only publishing is measured, and loss is not reported.

The cost of the posts is summed from the answers of the deployment during the measured time. The time
awake is measured from outside: for each room it is the time during which a post to it was under
way, which is more than the room was awake for it.

Secrets are taken from the environment, else from .dev.vars in this folder, as roomcast does.";

/// Put a deployment of Roomcast under load and report how it does.
#[derive(Debug, Parser)]
#[command(name = "roomcast-load", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) options: LoadOptions,
}

/// The load.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an argument of its own")]
pub(crate) struct LoadOptions {
    /// The session, or the start of the names of several
    #[arg(long, default_value = "load")]
    pub(crate) session: SessionId,
    /// Sessions that clients and events are spread over
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) rooms: Option<u32>,
    /// Different subscriptions that the clients of a room are spread over; all see the same updates. Each is a group in the room
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) groups: Option<u32>,
    /// Connections; 0 to publish only
    #[arg(long, value_name = "N", default_value = "100", value_parser = count_or_none)]
    pub(crate) clients: u32,
    /// Users that the clients are spread over, each with a token of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub(crate) users: u32,
    /// Addresses that the clients are spread over: each sends one in the header x-real-ip, which the deployment has to be
    /// set to believe [default: no such header]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) addresses: Option<u32>,
    /// Another address of the same deployment, as the machines of a cluster have: clients are spread over all of them, and
    /// events are posted to --url. Can be given several times
    #[arg(long, value_name = "URL")]
    pub(crate) also_at: Vec<Endpoint>,
    /// Requests under way at the same time, at most
    #[arg(long, value_name = "N", default_value = "4", value_parser = count)]
    pub(crate) publishers: u32,
    /// Events per second in all [default: as many as are answered]
    #[arg(long, value_name = "N", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Events per request
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::batch)]
    pub(crate) batch: usize,
    /// Bytes of an update in a frame of its own, all fields included
    #[arg(long, value_name = "BYTES", default_value = "250", value_parser = payload)]
    pub(crate) payload: usize,
    /// The Origin header that clients send, as a browser does [default: the server's own]
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    pub(crate) origin: Option<String>,
    /// Time over which the clients connect
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = value::duration)]
    pub(crate) ramp: Duration,
    /// Time of publishing that is not measured
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = value::duration)]
    pub(crate) warmup: Duration,
    /// Time of publishing that is measured
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = value::duration)]
    pub(crate) duration: Duration,
    /// Longest time that clients have at the end to receive what was published
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = value::duration)]
    pub(crate) drain: Duration,
    /// Upgrades under way at the same time [default: 64; with --recover all at once]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) concurrency: Option<u32>,
    /// Connect as fast as --concurrency allows, disconnect, publish nothing
    #[arg(long, conflicts_with_all = ["idle", "recover", "rate"])]
    pub(crate) connect_only: bool,
    /// Stay connected for this long and publish nothing
    #[arg(long, value_name = "DURATION", value_parser = value::duration,
        conflicts_with_all = ["recover", "rate"])]
    pub(crate) idle: Option<Duration>,
    /// Disconnect all clients, publish this many events, and let all come back at once
    #[arg(long, value_name = "EVENTS", requires = "between", conflicts_with = "rate")]
    pub(crate) recover: Option<u64>,
    /// With --recover: the shell command that restarts the server before the clients come back
    #[arg(long, value_name = "COMMAND", requires = "recover")]
    pub(crate) between: Option<String>,
    /// Clients that stop reading when the measured time begins, and read on at its end, while events still come. They
    /// acknowledge, as dashboards do
    #[arg(long, value_name = "N", default_value = "0", value_parser = count_or_none,
        conflicts_with_all = ["connect_only", "idle", "recover"])]
    pub(crate) stall: u32,
    /// Clients ask for compressed frames
    #[arg(long)]
    pub(crate) deflate: bool,
    /// Give each event a key of its own, so that none takes the place of another
    #[arg(long)]
    pub(crate) fresh_keys: bool,
    /// A local server's process: report its CPU time and memory, descendants included
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// What is measured. The peers exist for scripts/bench, which compares them with Roomcast
    #[arg(long, value_enum, default_value = "roomcast", hide = true)]
    pub(crate) peer: PeerKind,
    /// The address at which to connect to a peer, with `{room}`. For scripts/bench
    #[arg(long, hide = true)]
    pub(crate) ws_url: Option<String>,
    /// The address at which to post to a peer, with `{room}`. For scripts/bench
    #[arg(long, hide = true)]
    pub(crate) post_url: Option<String>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PeerKind {
    /// A deployment of Roomcast.
    Roomcast,
    /// A server that sends each update as a text frame. Exists for scripts/bench.
    Plain,
    /// A Socket.IO 4 server, over its websocket transport. Exists for scripts/bench.
    Socketio,
}

impl LoadOptions {
    /// Checks what depends on several arguments at once.
    ///
    /// # Errors
    /// Which arguments contradict each other.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let body = self.batch.saturating_mul(self.payload.saturating_add(EVENT_OVERHEAD));
        if body > POST_BYTES {
            let most = POST_BYTES / self.batch - EVENT_OVERHEAD;
            let why = format!("--payload may be at most {most} with --batch {}", self.batch);
            return Err(Failure::Input(why));
        }
        if self.clients == 0 && (self.connect_only || self.idle.is_some() || self.recover.is_some())
        {
            return Err(Failure::Input("--clients 0 leaves nothing to do but publish".to_owned()));
        }
        if self.stall > 0 && self.stall >= self.clients {
            return Err(Failure::Input("--stall must leave clients that read".to_owned()));
        }
        let ours = self.peer == PeerKind::Roomcast;
        if !ours && (self.ws_url.is_none() || self.post_url.is_none()) {
            return Err(Failure::Input("--peer needs --ws-url and --post-url".to_owned()));
        }
        if !ours && self.recover.is_some() {
            return Err(Failure::Input("--recover is for Roomcast only".to_owned()));
        }
        if !ours && self.stall > 0 {
            return Err(Failure::Input("--stall is for Roomcast only".to_owned()));
        }
        Ok(())
    }

    /// The sessions.
    ///
    /// # Errors
    /// A name that becomes too long.
    pub(crate) fn sessions(&self) -> Result<Vec<SessionId>, Failure> {
        let Some(rooms) = self.rooms else {
            return Ok(vec![self.session.clone()]);
        };
        let name = |index| format!("{}-{index}", self.session).parse();
        let names: Result<_, _> = (0..rooms).map(name).collect();
        names.map_err(|bad| Failure::Input(format!("--session: {bad}")))
    }
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=100_000).contains(count));
    count.ok_or_else(|| "must be 1 to 100000".to_owned())
}

fn count_or_none(text: &str) -> Result<u32, String> {
    count(text).or_else(|_| if text == "0" { Ok(0) } else { Err("must be 0 to 100000".to_owned()) })
}

fn payload(text: &str) -> Result<usize, String> {
    let bytes = text.parse().ok().filter(|bytes| *bytes >= SMALLEST_UPDATE);
    bytes.ok_or_else(|| {
        format!("must be at least {SMALLEST_UPDATE}, to hold an update's own fields")
    })
}

/// An origin, as a browser would write it.
fn origin(text: &str) -> Result<String, String> {
    let known = Origins::parse(text).is_ok_and(|origins| origins.contains(text));
    let why = "must be an origin in lower case, such as https://app.example.com";
    known.then(|| text.to_owned()).ok_or_else(|| why.to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "must be a number of events per second, such as 0.5 or 200".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_defined_consistently() {
        Args::command().debug_assert();
    }

    fn options(line: &str) -> Option<LoadOptions> {
        let words = format!("roomcast-load {line}");
        Some(Args::try_parse_from(words.split_whitespace()).ok()?.options)
    }

    #[test]
    fn several_rooms_are_numbered() {
        let names = |line| options(line).unwrap().sessions().unwrap();
        assert_eq!(names("").iter().map(SessionId::as_str).collect::<Vec<_>>(), ["load"]);
        let two: Vec<_> = names("--session x --rooms 2").iter().map(ToString::to_string).collect();
        assert_eq!(two, ["x-0", "x-1"]);
    }

    #[test]
    fn a_request_holds_no_more_bytes_than_the_server_accepts() {
        assert!(options("--batch 500 --payload 200").unwrap().check().is_ok());
        let failure = options("--batch 500 --payload 250").unwrap().check().unwrap_err();
        assert_eq!(failure.to_string(), "--payload may be at most 224 with --batch 500");
    }

    #[test]
    fn arguments_that_contradict_each_other_are_refused() {
        for bad in [
            "--connect-only --idle 1s",
            "--idle 1s --rate 5",
            "--recover 5",
            "--between true",
            "--publishers 0",
            "--users 0",
            "--addresses 0",
            "--clients 100001",
            "--payload 199",
            "--origin app.test",
            "--origin https://A.test",
            "--rate 0",
            "--rate NaN",
        ] {
            assert!(options(bad).is_none(), "{bad}");
        }
        assert!(options("--recover 5 --between true").unwrap().check().is_ok());
        assert!(options("--peer plain").unwrap().check().is_err());
    }

    #[test]
    fn clients_that_stop_reading_are_among_others() {
        assert!(options("--stall 3 --clients 4").unwrap().check().is_ok());
        assert!(options("--stall 4 --clients 4").unwrap().check().is_err());
        assert!(options("--stall 1 --idle 1s").is_none());
    }

    #[test]
    fn a_trial_without_clients_can_only_publish() {
        assert!(options("--clients 0").unwrap().check().is_ok());
        for bad in ["--connect-only", "--idle 1s", "--recover 5 --between true"] {
            assert!(options(&format!("--clients 0 {bad}")).unwrap().check().is_err(), "{bad}");
        }
    }
}
