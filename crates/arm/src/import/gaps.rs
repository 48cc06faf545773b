//! What no document says of the objects that there are.

use super::Importer;

impl Importer<'_> {
    /// Notes what is not known, and where to take it from.
    pub(super) fn gaps(&mut self) {
        let (estate, live) = (&self.estate, &self.tagged.live);
        let is_live = |name: &str| live.get(name).is_some_and(|peer| peer.live);
        let mut gaps = Vec::new();
        for nva in &estate.nvas {
            if nva.advertises.is_empty() && nva.originates.is_empty() && !is_live(&nva.name) {
                let server = nva.sessions.first().map(|session| &*session.route_server);
                gaps.push((
                    format!("what NVA {} announces is not known", nva.name),
                    format!(
                        "az network routeserver peering list-learned-routes --routeserver {} \
                             --name ... -o json, or its originates and readvertises by hand",
                        server.unwrap_or("...")
                    ),
                ));
            }
        }
        for site in estate.sites.iter().filter(|site| site.asn.is_some()) {
            if site.routes.is_empty() {
                gaps.push((
                    format!("what site {} announces is not known", site.name),
                    "az network vnet-gateway list-learned-routes -o json".to_owned(),
                ));
            }
        }
        for circuit in &estate.circuits {
            if circuit
                .on_prem
                .as_ref()
                .is_none_or(|on_prem| on_prem.routes.is_empty())
            {
                gaps.push((
                    format!(
                        "what circuit {}'s customer announces is not known",
                        circuit.name
                    ),
                    "az network vnet-gateway list-learned-routes of its gateway, or az network \
                         express-route list-route-tables --path primary --peering-name \
                         AzurePrivatePeering"
                        .to_owned(),
                ));
            }
        }
        for (what, remedy) in gaps {
            self.remarks.note(what, Some(&remedy));
        }
    }
}
