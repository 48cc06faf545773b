//! The table of one speaker, both families.

/// Runs an expression on the table of a family.
macro_rules! of_family {
    ([$($rib:tt)+], $family:expr, $table:ident => $run:expr) => {
        match $family {
            Family::Ipv4 => {
                let $table = $($rib)+.v4;
                $run
            }
            Family::Ipv6 => {
                let $table = $($rib)+.v6;
                $run
            }
        }
    };
}

mod export;
mod table;

use alloc::vec::Vec;
use core::net::IpAddr;

use routehub_types::{AttrId, Family, Instant, Ipv4Prefix, Ipv6Prefix, Nlri, Prefix, Update};

use crate::AttrStore;
use crate::adj_rib_in::{AdjIn, count_new};
use crate::adj_rib_out::Numbered;
use crate::age::Age;
use crate::change::{Admission, Announcement, Applied, BestPath, BestSet, Context, Delta, Visit};
use crate::decision::{Compared, DecisionConfig, DecisionProcess, Preference};
use crate::loc_rib::{self, PathView, best_set};
use crate::source::{LimitExceeded, Source, SourceCounts, SourceId, Sources, TooManySources};
use crate::together;
use table::Table;

/// The routing table of one speaker: what its sources announced, what is best, what is sent.
///
/// An empty table allocates nothing. Every call that may change a best set takes a visitor, which
/// is told of each changed prefix with its best set before and after. All calls of one engine pass
/// the same [`AttrStore`].
#[derive(Clone, Debug)]
pub struct Rib {
    sources: Sources,
    config: DecisionConfig,
    pub(crate) v4: Table<Ipv4Prefix>,
    v6: Table<Ipv6Prefix>,
    /// The members of each export group, each with its source.
    groups: Numbered<Numbered<u16>>,
}

impl Rib {
    /// An empty table that decides in this way; peers should not know the seed.
    pub fn new(seed: u64, config: DecisionConfig) -> Self {
        Self {
            sources: Sources::default(),
            config,
            v4: Table::new(seed),
            v6: Table::new(seed),
            groups: Numbered::new(),
        }
    }

    /// Adds a source.
    ///
    /// # Errors
    /// [`TooManySources`] if all numbers are taken.
    pub fn add_source(&mut self, source: Source) -> Result<SourceId, TooManySources> {
        let free = |number| !self.v4.adj_out.names(number) && !self.v6.adj_out.names(number);
        let number = self.sources.vacant(free);
        if number >= TooManySources::MAX {
            return Err(TooManySources);
        }
        self.sources.put(number, source);
        Ok(SourceId(number as u16))
    }

    /// The data of a source; none if it was removed.
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0).map(|state| &state.source)
    }

    /// All sources, in the order of their numbers.
    pub fn sources(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let sources = self.sources.iter();
        sources.map(|(number, source)| (SourceId(number), source))
    }

    /// How many routes a source holds.
    pub fn counts(&self, id: SourceId) -> SourceCounts {
        let state = self.sources.get(id.0);
        state.map(|state| state.counts).unwrap_or_default()
    }

    /// Removes a source and all that it holds.
    pub fn remove_source(
        &mut self,
        store: &mut AttrStore,
        id: SourceId,
        visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        let applied = self.withdraw_all(store, id, visit);
        self.sources.remove(id.0);
        applied
    }

    /// How this table decides.
    pub fn decision(&self) -> &DecisionConfig {
        &self.config
    }

    /// Changes the data of sources and the way of deciding, then decides every prefix again.
    ///
    /// Sources that were removed are left out.
    pub fn reconfigure(
        &mut self,
        store: &mut AttrStore,
        sources: impl IntoIterator<Item = (SourceId, Source)>,
        config: Option<DecisionConfig>,
        mut visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        for (id, source) in sources {
            if self.sources.get(id.0).is_some() {
                self.sources.put(usize::from(id.0), source);
            }
        }
        self.config = config.unwrap_or_else(|| self.config.clone());
        let (mut cx, v4, v6) = self.parts(store, &mut visit);
        v4.redecide_all(&mut cx);
        v6.redecide_all(&mut cx);
        cx.applied
    }

    /// Applies the routes of one UPDATE that was [counted](Self::count): asks `admit` for every
    /// announced path.
    ///
    /// A path id that was never announced is counted and ignored when it is withdrawn (RFC 7911
    /// section 5).
    pub fn apply(
        &mut self,
        store: &mut AttrStore,
        source: SourceId,
        update: &Update<'_>,
        mut admit: impl FnMut(&mut AttrStore, &Announcement) -> Admission,
        mut visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        if self.sources.get(source.0).is_none() {
            return Applied::default();
        }
        let (mut cx, v4, v6) = self.parts(store, &mut visit);
        v4.apply(&mut cx, source, update, &mut admit);
        v6.apply(&mut cx, source, update, &mut admit);
        cx.applied
    }

    /// Counts what a source announces against its route limit; not needed for one without a limit.
    ///
    /// # Errors
    /// [`LimitExceeded`] if it announced more than it may (R-004): apply nothing then.
    pub fn count(
        &mut self,
        id: SourceId,
        announced: &[Nlri],
        now: Instant,
    ) -> Result<(), LimitExceeded> {
        let (v4, v6) = (&self.v4, &self.v6);
        let nlri = u32::try_from(announced.len()).unwrap_or(u32::MAX);
        let new =
            || count_new(&v4.routes, id.0, announced) + count_new(&v6.routes, id.0, announced);
        let state = self.sources.get_mut(id.0);
        state.map_or(Ok(()), |state| state.count((nlri, new), now))
    }

    /// Ends the update run of a source, as at an End-of-RIB (R-006).
    pub fn end_run(&mut self, id: SourceId) {
        if let Some(state) = self.sources.get_mut(id.0) {
            state.run = None;
        }
    }

    /// Whether a source is within an update run.
    pub fn is_in_run(&self, id: SourceId) -> bool {
        self.sources
            .get(id.0)
            .is_some_and(|state| state.run.is_some())
    }

    /// The prefixes that are equal to one of these or inside it and of which any source holds a
    /// path, in no order that may be shown.
    ///
    /// ```
    /// # use routehub_rib::{Admission, AttrStore, DecisionConfig, Rib, Source};
    /// # use routehub_types::{Attrs, Nlri, Prefix, Update};
    /// # let mut store = AttrStore::new(1);
    /// # let mut rib = Rib::new(1, DecisionConfig::rfc4271());
    /// # let source = rib.add_source(Source::default())?;
    /// # let attrs = store.intern(&Attrs::default());
    /// let announced = ["10.1.2.0/24", "10.2.0.0/16"].map(|text| text.parse::<Prefix>());
    /// let [inside, outside] = announced;
    /// let announced = [inside.clone()?, outside?].map(Nlri::from);
    /// let update = Update { withdrawn: &[], attrs, announced: &announced };
    /// rib.apply(&mut store, source, &update, |_, path| Admission::Accept(path.attrs), |_, _| {});
    /// assert_eq!(rib.prefixes_inside(&["10.1.0.0/16".parse()?]), [inside?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prefixes_inside(&self, space: &[Prefix]) -> Vec<Prefix> {
        let mut inside = Vec::new();
        if !space.is_empty() {
            self.v4.routes.inside(space, &mut inside);
            self.v6.routes.inside(space, &mut inside);
        }
        inside
    }

    /// Applies import again to what a source holds of these prefixes: nothing else can fare
    /// otherwise.
    pub fn reapply_import_to(
        &mut self,
        store: &mut AttrStore,
        id: SourceId,
        prefixes: &[Prefix],
        mut admit: impl FnMut(&mut AttrStore, &Announcement) -> Admission,
        mut visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        let (mut cx, v4, v6) = self.parts(store, &mut visit);
        v4.reapply_import_to(&mut cx, id.0, prefixes, &mut admit);
        v6.reapply_import_to(&mut cx, id.0, prefixes, &mut admit);
        cx.applied
    }

    /// Applies import again to all that a source holds, as after a change of its import policy.
    ///
    /// If [`SourceCounts::not_kept`] is not 0, some rejected routes are unknown here: the source
    /// has to be asked for a refresh.
    pub fn reapply_import(
        &mut self,
        store: &mut AttrStore,
        id: SourceId,
        mut admit: impl FnMut(&mut AttrStore, &Announcement) -> Admission,
        mut visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        let (mut cx, v4, v6) = self.parts(store, &mut visit);
        v4.reapply_import(&mut cx, id.0, &mut admit);
        v6.reapply_import(&mut cx, id.0, &mut admit);
        cx.applied
    }

    /// Withdraws all that a source holds, each prefix touched once, and ends its update run.
    pub fn withdraw_all(
        &mut self,
        store: &mut AttrStore,
        id: SourceId,
        mut visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        let (mut cx, v4, v6) = self.parts(store, &mut visit);
        v4.withdraw_all(&mut cx, id.0, Age::Fresh);
        v6.withdraw_all(&mut cx, id.0, Age::Fresh);
        let applied = cx.applied;
        if let Some(state) = self.sources.get_mut(id.0) {
            state.counts.not_kept = 0;
            state.run = None;
        }
        applied
    }

    /// Marks all that a source holds of a family as stale: it restarts, or refreshes its routes
    /// (RFC 4724 section 4.2, RFC 7313 section 4).
    pub fn mark_stale(&mut self, id: SourceId, family: Family) {
        let marked = self.change_age(id, family, Age::Fresh, Age::Stale);
        if let Some(state) = self.sources.get_mut(id.0) {
            state.counts.stale += marked;
        }
    }

    /// Marks what is stale of a source's routes of a family as long-lived stale (RFC 9494 section
    /// 4.2). Import is not asked again for that.
    pub fn mark_long_lived_stale(&mut self, id: SourceId, family: Family) {
        self.change_age(id, family, Age::Stale, Age::LongLivedStale);
    }

    /// Makes paths of a source older; says how many.
    fn change_age(&mut self, id: SourceId, family: Family, from: Age, to: Age) -> u32 {
        of_family!([&mut self], family, table => {
            table.adj_in.change_age(&mut table.routes, id.0, from, to)
        })
    }

    /// Withdraws what of a source's routes of a family is still at least so old.
    pub fn sweep(
        &mut self,
        store: &mut AttrStore,
        id: SourceId,
        family: Family,
        youngest: Age,
        mut visit: impl FnMut(&AttrStore, &Delta<'_>),
    ) -> Applied {
        let (mut cx, v4, v6) = self.parts(store, &mut visit);
        match family {
            Family::Ipv4 => v4.withdraw_all(&mut cx, id.0, youngest),
            Family::Ipv6 => v6.withdraw_all(&mut cx, id.0, youngest),
        }
        cx.applied
    }

    fn parts<'a>(
        &'a mut self,
        store: &'a mut AttrStore,
        visit: &'a mut Visit<'a>,
    ) -> (
        Context<'a>,
        &'a mut Table<Ipv4Prefix>,
        &'a mut Table<Ipv6Prefix>,
    ) {
        let cx = Context {
            store,
            sources: &mut self.sources,
            config: &self.config,
            prefixes: self.v4.loc_rib.len() + self.v6.loc_rib.len(),
            visit,
            applied: Applied::default(),
        };
        (cx, &mut self.v4, &mut self.v6)
    }

    /// How many prefixes have a best path, both families together.
    pub fn len(&self) -> usize {
        self.v4.loc_rib.len() + self.v6.loc_rib.len()
    }

    /// How many prefixes of a family have a best path.
    pub fn len_of(&self, family: Family) -> usize {
        of_family!([&self], family, table => table.loc_rib.len())
    }

    /// How many prefixes of a family are stored: those with a path of any standing, and withdrawn
    /// ones that some member of an export group has not been told of.
    pub fn entries(&self, family: Family) -> usize {
        of_family!([&self], family, table => table.routes.stored())
    }

    /// Whether no prefix has a best path.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The paths in use for a prefix, the best one first.
    pub fn best(&self, prefix: Prefix) -> BestSet {
        of_family!([&self], prefix.family(), table => {
            let entry = table.routes.entry_for(prefix);
            entry.map(|entry| best_set(&table.routes, entry))
        })
        .unwrap_or_default()
    }

    /// All paths of a prefix and where each stands: the best set first, then the others by
    /// source.
    pub fn paths(&self, store: &AttrStore, prefix: Prefix) -> Vec<PathView> {
        let process = DecisionProcess {
            config: &self.config,
            sources: &self.sources,
            store,
        };
        of_family!([&self], prefix.family(), table => {
            let entry = table.routes.entry_for(prefix);
            entry.map(|entry| loc_rib::paths(&table.routes, &process, entry))
        })
        .unwrap_or_default()
    }

    /// How good a path of a best set is, to be compared with one of another table that decides in
    /// the same way.
    ///
    /// ```
    /// # use routehub_rib::{Admission, AttrStore, DecisionConfig, Rib, Source};
    /// # use routehub_types::{AsPath, Asn, Attrs, Nlri, Prefix, Update};
    /// let mut store = AttrStore::new(1);
    /// let prefix: Prefix = "192.0.2.0/24".parse()?;
    /// let mut table = |asns: &[u32]| {
    ///     let mut rib = Rib::new(1, DecisionConfig::rfc4271());
    ///     let source = rib.add_source(Source::default())?;
    ///     let as_path = AsPath::sequence(asns.iter().map(|asn| Asn(*asn)));
    ///     let attrs = store.intern(&Attrs { as_path, ..Attrs::default() });
    ///     let update = Update { withdrawn: &[], attrs, announced: &[Nlri::from(prefix)] };
    ///     let accept = |_: &mut AttrStore, path: &routehub_rib::Announcement| {
    ///         Admission::Accept(path.attrs)
    ///     };
    ///     rib.apply(&mut store, source, &update, accept, |_, _| {});
    ///     let best = rib.best(prefix);
    ///     Ok::<_, Box<dyn std::error::Error>>(rib.preference(&store, &best[0]))
    /// };
    /// assert!(table(&[65001])? < table(&[65001, 65002])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn preference(&self, store: &AttrStore, path: &BestPath) -> Preference {
        self.config.preference(&Compared {
            source: path.source.0,
            sources: &self.sources,
            attrs: store.key(path.attrs),
            current: true,
            id: path.attrs,
            store,
        })
    }

    /// The attributes that a source announced a prefix with, as received; with add-path those of
    /// one of its paths.
    pub fn received(&self, id: SourceId, prefix: Prefix) -> Option<AttrId> {
        of_family!([&self], prefix.family(), table => {
            let entry = table.routes.entry_for(prefix)?;
            let mut received = table.routes.received(entry, id.0);
            received.next().map(|(_, path)| AttrId(path.received))
        })
    }

    /// The prefixes of a family that have a best path, with their best sets, in order (Loc-RIB).
    pub fn loc_rib(&self, family: Family) -> impl Iterator<Item = (Prefix, BestSet)> + '_ {
        let v4 = (family == Family::Ipv4).then(|| loc_rib::in_order(&self.v4.routes));
        let v6 = (family == Family::Ipv6).then(|| loc_rib::in_order(&self.v6.routes));
        either(v4, v6)
    }

    /// All prefixes that have a best path, IPv4 first, with their best sets, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Prefix, BestSet)> + '_ {
        let families = Family::ALL.into_iter();
        families.flat_map(|family| self.loc_rib(family))
    }

    /// Visits the prefixes of a family that any of these tables has a best path for, in order, with
    /// all paths in use, each with the place of its table; of a table the best path first and the
    /// others in no order.
    pub fn visit_together(
        tables: &[&Self],
        family: Family,
        visit: impl FnMut(Prefix, &[(usize, BestPath)]),
    ) {
        match family {
            Family::Ipv4 => {
                let tables: Vec<_> = tables.iter().map(|rib| &rib.v4.routes).collect();
                together::visit(&tables, visit);
            }
            Family::Ipv6 => {
                let tables: Vec<_> = tables.iter().map(|rib| &rib.v6.routes).collect();
                together::visit(&tables, visit);
            }
        }
    }

    /// The routes of a family that a source announced, in order (Adj-RIB-In).
    pub fn adj_in(&self, id: SourceId, family: Family) -> impl Iterator<Item = AdjIn> + '_ {
        let (v4, v6) = (&self.v4, &self.v6);
        let v4 = (family == Family::Ipv4).then(|| v4.adj_in.routes(&v4.routes, id.0));
        let v6 = (family == Family::Ipv6).then(|| v6.adj_in.routes(&v6.routes, id.0));
        either(v4, v6)
    }

    /// How many routes of a family a source announced.
    pub fn adj_in_len(&self, id: SourceId, family: Family) -> usize {
        match family {
            Family::Ipv4 => self.v4.adj_in.len(&self.v4.routes, id.0),
            Family::Ipv6 => self.v6.adj_in.len(&self.v6.routes, id.0),
        }
    }

    /// The routes of one prefix that a source announced, in order (Adj-RIB-In).
    pub fn adj_in_for(&self, id: SourceId, prefix: Prefix) -> Vec<AdjIn> {
        of_family!([&self], prefix.family(), table => {
            table.adj_in.routes_for(&table.routes, id.0, prefix)
        })
    }

    /// Up to so many places of a family from one on: the prefixes that are stored there, in no
    /// order that may be shown, and the place to go on from, if there are more. Whoever goes on so
    /// sees each prefix once that is stored all the while.
    ///
    /// ```
    /// # use routehub_rib::{DecisionConfig, Rib};
    /// # use routehub_types::Family;
    /// let rib = Rib::new(1, DecisionConfig::rfc4271());
    /// assert_eq!(rib.stored_from(Family::Ipv4, 0, 100), (Vec::new(), None));
    /// ```
    pub fn stored_from(&self, family: Family, place: u32, most: u32) -> (Vec<Prefix>, Option<u32>) {
        of_family!([&self], family, table => table.routes.stored_from(place, most))
    }

    /// Whether anything is stored of a prefix.
    pub fn is_stored(&self, prefix: Prefix) -> bool {
        of_family!([&self], prefix.family(), table => table.routes.entry_for(prefix).is_some())
    }

    /// The longest prefix with a best path that an address is in, and its best set.
    pub fn longest_match(&self, address: IpAddr) -> Option<(Prefix, BestSet)> {
        match address {
            IpAddr::V4(_) => self.v4.loc_rib.longest_match(&self.v4.routes, address),
            IpAddr::V6(_) => self.v6.loc_rib.longest_match(&self.v6.routes, address),
        }
    }

    /// The prefixes with a best path that are equal to a prefix or around it, the longest first.
    pub fn covering(&self, prefix: Prefix) -> impl Iterator<Item = (Prefix, BestSet)> + '_ {
        let (v4, v6) = (&self.v4, &self.v6);
        let is_v4 = prefix.family() == Family::Ipv4;
        let v4 = is_v4.then(|| v4.loc_rib.covering(&v4.routes, prefix));
        let v6 = (!is_v4).then(|| v6.loc_rib.covering(&v6.routes, prefix));
        either(v4, v6)
    }
}

/// The items of whichever there is.
fn either<T>(
    v4: Option<impl Iterator<Item = T>>,
    v6: Option<impl Iterator<Item = T>>,
) -> impl Iterator<Item = T> {
    v4.into_iter().flatten().chain(v6.into_iter().flatten())
}
