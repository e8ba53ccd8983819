//! Company over the objects of a room, on this platform: letters go out and their answers come back, and whoever reads who is here waits
//! until that is known.
//!
//! What the letters say is decided in `room/tree/company/`.

use std::rc::Rc;

use futures::channel::oneshot;

use super::RoomHost;
use crate::hop::company;
use crate::protocol::etag;
use crate::room::tree::company::letters::{Letter, Reply};
use crate::room::tree::company::roll::Addressee;
use crate::room::Input;
use crate::runner::RoomFailed;
use crate::shell::objects;

impl RoomHost {
    /// Takes a letter from another object of the room. A room that has never begun, or has ended, does not begin.
    pub(in crate::shell) async fn receive(
        self: &Rc<Self>,
        letter: Letter,
    ) -> Result<Reply, RoomFailed> {
        if self.or_fail("begun", self.storage.begun())?.is_none() {
            return Ok(Reply::Gone);
        }
        let (alarm, reply) = self.runner.borrow_mut().receive(letter, &mut self.clone())?;
        self.arm(alarm).await?;
        Ok(reply)
    }

    /// Sends a letter to other objects of the room, all at the same time, encoded once.
    pub(super) fn write_letter(self: &Rc<Self>, to: Vec<Addressee>, letter: &Letter) {
        let Some(room) = self.room_name() else { return };
        let body: Rc<str> = company::encode(letter).into();
        let is_answered = !matches!(letter, Letter::Signal(_));
        for to in to {
            let (host, body, object) = (self.clone(), body.clone(), room.at(to.0));
            self.state.wait_until(async move {
                let reply = objects::write_letter(&host.env, &object, &body).await;
                if is_answered {
                    // A failure is in the log.
                    let (Ok(()) | Err(RoomFailed)) = host.turn(Input::Replied { to, reply }).await;
                }
            });
        }
    }

    /// Who is here, as JSON, and the entity tag of that. A room that has come back into memory asks its relays first.
    pub(in crate::shell) async fn who_is_here(
        self: &Rc<Self>,
    ) -> Result<(String, String), RoomFailed> {
        let (alarm, _) = self.runner.borrow_mut().seek_who_is_here(&mut self.clone())?;
        self.arm(alarm).await?;
        if self.runner.borrow().seeks_who_is_here() {
            let (sender, known) = oneshot::channel();
            self.readers.borrow_mut().push(sender);
            // The sender is dropped if the room fails. Then nobody is here.
            let _ = known.await;
        }
        let text = self.runner.borrow_mut().who_is_here(&mut self.clone())?.body();
        Ok((etag::of_text(&text), text))
    }

    /// Lets those go on who wait to read who is here, if that is known.
    pub(super) fn release_readers(&self) {
        if self.readers.borrow().is_empty() || self.runner.borrow().seeks_who_is_here() {
            return;
        }
        for reader in self.readers.take() {
            // It may have ended meanwhile.
            let _ = reader.send(());
        }
    }
}
