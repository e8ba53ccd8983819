//! What a client sends in a session: messages become packets of Socket.IO, and these become acts.

use super::{Act, Door, Partial, Session};
use crate::dialect::socketio::emits::{heard, Heard};
use crate::dialect::socketio::engine::{self, Sent, NOOP};
use crate::dialect::socketio::packet::{self, Packet, Says};
use crate::limits::{FRAMES_AHEAD_MS, FRAMES_FLOOD_MS, FRAME_EVERY_MS, MAX_PAYLOAD_BYTES};
use crate::protocol::socket_io::Engine;
use crate::protocol::time::Timestamp;

impl Session {
    pub(super) fn take(&mut self, packet: engine::Packet<'_>, now: Timestamp) -> Vec<Act> {
        self.heard = now;
        self.paid = self.paid.max(now).plus_ms(FRAME_EVERY_MS);
        // Later than the room, which tells its member why it closes it.
        if self.paid.ms_since(now) > FRAMES_FLOOD_MS + FRAMES_AHEAD_MS {
            return vec![Act::Close];
        }
        match packet {
            engine::Packet::Message(text) => self.message(text),
            engine::Packet::Binary(bytes) => self.attachment(bytes),
            engine::Packet::Pong | engine::Packet::Noop | engine::Packet::Upgrade => Vec::new(),
            // Only servers ping.
            engine::Packet::Ping(_) => vec![Act::Close],
            engine::Packet::Close => {
                let held = self.send(Sent::Text(NOOP.to_owned()));
                held.into_iter()
                    .filter(|act| matches!(act, Act::Answer(_)))
                    .chain([Act::Close])
                    .collect()
            }
        }
    }

    fn message(&mut self, text: &str) -> Vec<Act> {
        if self.form.form().engine == Engine::Echo {
            return self.send(Sent::Text(format!("4{text}"))).into_iter().collect();
        }
        match Packet::parse(text) {
            Ok(packet) if self.partial.is_none() && packet.attachments == 0 => {
                self.dispatch(packet, Vec::new())
            }
            Ok(packet) if self.partial.is_none() => {
                self.partial = Some(Partial { packet, attachments: Vec::new() });
                Vec::new()
            }
            _ => vec![Act::Close],
        }
    }

    fn attachment(&mut self, bytes: Vec<u8>) -> Vec<Act> {
        if self.form.form().engine == Engine::Echo {
            return self.send(Sent::Binary(bytes)).into_iter().collect();
        }
        let Some(mut partial) = self.partial.take() else { return vec![Act::Close] };
        partial.attachments.push(bytes);
        let size: usize = partial.attachments.iter().map(Vec::len).sum();
        if size > MAX_PAYLOAD_BYTES {
            return vec![Act::Close];
        }
        if partial.attachments.len() < partial.packet.attachments {
            self.partial = Some(partial);
            return Vec::new();
        }
        self.dispatch(partial.packet, partial.attachments)
    }

    fn dispatch(&mut self, packet: Packet, attachments: Vec<Vec<u8>>) -> Vec<Act> {
        let Packet { namespace, says, .. } = packet;
        let client = match (self.doors.get(&namespace), &says) {
            (None, Says::Connect(_)) => return self.knock(namespace, says),
            (Some(Door::In(client)), _) => client.clone(),
            // It has never connected to anything, so it does not speak Socket.IO.
            (None, _) if self.doors.is_empty() && self.idle.is_some() => return vec![Act::Close],
            // It was told that it is out, or waits to be let in.
            (None | Some(Door::Knocking), _) => return Vec::new(),
        };
        match says {
            Says::Connect(_) => Vec::new(),
            Says::Disconnect => {
                self.leave(&namespace, self.heard);
                vec![Act::Leave { client }]
            }
            Says::Ack { id } => {
                self.acknowledge(&namespace, id);
                Vec::new()
            }
            Says::Event { name, args, id } => {
                match heard(self.form.form(), &name, args, id, !attachments.is_empty()) {
                    Heard::Said(said) => vec![Act::Said { client, said }],
                    Heard::Echo(name, args) => {
                        self.echo(&namespace, (name, id), &args, attachments)
                    }
                }
            }
        }
    }

    fn knock(&mut self, namespace: String, says: Says) -> Vec<Act> {
        let Says::Connect(auth) = says else { return Vec::new() };
        if !self.form.form().namespaces.contains(&namespace) {
            let refused = packet::refused(&namespace, r#"{"message":"Invalid namespace"}"#);
            return self.send(Sent::Text(refused)).into_iter().collect();
        }
        self.doors.insert(namespace.clone(), Door::Knocking);
        self.idle = None;
        vec![Act::Connect { namespace, auth }]
    }

    fn echo(
        &mut self,
        namespace: &str,
        (name, id): (Option<String>, Option<u64>),
        args: &str,
        attachments: Vec<Vec<u8>>,
    ) -> Vec<Act> {
        let text = match (name, id) {
            (Some(name), _) => packet::event_text(namespace, None, &name, args),
            (None, Some(id)) => packet::ack_text(namespace, &id.to_string(), args),
            (None, None) => return Vec::new(),
        };
        let text = Sent::Text(packet::with_attachments(&text, attachments.len()));
        let all = [text].into_iter().chain(attachments.into_iter().map(Sent::Binary));
        all.filter_map(|sent| self.send(sent)).collect()
    }
}
