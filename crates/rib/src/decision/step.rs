//! The steps of the decision process: what each is called, and what it compares.

use core::fmt;
use core::net::IpAddr;

use routehub_types::AttrId;

use crate::{AttrStore, DecisionKey, Source};

/// What a step may look at of a path.
#[derive(Clone, Copy)]
pub(crate) struct Compared<'a> {
    pub(crate) source: &'a Source,
    pub(crate) attrs: &'a DecisionKey,
    /// Whether the path was in the best set before.
    pub(crate) current: bool,
    /// The whole attribute set, where its key does not say enough.
    pub(crate) id: AttrId,
    pub(crate) store: &'a AttrStore,
}

impl Compared<'_> {
    /// The BGP identifier of who brought a path into the AS (RFC 4456 section 9).
    fn router_id(&self) -> u32 {
        let reflected = self.attrs.reflected;
        let originator = reflected.then(|| self.store.originator(self.id)).flatten();
        originator.unwrap_or(self.source.router_id).0
    }

    fn next_hop(&self) -> IpAddr {
        self.store.attrs(self.id).next_hop.address
    }
}

/// What a step compares of one path; the lesser one is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StepKey {
    Number(u32),
    /// IPv4 before IPv6.
    Address(IpAddr),
}

impl<T: Into<u32>> From<T> for StepKey {
    #[inline]
    fn from(number: T) -> Self {
        Self::Number(number.into())
    }
}

/// The key of steps that compare paths with each other, not one by one.
const SAME: StepKey = StepKey::Number(0);

/// Declares the steps: what each means, its name, and its key.
macro_rules! steps {
    ($($(#[$doc:meta])+ $step:ident, $name:literal, |$path:pat_param| $key:expr;)+) => {
        /// One step of the decision process: it eliminates every path that is worse than another
        /// there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        #[repr(u8)]
        pub enum Step {
            $($(#[$doc])+ $step,)+
        }

        impl Step {
            /// Every step, in the order of declaration.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$step),+];

            /// The name, as operators read it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$step => $name,)+
                }
            }

            /// What the step compares of a path: the one place that says so.
            #[inline]
            pub(crate) fn key(self, path: &Compared<'_>) -> StepKey {
                match (self, path) {
                    $((Self::$step, $path) => $key,)+
                }
            }
        }
    };
}

steps! {
    /// The lowest class of source ([`Source::rank`](crate::Source::rank)).
    Rank, "rank", |path| path.source.rank.into();
    /// The highest LOCAL_PREF; 100 where there is none (RFC 4271 section 9.1.1).
    LocalPref, "local preference", |path| (!path.attrs.local_pref).into();
    /// The shortest AS path (RFC 4271 section 9.1.2.2 a).
    AsPathLength, "AS path length", |path| path.attrs.path_length.into();
    /// The lowest ORIGIN (RFC 4271 section 9.1.2.2 b).
    Origin, "origin", |path| (path.attrs.origin as u8).into();
    /// The lowest MED among paths of one neighbour AS; 0 where there is none (RFC 4271
    /// section 9.1.2.2 c).
    Med, "MED within the neighbour AS", |path| path.attrs.med.into();
    /// The lowest MED among all paths; 0 where there is none.
    MedAlways, "MED", |path| path.attrs.med.into();
    /// External paths before internal ones (RFC 4271 section 9.1.2.2 d).
    External, "external before internal", |path| (!path.source.external).into();
    /// The lowest cost to the source ([`Source::cost`](crate::Source::cost); RFC 4271 section
    /// 9.1.2.2 e).
    Cost, "cost", |path| path.source.cost.into();
    /// The lowest configured number ([`Source::tie_break`](crate::Source::tie_break)).
    TieBreak, "tie-break number", |path| path.source.tie_break.into();
    /// Paths that were in the best set before.
    Current, "best before", |path| (!path.current).into();
    /// Paths of a lower rank than one that was in the best set before only if their AS path is
    /// shorter: what was better and comes back gives way.
    Failback, "best before, and no longer", |_| SAME;
    /// The lowest BGP identifier of the source, or of the ORIGINATOR_ID where there is one
    /// (RFC 4271 section 9.1.2.2 f, RFC 4456 section 9).
    RouterId, "router id", |path| path.router_id().into();
    /// The lowest peer address, IPv4 before IPv6 (RFC 4271 section 9.1.2.2 g).
    PeerAddress, "peer address", |path| StepKey::Address(path.source.peer_address);
    /// The lowest next hop address, IPv4 before IPv6; costs more than the other steps.
    NextHop, "next hop address", |path| StepKey::Address(path.next_hop());
    /// Equal so far, but the best set was full: never configured, only reported.
    MaxPaths, "number of equal paths", |_| SAME;
    /// The source's number, the path id, the attributes: never configured, it ends every tie.
    Identity, "order of sources", |_| SAME;
}

impl Step {
    /// Whether what the step says of a path depends on the other paths of the same table.
    pub(crate) const fn is_relative(self) -> bool {
        matches!(self, Self::Med | Self::Current | Self::Failback)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
