//! The report of a trial: one JSON object, or lines for people.
//!
//! Numbers and names only: the modes measure them. Latencies are in microseconds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::latency::Percentiles;
use crate::options::LoadOptions;

mod cost;
pub(crate) mod figures;
mod text;

pub(crate) use cost::Cost;

/// The report of a trial. Parts that its mode does not measure are absent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The mode: `steady`, `connect`, `idle` or `recover`.
    pub(crate) mode: &'static str,
    /// The options of the trial.
    pub(crate) setup: Setup,
    /// How the clients connected.
    pub(crate) connects: Connects,
    /// What was published and received during the measured time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traffic: Option<Traffic>,
    /// What the posts cost during the measured time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost: Option<Cost>,
    /// How the clients came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery: Option<Recovery>,
    /// How those came back that had stopped reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stall: Option<Stall>,
    /// What was lost or duplicated, from the first connection to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) continuity: Option<Continuity>,
    /// What the local server used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<Server>,
    /// Why connections ended that should have stayed open.
    pub(crate) dropped: BTreeMap<String, u64>,
}

/// The options of a trial.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Setup {
    peer: String,
    clients: u32,
    rooms: u32,
    users: u32,
    /// `None` if clients say no address.
    addresses: Option<u32>,
    publishers: u32,
    /// Events per second; `None` in a closed loop.
    rate: Option<f64>,
    batch: usize,
    payload: usize,
}

/// How clients connected.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connects {
    /// Clients that arrived.
    pub(crate) arrived: usize,
    /// From the first attempt to the last arrival.
    pub(crate) seconds: f64,
    /// Arrivals per second of that time.
    pub(crate) per_second: f64,
    /// From an attempt to the open connection.
    pub(crate) upgrade_us: Percentiles,
    /// From a client's first attempt until it was level with its room.
    pub(crate) ready_us: Percentiles,
    /// Failed attempts, by reason.
    pub(crate) failed: BTreeMap<String, u64>,
}

/// What happened between the end of the warm-up and the end of the measured time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Traffic {
    /// The measured time.
    pub(crate) seconds: f64,
    /// Updates received, summed over all clients.
    pub(crate) deliveries: u64,
    /// The same per second.
    pub(crate) deliveries_per_second: f64,
    /// Events accepted.
    pub(crate) events: u64,
    /// The same per second.
    pub(crate) events_per_second: f64,
    /// Posts that were due but not made (open loop only).
    pub(crate) unsent: u64,
    /// Frames received by all clients.
    pub(crate) frames: u64,
    /// Bytes of frames received by all clients, compressed ones as they came.
    pub(crate) bytes: u64,
    /// From publishing to receiving, in the sampled clients.
    pub(crate) latency_us: Percentiles,
    /// From publishing to the answer.
    pub(crate) post_us: Percentiles,
    /// Failed posts of the whole trial, by reason.
    pub(crate) failed_posts: BTreeMap<String, u64>,
    /// CPU time of this program. It works in one thread, so near 100 this program limits the other
    /// figures.
    pub(crate) generator_cpu_percent: Option<f64>,
}

/// How clients came back after the server was restarted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recovery {
    /// Events that were accepted while no client was connected.
    pub(crate) missed: u64,
    /// From the end of the command until the server was healthy.
    pub(crate) healthy_seconds: f64,
    /// From that moment until the last client was level with its room.
    pub(crate) level_seconds: f64,
    /// Clients that came back.
    pub(crate) returned: usize,
    /// From a client's first attempt until it was level.
    pub(crate) level_us: Percentiles,
    /// Failed attempts, by reason. Each was repeated.
    pub(crate) failed: BTreeMap<String, u64>,
    /// Clients that were sent what they had missed.
    pub(crate) replays: u64,
    /// Clients that were sent the state.
    pub(crate) snapshots: u64,
    /// Failed posts, by reason.
    pub(crate) failed_posts: BTreeMap<String, u64>,
}

/// How clients came back that had stopped reading.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stall {
    /// How many had stopped.
    pub(crate) clients: usize,
    /// How many updates each was behind on average, when they read on.
    pub(crate) behind: Option<f64>,
    /// From then until the last of them had everything up to that moment.
    pub(crate) level_seconds: f64,
    /// How many have got there.
    pub(crate) level: usize,
    /// How many states they were sent meanwhile.
    pub(crate) snapshots: u64,
}

/// What was lost, duplicated or late.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Continuity {
    /// Updates that were accepted but not received, summed over all clients.
    pub(crate) lost: u64,
    /// Updates that were received again.
    pub(crate) duplicated: u64,
    /// Updates that were received after a later one.
    pub(crate) reordered: u64,
    /// Updates that a state replaced.
    pub(crate) skipped: u64,
    /// Times that a client found its room in another epoch.
    pub(crate) renewed: u64,
    /// How long the clients took at the end to receive the rest.
    pub(crate) drain_seconds: f64,
}

/// What the local server used.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Server {
    /// CPU time during the measured time.
    pub(crate) cpu_percent: Option<f64>,
    /// The same per update received by a client.
    pub(crate) cpu_us_per_delivery: Option<f64>,
    /// The same per event accepted.
    pub(crate) cpu_us_per_event: Option<f64>,
    /// CPU time while the clients connected, per client.
    pub(crate) cpu_us_per_upgrade: Option<f64>,
    /// Bytes in memory before the clients connected.
    pub(crate) rss_before: u64,
    /// Bytes in memory when all clients had connected.
    pub(crate) rss_connected: u64,
    /// Bytes in memory at the end.
    pub(crate) rss_end: u64,
    /// The most bytes that it has ever had in memory.
    pub(crate) rss_peak: u64,
    /// By how much that grew while the clients connected, per client.
    pub(crate) rss_per_connection: Option<f64>,
}

impl Setup {
    /// The part of `options` that the report shows.
    pub(crate) fn new(options: &LoadOptions) -> Self {
        Self {
            peer: format!("{:?}", options.peer).to_lowercase(),
            clients: options.clients,
            rooms: options.rooms.unwrap_or(1),
            users: options.users,
            addresses: options.addresses,
            publishers: options.publishers,
            rate: options.rate,
            batch: options.batch,
            payload: options.payload,
        }
    }
}

impl Report {
    /// Prints it on stdout.
    pub(crate) fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
        } else {
            print!("{self}");
        }
    }
}
