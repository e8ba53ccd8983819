//! A report as lines for people: one line per question, and none for figures that are absent.
//!
//! Wording only. Scripts read the JSON.

use std::collections::BTreeMap;
use std::fmt;

use super::{Connects, Continuity, Recovery, Report, Server, Stall, Traffic};

/// From this CPU usage on, this program limits the other figures.
const GENERATOR_LIMIT_PERCENT: f64 = 90.0;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connects.fmt(f)?;
        if let Some(traffic) = &self.traffic {
            traffic.fmt(f)?;
        }
        if let Some(cost) = &self.cost {
            cost.fmt(f)?;
        }
        if let Some(recovery) = &self.recovery {
            recovery.fmt(f)?;
        }
        if let Some(stall) = &self.stall {
            stall.fmt(f)?;
        }
        if let Some(continuity) = &self.continuity {
            continuity.fmt(f)?;
        }
        if let Some(server) = &self.server {
            server.fmt(f)?;
        }
        reasons(f, "connections lost", &self.dropped)
    }
}

impl fmt::Display for Connects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arrived, seconds, per_second, upgrade_us, ready_us, failed } = self;
        if *arrived == 0 {
            return writeln!(f, "clients     none");
        }
        writeln!(f, "clients     {arrived} in {seconds:.1} s, {per_second:.0}/s")?;
        writeln!(f, "  upgrade   {upgrade_us}")?;
        writeln!(f, "  ready     {ready_us}")?;
        reasons(f, "not connected", failed)
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events_per_second, events, seconds, .. } = self;
        writeln!(f, "events      {events_per_second:.0}/s ({events} in {seconds:.1} s)")?;
        let Self { deliveries_per_second, deliveries, frames, bytes, .. } = self;
        write!(f, "deliveries  {deliveries_per_second:.0}/s ({deliveries} in {frames} frames, ")?;
        writeln!(f, "{bytes} bytes)")?;
        writeln!(f, "  latency   {}", self.latency_us)?;
        writeln!(f, "  post      {}", self.post_us)?;
        if self.unsent > 0 {
            writeln!(f, "  unsent    {} posts were due but not made", self.unsent)?;
        }
        if let Some(percent) = self.generator_cpu_percent {
            writeln!(f, "generator   {percent:.0} % of a core{}", limit(percent))?;
        }
        reasons(f, "posts failed", &self.failed_posts)
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missed, healthy_seconds, level_seconds, returned, replays, snapshots, .. } =
            self;
        writeln!(f, "restart     healthy {healthy_seconds:.3} s after the command")?;
        write!(f, "recovery    {returned} clients level after {level_seconds:.3} s; ")?;
        writeln!(f, "{missed} events missed, {replays} replays, {snapshots} snapshots")?;
        writeln!(f, "  level     {}", self.level_us)?;
        reasons(f, "attempts repeated", &self.failed)?;
        reasons(f, "posts failed", &self.failed_posts)
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clients, behind, level_seconds, level, snapshots } = self;
        write!(f, "stalled     {level} of {clients} clients level {level_seconds:.3} s after ")?;
        writeln!(f, "they read on; {:.0} updates behind", behind.unwrap_or_default())?;
        writeln!(f, "  states    {snapshots}")
    }
}

impl fmt::Display for Continuity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lost, duplicated, reordered, skipped, renewed, drain_seconds } = self;
        write!(f, "continuity  {lost} lost, {duplicated} duplicated, {reordered} reordered ")?;
        writeln!(f, "(drained in {drain_seconds:.2} s)")?;
        if *skipped > 0 {
            writeln!(f, "  skipped   {skipped} updates, replaced by a state")?;
        }
        if *renewed > 0 {
            writeln!(f, "  renewed   {renewed} times a room had another epoch")?;
        }
        Ok(())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(percent), Some(per_event)) = (self.cpu_percent, self.cpu_us_per_event) {
            write!(f, "server CPU  {percent:.0} % of a core, {per_event:.1} µs per event, ")?;
            writeln!(f, "{:.2} µs per delivery", self.cpu_us_per_delivery.unwrap_or_default())?;
        }
        let Self { rss_before, rss_connected, rss_end, rss_peak, .. } = self;
        write!(f, "server RSS  {rss_before} → {rss_connected} with clients → {rss_end} bytes")?;
        writeln!(f, ", at most {rss_peak}")?;
        if let Some(bytes) = self.rss_per_connection {
            writeln!(f, "            {bytes:.0} bytes per connection")?;
        }
        match self.cpu_us_per_upgrade {
            Some(us) => writeln!(f, "  connect   {us:.0} µs of server CPU per client"),
            None => Ok(()),
        }
    }
}

/// A warning for figures that show the limit of this program, which works in one thread, and not that of the server.
fn limit(percent: f64) -> &'static str {
    if percent >= GENERATOR_LIMIT_PERCENT {
        ": it was the limit, not the server"
    } else {
        ""
    }
}

fn reasons(f: &mut fmt::Formatter<'_>, what: &str, reasons: &BTreeMap<String, u64>) -> fmt::Result {
    for (why, times) in reasons {
        writeln!(f, "{what}: {times} × {why}")?;
    }
    Ok(())
}
