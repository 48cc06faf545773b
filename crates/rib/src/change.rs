//! What goes into a table and what comes out: admission and its verdicts, deltas.

use core::fmt;
use core::ops::Deref;

use routehub_types::{AttrId, PathId, Prefix, RuleId};
use smallvec::SmallVec;

use crate::AttrStore;
use crate::age::Age;
use crate::decision::{DecisionConfig, DecisionProcess};
use crate::source::{PathRef, SourceId, Sources};

/// Who says of every path what import makes of it.
pub(crate) type Admit<'a> = dyn FnMut(&mut AttrStore, &Announcement) -> Admission + 'a;

/// Who is told of every prefix whose best set changed.
pub(crate) type Visit<'a> = dyn FnMut(&AttrStore, &Delta<'_>) + 'a;

/// A path that asks for admission.
#[derive(Clone, Copy, Debug)]
pub struct Announcement {
    /// Who announced it.
    pub source: SourceId,
    /// The prefix as received.
    pub prefix: Prefix,
    /// The path id, with add-path.
    pub path_id: Option<PathId>,
    /// The attributes as received.
    pub attrs: AttrId,
    /// Whether the prefix has a best path now.
    pub prefix_known: bool,
    /// How many prefixes have a best path now, both families together (for R-008).
    pub prefixes: usize,
    /// How old the path is. Only one that import is asked about again may be stale.
    pub age: Age,
}

/// What import says of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A candidate with these attributes.
    Accept(AttrId),
    /// A candidate for another prefix of the same family, as replaced by a route map.
    ///
    /// The path stays in Adj-RIB-In under its own prefix; paths of one source replaced by the same
    /// prefix and attributes are one derived path with a count. A prefix of the other
    /// family is ignored: then this is `Accept`.
    Replace {
        /// The prefix in place of the received one.
        prefix: Prefix,
        /// The attributes after import.
        attrs: AttrId,
    },
    /// Kept with its reason, no candidate, not counted against the route limit.
    Reject(RuleId),
    /// No candidate, but listed among the learned routes and counted against the route limit.
    Filter(RuleId),
    /// Kept with its reason, no candidate, not counted against the route limit, and that whatever
    /// import says later: what the source said of it cannot be used (RFC 7606).
    Unusable(RuleId),
}

/// What became of the routes of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Paths announced.
    pub announced: u32,
    /// Of these, those that import rejected (filtered ones included).
    pub rejected: u32,
    /// Paths that were withdrawn.
    pub withdrawn: u32,
    /// Withdrawals of a prefix or path id that the source had not announced.
    pub unknown: u32,
    /// Prefixes whose best set is another one now.
    pub changed: u32,
}

/// One path of a best set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BestPath {
    /// Where the path comes from.
    pub source: SourceId,
    /// Its path id, with add-path.
    pub path_id: Option<PathId>,
    /// Its attributes after import.
    pub attrs: AttrId,
}

/// The paths in use for a prefix, the best one first; a slice in all but name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BestSet {
    // Eight next hops are as many as most forwarding tables take.
    pub(crate) paths: SmallVec<[BestPath; 8]>,
}

impl Deref for BestSet {
    type Target = [BestPath];

    fn deref(&self) -> &[BestPath] {
        &self.paths
    }
}

impl IntoIterator for BestSet {
    type Item = BestPath;
    type IntoIter = BestPaths;

    fn into_iter(self) -> BestPaths {
        BestPaths {
            paths: self.paths.into_iter(),
        }
    }
}

impl<'a> IntoIterator for &'a BestSet {
    type Item = &'a BestPath;
    type IntoIter = core::slice::Iter<'a, BestPath>;

    fn into_iter(self) -> Self::IntoIter {
        self.paths.iter()
    }
}

/// The paths of a [`BestSet`], the best one first.
#[derive(Clone, Debug)]
pub struct BestPaths {
    paths: smallvec::IntoIter<[BestPath; 8]>,
}

impl Iterator for BestPaths {
    type Item = BestPath;

    fn next(&mut self) -> Option<BestPath> {
        self.paths.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.paths.size_hint()
    }
}

impl ExactSizeIterator for BestPaths {}

/// A prefix whose best set changed.
///
/// The attribute sets named are alive during the visit at least; those in `before` may be freed
/// by the next [`AttrStore::collect`](crate::AttrStore::collect).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta<'a> {
    /// The prefix.
    pub prefix: Prefix,
    /// The best set until now, the best one first; empty if there was none.
    pub before: &'a [BestPath],
    /// The best set from now on; empty if there is none.
    pub after: &'a [BestPath],
}

/// The sources of paths, the best one first.
struct Named<'a>(&'a [BestPath]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(paths) = self;
        for (n, path) in paths.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { ", " })?;
            path.fmt(f)?;
        }
        f.write_str(if paths.is_empty() { "none" } else { "" })
    }
}

impl fmt::Display for BestPath {
    /// Writes `source3`, and with add-path `source3#7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, path_id) = (self.source, self.path_id);
        let derived = false;
        PathRef {
            source,
            path_id,
            derived,
        }
        .fmt(f)
    }
}

impl fmt::Debug for BestSet {
    /// Writes the list of its paths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.paths).finish()
    }
}

impl fmt::Display for Delta<'_> {
    /// Writes `192.0.2.0/24 by source0, source1 (before: source0)`, `none` where there is no path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.prefix, Named(self.after))?;
        write!(f, " (before: {})", Named(self.before))
    }
}

/// What a table needs of the rest of the engine for one call, and what the call comes to.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a mut AttrStore,
    pub(crate) sources: &'a mut Sources,
    pub(crate) config: &'a DecisionConfig,
    /// How many prefixes have a best path now, both families together.
    pub(crate) prefixes: usize,
    /// Who is told of every prefix whose best set changed.
    pub(crate) visit: &'a mut Visit<'a>,
    pub(crate) applied: Applied,
}

impl Context<'_> {
    /// How many paths the best set of a decided entry holds at most.
    pub(crate) fn max_paths(&self) -> usize {
        self.config.max_paths().into()
    }

    pub(crate) fn process(&self) -> DecisionProcess<'_> {
        DecisionProcess {
            config: self.config,
            sources: self.sources,
            store: self.store,
        }
    }

    /// Counts a changed best set, and tells the visitor.
    pub(crate) fn notify(&mut self, delta: &Delta<'_>) {
        self.prefixes += usize::from(delta.before.is_empty());
        self.prefixes -= usize::from(delta.after.is_empty());
        self.applied.changed += 1;
        (self.visit)(self.store, delta);
    }
}
