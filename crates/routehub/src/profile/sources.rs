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

const fn source(key: &'static str, what: &'static str) -> Source {
    Source { key, what }
}

/// Every source that a field names, by short name.
pub const SOURCES: &[Source] = &[
    source(
        "AB21",
        "lab AndrewBryson/azure-route-server-failover, 2021-11, packet traces",
    ),
    source("AS", "lab adstuart/azure-routeserver-summarisation"),
    source("CAP", "route-server/route-server-capacity.md, 2025-10-31"),
    source(
        "CE",
        "lab chriselleman-msft/azure-route-server-next-hop-ip-fast-failover",
    ),
    source(
        "CT",
        "lab cynthiatreger/az-routing-guide-ep5-nva-routing-2-0",
    ),
    source("ERFAQ", "the ExpressRoute FAQ"),
    source("ERLIM", "expressroute-limits.md, 2023-10-09"),
    source("ERRT", "expressroute-routing.md"),
    source(
        "ERVPN25",
        "route-server/expressroute-vpn-support.md, 2025-09-17",
    ),
    source("FAQ21", "route-server/route-server-faq.md, 2021-04-16"),
    source("FAQ25", "route-server/route-server-faq.md, 2025-09-17"),
    source(
        "HRP25",
        "route-server/hub-routing-preference.md, 2025-09-17",
    ),
    source(
        "JM26a",
        "lab erjosito/net-lab-builder dual-hub-interconnect-ars-route-policy, 2026-08, raw output",
    ),
    source(
        "JM26b",
        "lab erjosito/net-lab-builder dual-hub-hubless-region-ars, 2026-08, raw output",
    ),
    source(
        "JMcli",
        "script erjosito/azcli routeserver.azcli, since 2021",
    ),
    source(
        "JO",
        "lab jocortems/azurehybridnetworking ExpressRoute-Transit-with-Azure-RouteServer",
    ),
    source("LIM", "route-server-limits.md, versions of 2023 to 2025"),
    source("MD", "lab mddazure/azure-route-server-lab"),
    source("MM", "lab malgebary/Azure-Route-Server-MicroHack, 2021-22"),
    source("MY", "lab myers-dev/RouteServer-ecmp"),
    source("OVW", "route-server/overview.md, 2025-09-17"),
    source("QS21", "the quickstart for the command line, 2021"),
    source(
        "QS25",
        "route-server/quickstart-create-route-server-portal.md, 2025-09-17",
    ),
    source(
        "REST",
        "Azure/azure-rest-api-specs, Microsoft.Network 2023-09-01, examples",
    ),
    source(
        "RM26",
        "route-maps-about.md and route-maps-how-to.md, 2026-07-17",
    ),
    source(
        "SP24",
        "simonpainter.com, transit-route-prevention, 2024-11",
    ),
    source(
        "SP25",
        "simonpainter.com, route-server-prefix-limit, 2025-01",
    ),
    source(
        "SP26",
        "simonpainter.com, public-preview-route-maps, 2026-08",
    ),
    source(
        "SPOKE",
        "route-server/route-injection-in-spokes.md, 2024-03-13",
    ),
    source(
        "TF",
        "hashicorp/terraform-provider-azurerm, route_server pages",
    ),
    source(
        "TSG",
        "route-server/troubleshoot-route-server.md, 2023-12-17",
    ),
    source(
        "TUT",
        "route-server/peer-route-server-with-virtual-appliance.md, 2024-07-11",
    ),
    source("UDR", "virtual-network/virtual-networks-udr-overview.md"),
    source("VPNFAQ", "the VPN gateway FAQ, its BGP part"),
];
