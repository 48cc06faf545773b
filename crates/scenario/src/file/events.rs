//! Events.

use routehub::{ConnectionEnds, Event, Instance, NvaSessions};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    BurstEntry, InstanceNumber, PeeringEndsEntry, PeeringEntry, PreferenceWord, ReadvertiseEntry,
    RouteServerEntry, WithdrawEntry, exactly_one,
};

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident: $type:ty;)*) => {
        /// Something that happens: an id and one action.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = "event")]
        #[schemars(rename = "Event", extend("minProperties" = 2, "maxProperties" = 2))]
        struct EventFields {
            /// Its name.
            id: String,
            $($(#[$doc])* #[serde(default)] $action: Option<$type>,)*
        }

        /// Something that happens: an id and one action.
        #[derive(Deserialize)]
        #[serde(try_from = "EventFields")]
        pub(crate) struct EventEntry {
            pub(crate) id: String,
            pub(crate) action: Action,
        }

        /// One action.
        #[allow(non_camel_case_types, reason = "named as the file names them")]
        pub(crate) enum Action { $($action($type)),* }

        impl TryFrom<EventFields> for EventEntry {
            type Error = String;

            fn try_from(fields: EventFields) -> Result<Self, String> {
                let given = [$((stringify!($action), fields.$action.is_some())),*];
                if given.iter().filter(|(_, is)| *is).count() == 1 {
                    $(if let Some(action) = fields.$action {
                        return Ok(Self { id: fields.id, action: Action::$action(action) });
                    })*
                }
                Err(format!("event `{}`: {}", fields.id, exactly_one(&given)))
            }
        }
    };
}

actions! {
    /// Switches branch-to-branch.
    set_branch_to_branch: SetBranchToBranchEntry;
    /// Changes the routing preference.
    set_routing_preference: SetRoutingPreferenceEntry;
    /// An NVA announces literal routes, one burst of updates; replaces those prefixes.
    advertise: AdvertiseEventEntry;
    /// An NVA takes literal routes back.
    withdraw: WithdrawEntry;
    /// An NVA, or some of its sessions, goes down.
    nva_down: NvaSessionsEntry;
    /// An NVA, or some of its sessions, comes back.
    nva_up: NvaSessionsEntry;
    /// An instance of a Route Server goes down.
    instance_down: InstanceEntry;
    /// An instance of a Route Server comes back.
    instance_up: InstanceEntry;
    /// A gateway loses a connection.
    connection_down: ConnectionEndsEntry;
    /// A gateway's connection comes back.
    connection_up: ConnectionEndsEntry;
    /// Two networks are peered.
    add_peering: PeeringEntry;
    /// A peering ends.
    remove_peering: PeeringEndsEntry;
    /// A Route Server is deployed.
    add_route_server: RouteServerEntry;
    /// A Route Server is deleted.
    remove_route_server: RemoveRouteServerEntry;
    /// An NVA gets other re-advertisement rules.
    set_readvertises: SetReadvertisesEntry;
    /// Route maps of a connection change.
    set_route_map: SetRouteMapEntry;
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $kind:tt as $title:tt {
        $($(#[$attribute:meta])* $key:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = $kind)]
        #[schemars(rename = $title)]
        pub(crate) struct $name { $($(#[$attribute])* $key: $type,)* }
    )*};
}

keys! {
    /// Switches branch-to-branch.
    SetBranchToBranchEntry = "set_branch_to_branch" as "SetBranchToBranch" {
        /// The Route Server.
        route_server: String,
        /// On or off.
        value: bool,
    }
    /// Changes the routing preference.
    SetRoutingPreferenceEntry = "set_routing_preference" as "SetRoutingPreference" {
        /// The Route Server.
        route_server: String,
        /// The new preference.
        value: PreferenceWord,
    }
    /// An NVA announces literal routes.
    AdvertiseEventEntry = "advertise" as "AdvertiseEvent" {
        /// The NVA.
        nva: String,
        /// The routes.
        routes: Vec<BurstEntry>,
        /// To which Route Server; over every session if left out.
        #[serde(default)]
        to: Option<String>,
        /// To which instance; both if left out.
        #[serde(default)]
        instance: Option<InstanceNumber>,
    }
    /// An NVA, or some of its sessions.
    NvaSessionsEntry = "sessions of an NVA" as "NvaSessions" {
        /// The NVA.
        nva: String,
        /// Only the sessions with this Route Server.
        #[serde(default)]
        route_server: Option<String>,
        /// Only the sessions with this instance.
        #[serde(default)]
        instance: Option<InstanceNumber>,
    }
    /// An instance of a Route Server.
    InstanceEntry = "instance of a Route Server" as "Instance" {
        /// The Route Server.
        route_server: String,
        /// 0 or 1.
        instance: InstanceNumber,
    }
    /// A connection of a gateway.
    ConnectionEndsEntry = "connection" as "ConnectionEnds" {
        /// The gateway.
        gateway: String,
        /// The circuit, site or gateway at the other end.
        to: String,
    }
    /// Which Route Server is deleted.
    RemoveRouteServerEntry = "remove_route_server" as "RemoveRouteServer" {
        /// The Route Server.
        route_server: String,
    }
    /// An NVA gets other re-advertisement rules.
    SetReadvertisesEntry = "set_readvertises" as "SetReadvertises" {
        /// The NVA.
        nva: String,
        /// The rules, all of them.
        rules: Vec<ReadvertiseEntry>,
    }
    /// Route maps of a connection change.
    SetRouteMapEntry = "set_route_map" as "SetRouteMap" {
        /// The Route Server.
        route_server: String,
        /// The NVA or gateway at the other end.
        peer: String,
        /// The inbound map; null takes it off, it stays if left out.
        #[serde(default, deserialize_with = "given")]
        #[schemars(with = "Option<String>")]
        inbound: Option<Option<String>>,
        /// The outbound map, likewise.
        #[serde(default, deserialize_with = "given")]
        #[schemars(with = "Option<String>")]
        outbound: Option<Option<String>>,
    }
}

/// A key that is given, if only as null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl NvaSessionsEntry {
    fn sessions(self) -> NvaSessions {
        NvaSessions {
            nva: self.nva,
            route_server: self.route_server,
            instance: self.instance.map(|instance| instance.0),
        }
    }
}

impl InstanceEntry {
    fn instance(self) -> Instance {
        Instance {
            route_server: self.route_server,
            instance: self.instance.0,
        }
    }
}

impl ConnectionEndsEntry {
    fn ends(self) -> ConnectionEnds {
        ConnectionEnds {
            gateway: self.gateway,
            to: self.to,
        }
    }
}

impl Action {
    /// How many prefixes it sends or takes back.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::advertise(burst) => burst.routes.iter().map(|one| one.route.count()).sum(),
            Self::withdraw(withdraw) => withdraw.prefixes.count(),
            _ => 0,
        }
    }
}

impl From<Action> for Event {
    fn from(action: Action) -> Self {
        match action {
            Action::set_branch_to_branch(set) => Self::SetBranchToBranch {
                route_server: set.route_server,
                value: set.value,
            },
            Action::set_routing_preference(set) => Self::SetRoutingPreference {
                route_server: set.route_server,
                value: set.value.into(),
            },
            Action::advertise(burst) => Self::Advertise {
                nva: burst.nva,
                routes: burst.routes.iter().map(|one| one.route.routes()).collect(),
                to: burst.to,
                instance: burst.instance.map(|instance| instance.0),
            },
            Action::withdraw(withdraw) => Self::Withdraw {
                prefixes: withdraw.prefixes.all(),
                nva: withdraw.nva,
                to: withdraw.to,
                instance: withdraw.instance.map(|instance| instance.0),
            },
            Action::nva_down(sessions) => Self::NvaDown(sessions.sessions()),
            Action::nva_up(sessions) => Self::NvaUp(sessions.sessions()),
            Action::instance_down(one) => Self::InstanceDown(one.instance()),
            Action::instance_up(one) => Self::InstanceUp(one.instance()),
            Action::connection_down(ends) => Self::ConnectionDown(ends.ends()),
            Action::connection_up(ends) => Self::ConnectionUp(ends.ends()),
            Action::add_peering(peering) => Self::AddPeering(peering.0),
            Action::remove_peering(ends) => Self::RemovePeering {
                a: ends.a,
                b: ends.b,
            },
            Action::add_route_server(server) => Self::AddRouteServer(server.into()),
            Action::remove_route_server(one) => Self::RemoveRouteServer {
                route_server: one.route_server,
            },
            Action::set_readvertises(set) => Self::SetReadvertises {
                nva: set.nva,
                rules: set.rules.into_iter().map(Into::into).collect(),
            },
            Action::set_route_map(set) => Self::SetRouteMap {
                route_server: set.route_server,
                peer: set.peer,
                inbound: set.inbound,
                outbound: set.outbound,
            },
        }
    }
}

same_schema! { EventEntry = EventFields }
