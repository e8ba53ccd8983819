//! Rings 1 and 2: scenarios and properties of a room, each in a world of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod client;
mod company;
mod company_failures;
mod company_properties;
mod connections;
mod counts;
mod deflate;
mod disk;
mod documents;
mod expiry;
mod failures;
mod fairness;
mod forest;
mod fronts;
mod history;
mod joining;
mod ladder;
mod ladder_properties;
mod leases;
mod lines;
mod lives;
mod losing;
mod metering;
mod occupancy;
mod pacing;
mod platform;
mod posts;
mod presence;
mod presence_properties;
mod properties;
mod publishing;
mod recovery;
mod refreshing_grants;
mod repeats;
mod report_properties;
mod reporting;
mod reports;
mod retention;
mod returning;
mod revoking;
mod sessions;
mod signals;
mod slowing;
mod socketio;
mod stock;
mod tallies;
mod time;
mod tree;
mod tree_places;
mod tree_properties;
mod updates;
mod view_properties;
mod views;
mod waking;
mod world;
