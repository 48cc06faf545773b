//! The exchange table: which class of source may pass to which class of sink, at each kind of
//! speaker that passes routes on.
//!
//! This is the whole of "who may tell whom": every route that does not pass names the row that
//! stopped it.

use std::fmt;

use routehub_types::RuleId;

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

const fn row(at: At, from: Class, to: Class, gate: Gate, rule: u16) -> Row {
    Row {
        at,
        from,
        to,
        gate,
        rule: RuleId(rule),
    }
}

/// All rows. A pair that has none does not pass: there is nothing to exchange.
pub const TABLE: &[Row] = {
    use At as A;
    use Class::{
        Branch, Circuit, CustomerEdge, ExpressRouteGateway, Nva, OwnNetwork, RouteServer, Spoke,
        StaticSite, VpnGateway,
    };
    use Gate::{Always, BranchToBranch, Never, Reflection};
    &[
        row(A::RouteServer, OwnNetwork, Nva, Always, 80),
        row(A::RouteServer, Spoke, Nva, Always, 81),
        row(A::RouteServer, Nva, Nva, Reflection, 87),
        row(A::RouteServer, Nva, VpnGateway, BranchToBranch, 92),
        row(A::RouteServer, Nva, ExpressRouteGateway, BranchToBranch, 92),
        row(A::RouteServer, VpnGateway, Nva, BranchToBranch, 92),
        row(A::RouteServer, VpnGateway, VpnGateway, Never, 88),
        row(
            A::RouteServer,
            VpnGateway,
            ExpressRouteGateway,
            BranchToBranch,
            92,
        ),
        row(A::RouteServer, ExpressRouteGateway, Nva, BranchToBranch, 92),
        row(
            A::RouteServer,
            ExpressRouteGateway,
            VpnGateway,
            BranchToBranch,
            92,
        ),
        row(
            A::RouteServer,
            ExpressRouteGateway,
            ExpressRouteGateway,
            Never,
            96,
        ),
        row(A::VpnGateway, OwnNetwork, Branch, Always, 112),
        row(A::VpnGateway, Spoke, Branch, Always, 112),
        row(A::VpnGateway, StaticSite, Branch, Always, 112),
        row(A::VpnGateway, StaticSite, RouteServer, Always, 84),
        row(A::VpnGateway, Branch, Branch, Always, 112),
        row(A::VpnGateway, Branch, RouteServer, Always, 83),
        row(A::VpnGateway, RouteServer, Branch, Always, 112),
        row(A::VpnGateway, RouteServer, RouteServer, Never, 94),
        row(A::ExpressRouteGateway, OwnNetwork, Circuit, Always, 114),
        row(A::ExpressRouteGateway, Spoke, Circuit, Always, 114),
        row(A::ExpressRouteGateway, Circuit, Circuit, Never, 96),
        row(A::ExpressRouteGateway, Circuit, RouteServer, Always, 82),
        row(A::ExpressRouteGateway, RouteServer, Circuit, Always, 93),
        row(A::ExpressRouteGateway, RouteServer, RouteServer, Never, 94),
        row(
            A::Edge,
            ExpressRouteGateway,
            ExpressRouteGateway,
            Always,
            154,
        ),
        row(A::Edge, ExpressRouteGateway, CustomerEdge, Always, 114),
        row(A::Edge, CustomerEdge, ExpressRouteGateway, Always, 82),
    ]
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
                .all(|row| row.gate == Gate::Never && row.rule == RuleId(96))
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
