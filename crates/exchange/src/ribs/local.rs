//! The prefixes of networks in the RIBs of those who announce them.

use std::collections::BTreeSet;

use routehub_rib::{Admission, Announcement, AttrStore};
use routehub_types::{Attrs, Nlri, Prefix, Update};

use super::{Changed, Origin, Ribs, collect};
use crate::graph::SpeakerId;

impl Ribs {
    /// Makes the RIB of a speaker hold exactly these prefixes of an origin, with these attributes;
    /// none if it has no RIB.
    pub(crate) fn set_local(
        &mut self,
        speaker: SpeakerId,
        origin: Origin,
        attrs: &Attrs,
        wanted: &BTreeSet<Prefix>,
    ) -> Option<Changed> {
        let view = self.rib(speaker)?;
        let source = view.source(origin)?;
        let held: BTreeSet<Prefix> = view.received(source).map(|(prefix, _)| prefix).collect();
        let gone = held.difference(wanted).copied();
        let new = wanted.difference(&held).copied();
        self.change_local(speaker, origin, attrs, (gone, new))
    }

    /// Takes prefixes of an origin out of the RIB of a speaker, and puts new ones into it, with
    /// these attributes; none if it has no RIB.
    pub(crate) fn change_local(
        &mut self,
        speaker: SpeakerId,
        origin: Origin,
        attrs: &Attrs,
        (gone, new): (impl Iterator<Item = Prefix>, impl Iterator<Item = Prefix>),
    ) -> Option<Changed> {
        let gone: Vec<Nlri> = gone.map(Nlri::from).collect();
        let new: Vec<Nlri> = new.map(Nlri::from).collect();
        let mut prefixes = Vec::new();
        let source = self.rib(speaker)?.source(origin)?;
        if gone.is_empty() && new.is_empty() {
            return Some(Changed { speaker, prefixes });
        }
        let update = Update {
            withdrawn: &gone,
            attrs: self.intern(attrs),
            announced: &new,
        };
        let admit = |_: &mut AttrStore, route: &Announcement| Admission::Accept(route.attrs);
        let (rib, store) = self.rib_mut(speaker)?;
        rib.apply(store, source, &update, admit, collect(&mut prefixes));
        Some(Changed { speaker, prefixes })
    }
}
