//! What the short names of sources stand for.

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
    AS "lab adstuart/azure-routeserver-summarisation";
    CAP "route-server/route-server-capacity.md, 2025-10-31";
    CE "lab chriselleman-msft/azure-route-server-next-hop-ip-fast-failover";
    CFG24 "route-server/configure-route-server.md, 2024-09-18";
    CT "lab cynthiatreger/az-routing-guide-ep5-nva-routing-2-0";
    CTB "blog.cloudtrooper.net, several posts";
    DUAL "route-server/about-dual-homed-network.md";
    ERFAQ "the ExpressRoute FAQ";
    ERLIM "expressroute-limits.md, 2023-10-09";
    ERRT "expressroute-routing.md";
    ERVPN25 "route-server/expressroute-vpn-support.md, 2025-09-17";
    FAQ21 "route-server/route-server-faq.md, 2021-04-16";
    FAQ25 "route-server/route-server-faq.md, 2025-09-17";
    FAQ26 "route-server/route-server-faq.md, addition of 2026-07-15";
    HRP23 "route-server/hub-routing-preference.md, 2023-07-31";
    HRP25 "route-server/hub-routing-preference.md, 2025-09-17";
    IPS "blog.ipspace.net, Azure Route Server: Behind the Scenes, 2021-03";
    JM26a "lab erjosito/net-lab-builder dual-hub-interconnect-ars-route-policy, 2026-08, raw output";
    JM26b "lab erjosito/net-lab-builder dual-hub-hubless-region-ars, 2026-08, raw output";
    JMcli "script erjosito/azcli routeserver.azcli, since 2021";
    JO "lab jocortems/azurehybridnetworking ExpressRoute-Transit-with-Azure-RouteServer";
    LIM "route-server-limits.md, versions of 2023 to 2025";
    MD "lab mddazure/azure-route-server-lab";
    MET "the list of metrics that Azure Monitor supports";
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
