//! The steps of the decision process: what each is called, and what it compares.

use core::fmt;
use core::net::IpAddr;

use routehub_types::AttrId;

use crate::source::Sources;
use crate::{AttrStore, DecisionKey, Source};

/// What a step may look at of a path.
#[derive(Clone, Copy)]
pub(crate) struct Compared<'a> {
    /// Where the path comes from; looked up only by the steps that ask.
    pub(crate) source: u16,
    pub(crate) sources: &'a Sources,
    pub(crate) attrs: &'a DecisionKey,
    /// Whether the path was in the best set before.
    pub(crate) current: bool,
    /// The whole attribute set, where its key does not say enough.
    pub(crate) id: AttrId,
    pub(crate) store: &'a AttrStore,
}

impl Compared<'_> {
    #[inline]
    fn source(&self) -> &Source {
        self.sources.source(self.source)
    }

    /// The BGP identifier of who brought a path into the AS (RFC 4456 section 9).
    fn router_id(&self) -> u32 {
        let reflected = self.attrs.is_reflected();
        let originator = reflected.then(|| self.store.originator(self.id)).flatten();
        originator.unwrap_or(self.source().router_id).0
    }

    /// Whether it is marked so by somebody with whom that was agreed on.
    #[inline]
    fn is_long_lived_stale(&self) -> bool {
        self.attrs.is_long_lived_stale() && self.source().long_lived
    }

    fn next_hop(&self) -> IpAddr {
        self.store.next_hop(self.id)
    }
}

/// What a step compares of one path; the lesser one is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StepKey {
    Number(u32),
    /// IPv4 before IPv6.
    Address(IpAddr),
}

macro_rules! from_number {
    ($($type:ty)+) => {
        $(impl From<$type> for StepKey {
            fn from(number: $type) -> Self {
                Self::Number(number.into())
            }
        })+
    };
}

from_number!(u8 u16 u32 bool);

impl From<IpAddr> for StepKey {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

/// What is done with the key of a step; it is made for each step, so that the key is of the type
/// that it has there and no path asks again which step it is.
pub(crate) trait UseKey {
    type Output;

    fn with<V: Copy + Ord + Into<StepKey>>(self, key: impl Fn(&Compared<'_>) -> V) -> Self::Output;
}

/// Tells the key of one path.
struct KeyOf<'a>(&'a Compared<'a>);

impl UseKey for KeyOf<'_> {
    type Output = StepKey;

    fn with<V: Into<StepKey>>(self, key: impl Fn(&Compared<'_>) -> V) -> StepKey {
        key(self.0).into()
    }
}

/// The key of steps that compare paths with each other, not one by one.
const SAME: bool = false;

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
            pub(crate) fn with_key<U: UseKey>(self, user: U) -> U::Output {
                match self {
                    $(Self::$step => user.with(|$path: &Compared<'_>| $key),)+
                }
            }
        }
    };
}

steps! {
    /// Paths that are not long-lived stale ([`Source::long_lived`](crate::Source::long_lived); RFC
    /// 9494 section 4.3). As the first step it costs nothing while no path is.
    LongLivedStale, "long-lived stale", |path| path.is_long_lived_stale();
    /// The lowest class of source ([`Source::rank`](crate::Source::rank)).
    Rank, "rank", |path| path.source().rank;
    /// The highest LOCAL_PREF; 100 where there is none (RFC 4271 section 9.1.1).
    LocalPref, "local preference", |path| !path.attrs.local_pref;
    /// The shortest AS path (RFC 4271 section 9.1.2.2 a).
    AsPathLength, "AS path length", |path| path.attrs.path_length;
    /// The lowest ORIGIN (RFC 4271 section 9.1.2.2 b).
    Origin, "origin", |path| path.attrs.origin as u8;
    /// The lowest MED among paths of one neighbour AS; 0 where there is none (RFC 4271
    /// section 9.1.2.2 c).
    Med, "MED within the neighbour AS", |path| path.attrs.med;
    /// The lowest MED among all paths; 0 where there is none.
    MedAlways, "MED", |path| path.attrs.med;
    /// External paths before internal ones (RFC 4271 section 9.1.2.2 d).
    External, "external before internal", |path| !path.source().external;
    /// The lowest cost to the source ([`Source::cost`](crate::Source::cost); RFC 4271 section
    /// 9.1.2.2 e).
    Cost, "cost", |path| path.source().cost;
    /// The lowest configured number ([`Source::tie_break`](crate::Source::tie_break)).
    TieBreak, "tie-break number", |path| path.source().tie_break;
    /// Paths that were in the best set before.
    Current, "best before", |path| !path.current;
    /// Paths of a lower rank than one that was in the best set before only if their AS path is
    /// shorter: what was better and comes back gives way.
    Failback, "best before, and no longer", |_| SAME;
    /// The lowest BGP identifier of the source, or of the ORIGINATOR_ID where there is one
    /// (RFC 4271 section 9.1.2.2 f, RFC 4456 section 9).
    RouterId, "router id", |path| path.router_id();
    /// The lowest peer address, IPv4 before IPv6 (RFC 4271 section 9.1.2.2 g).
    PeerAddress, "peer address", |path| path.source().peer_address;
    /// The lowest next hop address, IPv4 before IPv6; costs more than the other steps.
    NextHop, "next hop address", |path| path.next_hop();
    /// Equal so far, but the best set was full: never configured, only reported.
    MaxPaths, "number of equal paths", |_| SAME;
    /// The source's number, the path id, the attributes: never configured, it ends every tie.
    Identity, "order of sources", |_| SAME;
}

impl Step {
    /// The key of a path.
    #[inline]
    pub(crate) fn key(self, path: &Compared<'_>) -> StepKey {
        self.with_key(KeyOf(path))
    }

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
