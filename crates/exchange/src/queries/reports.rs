//! Reasons in the form that people ask for them: what a Route Server refused, and where each path
//! of a prefix stands. Nothing is decided here; the RIBs are read.

use routehub_rib::{Admission, Standing, Step};
use routehub_types::{AsPath, NextHop, Prefix, RuleId};

use crate::exchange::Exchange;
use crate::graph::Side;
use crate::ribs::Origin;

/// A route that a Route Server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where to.
    pub prefix: Prefix,
    /// The AS path as received.
    pub as_path: AsPath,
    /// The instance, 0 or 1.
    pub instance: u8,
    /// The rule that refused it.
    pub rule: RuleId,
}

/// One path of a prefix at a Route Server instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathReport {
    /// The name of the neighbour it came from; none for a local network.
    pub from: Option<String>,
    /// The AS path, after import if it was admitted.
    pub as_path: AsPath,
    /// The next hop.
    pub next_hop: NextHop,
    /// Where it stands, and why.
    pub standing: PathStanding,
}

/// Where a path stands among those of its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum PathStanding {
    /// It is the best one, and the one that is passed on.
    Best,
    /// It is used beside the best one.
    Equal,
    /// It was eliminated.
    Lost {
        /// At which step of the decision process.
        #[cfg_attr(feature = "serde", serde(serialize_with = "step_name"))]
        step: Step,
        /// By the path of this neighbour.
        to: Option<String>,
    },
    /// Import refused it.
    Refused(RuleId),
    /// A route map put another prefix in its place.
    Replaced,
}

/// Writes a step by its name.
#[cfg(feature = "serde")]
fn step_name<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.name())
}

impl Exchange {
    /// What a Route Server refused of an NVA, and by which rule.
    pub fn rs_refused(&self, route_server: &str, nva: &str) -> Vec<Refused> {
        let mut all = Vec::new();
        for (instance, link) in self.graph().peering_links(route_server, nva) {
            let Some((rib, source)) = self.inbound(link.from(Side::A)) else {
                continue;
            };
            for route in rib.adj_in(source) {
                if let Admission::Reject(rule) | Admission::Filter(rule) = route.imported {
                    all.push(Refused {
                        prefix: route.prefix,
                        as_path: rib.attrs(route.received).as_path,
                        instance,
                        rule,
                    });
                }
            }
        }
        all.sort_by_key(|refused| (refused.prefix, refused.instance));
        all
    }

    /// Every path of a prefix at an instance of a Route Server, the ones in use first.
    pub fn rs_paths(&self, route_server: &str, instance: u8, prefix: Prefix) -> Vec<PathReport> {
        let speaker = self.graph().instance(route_server, instance);
        let rib = speaker.and_then(|speaker| self.rib(speaker));
        let Some((speaker, rib)) = speaker.zip(rib) else {
            return Vec::new();
        };
        let from = |source| match rib.origin(source) {
            Origin::Link(link) => {
                let peer = self.graph().link(link).peer_of(speaker)?;
                Some(self.speaker(peer).name.clone())
            }
            Origin::OwnNetwork | Origin::Spoke => None,
        };
        let reports = rib.paths(prefix).into_iter().map(|path| {
            let attrs = path.attrs.or(path.received).map(|id| rib.attrs(id));
            let attrs = attrs.unwrap_or_default();
            PathReport {
                from: from(path.path.source),
                as_path: attrs.as_path,
                next_hop: attrs.next_hop,
                standing: match path.standing {
                    Standing::Best => PathStanding::Best,
                    Standing::Equal => PathStanding::Equal,
                    Standing::Lost { step, to } => PathStanding::Lost {
                        step,
                        to: from(to.source),
                    },
                    Standing::Ineligible(rule) => PathStanding::Refused(rule),
                    Standing::Replaced => PathStanding::Replaced,
                },
            }
        });
        reports.collect()
    }
}
