//! `roomcast rooms`: lists the rooms of a tenant, or says how one of them stands, over the admin API.
//!
//! Asking a room wakes it. To watch rooms without waking them, there is the console.

use std::fmt;

use clap::Args;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::target::Target;
use roomcast::protocol::ids::{RoomName, TenantName};
use roomcast::protocol::report::{Census, Deeds, Reported};
use serde_json::{to_value, Value};

use crate::cost::reported::spent;
use crate::tenant::admin::Admin;

/// Whose rooms, and which of them.
#[derive(Debug, Args)]
pub(crate) struct RoomsOptions {
    /// The tenant
    #[arg(value_name = "TENANT")]
    tenant: TenantName,
    /// The room, as the list names it. Asking it wakes it
    #[arg(value_name = "SESSION")]
    room: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the names of rooms, one a line, or what one of them says.
///
/// # Errors
/// The server refuses, or there is no such tenant or room.
pub(crate) async fn run(target: &Target, options: &RoomsOptions) -> Result<(), Failure> {
    let admin = Admin::new(target)?;
    let Some(room) = &options.room else {
        let names = admin.rooms(&options.tenant).await?;
        if options.json {
            println!("{}", Value::from(names));
        } else {
            print!("{}", listed(&names));
        }
        return Ok(());
    };
    let name: Result<RoomName, _> = format!("{}/{room}", options.tenant).parse();
    let name = name.map_err(|_| Failure::Input(format!("`{room}` cannot be a room's name")))?;
    let reported = admin.room(&name).await?;
    if options.json {
        println!("{}", to_value(&reported).unwrap_or_default());
    } else {
        print!("{}", Shown(&reported));
        print!("{}", cost(&reported)?);
    }
    Ok(())
}

fn listed(names: &[String]) -> String {
    names.iter().flat_map(|name| [name.as_str(), "\n"]).collect()
}

/// A report for people.
struct Shown<'r>(&'r Reported);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = &self.0.report.room;
        writeln!(f, "room       {}/{}", self.0.tenant, self.0.name)?;
        let epoch = room.epoch.as_ref().map_or("-", |epoch| epoch.as_str());
        writeln!(f, "head       {epoch}:{}", room.head.unwrap_or_default())?;
        writeln!(f, "members    {}", members(&room.members))?;
        let keeps: Vec<_> = room.keeps.iter().map(word).collect();
        let keeps = if keeps.is_empty() { "nothing".to_owned() } else { keeps.join(", ") };
        writeln!(f, "kept by    {keeps}")?;
        if let Some(alarm) = &room.alarm {
            writeln!(f, "next alarm {} ({})", alarm.at.rfc3339(), word(&alarm.why))?;
        }
        Ok(())
    }
}

fn members(members: &Census) -> String {
    let Census { all, v1, plain, json, socket_io, conflated, held } = members;
    let kinds = [
        (v1, "roomcast.v1"),
        (plain, "plain"),
        (json, "json"),
        (socket_io, "socket.io"),
        (conflated, "conflated"),
        (held, "held"),
    ];
    let there = kinds.into_iter().filter(|(count, _)| **count > 0);
    let kinds: Vec<_> = there.map(|(count, name)| format!("{count} {name}")).collect();
    if kinds.is_empty() {
        all.to_string()
    } else {
        format!("{all} ({})", kinds.join(", "))
    }
}

/// The word for something in JSON.
fn word(thing: &impl serde::Serialize) -> String {
    let value = to_value(thing).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// What the room did since its last report, and what that costs; nothing if it is not watched.
fn cost(reported: &Reported) -> Result<String, Failure> {
    let report = &reported.report;
    let ms = report.at.ms_since(report.since);
    if ms == 0 {
        return Ok("It counts what it does while its tenant is watched: see /console.\n".to_owned());
    }
    let Deeds { events, frames, bytes, rows_written, .. } = report.did;
    let spent = spent(&report.did, report.room.members.all, ms)?;
    let dollars = |amount: Option<f64>| amount.map_or("-".to_owned(), |it| format!("{it:.6} USD"));
    let (hour, million) = (dollars(spent.per_hour), dollars(spent.per_million_events));
    Ok(format!(
        "in {ms} ms: {events} events, {frames} frames, {bytes} bytes, {rows_written} rows written\n\
         {hour} an hour, {million} for a million events\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Reported {
        let lines = include_str!("../../../examples/console.jsonl");
        let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        serde_json::from_value(line["payload"].clone()).unwrap()
    }

    #[test]
    fn a_report_is_shown_in_lines_that_people_understand() {
        let mut reported = sample();
        reported.report.room.members =
            Census { all: 3, v1: 2, plain: 1, held: 1, ..Census::default() };
        let text = Shown(&reported).to_string();
        assert!(text.starts_with(&format!("room       demo/{}\n", reported.name)), "{text}");
        assert!(text.contains("members    3 (2 roomcast.v1, 1 plain, 1 held)\n"), "{text}");
        assert!(cost(&reported).unwrap().contains("USD"));
    }

    #[test]
    fn a_room_that_is_not_watched_has_no_cost() {
        let mut reported = sample();
        reported.report.since = reported.report.at;
        assert!(cost(&reported).unwrap().contains("/console"));
    }
}
