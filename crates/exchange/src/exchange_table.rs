//! The exchange table: which class of source may pass to which class of sink, at each kind of
//! speaker that passes routes on.
//!
//! This is the whole of "who may tell whom": every route that does not pass names the row that
//! stopped it.

use std::fmt;

use routehub_types::RuleId;

use crate::rules;

/// What a route is at the speaker that holds it, and what a neighbour is that may hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The prefixes of the speaker's own network.
    OwnNetwork,
    /// The prefixes of networks that use the speaker's gateways or Route Server.
    Spoke,
    /// Prefixes of sites without BGP.
    StaticSite,
    /// A network virtual appliance.
    Nva,
    /// A VPN gateway.
    VpnGateway,
    /// An ExpressRoute gateway.
    ExpressRouteGateway,
    /// A Route Server.
    RouteServer,
    /// A site with BGP, or a VPN gateway of another network.
    Branch,
    /// A circuit's edge.
    Circuit,
    /// The customer's edge behind a circuit.
    CustomerEdge,
}

impl Class {
    /// Every class, in order.
    pub const ALL: [Self; 10] = [
        Self::OwnNetwork,
        Self::Spoke,
        Self::StaticSite,
        Self::Nva,
        Self::VpnGateway,
        Self::ExpressRouteGateway,
        Self::RouteServer,
        Self::Branch,
        Self::Circuit,
        Self::CustomerEdge,
    ];
}

/// A kind of speaker that passes routes on by the table. (NVAs have rules of their own.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// A Route Server instance.
    RouteServer,
    /// A VPN gateway.
    VpnGateway,
    /// An ExpressRoute gateway.
    ExpressRouteGateway,
    /// A circuit's edge.
    Edge,
}

/// When a row lets routes pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Always.
    Always,
    /// While branch-to-branch is on.
    BranchToBranch,
    /// As the switch on reflection between NVAs says.
    Reflection,
    /// Never.
    Never,
}

/// One row: at a speaker, from a class of source to a class of sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind of speaker that holds the route.
    pub at: At,
    /// What the route is there.
    pub from: Class,
    /// Who would hear of it.
    pub to: Class,
    /// Whether it does.
    pub gate: Gate,
    /// The rule that says so.
    pub rule: RuleId,
}

/// Writes one row a line: at whom, from which class to which, when, and the rule that says so.
macro_rules! rows {
    ($($at:ident: $from:ident => $to:ident, $gate:ident, $rule:ident;)+) => {
        &[$(Row {
            at: At::$at,
            from: Class::$from,
            to: Class::$to,
            gate: Gate::$gate,
            rule: rules::$rule,
        },)+]
    };
}

/// All rows. A pair that has none does not pass: there is nothing to exchange.
pub const TABLE: &[Row] = rows! {
    RouteServer:         OwnNetwork          => Nva,                 Always,         OWN_NETWORK_TO_NVAS;
    RouteServer:         Spoke               => Nva,                 Always,         SPOKES_TO_NVAS;
    RouteServer:         Nva                 => Nva,                 Reflection,     NVA_TO_NVA;
    RouteServer:         Nva                 => VpnGateway,          BranchToBranch, BRANCH_TO_BRANCH_OFF;
    RouteServer:         Nva                 => ExpressRouteGateway, BranchToBranch, BRANCH_TO_BRANCH_OFF;
    RouteServer:         VpnGateway          => Nva,                 BranchToBranch, BRANCH_TO_BRANCH_OFF;
    RouteServer:         VpnGateway          => VpnGateway,          Never,          NOT_BACK_TO_SOURCE;
    RouteServer:         VpnGateway          => ExpressRouteGateway, BranchToBranch, BRANCH_TO_BRANCH_OFF;
    RouteServer:         ExpressRouteGateway => Nva,                 BranchToBranch, BRANCH_TO_BRANCH_OFF;
    RouteServer:         ExpressRouteGateway => VpnGateway,          BranchToBranch, BRANCH_TO_BRANCH_OFF;
    RouteServer:         ExpressRouteGateway => ExpressRouteGateway, Never,          CIRCUIT_TO_CIRCUIT;
    VpnGateway:          OwnNetwork          => Branch,              Always,         VPN_GATEWAY_TO_SITE;
    VpnGateway:          Spoke               => Branch,              Always,         VPN_GATEWAY_TO_SITE;
    VpnGateway:          StaticSite          => Branch,              Always,         VPN_GATEWAY_TO_SITE;
    VpnGateway:          StaticSite          => RouteServer,         Always,         STATIC_SITE_TO_NVAS;
    VpnGateway:          Branch              => Branch,              Always,         VPN_GATEWAY_TO_SITE;
    VpnGateway:          Branch              => RouteServer,         Always,         VPN_TO_NVAS;
    VpnGateway:          RouteServer         => Branch,              Always,         VPN_GATEWAY_TO_SITE;
    VpnGateway:          RouteServer         => RouteServer,         Never,          GATEWAY_IBGP;
    ExpressRouteGateway: OwnNetwork          => Circuit,             Always,         GATEWAY_TO_CIRCUIT;
    ExpressRouteGateway: Spoke               => Circuit,             Always,         GATEWAY_TO_CIRCUIT;
    ExpressRouteGateway: Circuit             => Circuit,             Never,          CIRCUIT_TO_CIRCUIT;
    ExpressRouteGateway: Circuit             => RouteServer,         Always,         CIRCUIT_TO_NVAS;
    ExpressRouteGateway: RouteServer         => Circuit,             Always,         BRANCH_TO_BRANCH_ON;
    ExpressRouteGateway: RouteServer         => RouteServer,         Never,          GATEWAY_IBGP;
    Edge:                ExpressRouteGateway => ExpressRouteGateway, Always,         GATEWAY_TO_GATEWAY;
    Edge:                ExpressRouteGateway => CustomerEdge,        Always,         GATEWAY_TO_CIRCUIT;
    Edge:                CustomerEdge        => ExpressRouteGateway, Always,         CIRCUIT_TO_NVAS;
};

/// The row of a pair.
pub fn lookup(at: At, from: Class, to: Class) -> Option<&'static Row> {
    TABLE
        .iter()
        .find(|row| row.at == at && row.from == from && row.to == to)
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OwnNetwork => "own network",
            Self::Spoke => "spoke network",
            Self::StaticSite => "static site",
            Self::Nva => "NVA",
            Self::VpnGateway => "VPN gateway",
            Self::ExpressRouteGateway => "ExpressRoute gateway",
            Self::RouteServer => "Route Server",
            Self::Branch => "branch",
            Self::Circuit => "circuit",
            Self::CustomerEdge => "customer edge",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_stands_once() {
        for (n, row) in TABLE.iter().enumerate() {
            let first = TABLE
                .iter()
                .position(|one| (one.at, one.from, one.to) == (row.at, row.from, row.to));
            assert_eq!(first, Some(n), "{row:?}");
        }
    }

    #[test]
    fn no_circuit_hears_of_another_circuit() {
        let from_circuits = |row: &&Row| match row.at {
            At::ExpressRouteGateway => row.from == Class::Circuit && row.to == Class::Circuit,
            At::RouteServer => {
                row.from == Class::ExpressRouteGateway && row.to == Class::ExpressRouteGateway
            }
            _ => false,
        };
        let rows: Vec<_> = TABLE.iter().filter(from_circuits).collect();
        assert_eq!(rows.len(), 2);
        assert!(
            rows.iter()
                .all(|row| row.gate == Gate::Never && row.rule == rules::CIRCUIT_TO_CIRCUIT)
        );
    }

    #[test]
    fn branches_exchange_nothing_through_a_route_server_without_branch_to_branch() {
        let branches = [Class::Nva, Class::VpnGateway, Class::ExpressRouteGateway];
        for (from, to) in branches
            .iter()
            .flat_map(|from| branches.map(|to| (*from, to)))
        {
            let row = lookup(At::RouteServer, from, to).unwrap();
            assert_ne!(row.gate, Gate::Always, "{from} to {to}");
        }
    }
}
