//! Which export groups and members there are, by number.

use alloc::vec::Vec;

use crate::adj_rib_out::{GroupId, MemberId};

/// The groups of a table: each with its members, each member with its source.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(Vec<Option<Vec<Option<u16>>>>);

impl Groups {
    /// The number of a new group.
    pub(super) fn add(&mut self) -> u32 {
        occupy(&mut self.0, Vec::new())
    }

    /// Takes a group and its members away; false if there never was such a group.
    pub(super) fn remove(&mut self, group: GroupId) -> bool {
        let place = self.0.get_mut(group.0 as usize);
        place.map(|place| *place = None).is_some()
    }

    /// All groups, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = GroupId> + '_ {
        let places = (0..).zip(&self.0);
        places.filter_map(|(number, place)| place.as_ref().map(|_| GroupId(number)))
    }

    /// The members of a group, in the order of their numbers.
    pub(super) fn members(&self, group: GroupId) -> impl Iterator<Item = MemberId> + '_ {
        let members = self.0.get(group.0 as usize);
        let places = (0..).zip(members.into_iter().flatten().flatten());
        places.filter_map(move |(member, place)| {
            let group = group.0;
            place.map(|_| MemberId { group, member })
        })
    }

    /// The number of a new member; one that no member has if there is no such group.
    pub(super) fn add_member(&mut self, group: GroupId, source: u16) -> u32 {
        let places = self.places(group.0);
        places.map_or(u32::MAX, |places| occupy(places, source))
    }

    /// Takes a member away; false if there never was such a member.
    pub(super) fn remove_member(&mut self, id: MemberId) -> bool {
        let places = self.places(id.group);
        let place = places.and_then(|places| places.get_mut(id.member as usize));
        place.map(|place| *place = None).is_some()
    }

    /// The source of a member.
    pub(super) fn source_of(&self, member: MemberId) -> Option<u16> {
        let members = self.0.get(member.group as usize)?.as_ref()?;
        *members.get(member.member as usize)?
    }

    fn places(&mut self, group: u32) -> Option<&mut Vec<Option<u16>>> {
        self.0.get_mut(group as usize)?.as_mut()
    }
}

/// Puts a value in the first vacant place, and says where.
fn occupy<T>(places: &mut Vec<Option<T>>, value: T) -> u32 {
    let vacant = places.iter().position(Option::is_none);
    let at = vacant.unwrap_or_else(|| {
        places.push(None);
        places.len() - 1
    });
    places[at] = Some(value);
    at as u32
}
