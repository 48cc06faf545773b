//! Propagation to a fixed point: speakers with changed routes tell their neighbours, in the order
//! of their numbers, until nobody has anything new to tell. Connections to circuits go down where
//! they carry too many routes, and come back where they carry fewer; sessions with
//! on-premises routers do so too.

use std::collections::{BTreeMap, BTreeSet};

use routehub_rib::LimitExceeded;
use routehub_types::{Family, Prefix, RuleId};

use super::Model;
use super::pending::Order;
use crate::graph::{AdjacencyId, Down, Link, LinkId, LinkKind, Side, SpeakerId};
use crate::parameters::Parameters;
use crate::ribs::Changed;
use crate::rules;

/// Turns that a speaker may take for each speaker of the estate before the estate counts as one
/// that does not converge.
const TURNS: usize = 64;

/// The same while real routers take part: what they cause costs little, and rests then.
const LIVE_TURNS: usize = 8;

/// A change after which a speaker tells more often than this of something new makes speakers hunt
/// for paths.
const BEFORE_HUNTING: usize = 2;

/// How often connections may go down and come back before an estate comes to rest.
const MAX_LIMIT_ROUNDS: usize = 16;

/// How many routes may pass one way over a link, and the rule that takes it down beyond.
struct Limit {
    sender: Side,
    ipv4: Option<u32>,
    ipv6: Option<u32>,
    rule: RuleId,
    /// Whether the receiver ends the session of the two by a NOTIFICATION.
    notifies: bool,
}

impl Limit {
    /// That of a link, if it has one.
    fn of(link: &Link, parameters: &Parameters) -> Option<Self> {
        let (sender, ipv4, ipv6, rule) = match link.kind {
            LinkKind::GatewayToEdge(_) => (
                Side::A,
                parameters.max_routes_to_circuit,
                parameters.max_ipv6_routes_to_circuit,
                rules::CIRCUIT_LIMIT_EXCEEDED,
            ),
            LinkKind::GatewayToSite => (
                Side::B,
                parameters.max_routes_from_site,
                None,
                rules::ROUTES_FROM_SITE,
            ),
            // Whether a circuit is Premium the estate does not say.
            LinkKind::EdgeToCustomer => (
                Side::B,
                parameters.max_routes_from_premium_circuit,
                parameters.max_ipv6_routes_from_circuit,
                rules::ROUTES_FROM_CIRCUIT,
            ),
            _ => return None,
        };
        ipv4.or(ipv6)?;
        Some(Self {
            sender,
            ipv4,
            ipv6,
            rule,
            notifies: sender == Side::B,
        })
    }

    /// How so many IPv4 and IPv6 routes are too many, if they are.
    fn exceeded(&self, [ipv4, ipv6]: [usize; 2]) -> Option<LimitExceeded> {
        let beyond = |count: usize, max: Option<u32>| {
            let max = max.filter(|max| count > *max as usize)?;
            Some(LimitExceeded {
                held: u32::try_from(count).unwrap_or(u32::MAX),
                announced: 0,
                max,
            })
        };
        beyond(ipv4, self.ipv4).or_else(|| beyond(ipv6, self.ipv6))
    }
}

/// An estate that never comes to rest: routes go round and change each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network does not settle: {} keep changing at {}", some_of(.prefixes), .speakers.join(", "))]
pub struct NotConverged {
    /// The speakers that keep changing, by name.
    pub speakers: Vec<String>,
    /// The prefixes whose routes keep changing.
    pub prefixes: Vec<Prefix>,
}

/// The first of some prefixes, and how many more there are.
pub fn some_of(prefixes: &[Prefix]) -> String {
    const MOST: usize = 3;
    let shown = prefixes.iter().take(MOST).map(ToString::to_string);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match prefixes.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl Model {
    /// Lets every speaker tell what is new until nothing is, and enforces the limits of connections.
    pub(crate) fn converge(&mut self) -> Result<(), NotConverged> {
        self.propagate()?;
        for round in 1.. {
            let limited = self.enforce_limits();
            if limited.is_empty() {
                break;
            }
            let pending = self.pending.all();
            self.propagate()?;
            if round == MAX_LIMIT_ROUNDS {
                return Err(NotConverged {
                    speakers: limited,
                    prefixes: pending.into_iter().collect(),
                });
            }
        }
        if self.deployment.parameters().sticky_failback {
            self.ribs.enable_sticky_failback(&self.deployment);
        }
        self.ribs.collect_garbage();
        Ok(())
    }

    /// Most estates rest after a few turns. What does not is tried in other orders before it
    /// counts as restless: two that always change their minds at once may go on for ever in one
    /// order and come to rest in another. What rests only from another beginning counts as restless.
    fn propagate(&mut self) -> Result<(), NotConverged> {
        let speakers = self.deployment.graph().speakers().count();
        let turns = if self.live { LIVE_TURNS } else { TURNS };
        let limit = turns * (speakers + 1);
        let mut turns_of: BTreeMap<SpeakerId, usize> = BTreeMap::new();
        let mut hunts = false;
        let (mut restless, mut changing) = (BTreeSet::new(), BTreeSet::new());
        for turn in 0.. {
            let order = match turn {
                _ if turn > limit => Order::InTurn,
                _ if turn > limit / 4 => Order::Shuffled,
                _ => Order::Lowest,
            };
            if turn > limit / 4 && turn % speakers == 0 {
                // A connection that goes down may be what brings the rest to rest.
                self.enforce_limits();
            }
            let Some(Changed { speaker, prefixes }) = self.pending.next(order) else {
                break;
            };
            if turn > limit {
                restless.insert(speaker);
                changing.extend(&prefixes);
            }
            if turn == 2 * limit {
                // What is restless stays to be told: an event may bring it to rest.
                self.pending.add(Changed { speaker, prefixes });
                self.rest();
                let graph = self.deployment.graph();
                let restless = restless.into_iter();
                let names = restless.map(|id| graph.speaker(id).to_string());
                let mut speakers: Vec<String> = names.collect();
                speakers.dedup();
                return Err(NotConverged {
                    speakers,
                    prefixes: changing.into_iter().collect(),
                });
            }
            let turns = turns_of.entry(speaker).or_insert(0);
            *turns += 1;
            if !hunts && *turns == BEFORE_HUNTING + 1 {
                hunts = self.started && self.deployment.estate().shows_loops();
            }
            self.tell(Changed { speaker, prefixes }, hunts);
        }
        Ok(())
    }

    /// A speaker tells its neighbours. While speakers hunt for paths, losses come first: a path
    /// that is longer than what was told before is only withdrawn, and told when nobody has
    /// anything else to tell. Otherwise each speaker of a mesh turns to every other's word for what
    /// is gone, one AS longer each time, until the paths hold all of them. Where paths are rewritten
    /// so that they may never do, nothing is told first: then they may grow for ever, which is to be
    /// seen.
    fn tell(&mut self, Changed { speaker, prefixes }: Changed, hunts: bool) {
        let outbound: Vec<_> = self.deployment.graph().outbound(speaker).collect();
        let mut waiting = hunts.then(|| self.pending.take_later(speaker));
        for adjacency in outbound {
            self.advertise(adjacency, &prefixes, waiting.as_mut());
        }
        if let Some(waiting) = waiting {
            self.pending.set_later(speaker, waiting);
        }
    }

    /// While real routers take part, what never comes to rest waits until something is told of it:
    /// others go on.
    fn rest(&mut self) {
        while self.live
            && let Some(changed) = self.pending.next(Order::Lowest)
        {
            self.resting.put(changed);
        }
    }

    /// Takes down every link that carries more routes than it may, and brings back those that no
    /// longer would. Says whose links these are.
    fn enforce_limits(&mut self) -> Vec<String> {
        let mut senders = Vec::new();
        for id in self.deployment.graph().links() {
            let link = self.deployment.graph().link(id);
            let Some(limit) = Limit::of(link, self.deployment.parameters()) else {
                continue;
            };
            let but_for_limit = Down {
                limit: None,
                ..link.down
            };
            let is_down = link.down.limit.is_some();
            // What a real router would send only that router can say, when it is back.
            if but_for_limit != Down::default() || is_down && link.live && limit.notifies {
                continue;
            }
            let carried = self.carried(id.from(limit.sender));
            let exceeded = limit.exceeded(carried);
            let exceeds = exceeded.is_some();
            if is_down == exceeds {
                continue;
            }
            self.exceeded
                .extend(exceeded.map(|exceeded| (id, exceeded)));
            let sender = link.end(limit.sender).speaker;
            senders.push(self.deployment.graph().speaker(sender).to_string());
            self.note_unbounded();
            self.change_link(id, |link| {
                link.down.limit = exceeds.then_some(limit.rule);
                if limit.notifies {
                    link.notification = exceeds.then_some((6, 1));
                }
            });
        }
        senders.dedup(); // of a gateway's instances, one name
        senders
    }

    /// How many IPv4 and IPv6 routes the receiver is sent, or would be if the link were up.
    fn carried(&self, adjacency: AdjacencyId) -> [usize; 2] {
        let is_up = self.deployment.graph().link(adjacency.link).is_up();
        let (all, ipv6) = match self.ribs.inbound(adjacency) {
            Some((rib, source)) if is_up => {
                let counts = rib.counts(source);
                let all = counts.accepted + counts.filtered + counts.rejected;
                (all as usize, rib.count_of(source, Family::Ipv6))
            }
            _ => {
                let [ipv4, ipv6] = self.outbound(adjacency).counts_if_up();
                (ipv4 + ipv6, ipv6)
            }
        };
        [all.saturating_sub(ipv6), ipv6]
    }

    /// Whether so many routes more, either way, fit the limits of a link.
    pub(super) fn has_room(&self, id: LinkId, more: usize) -> bool {
        let link = self.deployment.graph().link(id);
        let carries = Limit::of(link, self.deployment.parameters()).is_none_or(|limit| {
            let [ipv4, ipv6] = self.carried(id.from(limit.sender));
            limit.exceeded([ipv4 + more, ipv6 + more]).is_none()
        });
        carries
            && id.adjacencies().into_iter().all(|adjacency| {
                let inbound = self.ribs.inbound(adjacency);
                inbound.is_none_or(|(rib, source)| {
                    let held = rib.counts(source).counted() as usize + more;
                    let limit = rib.source_data(source).and_then(|data| data.limit);
                    limit.is_none_or(|limit| held <= limit.max as usize)
                })
            })
    }

    /// How many routes a circuit is sent over a connection, or would be.
    pub(crate) fn route_count(&self, link: LinkId) -> usize {
        self.carried(link.from(Side::A)).into_iter().sum()
    }
}
