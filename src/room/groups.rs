//! Groups: the members that have the same view. What a group is sent is encoded once.
//!
//! This file knows how many members a group has, but not who they are.

use super::pacing::Waiting;
use super::view::View;
use crate::protocol::ids::Seq;
use crate::protocol::time::Timestamp;

/// The id of a group, valid while the group has members and the room is in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupId(pub u32);

/// Members with the same view.
#[derive(Debug)]
pub struct Group {
    /// Their view.
    pub view: View,
    /// The id of the group.
    pub id: GroupId,
    /// Bytes sent to the group.
    pub sent: u64,
    /// The last update that its view shows and that was sent; `None` while the log has not been read.
    pub cursor: Option<Seq>,
    /// When it was last sent updates.
    pub last_frame: Timestamp,
    /// What it is not sent yet.
    pub held: Option<Box<Waiting>>,
    members: usize,
}

impl Group {
    /// How many members it has.
    pub fn size(&self) -> usize {
        self.members
    }
}

/// The groups of a room: one for each view of its members.
#[derive(Debug, Default)]
pub struct Groups {
    /// The groups, sorted by view.
    by_view: Vec<Group>,
    /// The id of the newest group. Ids are not used again, so that no group is mistaken for an older one.
    last: u32,
}

impl Groups {
    /// Adds a member. Returns its group.
    pub fn enter(&mut self, view: &View) -> GroupId {
        let place = self.place(view);
        if let Some(group) = place.ok().and_then(|place| self.by_view.get_mut(place)) {
            group.members += 1;
            return group.id;
        }
        self.last = self.last.wrapping_add(1);
        let id = GroupId(self.last);
        let (Ok(place) | Err(place)) = place;
        let view = view.clone();
        self.by_view.insert(
            place,
            Group {
                view,
                id,
                sent: 0,
                cursor: None,
                last_frame: Timestamp::default(),
                held: None,
                members: 1,
            },
        );
        id
    }

    /// Removes a member.
    pub fn leave(&mut self, view: &View) {
        let Ok(place) = self.place(view) else { return };
        if let Some(group) = self.by_view.get_mut(place) {
            group.members -= 1;
            if group.members == 0 {
                self.by_view.remove(place);
            }
        }
    }

    /// The group of members with this view.
    pub fn get(&self, view: &View) -> Option<&Group> {
        self.by_view.get(self.place(view).ok()?)
    }

    /// The group of members with this view.
    pub fn get_mut(&mut self, view: &View) -> Option<&mut Group> {
        let place = self.place(view).ok()?;
        self.by_view.get_mut(place)
    }

    /// The groups that have members, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.by_view.iter()
    }

    /// The groups that have members, always in the same order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.by_view.iter_mut()
    }

    fn place(&self, view: &View) -> Result<usize, usize> {
        self.by_view.binary_search_by(|group| group.view.cmp(view))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::dialect::Dialect;

    fn v1() -> View {
        View::of_all(Dialect::V1)
    }

    fn plain() -> View {
        View::of_all(Dialect::Plain)
    }

    fn ids(groups: &mut Groups) -> Vec<GroupId> {
        groups.iter_mut().map(|group| group.id).collect()
    }

    #[test]
    fn members_with_the_same_view_form_one_group() {
        let mut groups = Groups::default();
        let first = groups.enter(&v1());
        assert_eq!(groups.enter(&v1()), first);
        assert_ne!(groups.enter(&plain()), first);
        assert_eq!(groups.iter_mut().count(), 2);
    }

    #[test]
    fn a_group_ends_with_its_last_member_and_its_id_is_not_used_again() {
        let mut groups = Groups::default();
        let first = groups.enter(&v1());
        groups.enter(&v1());
        groups.leave(&v1());
        assert_eq!(ids(&mut groups), [first]);
        groups.leave(&v1());
        assert_eq!(ids(&mut groups), []);
        assert_ne!(groups.enter(&v1()), first);
    }

    #[test]
    fn the_order_of_groups_does_not_depend_on_who_came_first() {
        let views = |order: [View; 2]| {
            let mut groups = Groups::default();
            for view in order {
                groups.enter(&view);
            }
            groups.iter_mut().map(|group| group.view.clone()).collect::<Vec<_>>()
        };
        assert_eq!(views([v1(), plain()]), views([plain(), v1()]));
    }
}
