//! Unmodified clients of Socket.IO in node, with connection state recovery.
//!
//! If such a client has recovered, the next update has to follow the last one. If not, it begins with the state, whose last update has an
//! offset.

use serde_json::Value;

use super::rooms::update;
use super::standing::{Rule, Standing, Watched};
use crate::support::watch::Watch;

/// Reads what these clients print, for ever.
pub(crate) async fn follow(mut watch: Watch, clients: Vec<Watched>) {
    let mut rules = vec![Rule::Later; clients.len()];
    loop {
        let line = watch.next().await;
        let number = line["client"].as_u64().and_then(|number| usize::try_from(number).ok());
        let number = number.expect("the number of a client");
        let (client, rule) = (&clients[number], &mut rules[number]);
        client.standing.send_modify(|standing| hear(&line, standing, rule));
    }
}

fn hear(line: &Value, standing: &mut Standing, rule: &mut Rule) {
    match line["event"].as_str().unwrap_or_default() {
        "connect" => {
            standing.connect();
            if line["recovered"] != true {
                standing.begin();
                *rule = Rule::Later;
            }
        }
        "disconnect" => standing.since = None,
        "job_done" => {
            let data = &line["data"];
            match update(&data["seq"], data) {
                Some(update) => standing.take(update, *rule),
                None => standing.complain(format!("nobody has posted {line}")),
            }
            if line["offset"].is_string() {
                *rule = Rule::Next;
            }
        }
        // After an empty state.
        "position" => *rule = Rule::Next,
        "open" | "upgrade" | "connect_error" => {}
        _ => standing.complain(format!("was sent {line}")),
    }
}
