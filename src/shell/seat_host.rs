//! A seat on this platform: its storage and its alarm, and the rooms that it asks and tells.
//!
//! Places are given and revocations are noted without waiting, and the answer is withheld until they are stored. Rooms
//! that do not answer in time count as holding what they were asked about.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::select;
use futures::stream::{self, StreamExt as _};
use worker::{Env, Result, State};

use super::environment::{now, within};
use super::objects;
use super::seat_store::SeatStore;
use super::timer::Timer;
use crate::hop::revocation::{Revocation, Revoked as Closed};
use crate::hop::seat::{RevokeUser, Shown, Take, Taken, Told};
use crate::hop::{PRESENT, REVOKE};
use crate::limits::{REVOKE_AGAIN_MS, ROOMS_AT_ONCE, SEAT_IDLE_MS, SEAT_WAITING, VERIFY_ROOM_MS};
use crate::protocol::ids::ClientId;
use crate::protocol::lease::{Leased, RollCall, Subject};
use crate::quota::leases::{Attempt, Question, Round, Step};
use crate::quota::revocations::{Revoked, Token};
use crate::quota::seat::{Rest, Seat};

/// One seat.
pub(super) struct SeatHost {
    state: State,
    env: Env,
    store: SeatStore,
    /// What is stored, once it was read, and whom the seat counts for.
    known: RefCell<Option<(Seat, Option<Subject>)>>,
    /// Whether the table exists.
    begun: Cell<bool>,
    /// Whether it was made in this turn, and there is no alarm yet.
    fresh: Cell<bool>,
    /// Attempts that wait until something is known of a place.
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
    /// Has a copy for each request that is under way, so that the seat does not end meanwhile.
    busy: Rc<()>,
}

/// What an attempt does next.
enum Next {
    Done(Taken),
    Wait(u64),
    Ask(Round),
}

impl SeatHost {
    pub(super) fn new(state: State, env: Env) -> Self {
        Self {
            store: SeatStore::new(state.storage().sql()),
            state,
            env,
            known: RefCell::default(),
            begun: Cell::default(),
            fresh: Cell::default(),
            waiting: RefCell::default(),
            busy: Rc::default(),
        }
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Gives a client a place, if there is one.
    pub(super) async fn take(self: &Rc<Self>, take: Take) -> Result<Taken> {
        let _busy = self.busy.clone();
        let (client, room) = (take.client.clone(), take.room.clone());
        let attempt = self.with(|seat| seat.leases.attempt(client, room, now()))?;
        self.counts_for(&take.subject);
        loop {
            match self.step(&attempt, &take)? {
                Next::Done(taken) => {
                    self.set_first_alarm().await?;
                    return Ok(taken);
                }
                Next::Wait(ms) if self.is_crowded() || ms == 0 => return Ok(Taken::Full),
                Next::Wait(ms) => self.wait(ms).await,
                Next::Ask(round) => self.ask(round).await,
            }
        }
    }

    fn step(&self, attempt: &Attempt, take: &Take) -> Result<Next> {
        let now = now();
        self.with(|seat| {
            let revoked = |shown: &Shown| seat.revocations.refuses(token(shown));
            if take.shown.as_ref().is_some_and(revoked) {
                return Ok(Next::Done(Taken::Revoked));
            }
            Ok(match take.limit.map(|limit| seat.leases.step(attempt, limit, now)) {
                Some(Step::Granted(leased, stored)) => {
                    if let Some(allotment) = stored {
                        self.begin()?;
                        self.store.put_allotment(&allotment, &take.subject)?;
                    }
                    Next::Done(Taken::Granted(leased))
                }
                Some(Step::Full) => Next::Done(Taken::Full),
                Some(Step::Wait(ms)) => Next::Wait(ms),
                Some(Step::Ask(round)) => Next::Ask(round),
                None => {
                    if let Some(visit) = seat.visited.note(&take.room, now) {
                        self.begin()?;
                        self.store.put_visit(&visit)?;
                    }
                    Next::Done(Taken::Granted(Leased::new(now, seat.leases.life())))
                }
            })
        })?
    }

    /// Whether a token of the user counts no longer.
    pub(super) fn is_revoked(&self, shown: &Shown) -> Result<bool> {
        self.with(|seat| seat.revocations.refuses(token(shown)))
    }

    /// Revokes tokens of the user, and closes the connections that were made with them.
    pub(super) async fn revoke(self: &Rc<Self>, revoke: RevokeUser) -> Result<Told> {
        let _busy = self.busy.clone();
        let RevokeUser { user, token, session, issued_until, longest_ms } = revoke;
        let revoked = Revoked { token, session, issued_until };
        let (again, subject) = (now().plus_ms(REVOKE_AGAIN_MS), Subject::User(user));
        let (revoked, rest) = self.with(|seat| {
            let how_long = (again, longest_ms.unwrap_or_default());
            let revoked = seat.revocations.add(revoked, how_long, now());
            self.begin()?;
            self.store.put_revocations(&seat.revocations, &subject)?;
            Ok::<_, worker::Error>((revoked, seat.rest(now())))
        })??;
        self.counts_for(&subject);
        self.fresh.set(false);
        self.arm(rest).await?;
        self.tell(&revoked).await
    }

    /// What the seat has to do when nobody asks it.
    pub(super) async fn wake(self: &Rc<Self>) -> Result<()> {
        self.tell_again().await?;
        if let Some(round) =
            self.with(|seat| if seat.is_idle(now()) { seat.leases.review(now()) } else { None })?
        {
            self.ask(round).await;
        }
        let (forgot, rest) = self.with(|seat| {
            let forgot = seat.revocations.forget(now());
            (forgot, seat.rest(now()))
        })?;
        if forgot {
            self.put_revocations()?;
        }
        self.arm(rest).await
    }

    /// Tells rooms once more of what was revoked: connections may have been on their way, and rooms may have been silent.
    async fn tell_again(&self) -> Result<()> {
        let at = now();
        let due = self.with(|seat| seat.revocations.due(at))?;
        let mut silent = 0;
        for revoked in &due {
            silent += self.tell(revoked).await?.silent;
        }
        if !due.is_empty() {
            self.with(|seat| seat.revocations.told(at, silent == 0))?;
            self.put_revocations()?;
        }
        Ok(())
    }

    /// Sets the alarm, or deletes everything. Nothing is deleted while a request is under way.
    async fn arm(&self, rest: Rest) -> Result<()> {
        let storage = self.state.storage();
        let at = match rest {
            Rest::End if Rc::strong_count(&self.busy) == 1 => {
                self.begun.set(false);
                self.known.borrow_mut().take();
                return storage.delete_all().await;
            }
            Rest::End => now().plus_ms(SEAT_IDLE_MS),
            Rest::Until(at) => at,
        };
        storage.set_alarm(Duration::from_millis(at.ms_since(now()))).await
    }

    /// Makes the table, if there is none. The alarm is set in the same turn, so both are stored or neither: no seat stays for
    /// ever.
    fn begin(&self) -> Result<()> {
        if !self.begun.replace(true) && !self.store.has_begun()? {
            self.store.begin()?;
            self.fresh.set(true);
        }
        Ok(())
    }

    async fn set_first_alarm(&self) -> Result<()> {
        if self.fresh.replace(false) {
            self.arm(Rest::Until(now().plus_ms(SEAT_IDLE_MS))).await?;
        }
        Ok(())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seat) -> T) -> Result<T> {
        let mut known = self.known.borrow_mut();
        let (seat, _) = match &mut *known {
            Some(known) => known,
            unknown => unknown.insert(self.store.load(now())?),
        };
        Ok(act(seat))
    }

    /// Notes whom the seat counts for.
    fn counts_for(&self, subject: &Subject) {
        if let Some((_, known)) = &mut *self.known.borrow_mut() {
            *known = Some(subject.clone());
        }
    }

    /// Whom the seat counts for.
    fn subject(&self) -> Option<Subject> {
        self.known.borrow().as_ref().and_then(|(_, subject)| subject.clone())
    }

    fn put_revocations(&self) -> Result<()> {
        let subject = self.subject().ok_or("a seat of nobody")?;
        self.with(|seat| self.store.put_revocations(&seat.revocations, &subject))?
    }

    fn is_crowded(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|waiting| !waiting.is_canceled());
        waiting.len() >= SEAT_WAITING
    }

    async fn wait(&self, ms: u64) {
        let (sender, woken) = oneshot::channel();
        self.waiting.borrow_mut().push(sender);
        select(woken, Box::pin(Timer::new(Duration::from_millis(ms)).over())).await;
    }

    /// Those who wait look again.
    fn stir(&self) {
        for waiting in self.waiting.take() {
            // It may have stopped waiting.
            let _ = waiting.send(());
        }
    }

    /// Asks the rooms of a round. That goes on even if the attempt ends that has begun it, because others wait for it.
    async fn ask(self: &Rc<Self>, round: Round) {
        let (host, (sender, done)) = (self.clone(), oneshot::channel());
        self.state.wait_until(async move {
            let _busy = host.busy.clone();
            host.ask_all(&round).await;
            let _ = sender.send(());
        });
        // An error means that the object ends.
        let _ = done.await;
    }

    async fn ask_all(&self, round: &Round) {
        let rooms = round.questions.iter().map(|(room, question)| async move {
            let present = self.present(room, question).await;
            // Nothing can be done about storage that cannot be read: the attempts fail by themselves.
            let _ = self.with(|seat| seat.leases.answered(round, room, present.as_deref()));
            self.stir();
        });
        stream::iter(rooms).buffer_unordered(ROOMS_AT_ONCE).collect::<()>().await;
        let _ = self.with(|seat| seat.leases.asked(round));
        self.stir();
    }

    /// Which connections a room has, of those that it is asked about. The others cannot join any more.
    async fn present(&self, room: &str, question: &Question) -> Option<Vec<ClientId>> {
        let life = self.with(|seat| seat.leases.life()).ok()?;
        let all = if question.all { Some((self.subject()?, life)) } else { None };
        let call = RollCall { clients: question.clients.clone(), all };
        within(VERIFY_ROOM_MS, objects::ask_room(&self.env, room, PRESENT, &call)).await
    }

    /// Closes the connections of a user in all rooms where there may be some. The rooms refuse those that are on their way.
    async fn tell(&self, revoked: &Revoked) -> Result<Told> {
        let Some(Subject::User(user)) = self.subject() else {
            return Err("a seat of no user".into());
        };
        let (rooms, complete): (BTreeSet<String>, bool) =
            self.with(|seat| (seat.rooms(revoked, now()), seat.visited.is_complete()))?;
        let told = Told { rooms: rooms.len(), complete, ..Told::default() };
        let Revoked { token, issued_until, .. } = revoked.clone();
        let revocation = &Revocation { user, token, issued_until };
        let closed = rooms.into_iter().map(|room| async move {
            within(VERIFY_ROOM_MS, objects::ask_room(&self.env, &room, REVOKE, revocation)).await
        });
        let closed = stream::iter(closed).buffer_unordered(ROOMS_AT_ONCE);
        let add = |told: Told, closed: Option<Closed>| match closed {
            Some(Closed { closed }) => Told { closed: told.closed + closed, ..told },
            None => Told { silent: told.silent + 1, ..told },
        };
        Ok(closed.fold(told, |told, closed| std::future::ready(add(told, closed))).await)
    }
}

fn token(shown: &Shown) -> Token<'_> {
    Token { id: shown.token.as_deref(), issued: shown.issued, session: &shown.session }
}
