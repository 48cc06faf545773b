//! Route Servers and NVAs.

use routehub::estate::{
    Advertisement, Nva, NvaSession, Origination, ReadvertiseTo, ReadvertisedNextHop,
    ReadvertisedPath, Readvertisement, RouteServer, RoutingPreference,
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::fabric::yes;
use super::{
    Address, AdvertiseEntry, AsNumber, BfdEntry, InstanceNumber, OriginateEntry, RoutedPrefix,
    both_or, prefixes,
};
use crate::live::LivePeer;

/// A Route Server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Route Server")]
#[schemars(rename = "RouteServer")]
pub(crate) struct RouteServerEntry {
    /// Its name.
    name: String,
    /// Its network.
    vnet: String,
    /// The addresses of instance 0 and 1; the first two of RouteServerSubnet if left out.
    #[serde(default)]
    ips: Option<[Address; 2]>,
    /// Its ASN; 65515 if left out.
    #[serde(default)]
    asn: Option<AsNumber>,
    /// Whether branches exchange routes through it.
    #[serde(default)]
    branch_to_branch: bool,
    /// Its routing preference.
    #[serde(default)]
    routing_preference: PreferenceWord,
    /// Whether it has a public address.
    #[serde(default = "yes")]
    public_ip: bool,
}

/// A routing preference.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
pub(crate) enum PreferenceWord {
    /// ExpressRoute before VPN and NVA.
    #[default]
    ExpressRoute,
    /// VPN and NVA before ExpressRoute.
    VpnGateway,
    /// The shortest AS path of all.
    #[serde(rename = "ASPath")]
    AsPath,
}

impl From<PreferenceWord> for RoutingPreference {
    fn from(word: PreferenceWord) -> Self {
        match word {
            PreferenceWord::ExpressRoute => Self::ExpressRoute,
            PreferenceWord::VpnGateway => Self::VpnGateway,
            PreferenceWord::AsPath => Self::AsPath,
        }
    }
}

impl From<RouteServerEntry> for RouteServer {
    fn from(entry: RouteServerEntry) -> Self {
        Self {
            name: entry.name,
            vnet: entry.vnet,
            ips: entry.ips.map(|both| both.map(|address| address.0)),
            asn: entry.asn.map(Into::into),
            branch_to_branch: entry.branch_to_branch,
            routing_preference: entry.routing_preference.into(),
            public_ip: entry.public_ip,
        }
    }
}

with_live_keys! {
    /// A network virtual appliance.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, rename = "NVA")]
    #[schemars(rename = "Nva")]
    NvaEntry {
        /// Its name.
        pub(crate) name: String,
        /// Its network.
        vnet: String,
        /// The address it peers from.
        ip: Address,
        /// Its ASN.
        asn: AsNumber,
        /// Its sessions with Route Servers.
        sessions: Vec<SessionEntry>,
        /// The hold time it proposes, in seconds: 0, or 3 and more.
        #[serde(default = "default_hold_time")]
        hold_time: HoldTime,
        /// Whether it offers route refresh.
        #[serde(default = "yes")]
        route_refresh: bool,
        /// NVAs and sites it has direct sessions with; one side declares them.
        #[serde(default)]
        neighbors: Vec<String>,
        /// Routes of its own.
        #[serde(default)]
        pub(crate) originates: Vec<OriginateEntry>,
        /// What it passes on of what it learned; the first rule that fits is taken.
        #[serde(default)]
        readvertises: Vec<ReadvertiseEntry>,
        /// The literal input to Route Servers.
        #[serde(default)]
        pub(crate) advertises: Vec<AdvertiseEntry>,
    }
}

/// A hold time in seconds.
#[derive(Clone, Copy)]
struct HoldTime(u16);

fn default_hold_time() -> HoldTime {
    HoldTime(Nva::DEFAULT_HOLD_TIME)
}

impl<'de> Deserialize<'de> for HoldTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u16::deserialize(deserializer)? {
            seconds @ (1 | 2) => {
                let message = format!("a hold time is 0, or 3 to 65535 seconds, not {seconds}");
                Err(de::Error::custom(message))
            }
            seconds => Ok(Self(seconds)),
        }
    }
}

impl JsonSchema for HoldTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HoldTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer", "minimum": 0, "maximum": 65535, "not": {"enum": [1, 2]}
        })
    }
}

/// Sessions with a Route Server: its name, or more.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a Route Server's name, or a mapping")]
#[schemars(untagged, rename = "Session")]
enum SessionEntry {
    #[serde(rename = "text")]
    Name(String),
    #[serde(rename = "map")]
    Full(SessionFields),
}

/// Sessions with a Route Server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "session")]
#[schemars(rename = "SessionFields")]
struct SessionFields {
    /// The Route Server.
    route_server: String,
    /// With which instances.
    #[serde(default)]
    instances: Option<Vec<InstanceNumber>>,
    /// Route map on what the Route Server takes in.
    #[serde(default)]
    inbound_route_map: Option<String>,
    /// Route map on what the Route Server sends.
    #[serde(default)]
    outbound_route_map: Option<String>,
}

impl From<SessionEntry> for NvaSession {
    fn from(entry: SessionEntry) -> Self {
        match entry {
            SessionEntry::Name(name) => Self::both(name),
            SessionEntry::Full(fields) => Self {
                route_server: fields.route_server,
                instances: both_or(fields.instances.as_deref()),
                inbound_route_map: fields.inbound_route_map,
                outbound_route_map: fields.outbound_route_map,
            },
        }
    }
}

/// A rule by which an NVA passes on what it learned.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "re-advertisement rule")]
#[schemars(rename = "Readvertise")]
pub(crate) struct ReadvertiseEntry {
    /// From which neighbours; from all if left out.
    #[serde(default)]
    from: Vec<String>,
    /// To which neighbours, or `all`; to all but the one it came from if left out.
    #[serde(default)]
    to: Option<ToEntry>,
    /// What becomes of the AS path.
    #[serde(default)]
    as_path: PathWord,
    /// What becomes of the next hop: `self`, `unchanged`, or an address.
    #[serde(default)]
    next_hop: NextHopWord,
    /// How many times more than once the NVA's ASN is put in front.
    #[serde(default)]
    prepend: u8,
    /// Exactly these prefixes; all if left out.
    #[serde(default)]
    prefixes: Vec<RoutedPrefix>,
}

/// `all`, or names.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: `all`, or a list of names")]
#[schemars(untagged, rename = "To")]
enum ToEntry {
    #[serde(rename = "text")]
    All(AllWord),
    #[serde(rename = "list")]
    Named(Vec<String>),
}

/// `all`.
#[derive(Deserialize, JsonSchema)]
enum AllWord {
    /// Every session.
    #[serde(rename = "all")]
    All,
}

/// What becomes of the AS path.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PathWord {
    /// It stays.
    #[default]
    Keep,
    /// The receiver's ASN becomes the NVA's.
    Override,
    /// The receiver's ASN is taken out.
    Strip,
}

/// What becomes of the next hop.
#[derive(Clone, Copy, Default)]
struct NextHopWord(ReadvertisedNextHop);

impl<'de> Deserialize<'de> for NextHopWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let unknown = || de::Error::unknown_variant(&word, &["self", "unchanged", "an address"]);
        Ok(Self(match word.as_str() {
            "self" => ReadvertisedNextHop::Own,
            "unchanged" => ReadvertisedNextHop::Unchanged,
            text => ReadvertisedNextHop::Address(text.parse().map_err(|_| unknown())?),
        }))
    }
}

impl JsonSchema for NextHopWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NextHopWord".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(self|unchanged|[0-9A-Fa-f.:]+)$"})
    }
}

impl From<ReadvertiseEntry> for Readvertisement {
    fn from(entry: ReadvertiseEntry) -> Self {
        Self {
            from: entry.from,
            to: match entry.to {
                None => ReadvertiseTo::Others,
                Some(ToEntry::All(AllWord::All)) => ReadvertiseTo::All,
                Some(ToEntry::Named(names)) => ReadvertiseTo::Named(names),
            },
            as_path: match entry.as_path {
                PathWord::Keep => ReadvertisedPath::Keep,
                PathWord::Override => ReadvertisedPath::Override,
                PathWord::Strip => ReadvertisedPath::Strip,
            },
            next_hop: entry.next_hop.0,
            prepend: entry.prepend,
            prefixes: prefixes(&entry.prefixes),
        }
    }
}

impl From<NvaEntry> for Nva {
    fn from(entry: NvaEntry) -> Self {
        let originates = entry.originates.into_iter().map(|one| Origination {
            routes: one.route.routes(),
            prepend: one.prepend,
            to: one.to,
        });
        let advertises = entry.advertises.into_iter().map(|one| Advertisement {
            to: one.to,
            instance: one.instance.map(|instance| instance.0),
            routes: one.route.routes(),
        });
        Self {
            name: entry.name,
            vnet: entry.vnet,
            ip: entry.ip.0,
            asn: entry.asn.into(),
            sessions: entry.sessions.into_iter().map(Into::into).collect(),
            hold_time: entry.hold_time.0,
            route_refresh: entry.route_refresh,
            neighbors: entry.neighbors,
            originates: originates.collect(),
            readvertises: entry.readvertises.into_iter().map(Into::into).collect(),
            advertises: advertises.collect(),
        }
    }
}
