//! The rules that a network follows: what Azure does, as a catalogue numbers it, and what BGP
//! itself says. Each has a number, a name and a sentence; the table says why we believe it and
//! what to do about it.
//!
//! ```
//! use routehub_exchange::rules;
//!
//! let rule = rules::rule(rules::ROUTE_LIMIT).ok_or("no such rule")?;
//! assert_eq!(rule.id.to_string(), "R-004");
//! assert!(!rule.is_bgp() && rule.remedy.is_some());
//! # Ok::<(), &str>(())
//! ```

pub(crate) mod parameters;
mod table;

use routehub_types::RuleId;

pub use table::*;

/// No rule: nothing was in the way.
pub const NONE: RuleId = RuleId(0);

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number.
    pub id: RuleId,
    /// The name of its constant.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub text: &'static str,
    /// What to do when it is in the way; none where there is nothing to do.
    pub remedy: Option<&'static str>,
    /// Who says so.
    pub origin: Origin,
}

/// Who states a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue of what Azure does.
    Catalogue {
        /// How sure it is.
        confidence: &'static [Confidence],
        /// The short names of its sources.
        sources: &'static str,
    },
    /// BGP itself, or the description of the network: no rule of Azure.
    Bgp {
        /// The section of the RFC, or what else says so.
        source: &'static str,
    },
}

/// How a rule of the catalogue is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Microsoft documents it.
    Documented,
    /// Engineers saw it in a lab and published the raw output.
    Observed,
    /// An engineer reports it, without raw output.
    Reported,
    /// It follows from the others.
    Inferred,
}

impl Rule {
    /// Whether BGP itself says so, or the description of the network, rather than the catalogue.
    pub const fn is_bgp(&self) -> bool {
        matches!(self.origin, Origin::Bgp { .. })
    }
}

/// The rule of this number.
pub fn rule(id: RuleId) -> Option<&'static Rule> {
    let at = RULES.binary_search_by_key(&id, |rule| rule.id).ok()?;
    RULES.get(at)
}

/// What a rule says, in one sentence; nothing for numbers that no rule has.
pub fn text(id: RuleId) -> &'static str {
    rule(id).map_or("", |rule| rule.text)
}

/// Whether BGP itself says so, or the description of the network: such rules go by their sentence,
/// those of the catalogue by their number.
pub fn is_bgp(id: RuleId) -> bool {
    rule(id).is_some_and(Rule::is_bgp)
}

/// What to do about a rule that is in the way.
pub fn remedy(id: RuleId) -> Option<&'static str> {
    rule(id)?.remedy
}

/// A source of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its short name.
    pub key: &'static str,
    /// What it is: a page of Microsoft's documentation (repository MicrosoftDocs/azure-docs, under
    /// `articles/` or `includes/`), a specification, or a lab with raw output.
    pub what: &'static str,
}

/// Writes the list of sources.
macro_rules! sources {
    ($($key:ident $what:literal;)+) => {
        /// Every source that a rule or a field of a profile names, by short name.
        pub const SOURCES: &[Source] = &[$(Source { key: stringify!($key), what: $what },)+];
    };
}

sources! {
    AB21 "lab AndrewBryson/azure-route-server-failover, 2021-11, packet traces";
    AD101948 "MicrosoftDocs/azure-docs issue 101948, private endpoints and user-defined routes";
    AD48390 "MicrosoftDocs/azure-docs issue 48390, a report that forwarded traffic passes anyway";
    AGP "virtual-network/advertised-gateway-prefixes-overview.md, 2026";
    AS "lab adstuart/azure-routeserver-summarisation";
    AZ104 "MicrosoftLearning/AZ-104 labs, issue 789";
    CAP "route-server/route-server-capacity.md, 2025-10-31";
    CE "lab chriselleman-msft/azure-route-server-next-hop-ip-fast-failover";
    CFG24 "route-server/configure-route-server.md, 2024-09-18";
    CLIVV "Azure/azure-cli pull request 28446: allow-vnet-traffic and allow-vwan-traffic";
    CT "lab cynthiatreger/az-routing-guide-ep5-nva-routing-2-0";
    CTB "blog.cloudtrooper.net, several posts";
    DUAL "route-server/about-dual-homed-network.md";
    ERFAQ "the ExpressRoute FAQ";
    ERGWP "expressroute-howto-add-gateway-portal-resource-manager.md, its part on VNet-to-VNet";
    ERLIM "expressroute-limits.md, 2023-10-09";
    ERRT "expressroute-routing.md";
    ERVPN25 "route-server/expressroute-vpn-support.md, 2025-09-17";
    FAQ21 "route-server/route-server-faq.md, 2021-04-16";
    FAQ25 "route-server/route-server-faq.md, 2025-09-17";
    FAQ26 "route-server/route-server-faq.md, addition of 2026-07-15";
    FF "labs fabferri/az-pattern er-vpn-coexistence, er-rs-vpn-transitive and \
        hub-spoke-netw-policies-pe";
    GWS "lab erjosito/lab-summarized-gw-prefixes-20260427";
    HRP23 "route-server/hub-routing-preference.md, 2023-07-31";
    HRP25 "route-server/hub-routing-preference.md, 2025-09-17";
    IPS "blog.ipspace.net, Azure Route Server: Behind the Scenes, 2021-03";
    JM26a "lab erjosito/net-lab-builder dual-hub-interconnect-ars-route-policy, 2026-08, raw output";
    JM26b "lab erjosito/net-lab-builder dual-hub-hubless-region-ars, 2026-08, raw output";
    JM26c "lab erjosito/net-lab-builder vwan-dual-er-symmetric and others, 2026, raw output";
    JM26d "lab erjosito/net-lab-builder dual-hub-vnra-udr-transit, 2026-08, raw output";
    JM26v "lab erjosito/net-lab-builder msee-hairpin-hns-vwan-ipv6, 2026-06, raw output";
    JMcli "script erjosito/azcli routeserver.azcli, since 2021";
    JO "lab jocortems/azurehybridnetworking ExpressRoute-Transit-with-Azure-RouteServer";
    JW "labs jwrightazure forcedtunneling-udr and vpn-apipa-mix";
    KA "labs kaysalawu/azure-network-terraform 4-general 01 and 08, raw output";
    KA08 "lab kaysalawu/azure-network-terraform 4-general/08";
    LIM "route-server-limits.md, versions of 2023 to 2025";
    MD "lab mddazure/azure-route-server-lab";
    MET "the list of metrics that Azure Monitor supports";
    MLZ "Azure/missionlz-edge issue 53";
    MM "lab malgebary/Azure-Route-Server-MicroHack, 2021-22";
    MON26 "route-server/monitor-route-server.md, 2026-08-27";
    MULTI "route-server/multiregion.md";
    MY "lab myers-dev/RouteServer-ecmp";
    NHIP "route-server/next-hop-ip.md";
    OVW "route-server/overview.md, 2025-09-17";
    PEER "virtual-network/virtual-network-manage-peering.md";
    QS21 "the quickstart for the command line, 2021";
    QS25 "route-server/quickstart-create-route-server-portal.md, 2025-09-17";
    REST "Azure/azure-rest-api-specs, Microsoft.Network 2023-09-01, examples";
    RM26 "route-maps-about.md and route-maps-how-to.md, 2026-07-17";
    SP24 "simonpainter.com, transit-route-prevention, 2024-11";
    SP25 "simonpainter.com, route-server-prefix-limit, 2025-01";
    SP26 "simonpainter.com, public-preview-route-maps, 2026-08";
    SPOKE "route-server/route-injection-in-spokes.md, 2024-03-13";
    TF "hashicorp/terraform-provider-azurerm, route_server pages";
    TSG "route-server/troubleshoot-route-server.md, 2023-12-17";
    TUT "route-server/peer-route-server-with-virtual-appliance.md, 2024-07-11";
    UDR "virtual-network/virtual-networks-udr-overview.md";
    VPNFAQ "the VPN gateway FAQ, its BGP part";
    VWBGP "virtual-wan/scenario-bgp-peering-hub.md";
    VWHRP "virtual-wan/about-virtual-hub-routing-preference.md: a Route Server is a virtual hub by itself";
    WTH "What The Hack, routing cheat sheet";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_of_a_rule_is_spelled_out() {
        for rule in RULES {
            let Origin::Catalogue { sources, .. } = rule.origin else {
                continue;
            };
            for key in sources.split(", ").filter(|key| !key.starts_with("RFC ")) {
                let known = key.is_empty() || SOURCES.iter().any(|source| source.key == key);
                assert!(known, "{}: {key}", rule.id);
            }
        }
    }

    #[test]
    fn rules_ascend_and_each_is_found() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        for known in RULES {
            assert_eq!(rule(known.id), Some(known));
            assert!(!known.text.is_empty() && known.remedy != Some(""));
        }
        assert_eq!(rule(NONE), None);
        assert_eq!(text(RuleId(999)), "");
        assert_eq!(remedy(RuleId(999)), None);
    }
}
