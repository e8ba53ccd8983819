//! What tenants use: a ledger for each, what it costs, and how a monitoring system reads it.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`ledger`] | adds up what the rooms of a tenant report, in all and by day |
//! | [`crowds`] | which rooms have members, by their latest reports |
//! | [`usage`] | how much of what the platform charges for that is |
//! | [`prices`] | a price list |
//! | [`statement`] | what a tenant's ledger says to those who ask |
//! | [`exposition`] | the statements of all tenants in the text format of Prometheus |
//!
//! Pure: `shell/meter.rs` stores the ledger, `shell/admin_metrics.rs` answers the operator.

pub mod crowds;
pub mod exposition;
pub mod ledger;
pub mod prices;
pub mod statement;
pub mod usage;
