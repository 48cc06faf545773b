//! A profile's numbers in the form that policies take them.

use routehub_exchange::rules;
use routehub_policy::{AsnRules, RouteMapTerms, SourceClass, SpecialUse, WellKnown};

use super::{NoExport, Profile};

impl Profile {
    /// Which ASNs an NVA may have.
    pub fn peer_asns(&self) -> AsnRules {
        AsnRules {
            forbidden: self.forbidden_peer_asns.clone(),
            special: Vec::new(),
            two_octet_only: (!self.four_octet_peer_asn).then_some(rules::PEER_ASN),
        }
    }

    /// Which well-known communities are honoured.
    pub fn well_known(&self) -> WellKnown {
        WellKnown {
            no_advertise: Some(rules::NO_ADVERTISE),
            no_export: (self.no_export == NoExport::Rfc).then_some(rules::NO_EXPORT),
            ..WellKnown::default()
        }
    }

    /// What route maps may do: they leave routes of the `networks` alone,
    /// and default routes that come from none of `default_route_from`.
    pub fn route_map_terms(
        &self,
        networks: Vec<SourceClass>,
        default_route_from: Vec<SourceClass>,
    ) -> RouteMapTerms {
        let refusal = rules::ROUTE_MAP_TERMS;
        let terms = RouteMapTerms {
            rule: rules::ROUTE_MAP,
            refusal,
            reserved_rule: rules::RESERVED_COMMUNITIES,
            ..RouteMapTerms::default()
        };
        if self.reserved_path_asns.is_empty() {
            return terms;
        }
        let replace_asns = AsnRules {
            forbidden: self.reserved_path_asns.clone(),
            special: vec![
                (SpecialUse::Reserved, refusal),
                (SpecialUse::Trans, refusal),
            ],
            two_octet_only: Some(refusal),
        };
        let mut prepend_asns = replace_asns.clone();
        prepend_asns.special.push((SpecialUse::Private, refusal));
        RouteMapTerms {
            prepend_asns,
            replace_asns,
            reserved_communities: self.reserved_communities.clone(),
            untouched: networks,
            default_route_from: Some(default_route_from),
            ..terms
        }
    }
}
