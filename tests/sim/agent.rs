//! A client of a run: it connects, watches, asks, falls silent, is cut off, and comes back with what it has.
//!
//! Clients of `roomcast.v1` are [`Client`], which checks each frame; the others check with [`Tail`].

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::ids::ClientId;
use roomcast::protocol::topics::{Permissions, Topics};
use roomcast::room::view::View;
use serde_json::{json, Value};

use crate::client::Client;
use crate::connecting::Request;
use crate::documents::{some_board, token, TOPICS};
use crate::events::{Answer, Call, Event, Said, To};
use crate::relays::root;
use crate::system::System;
use crate::tail::Tail;
use crate::undertaking::What;

pub(crate) struct Agent {
    pub(crate) user: String,
    pub(crate) address: String,
    pub(crate) board: String,
    pub(crate) dialect: Dialect,
    /// Whether its token lets it read what needs that.
    reads: bool,
    token: Option<String>,
    pub(crate) token_id: String,
    wants: Topics,
    /// What it knows, if it speaks `roomcast.v1`.
    pub(crate) client: Option<Client>,
    pub(crate) tail: Tail,
    /// Its connection, if it has one.
    pub(crate) line: Option<ClientId>,
    knocks: bool,
    pinged: u64,
    stalls: u64,
    refreshes: bool,
    tokens: u64,
    /// When it does something next.
    due: u64,
    /// Why it was refused last.
    pub(crate) refused: &'static str,
}

impl Agent {
    pub(crate) fn new(user: String, address: String, board: String, dialect: Dialect) -> Self {
        Self {
            user,
            address,
            board,
            dialect,
            reads: false,
            token: None,
            token_id: String::new(),
            wants: Topics::default(),
            client: None,
            tail: Tail::default(),
            line: None,
            knocks: false,
            pinged: 0,
            stalls: 0,
            refreshes: false,
            tokens: 0,
            due: 0,
            refused: "",
        }
    }

    fn permissions(&self) -> Permissions {
        if self.reads { vec!["read".to_owned()] } else { Vec::new() }.into()
    }

    /// Its token has ended.
    pub(crate) fn forget_token(&mut self) {
        self.token = None;
    }

    pub(crate) fn view(&self) -> View {
        let (topics, permissions) = (self.wants.clone(), self.permissions());
        View { topics, permissions, ..View::of_all(self.dialect.clone()) }
    }
}

impl System {
    /// The client does something after so many milliseconds, instead of what it was about to do.
    pub(crate) fn agent_later(&mut self, number: usize, ms: u64) {
        self.agents[number].due = self.now + ms;
        self.later(ms, Event::Agent(number));
    }

    pub(crate) fn agent_acts(&mut self, number: usize) {
        if self.frozen || self.agents[number].due != self.now {
            return;
        }
        match self.agents[number].line.clone() {
            Some(client) => self.watches(number, &client),
            // The answer wakes it.
            None if self.agents[number].knocks => return,
            None if self.deserted => {}
            None => {
                self.knocks(number);
                return;
            }
        }
        let ms = self.pause(number);
        self.agent_later(number, ms);
    }

    /// Milliseconds until a client does something again.
    fn pause(&mut self, number: usize) -> u64 {
        match (self.active, self.agents[number].refused) {
            (true, _) if self.agents[number].line.is_none() => self.chance.between(1, 120),
            (true, _) => self.chance.between(10, 500),
            // It would only be refused once more.
            (false, "full") => self.chance.between(5_000, 25_000),
            (false, _) => self.chance.between(2_000, 9_000),
        }
    }

    /// Wants to connect, with what it has.
    fn knocks(&mut self, number: usize) {
        let fresh = self.active && self.chance.happens(100);
        if self.agents[number].token.is_none() || fresh {
            let reads = self.chance.happens(500);
            self.new_token(number, reads);
        }
        if self.active && self.chance.happens(150) {
            self.agents[number].wants = self.some_topics();
        }
        if self.active && self.chance.happens(40) {
            let board = some_board(&mut self.chance);
            let agent = &mut self.agents[number];
            agent.client = agent.client.take().filter(|_| agent.board == board);
            agent.board = board;
        }
        let request = self.request(number);
        self.agents[number].knocks = true;
        let front = self.chance.index(self.fronts.len());
        let undertaking = self.begin(None, What::Knock(number));
        self.ask((To::Front(front), Call::Live(Box::new(request))), (undertaking, 0), 15_000);
    }

    /// What it asks for: to go on where it was, if it has a position and may see what it saw.
    fn request(&mut self, number: usize) -> Request {
        let agent = &mut self.agents[number];
        let (wants, permissions) = (agent.wants.clone(), agent.permissions());
        let listed = |topics: &Topics| {
            let names = topics.patterns().into_iter().map(|pattern| pattern.0);
            names.collect::<Vec<_>>().join(",")
        };
        let (mut resume, mut resume_topics) = (None, None);
        if agent.dialect == Dialect::V1 {
            let before = agent.client.take().map(|client| (client.try_position(), client.again()));
            let kept = before
                .filter(|(at, client)| at.is_some() && client.view.permissions == permissions);
            let client = match kept {
                Some((position, mut client)) => {
                    resume = position.map(|position| position.to_string());
                    let seen = client.view.topics.clone();
                    if seen != wants {
                        resume_topics = Some(listed(&seen));
                        let name = format!("acme/{}", agent.board);
                        let history = &self.rooms[&name].sessions.world.history;
                        client.change_topics(seen.within(&wants), history);
                    }
                    client
                }
                None => Client::of(agent.view(), &agent.user, None),
            };
            agent.client = Some(client);
        }
        Request {
            agent: number,
            board: agent.board.clone(),
            dialect: agent.dialect.clone(),
            token: agent.token.clone().unwrap(),
            address: agent.address.clone(),
            resume,
            topics: (!wants.is_all()).then(|| listed(&wants)),
            resume_topics,
        }
    }

    fn some_topics(&mut self) -> Topics {
        if self.chance.happens(400) {
            return Topics::default();
        }
        let some: Vec<&str> = TOPICS.into_iter().filter(|_| self.chance.happens(500)).collect();
        Topics::parse(some).unwrap()
    }

    fn new_token(&mut self, number: usize, reads: bool) -> String {
        let ms = if self.active { self.chance.between(20_000, 240_000) } else { 1_000_000_000 };
        let now = self.clock(0);
        let tenant = self.tenant.parsed.clone();
        let agent = &mut self.agents[number];
        agent.tokens += 1;
        agent.token_id = format!("t-{number}-{}", agent.tokens);
        agent.reads = reads;
        let made = token(&tenant, &agent.user, (reads, &agent.token_id), (now, ms));
        agent.token = Some(made.clone());
        made
    }

    pub(crate) fn agent_is_answered(&mut self, number: usize, answer: Answer) {
        let agent = &mut self.agents[number];
        agent.knocks = false;
        match answer {
            Answer::Connected(client) => {
                agent.refused = "";
                let Some(line) = self.lines.get_mut(&client) else {
                    self.agent_later(number, 50);
                    return;
                };
                (line.open, line.taken) = (true, true);
                self.counts.connects += 1;
                agent.tail = Tail::from(line.head);
                agent.refreshes = false;
                agent.pinged = self.now;
                agent.line = Some(client.clone());
                for _ in 0..line.down.len() {
                    self.later(1, Event::Down(client.clone()));
                }
            }
            Answer::Refused(why) => {
                agent.refused = why;
                if why.starts_with("token") {
                    agent.token = None;
                }
            }
            _ => {}
        }
        let ms = self.pause(number);
        self.agent_later(number, ms);
    }

    /// The next frame arrives, if the client reads.
    pub(crate) fn reads(&mut self, client: &ClientId) {
        let Some(line) = self.lines.get_mut(client).filter(|line| line.open) else { return };
        let number = line.agent;
        if self.agents[number].stalls > self.now {
            let at = self.agents[number].stalls;
            self.calendar.enter(at, Event::Down(client.clone()));
            return;
        }
        match line.down.pop_front() {
            Some(Some(frame)) => {
                self.counts.frames += 1;
                self.shows(number, client, &frame);
            }
            Some(None) => self.client_loses(client),
            None => {}
        }
    }

    fn shows(&mut self, number: usize, client: &ClientId, frame: &str) {
        self.remark(|| format!("client {number} reads {frame}"));
        let line = &self.lines[client];
        // A relay may have ended meanwhile. What it has sent was durable at the root.
        let room = &self.rooms[root(&line.room)];
        let (history, durable) = (&room.sessions.world.history, room.disk.head());
        let agent = &mut self.agents[number];
        if let Some(known) = &mut agent.client {
            known.slow |= line.slow;
            known.receive(frame, durable, history);
            let resumed = frame.contains(r#""recovery":"replayed""#);
            self.counts.resumed += u64::from(resumed);
            let view = known.view.clone();
            self.check_audience(number, &view, frame);
            return;
        }
        let view = agent.view();
        let frame: Value = serde_json::from_str(frame).unwrap();
        let is_update = frame["type"] == "dashboard.update" || frame["op"] == "update";
        if let Some(seq) = frame["seq"].as_u64().filter(|_| is_update) {
            agent.tail.take(seq, (&view, &agent.user), line.slow, history);
        }
        let text = frame.to_string();
        self.check_audience(number, &view, &text);
    }

    /// Nobody is sent an event that its backend meant for others.
    fn check_audience(&self, number: usize, view: &View, frame: &str) {
        let user = &self.agents[number].user;
        let topics: Vec<String> =
            view.topics.patterns().into_iter().map(|pattern| pattern.0).collect();
        let reads = !view.permissions.is_empty();
        for id in frame.split(r#""id":""#).skip(1).filter_map(|rest| rest.split('"').next()) {
            let label = &self.labels[id];
            assert!(
                label.admits(user, reads, &topics),
                "{user} was sent {id}, which is for others: {label:?}"
            );
        }
    }

    /// The client knows that it has no connection any more.
    pub(crate) fn client_loses(&mut self, client: &ClientId) {
        let Some(line) = self.lines.get_mut(client).filter(|line| line.open) else { return };
        line.open = false;
        self.agents[line.agent].line = None;
        self.agents[line.agent].stalls = 0;
        self.counts.disconnects += 1;
        self.forget_line(client);
    }

    fn watches(&mut self, number: usize, client: &ClientId) {
        if self.now - self.agents[number].pinged > 15_000 {
            self.agents[number].pinged = self.now;
            self.send_up(client, Said::Ping);
        }
        let act = self.chance.below(1_000);
        match act {
            _ if self.deserted => self.leaves(client),
            0..220 => self.acknowledges(number, client),
            _ if !self.active => {}
            220..520 => self.cut(client),
            520..560 => self.leaves(client),
            560..590 => self.agents[number].stalls = self.now + self.chance.between(500, 6_000),
            590..600 => self.say(client, &json!({"type": "nothing"})),
            600..640 => {
                self.agents[number].tail.asked = true;
                self.say(client, &json!({"type": "request.state"}));
            }
            _ if self.agents[number].dialect != Dialect::V1 => {}
            640..720 => self.changes_topics(client, "subscribe"),
            720..780 => self.changes_topics(client, "unsubscribe"),
            780..800 => {
                let ms = *self.chance.pick(&[0, 250, 1_000]);
                self.say(client, &json!({"type": "pace", "ms": ms}));
            }
            800..840 => {
                let data = json!({"at": self.chance.below(4)});
                self.say(client, &json!({"type": "presence.set", "data": data}));
            }
            840..880 if !self.agents[number].refreshes => self.renews(number, client),
            _ => {}
        }
    }

    /// It closes the connection, and reads nothing more. What it has sent still arrives.
    fn leaves(&mut self, client: &ClientId) {
        self.send_up(client, Said::Close);
        self.client_loses(client);
    }

    fn say(&mut self, client: &ClientId, frame: &Value) {
        self.send_up(client, Said::Frame(frame.to_string()));
    }

    fn acknowledges(&mut self, number: usize, client: &ClientId) {
        let seq = self.agents[number].client.as_ref().and_then(Client::last_seq);
        if let Some(seq) = seq {
            self.say(client, &json!({"type": "ack", "seq": seq}));
        }
    }

    fn changes_topics(&mut self, client: &ClientId, kind: &str) {
        let topics = self.some_topics();
        self.say(client, &json!({"type": kind, "topics": topics}));
    }

    fn renews(&mut self, number: usize, client: &ClientId) {
        let reads = self.chance.happens(500);
        let token = self.new_token(number, reads);
        let permissions = self.agents[number].permissions();
        let agent = &mut self.agents[number];
        agent.refreshes = true;
        if let Some(known) = &mut agent.client {
            known.hopes_for(permissions);
        }
        self.say(client, &json!({"type": "auth.refresh", "token": token}));
    }
}
