//! Tables in shares: what there is to be read of some prefixes, so that whoever reads a long table
//! lets routes pass between two shares.
//!
//! Who reads so keeps a [`Watch`](crate::view::Watch): prefixes of which anything changed meanwhile
//! are read again at the end. All rows are then as they are at that moment.

use std::collections::BTreeSet;

use routehub_types::{Family, Prefix};

use super::reports::PeeringReport;
use super::table_id::{TableId, TableKind, TableRows};
use crate::estate::UnknownName;
use crate::exchange::Exchange;
use crate::graph::{Side, SpeakerId};
use crate::propagation::Outbound;
use crate::ribs::{Only, RibView};

/// How far a table was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShareCursor {
    /// Which of the RIBs.
    rib: usize,
    /// Which of the families.
    family: usize,
    /// From which of its places on.
    place: u32,
    /// Behind which of the prefixes beside the RIBs.
    behind: Option<Prefix>,
}

impl ShareCursor {
    /// The cursor after a share that ended before a place; none: it was the last of its family.
    const fn after(self, place: Option<u32>) -> Self {
        match place {
            Some(place) => Self { place, ..self },
            None if self.family + 1 < Family::ALL.len() => Self {
                family: self.family + 1,
                place: 0,
                ..self
            },
            None => Self {
                rib: self.rib + 1,
                family: 0,
                place: 0,
                behind: None,
            },
        }
    }
}

/// A share of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Rows, of any order.
    pub rows: TableRows,
    /// Where to go on; none: that was the last share.
    pub next: Option<ShareCursor>,
}

impl Exchange {
    /// Whether a table can be read in shares: every prefix says by itself which rows it has. Where
    /// a route map puts prefixes in the place of others that is not so.
    pub fn can_share(&self, id: &TableId) -> bool {
        let peer = id.peer.as_deref().unwrap_or_default();
        let graph = self.graph();
        match id.kind {
            TableKind::RsLearned | TableKind::GatewayLearned | TableKind::CircuitRoutes => true,
            TableKind::RsAdvertised => {
                let mut links = graph.peering_links(&id.owner, peer).into_iter();
                links.all(|(_, link)| !self.outbound(link, Side::B).rewrites_prefixes())
            }
            TableKind::GatewayAdvertised => {
                let mut links = graph.links_between(&id.owner, peer).into_iter();
                links.all(|link| {
                    let mut ends = Side::BOTH.into_iter();
                    ends.all(|side| !self.outbound(link, side).rewrites_prefixes())
                })
            }
            TableKind::NicEffective => self.can_share_nic(&id.owner),
            TableKind::NvaLearned | TableKind::OnPremLearned => {
                let mut speakers = graph.named(&id.owner).iter();
                speakers.all(|speaker| {
                    let mut inbound = self.outbound_to(*speaker);
                    inbound
                        .all(|from| self.rib(from.sender()).is_some() && !from.rewrites_prefixes())
                })
            }
            TableKind::Sessions => false,
        }
    }

    fn can_share_nic(&self, nic: &str) -> bool {
        let mut nics = self.estate().nics.iter();
        let nic = nics.find(|other| other.name == nic);
        let speakers = nic.map(|nic| self.fabric().deciding(nic));
        let mut speakers = speakers.into_iter().flatten();
        speakers.all(|speaker| {
            let mut inbound = self.outbound_to(speaker);
            inbound.all(|from| !from.rewrites_prefixes() && from.inbound_map().is_none())
        })
    }

    /// A share of a table: the rows of the prefixes that stand in so many places of a RIB.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn table_share(
        &self,
        id: &TableId,
        from: ShareCursor,
        most: u32,
    ) -> Result<Share, UnknownName> {
        let (prefixes, next) = self.prefixes_of(id).share(from, most);
        let rows = self.rows_about(id, &prefixes)?;
        Ok(Share { rows, next })
    }

    /// How many routes a modelled neighbour is sent of a share of the prefixes that there are, and
    /// where to go on.
    pub fn advertised_share(
        &self,
        peering: &PeeringReport,
        from: ShareCursor,
        most: u32,
    ) -> (usize, Option<ShareCursor>) {
        let outbound = self.outbound(peering.link, Side::B);
        match self.rib(outbound.sender()) {
            Some(rib) if !outbound.rewrites_prefixes() => {
                let known = Known {
                    ribs: vec![rib],
                    originated: Vec::new(),
                };
                let (prefixes, next) = known.share(from, most);
                (outbound.routes_of(&prefixes).len(), next)
            }
            _ => (outbound.counts().into_iter().sum(), None),
        }
    }

    /// The rows of a table that are about these prefixes.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn rows_about(&self, id: &TableId, prefixes: &[Prefix]) -> Result<TableRows, UnknownName> {
        id.check_names(self.estate())?;
        Ok(match id.kind {
            TableKind::NicEffective => {
                let mut nics = self.estate().nics.iter();
                let nic = nics.find(|other| other.name == id.owner);
                let rows = nic.and_then(|nic| self.fabric().effective_of(nic, prefixes));
                TableRows::Effective(rows.unwrap_or_default())
            }
            _ => self.rows_only(id, Only::These(prefixes)),
        })
    }

    /// The rows of a table that are there whatever is learned, or depend on several prefixes: the
    /// system and user-defined routes of a NIC.
    ///
    /// # Errors
    /// [`UnknownName`] if there is no such object.
    pub fn rows_beside(&self, id: &TableId) -> Result<TableRows, UnknownName> {
        id.check_names(self.estate())?;
        Ok(match id.kind {
            TableKind::NicEffective => {
                let mut nics = self.estate().nics.iter();
                let nic = nics.find(|other| other.name == id.owner);
                let rows = nic.and_then(|nic| self.fabric().effective_beside(nic));
                TableRows::Effective(rows.unwrap_or_default())
            }
            _ => TableRows::Routes(Vec::new()),
        })
    }

    /// The prefixes that a table has rows of.
    fn prefixes_of(&self, id: &TableId) -> Known<'_> {
        let named = || self.graph().named(&id.owner).iter().copied();
        let speakers: BTreeSet<SpeakerId> = match id.kind {
            TableKind::NicEffective => {
                let mut nics = self.estate().nics.iter();
                let nic = nics.find(|other| other.name == id.owner);
                let deciding = nic.map(|nic| self.fabric().deciding(nic));
                deciding.into_iter().flatten().collect()
            }
            TableKind::NvaLearned | TableKind::OnPremLearned => {
                let heard = named().flat_map(|hearer| self.outbound_to(hearer));
                heard.map(Outbound::sender).collect()
            }
            _ => named().collect(),
        };
        let ribs: Vec<RibView<'_>> = speakers.iter().filter_map(|id| self.rib(*id)).collect();
        // Some of what speakers announce of their own accord is in no RIB.
        let originated = speakers.iter().flat_map(|id| self.originated_by(*id));
        let mut originated: Vec<Prefix> = originated
            .filter(|prefix| !ribs.iter().any(|rib| rib.is_stored(*prefix)))
            .collect();
        originated.sort_unstable();
        originated.dedup();
        Known { ribs, originated }
    }
}

/// Places without prefixes to read, of as many as a share has, that are passed over at once.
const EMPTY: u32 = 16;

/// Prefixes in RIBs and beside them.
struct Known<'a> {
    ribs: Vec<RibView<'a>>,
    /// Those that are in none of the RIBs, in order.
    originated: Vec<Prefix>,
}

impl Known<'_> {
    /// The prefixes in up to so many places, each once, and where to go on.
    fn share(&self, mut from: ShareCursor, most: u32) -> (Vec<Prefix>, Option<ShareCursor>) {
        for _ in 0..EMPTY {
            let Some(rib) = self.ribs.get(from.rib) else {
                return self.beside(from, most);
            };
            let family = Family::ALL.get(from.family).copied();
            let (mut prefixes, place) = match family {
                Some(family) => rib.stored_from(family, from.place, most),
                None => (Vec::new(), None),
            };
            // Those of an earlier RIB were read with that.
            let earlier = self.ribs.get(..from.rib).unwrap_or_default();
            prefixes.retain(|prefix| !earlier.iter().any(|rib| rib.is_stored(*prefix)));
            from = from.after(place);
            if !prefixes.is_empty() {
                let is_last = from.rib >= self.ribs.len() && self.originated.is_empty();
                return (prefixes, (!is_last).then_some(from));
            }
        }
        (Vec::new(), Some(from))
    }

    /// A share of the prefixes beside the RIBs, and where to go on.
    fn beside(&self, from: ShareCursor, most: u32) -> (Vec<Prefix>, Option<ShareCursor>) {
        let behind = |prefix: &&Prefix| from.behind.is_none_or(|last| **prefix > last);
        let mut rest = self.originated.iter().filter(behind).copied();
        let prefixes: Vec<Prefix> = rest.by_ref().take(most as usize).collect();
        let behind = prefixes.last().copied();
        let next = rest.next().map(|_| ShareCursor { behind, ..from });
        (prefixes, next)
    }
}
