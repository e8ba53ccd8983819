//! A client of a document's JSON frames: it has no position, and begins with the state whenever it connects.
//!
//! It never pings, as such clients need not.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::rooms::{update, KEYS, PROJECT};
use super::standing::{Rule, Standing, Watched};
use crate::support::client::Client;
use crate::support::connecting::Connecting;

/// A client pauses before it connects again.
const PAUSE: Duration = Duration::from_millis(20);

/// Follows the project for ever.
pub(crate) async fn follow(connecting: Connecting, client: Watched) {
    let subscribe = json!({"action": "subscribe", "projectId": PROJECT}).to_string();
    loop {
        if let Ok(mut opened) = connecting.clone().try_open().await {
            if opened.try_send_text(&subscribe).await.is_ok() {
                client.standing.send_modify(|standing| {
                    standing.connect();
                    standing.begin();
                });
                read(&mut opened, &client).await;
            }
            client.standing.send_modify(|standing| standing.since = None);
        }
        sleep(PAUSE).await;
    }
}

/// Reads until the connection ends. A state has no more updates than there are keys, so what comes after so many is the tail.
async fn read(opened: &mut Client, client: &Watched) {
    let mut updates = 0;
    while let Ok(frame) = opened.try_frame().await {
        let Some(update) = update(&frame["seq"], &frame) else {
            if frame["type"] != "subscribed" {
                client.standing.send_modify(|it| it.complain(format!("was sent {frame}")));
            }
            continue;
        };
        let rule = if updates < KEYS { Rule::Later } else { Rule::Next };
        updates += 1;
        client.standing.send_modify(|standing: &mut Standing| standing.take(update, rule));
    }
}
