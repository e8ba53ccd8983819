//! What the objects of a room's tree, and the front Worker that connects clients to them, want of each other.

use super::counting::Cause;
use super::{Alarm, Failure, Platform, RoomFailed, Runner};
use crate::protocol::ids::Position;
use crate::room::tree::feeding::{Ate, Hunger, Meal, Served};
use crate::room::tree::placing::{Placement, Seeking};
use crate::room::Input;

impl Runner {
    /// Which objects of the room take members: see [`crate::room::Room::place`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn place(
        &mut self,
        seeking: &Seeking,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Placement), RoomFailed> {
        let placed = self.try_place(seeking, platform);
        self.count_question(Cause::Told, platform);
        self.or_fail(placed, platform)
    }

    /// Whether the room has spread over relays, or has to, while it is in memory.
    pub fn has_spread(&self, above: usize) -> bool {
        self.room.as_ref().is_some_and(|room| room.has_spread(above))
    }

    /// What a relay lacks that asks; `None` if the room has never begun: see [`crate::room::Room::serve`].
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn serve(
        &mut self,
        hunger: &Hunger,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Option<Served>), RoomFailed> {
        let served = self.try_serve(hunger, platform);
        self.count_question(Cause::Told, platform);
        self.or_fail(served, platform)
    }

    /// What this relay asks its parent; `None` if it is none: see [`crate::room::Room::hunger`]. Whoever asks it then gives the room the
    /// answer by [`Runner::adopt`], or says by [`Runner::unanswered`] that there was none.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn hunger(
        &mut self,
        wants: Option<&Position>,
        platform: &mut impl Platform,
    ) -> Result<Option<Hunger>, RoomFailed> {
        let now = platform.now();
        let hunger =
            self.room(platform).and_then(|room| room.hunger(wants, now, || platform.load()));
        self.or_fail(hunger, platform)
    }

    /// Whether this relay may lack what a client has seen that has this position; without one, whether it has never begun.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn lacks(
        &mut self,
        position: Option<&Position>,
        platform: &mut impl Platform,
    ) -> Result<bool, RoomFailed> {
        let lacks = self.room(platform).and_then(|room| room.lacks(position, || platform.load()));
        self.or_fail(lacks, platform)
    }

    /// The turn in which this relay takes what its parent has answered.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn adopt(
        &mut self,
        served: Served,
        platform: &mut impl Platform,
    ) -> Result<Alarm, RoomFailed> {
        self.turn(Input::Adopted { served, asked: true }, platform)
    }

    /// The turn in which this relay learns that its parent has not answered.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn unanswered(&mut self, platform: &mut impl Platform) -> Result<Alarm, RoomFailed> {
        self.turn(Input::Unanswered, platform)
    }

    /// The turn in which this relay takes what its parent has sent unasked. Says what it has then. One that has nothing takes nothing.
    ///
    /// # Errors
    /// As for [`Runner::turn`].
    pub fn eat(
        &mut self,
        served: Served,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Ate), RoomFailed> {
        let declines = self.room(platform).and_then(|room| room.declines(|| platform.load()));
        if let Some(ate) = self.or_fail(declines, platform)? {
            return Ok((Alarm::Keep, ate));
        }
        let alarm = self.turn(Input::Adopted { served, asked: false }, platform)?;
        let has = self.room(platform).and_then(|room| room.has(|| platform.load()));
        let has = self.or_fail(has, platform)?;
        Ok((alarm, has.map_or(Ate::Gone, Ate::Has)))
    }

    fn try_place(
        &mut self,
        seeking: &Seeking,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Placement), Failure> {
        let now = platform.now();
        let (effects, placement) = self.room(platform)?.place(seeking, now);
        Ok((self.run(effects, platform)?, placement))
    }

    fn try_serve(
        &mut self,
        hunger: &Hunger,
        platform: &mut impl Platform,
    ) -> Result<(Alarm, Option<Served>), Failure> {
        let now = platform.now();
        let (effects, meal) = self.room(platform)?.serve(hunger, now, || platform.load())?;
        let alarm = self.run(effects, platform)?;
        let served = meal.map(|meal| serve(meal, platform)).transpose()?;
        Ok((alarm, served))
    }
}

/// Reads the bursts of a meal.
pub(super) fn serve(meal: Meal, platform: &mut impl Platform) -> Result<Served, Failure> {
    let Meal { epoch, checkpoint, bursts } = meal;
    let bursts = bursts.map(|bursts| platform.read(&bursts)).transpose()?.unwrap_or_default();
    let checkpoint = checkpoint.map(std::rc::Rc::unwrap_or_clone);
    Ok(Served { epoch, checkpoint, bursts })
}
