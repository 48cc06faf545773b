//! Why somebody has, or has not, a route: the reasons that are stored, put together.

mod advertised;
mod interface;
mod links;
mod never;
mod notes;
mod once;
mod speaker;
mod text;

use std::net::IpAddr;

use routehub_exchange::view::UNKNOWN_ADDRESS;
use routehub_exchange::{EffectiveRow, Exchange, PathStanding, Role, UnknownName};
use routehub_types::{AsPath, Attrs, Community, Prefix, RuleId};

use crate::Reason;

pub(crate) use advertised::supernets;
pub(crate) use interface::programmed_around;
pub(crate) use speaker::instance_of_several;

/// Why somebody has, or has not, routes around a destination.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "of", rename_all = "snake_case"))]
pub enum Explanation {
    /// At a network interface.
    Nic(NicExplanation),
    /// At a Route Server, gateway, circuit, NVA or site.
    Speaker(SpeakerExplanation),
}

/// Why a network interface has, or has not, routes around a destination.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NicExplanation {
    /// The network interface.
    pub nic: String,
    /// Its network.
    pub vnet: String,
    /// What was asked for; an address is a prefix of full length.
    pub destination: Prefix,
    /// The names of the Route Servers, else of the gateways, that program it; empty: nobody does.
    pub programmed_by: Vec<String>,
    /// The rows around the destination, the longest first.
    pub rows: Vec<ExplainedRow>,
    /// Routes around the destination that somebody has, and that are not on the interface.
    pub missing: Vec<MissingRoute>,
}

/// A row of a network interface, and why it is as it is.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ExplainedRow {
    /// The row.
    pub row: EffectiveRow,
    /// What it is good for.
    pub outcome: RowOutcome,
    /// Next hops that the network does not reach, so that they are left out.
    pub unreachable: Vec<IpAddr>,
    /// The rule of a private endpoint's row, or of packets that follow the row and are dropped.
    pub because: Option<Reason>,
    /// Rules that had a part in its next hops.
    pub notes: Vec<Reason>,
    /// How the route came to those who program it; empty for system and user-defined routes.
    pub routes: Vec<ExplainedRoute>,
}

/// What a row is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RowOutcome {
    /// Packets to the destination follow it: no active row is longer.
    Used,
    /// A longer one is used.
    Shorter {
        /// The prefix of the one that is used.
        than: Prefix,
    },
    /// A user-defined route of the same prefix makes it Invalid.
    Overridden,
    /// A wider user-defined route makes a private endpoint's row Invalid.
    OverriddenBy {
        /// The prefix of that route.
        route: Prefix,
    },
}

/// A route that is not on a network interface or at a speaker, and why.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MissingRoute {
    /// Where to.
    pub prefix: Prefix,
    /// Why it is not there.
    pub because: Reason,
    /// Where it stands, or where it ends, on its way to those who program the interface; empty
    /// where nobody has it as a route.
    pub routes: Vec<ExplainedRoute>,
}

/// Why a speaker has, or has not, routes around a destination.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SpeakerExplanation {
    /// The name of the speaker.
    pub speaker: String,
    /// What was asked for; an address is a prefix of full length.
    pub destination: Prefix,
    /// What it has of each prefix around the destination, the longest prefix first.
    pub routes: Vec<ExplainedRoute>,
    /// What never becomes a route that speakers tell each other.
    pub missing: Vec<MissingRoute>,
}

/// What a speaker has of one prefix.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ExplainedRoute {
    /// The speaker.
    pub speaker: String,
    /// The instances of a Route Server, or of a gateway that has two, of which all this holds.
    pub instances: Vec<u8>,
    /// What the speaker is; none for NVAs and on-premises routers.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub role: Option<Role>,
    /// The prefix.
    pub prefix: Prefix,
    /// Its paths, the ones in use first.
    pub paths: Vec<ExplainedPath>,
    /// Neighbours that have a route and do not send it.
    #[cfg_attr(feature = "serde", serde(rename = "withheld"))]
    pub not_advertised: Vec<NotAdvertised>,
    /// What becomes of it at each neighbour; only where this speaker was asked about.
    #[cfg_attr(feature = "serde", serde(rename = "told"))]
    pub advertisements: Vec<Advertisement>,
}

/// A path of a prefix at a speaker, and how it came there.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ExplainedPath {
    /// The neighbour it came from; none for a local network.
    pub from: Option<String>,
    /// What it carried when it came.
    pub received: RouteAttributes,
    /// Next hops of the same path at other instances, where these are told as one.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub other_next_hops: Vec<IpAddr>,
    /// What import made of it, if that is something else.
    pub imported: Option<RouteAttributes>,
    /// The rules of a route map that made that of it, or dropped it, each as map and number.
    pub map_rules: Vec<String>,
    /// Where it stands, and why.
    pub standing: PathStanding,
    /// What the rule saw that refused it, or the step by which it lost.
    pub evidence: String,
    /// Rules that had a part in its way here without refusing it.
    pub notes: Vec<Reason>,
    /// How the neighbour came to send it; none for a local network.
    pub sent: Option<Sent>,
}

/// What a route carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RouteAttributes {
    /// The AS path, nearest first.
    pub as_path: AsPath,
    /// The next hop; none where it is not known.
    pub next_hop: Option<IpAddr>,
    /// Standard communities.
    pub communities: Vec<Community>,
}

/// How a neighbour came to send a route.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Sent {
    /// It announces the route itself.
    Announced,
    /// It announces the route in the place of networks.
    Summary {
        /// By this rule.
        rule: RuleId,
    },
    /// It passed the route on.
    PassedOn {
        /// Rules that changed the route on its way out.
        changed_by: Vec<RuleId>,
        /// The rules of a route map among them, each as map and number.
        map_rules: Vec<String>,
        /// What the neighbour has of it; several if it was made of several prefixes.
        routes: Vec<ExplainedRoute>,
    },
}

/// A neighbour that has a route, or would get one, and does not send it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NotAdvertised {
    /// The neighbour.
    pub by: String,
    /// Why it does not send it; none if it has no route itself.
    pub because: Option<Reason>,
    /// What the neighbour has, or where the route ended before it.
    pub routes: Vec<ExplainedRoute>,
}

/// What becomes of a route at one neighbour.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Advertisement {
    /// It is sent.
    Sent {
        /// To whom.
        to: String,
        /// As what.
        #[cfg_attr(feature = "serde", serde(rename = "carried"))]
        attributes: RouteAttributes,
        /// Rules that changed it on its way out.
        changed_by: Vec<RuleId>,
        /// The rules of a route map among them, each as map and number.
        map_rules: Vec<String>,
        /// Why the neighbour refuses it, if it does.
        refused: Option<Reason>,
    },
    /// It is kept back.
    Blocked {
        /// From whom.
        to: String,
        /// Why.
        because: Reason,
    },
}

impl From<&Attrs> for RouteAttributes {
    fn from(attrs: &Attrs) -> Self {
        let mut communities = attrs.communities.clone();
        communities.sort_unstable();
        communities.dedup();
        let next_hop = attrs.next_hop.address;
        Self {
            as_path: attrs.as_path.clone(),
            next_hop: (next_hop != UNKNOWN_ADDRESS).then_some(next_hop),
            communities,
        }
    }
}

/// Why a NIC or a speaker has, or has not, routes around a destination.
///
/// # Errors
/// [`UnknownName`] if there is neither of this name.
pub fn explain(
    exchange: &Exchange,
    name: &str,
    destination: Prefix,
) -> Result<Explanation, UnknownName> {
    if let Some(nic) = interface::explain(exchange, name, destination) {
        return Ok(Explanation::Nic(nic));
    }
    let speaker = speaker::explain(exchange, name, destination);
    speaker.map(Explanation::Speaker).ok_or_else(|| {
        let known = exchange.estate().names_with_routes().map(String::as_str);
        UnknownName::among("NIC or speaker", name, known)
    })
}
