//! What a room and its relays want of each other, on this platform.
//!
//! A relay asks its parent before it lets anyone in who may have seen more than it has, and is fed from then on. What each side
//! makes of it is decided in `room/tree/`; here it is only carried.

use std::rc::Rc;

use futures::channel::oneshot;
use futures::FutureExt as _;
use worker::Response;

use super::RoomHost;
use crate::hop::engine::Handshake;
use crate::hop::{company, feed, COMPANY, FULL, HUNGER, PLACE, SPREAD};
use crate::protocol::ids::{Position, RoomName};
use crate::protocol::relay::RelayName;
use crate::room::tree::feeding::{Ate, Guest, Hunger, Served};
use crate::room::tree::placing::{Placement, Seeking};
use crate::room::view::Viewer;
use crate::room::{Door, Entry, Input, Resume};
use crate::runner::RoomFailed;
use crate::shell::{answer, objects};

impl RoomHost {
    /// The relay that this object is, if it is one.
    pub(super) fn relay(&self) -> Option<RelayName> {
        self.room_name()?.relay
    }

    /// Answers what the front Worker, a parent or a child wants.
    pub(in crate::shell) async fn answer_tree(
        self: &Rc<Self>,
        path: &str,
        body: &str,
    ) -> Result<worker::Result<Response>, RoomFailed> {
        let answer = match path {
            PLACE => match serde_json::from_str(body) {
                Ok(seeking) => Some(placed_response(&self.place(&seeking).await?)),
                Err(_) => None,
            },
            HUNGER => match serde_json::from_str(body) {
                Ok(hunger) => Some(served_response(self.serve(&hunger).await?.as_ref())),
                Err(_) => None,
            },
            COMPANY => match company::decode(body) {
                Some(letter) => Some(Response::from_json(&self.receive(letter).await?)),
                None => None,
            },
            _ => match feed::decode(body) {
                Some(served) => Some(ate_response(&self.eat(served).await?)),
                None => None,
            },
        };
        Ok(answer.unwrap_or_else(|| Response::error("malformed", 400)))
    }

    pub(super) fn room_name(&self) -> Option<RoomName> {
        self.name().parse().ok()
    }

    /// Which objects of the room take members.
    async fn place(self: &Rc<Self>, seeking: &Seeking) -> Result<Placement, RoomFailed> {
        let (alarm, placement) = self.runner.borrow_mut().place(seeking, &mut self.clone())?;
        self.arm(alarm).await?;
        Ok(placement)
    }

    /// What a relay lacks that asks; `None` if this room has never begun. If a client of it has seen more than this object
    /// has, which is a relay then, it asks its own parent first.
    async fn serve(self: &Rc<Self>, hunger: &Hunger) -> Result<Option<Served>, RoomFailed> {
        let wants = hunger.wants.as_deref().and_then(|wants| wants.parse().ok());
        if !self.catch_up_to(wants.as_ref()).await? {
            return Ok(None);
        }
        let (alarm, served) = self.runner.borrow_mut().serve(hunger, &mut self.clone())?;
        self.arm(alarm).await?;
        Ok(served)
    }

    /// Whether a client can join. A relay that may lack what the client has seen asks its parent first.
    pub(in crate::shell) async fn admit_up_to_date(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
        (resume, entry): (&Resume, Entry),
    ) -> Result<Door, RoomFailed> {
        match self.admit(viewer, (resume, entry))? {
            // Boxed, because the others do not need it: V8 would compile it while they wait.
            Door::Behind => self.admit_later(viewer, (resume, entry)).boxed_local().await,
            door => Ok(door),
        }
    }

    async fn admit_later(
        self: &Rc<Self>,
        viewer: Viewer<'_>,
        (resume, entry): (&Resume, Entry),
    ) -> Result<Door, RoomFailed> {
        if !self.catch_up_to(resume.position()).await? || self.lacks(None)? {
            return Ok(Door::Behind);
        }
        // A position that is still ahead is not one of this room. Such a client gets the state.
        match self.admit(viewer, (resume, entry))? {
            Door::Behind => self.admit(viewer, (&Resume::State, entry)),
            door => Ok(door),
        }
    }

    /// The status with which a client is sent to another object of the room before it has opened a session; `None` if it may open one here.
    pub(super) fn sends_on(self: &Rc<Self>, handshake: &Handshake) -> Option<u16> {
        let runner = self.runner.borrow();
        let spread = handshake.above.is_some_and(|above| runner.has_spread(above));
        // Who has opened a session is about to join.
        let free = runner.free(handshake.capacity);
        let full = self.relay().is_some() && free <= self.sockets.sessions().guests();
        if spread {
            return Some(SPREAD);
        }
        full.then_some(FULL)
    }

    /// Asks the parent until this relay has everything that a client with this position can have seen. Twice at most, as the first answer
    /// may be one to a question from before. Says whether the parent answered.
    async fn catch_up_to(self: &Rc<Self>, position: Option<&Position>) -> Result<bool, RoomFailed> {
        for _ in 0..2 {
            if !self.lacks(position)? {
                return Ok(true);
            }
            if !self.catch_up(position).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether this relay may lack what a client has seen.
    fn lacks(self: &Rc<Self>, position: Option<&Position>) -> Result<bool, RoomFailed> {
        self.runner.borrow_mut().lacks(position, &mut self.clone())
    }

    /// Asks the parent of this relay for what it lacks, and takes that. If somebody asks already, waits for that. Says whether the
    /// parent answered.
    pub(in crate::shell) async fn catch_up(
        self: &Rc<Self>,
        wants: Option<&Position>,
    ) -> Result<bool, RoomFailed> {
        if let Some(asked) = self.wait_for_parent() {
            // The sender is dropped if whoever asks is.
            return Ok(asked.await.unwrap_or(false));
        }
        let taken = self.ask_parent_now(wants).await;
        for waiting in self.asking.borrow_mut().take().unwrap_or_default() {
            // It may have ended meanwhile.
            let _ = waiting.send(matches!(taken, Ok(true)));
        }
        taken
    }

    /// Waits for the answer to a question that is under way; `None` if none is. Then it is from now on.
    fn wait_for_parent(&self) -> Option<oneshot::Receiver<bool>> {
        let mut asking = self.asking.borrow_mut();
        let Some(waiting) = &mut *asking else {
            *asking = Some(Vec::new());
            return None;
        };
        let (sender, asked) = oneshot::channel();
        waiting.push(sender);
        Some(asked)
    }

    async fn ask_parent_now(self: &Rc<Self>, wants: Option<&Position>) -> Result<bool, RoomFailed> {
        let hunger = self.runner.borrow_mut().hunger(wants, &mut self.clone())?;
        let (Some(hunger), Some(room)) = (hunger, self.room_name()) else { return Ok(true) };
        let parent = room.at(hunger.relay.parent());
        let answer = objects::ask_for_bursts(&self.env, &parent, &hunger).await;
        let answered = answer.is_some();
        let alarm = match answer {
            Some(served) => self.runner.borrow_mut().adopt(served, &mut self.clone())?,
            None => self.runner.borrow_mut().unanswered(&mut self.clone())?,
        };
        self.arm(alarm).await?;
        Ok(answered)
    }

    /// Takes what the parent has sent unasked.
    async fn eat(self: &Rc<Self>, served: Served) -> Result<Ate, RoomFailed> {
        let (alarm, ate) = self.runner.borrow_mut().eat(served, &mut self.clone())?;
        self.arm(alarm).await?;
        Ok(ate)
    }

    /// Sends children what they lack, all at the same time, encoded once. The runtime sends it when it is durable.
    pub(super) fn feed_children(self: &Rc<Self>, to: Vec<Guest>, served: &Served) {
        let Some(room) = self.room_name() else { return };
        let body: Rc<str> = feed::encode(served).into();
        for guest in to {
            let (host, body, child) = (self.clone(), body.clone(), room.at(Some(guest.0)));
            self.state.wait_until(async move {
                let ate = objects::feed(&host.env, &child, &body).await;
                // A failure is in the log.
                let (Ok(()) | Err(RoomFailed)) = host.turn(Input::Fed { guest, ate }).await;
            });
        }
    }
}

fn placed_response(placement: &Placement) -> worker::Result<Response> {
    answer::typed(200, "application/json", serde_json::to_string(placement)?)
}

/// What a relay is sent that has asked.
fn served_response(served: Option<&Served>) -> worker::Result<Response> {
    match served {
        Some(served) => answer::typed(200, "text/plain", feed::encode(served)),
        None => Response::error("has never begun", 404),
    }
}

fn ate_response(ate: &Ate) -> worker::Result<Response> {
    let mut response = Response::empty()?.with_status(204);
    response.headers_mut().set(feed::HEADER, &serde_json::to_string(ate)?)?;
    Ok(response)
}
