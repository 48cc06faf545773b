//! The propagation rules: which class of source may pass to which class of receiver, at each role
//! of a speaker that passes routes on.
//!
//! This is the whole of "who may tell whom": every route that does not pass names the row that
//! stopped it.

use routehub_types::RuleId;

use crate::graph::{PeerClass, Role};
use crate::rules;

/// When a row lets routes pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// While branch-to-branch is on.
    BranchToBranch,
    /// As the switch on reflection between NVAs says.
    Reflection,
    /// While the receiving gateway allows traffic of other networks by way of a circuit.
    RemoteVnetTraffic,
    /// While it allows traffic of Virtual WANs by way of a circuit.
    VirtualWanTraffic,
    /// Between iBGP and the Route Server where that is an eBGP neighbour of the gateway.
    OverEbgp,
    /// Never.
    Never,
}

/// One row: at a speaker, from a class of source to a class of receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The role of the speaker that holds the route.
    pub role: Role,
    /// What the route is there.
    pub from: PeerClass,
    /// Who would receive it.
    pub to: PeerClass,
    /// Whether it does.
    pub condition: Condition,
    /// The rule that says so.
    pub rule: RuleId,
}

/// Writes the table.
macro_rules! propagation_rules {
    ($($role:ident { $($from:ident -> $to:ident: $condition:ident, $rule:ident;)+ })+) => {
        /// All rows. A pair that has none does not pass: there is nothing to exchange.
        pub const PROPAGATION_RULES: &[Row] = &[$($(Row {
            role: Role::$role,
            from: PeerClass::$from,
            to: PeerClass::$to,
            condition: Condition::$condition,
            rule: rules::$rule,
        },)+)+];
    };
}

propagation_rules! {
    RouteServer {
        OwnNetwork -> Nva: Always, OWN_NETWORK_TO_NVAS;
        Spoke -> Nva: Always, SPOKES_TO_NVAS;
        Nva -> Nva: Reflection, NVA_TO_NVA;
        Nva -> VpnGateway: BranchToBranch, BRANCH_TO_BRANCH_OFF;
        Nva -> ExpressRouteGateway: BranchToBranch, BRANCH_TO_BRANCH_OFF;
        VpnGateway -> Nva: BranchToBranch, BRANCH_TO_BRANCH_OFF;
        VpnGateway -> VpnGateway: Never, NOT_BACK_TO_SOURCE;
        VpnGateway -> ExpressRouteGateway: BranchToBranch, BRANCH_TO_BRANCH_OFF;
        ExpressRouteGateway -> Nva: BranchToBranch, BRANCH_TO_BRANCH_OFF;
        ExpressRouteGateway -> VpnGateway: BranchToBranch, BRANCH_TO_BRANCH_OFF;
        ExpressRouteGateway -> ExpressRouteGateway: Never, CIRCUIT_TO_CIRCUIT;
    }
    VpnGateway {
        OwnNetwork -> Branch: Always, VPN_GATEWAY_TO_SITE;
        Spoke -> Branch: Always, VPN_GATEWAY_TO_SITE;
        StaticSite -> Branch: Always, VPN_GATEWAY_TO_SITE;
        StaticSite -> RouteServer: Always, STATIC_SITE_TO_NVAS;
        Branch -> Branch: Always, VPN_GATEWAY_TO_SITE;
        Branch -> RouteServer: Always, VPN_TO_NVAS;
        RouteServer -> Branch: Always, VPN_GATEWAY_TO_SITE;
        RouteServer -> RouteServer: Never, GATEWAY_IBGP;
        SiteRouter -> Branch: Always, SITE_ROUTER_ADDRESS;
        SiteRouter -> RouteServer: Never, SITE_ROUTER_ADDRESS;
        SiteRouter -> PeerVpnGateway: Always, GATEWAYS_BESIDE;
        SiteRouter -> PeerExpressRouteGateway: Always, GATEWAYS_BESIDE;
        StaticSite -> PeerVpnGateway: Always, GATEWAYS_BESIDE;
        Branch -> PeerVpnGateway: Always, GATEWAYS_BESIDE;
        RouteServer -> PeerVpnGateway: OverEbgp, GATEWAY_IBGP;
        StaticSite -> PeerExpressRouteGateway: Always, GATEWAYS_BESIDE;
        Branch -> PeerExpressRouteGateway: Always, GATEWAYS_BESIDE;
        RouteServer -> PeerExpressRouteGateway: Never, GATEWAY_IBGP;
        PeerVpnGateway -> Branch: Always, VPN_GATEWAY_TO_SITE;
        PeerVpnGateway -> RouteServer: OverEbgp, GATEWAY_IBGP;
        PeerVpnGateway -> PeerVpnGateway: Never, GATEWAY_IBGP;
        PeerVpnGateway -> PeerExpressRouteGateway: Never, GATEWAY_IBGP;
        PeerExpressRouteGateway -> Branch: Never, GATEWAYS_BESIDE;
        PeerExpressRouteGateway -> RouteServer: Never, GATEWAY_IBGP;
        PeerExpressRouteGateway -> PeerVpnGateway: Never, GATEWAY_IBGP;
    }
    ExpressRouteGateway {
        OwnNetwork -> Circuit: Always, GATEWAY_TO_CIRCUIT;
        Spoke -> Circuit: Always, GATEWAY_TO_CIRCUIT;
        Circuit -> Circuit: Never, CIRCUIT_TO_CIRCUIT;
        Circuit -> RouteServer: Always, CIRCUIT_TO_NVAS;
        RouteServer -> Circuit: Always, BRANCH_TO_BRANCH_ON;
        RouteServer -> RouteServer: Never, GATEWAY_IBGP;
        OwnNetwork -> PeerVpnGateway: Always, GATEWAYS_BESIDE;
        Spoke -> PeerVpnGateway: Always, GATEWAYS_BESIDE;
        Circuit -> PeerVpnGateway: Never, GATEWAYS_BESIDE;
        RouteServer -> PeerVpnGateway: Never, GATEWAY_IBGP;
        PeerVpnGateway -> Circuit: Never, GATEWAYS_BESIDE;
        PeerVpnGateway -> RouteServer: Never, GATEWAY_IBGP;
        PeerVpnGateway -> PeerVpnGateway: Never, GATEWAY_IBGP;
    }
    Edge {
        ExpressRouteGateway -> ExpressRouteGateway: RemoteVnetTraffic, VNET_TO_VNET;
        ExpressRouteGateway -> CustomerEdge: Always, GATEWAY_TO_CIRCUIT;
        VirtualWanGateway -> ExpressRouteGateway: VirtualWanTraffic, VNET_TO_VNET;
        VirtualWanGateway -> CustomerEdge: Always, GATEWAY_TO_CIRCUIT;
        CustomerEdge -> ExpressRouteGateway: Always, CIRCUIT_TO_NVAS;
    }
}

/// The row of a pair.
pub fn propagation_rule(role: Role, from: PeerClass, to: PeerClass) -> Option<&'static Row> {
    PROPAGATION_RULES
        .iter()
        .find(|row| row.role == role && row.from == from && row.to == to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_stands_once() {
        for (place, row) in PROPAGATION_RULES.iter().enumerate() {
            let first = PROPAGATION_RULES.iter().position(|other| {
                (other.role, other.from, other.to) == (row.role, row.from, row.to)
            });
            assert_eq!(first, Some(place), "{row:?}");
        }
    }

    #[test]
    fn no_circuit_hears_of_another_circuit() {
        let from_circuits = |row: &&Row| match row.role {
            Role::ExpressRouteGateway => {
                row.from == PeerClass::Circuit && row.to == PeerClass::Circuit
            }
            Role::RouteServer => {
                row.from == PeerClass::ExpressRouteGateway
                    && row.to == PeerClass::ExpressRouteGateway
            }
            _ => false,
        };
        let rows: Vec<_> = PROPAGATION_RULES.iter().filter(from_circuits).collect();
        assert_eq!(rows.len(), 2);
        assert!(
            rows.iter()
                .all(|row| row.condition == Condition::Never
                    && row.rule == rules::CIRCUIT_TO_CIRCUIT)
        );
    }

    #[test]
    fn branches_exchange_nothing_through_a_route_server_without_branch_to_branch() {
        let branches = [
            PeerClass::Nva,
            PeerClass::VpnGateway,
            PeerClass::ExpressRouteGateway,
        ];
        for (from, to) in branches
            .iter()
            .flat_map(|from| branches.map(|to| (*from, to)))
        {
            let row = propagation_rule(Role::RouteServer, from, to).unwrap();
            assert_ne!(row.condition, Condition::Always, "{from} to {to}");
        }
    }
}
