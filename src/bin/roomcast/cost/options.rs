//! The arguments of `roomcast cost`, as clap reads them, and the text of its `--help`.
//!
//! The options become a `Case`. If a default is a guess, its help says what it stands for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use roomcast::deployment::failure::Failure;
use roomcast::deployment::value::batch;

use super::model::Case;
use crate::value;

/// Hours of the month that `model` counts with.
const HOURS: f64 = 30.0 * 24.0;

const EXAMPLES: &str = "\
Examples:
  roomcast cost --events 1e6
  roomcast cost --events 10e6 --batch 20 --sessions 50 --clients 1000
  roomcast cost --events 1e6 --posts-per-burst 10 --asleep 0 --json

Amounts may be written as 1000000, 1_000_000 or 1e6. The defaults are the most expensive case:
one event per request, one request per burst, rooms that have gone to sleep in between. The header
roomcast-cost of each answer to a post says what a deployment really uses. docs/cost.md has the
assumptions.";

/// What to compute the cost of.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CostOptions {
    /// Events per month
    #[arg(long, value_name = "N", value_parser = value::amount)]
    pub(crate) events: f64,
    /// Events per request
    #[arg(long, value_name = "N", default_value = "1", value_parser = batch)]
    pub(crate) batch: usize,
    /// Rooms that a request has events for
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::at_least_one)]
    pub(crate) rooms_per_post: f64,
    /// Requests that share a burst; more than 1 if a room gets several at the same time
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::at_least_one)]
    pub(crate) posts_per_burst: f64,
    /// Rooms that begin in the month
    #[arg(long, value_name = "N", default_value = "0", value_parser = value::amount)]
    pub(crate) new_sessions: f64,
    /// Rooms with someone in them, on average at the same time
    #[arg(long, value_name = "N", default_value = "0", value_parser = value::amount)]
    pub(crate) sessions: f64,
    /// Clients in all rooms, on average at the same time
    #[arg(long, value_name = "N", default_value = "0", value_parser = value::amount)]
    pub(crate) clients: f64,
    /// Upgrades per month [default: each client once an hour]
    #[arg(long, value_name = "N", value_parser = value::amount)]
    pub(crate) connects: Option<f64>,
    /// What each connection is counted by. A user's connections are also known, for revocations, where they are not limited
    #[arg(long, value_enum, default_value = "user")]
    pub(crate) counted: Counted,
    /// The share of counted connections for which a seat stores a row: less than 1 where users come back to rooms
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = value::share)]
    pub(crate) new_places: f64,
    /// Milliseconds that a room is awake for the burst of a lone request: mostly the time until the
    /// platform confirms the row
    #[arg(long, value_name = "MS", default_value = "20", value_parser = value::amount)]
    pub(crate) awake_ms: f64,
    /// Milliseconds of CPU that the front Worker takes for a request or an upgrade
    #[arg(long, value_name = "MS", default_value = "1", value_parser = value::amount)]
    pub(crate) cpu_ms: f64,
    /// The share of bursts that find their room asleep, so that it reads its log again: 1 for less
    /// than one event per ten seconds and room, 0 for busy rooms
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = value::share)]
    pub(crate) asleep: f64,
    /// Gigabytes that all rooms keep
    #[arg(long, value_name = "GB", default_value = "0", value_parser = value::amount)]
    pub(crate) stored_gb: f64,
    /// Another price list, in the form of the built-in one (src/metering/prices.json)
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Print the bill as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// By what a connection is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Counted {
    /// Its user: what a token names.
    User,
    /// Its address: clients without a token.
    Address,
    /// Both.
    Both,
    /// Neither: clients without a token, whose address is not limited.
    No,
}

impl Counted {
    fn seats(self) -> f64 {
        match self {
            Self::No => 0.0,
            Self::User | Self::Address => 1.0,
            Self::Both => 2.0,
        }
    }
}

impl CostOptions {
    /// Reads them from a command line that begins with `roomcast`.
    #[cfg(test)]
    pub(crate) fn read(line: &str) -> Self {
        use clap::FromArgMatches as _;

        let command = Self::augment_args(clap::Command::new("cost"));
        let matches = command.try_get_matches_from(line.split_whitespace().skip(1));
        Self::from_arg_matches(&matches.unwrap()).unwrap()
    }

    /// The case that the options describe.
    ///
    /// # Errors
    /// Numbers that contradict each other.
    pub(crate) fn case(&self) -> Result<Case, Failure> {
        let batch = u32::try_from(self.batch).map_or(f64::MAX, f64::from);
        if self.rooms_per_post > batch {
            let why = "--rooms-per-post cannot be above --batch: each room gets at least one event";
            return Err(Failure::Input(why.to_owned()));
        }
        Ok(Case {
            events: self.events,
            batch,
            rooms_per_post: self.rooms_per_post,
            posts_per_burst: self.posts_per_burst,
            new_sessions: self.new_sessions,
            sessions: self.sessions,
            clients: self.clients,
            connects: self.connects.unwrap_or(self.clients * HOURS),
            seats: self.counted.seats(),
            new_places: self.new_places,
            awake_ms: self.awake_ms,
            cpu_ms: self.cpu_ms,
            asleep: self.asleep,
            stored_gb: self.stored_gb,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(line: &str) -> Result<Case, Failure> {
        CostOptions::read(line).case()
    }

    #[test]
    fn each_client_connects_once_an_hour_by_default() {
        let usual = case("roomcast cost --events 1e6 --clients 10").unwrap();
        assert_eq!((usual.events, usual.connects), (1e6, 7_200.0));
        let told = case("roomcast cost --events 1 --clients 10 --connects 3").unwrap();
        assert_eq!((told.batch, told.connects), (1.0, 3.0));
    }

    #[test]
    fn connections_are_counted_by_their_user_unless_told_otherwise() {
        let seats = |options| {
            let case = case(&format!("roomcast cost --events 1 {options}")).unwrap();
            (case.seats, case.new_places)
        };
        assert_eq!(seats(""), (1.0, 1.0));
        assert_eq!(seats("--counted address"), (1.0, 1.0));
        assert_eq!(seats("--counted both --new-places 0.2"), (2.0, 0.2));
        assert_eq!(seats("--counted no"), (0.0, 1.0));
    }

    #[test]
    fn a_request_has_no_more_rooms_than_events() {
        assert!(case("roomcast cost --events 1 --batch 2 --rooms-per-post 2").is_ok());
        let failure = case("roomcast cost --events 1 --batch 2 --rooms-per-post 3").unwrap_err();
        assert_eq!(failure.exit_code(), 2);
    }
}
