//! Tables in the shapes of the file's `expect`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub::{EffectiveRow, Finding, RouteRow, SessionRow};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::Tables;
use crate::row_text::{codes_text, community_text, severity_text};

/// One row of a table of routes; which fields it has depends on the table.
#[derive(serde::Serialize)]
struct Route {
    prefix: String,
    as_path: Vec<u32>,
    next_hop: Vec<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    communities: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_peer: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// The fields that rows of a table have beyond prefix, path and next hop.
#[derive(Clone, Copy)]
struct Has {
    communities: bool,
    origin: bool,
    weight: bool,
    source_peer: bool,
    instance: bool,
    from: bool,
}

impl Has {
    const NOTHING: Self = Self {
        communities: false,
        origin: false,
        weight: false,
        source_peer: false,
        instance: false,
        from: false,
    };
    /// Communities and origin.
    const ATTRIBUTES: Self = Self {
        communities: true,
        origin: true,
        ..Self::NOTHING
    };
    const RS_LEARNED: Self = Self {
        weight: true,
        source_peer: true,
        instance: true,
        ..Self::ATTRIBUTES
    };
    const RS_ADVERTISED: Self = Self {
        weight: true,
        instance: true,
        ..Self::ATTRIBUTES
    };
    const NVA_LEARNED: Self = Self {
        instance: true,
        from: true,
        ..Self::ATTRIBUTES
    };
    const GATEWAY_LEARNED: Self = Self {
        weight: true,
        source_peer: true,
        ..Self::ATTRIBUTES
    };
    const GATEWAY_ADVERTISED: Self = Self {
        weight: true,
        ..Self::ATTRIBUTES
    };
    const CIRCUIT_ROUTES: Self = Self {
        origin: true,
        ..Self::NOTHING
    };
    const ON_PREM_LEARNED: Self = Self {
        from: true,
        ..Self::NOTHING
    };

    fn route(self, row: &RouteRow) -> Route {
        let communities = row.communities.iter().map(|one| community_text(*one));
        Route {
            prefix: row.prefix.to_string(),
            as_path: row.as_path.asns().map(|asn| asn.0).collect(),
            next_hop: row.next_hop.into_iter().collect(),
            communities: self.communities.then(|| communities.collect()),
            origin: self.origin.then(|| row.origin.to_string()),
            weight: self.weight.then_some(row.weight),
            source_peer: row.source_peer.filter(|_| self.source_peer),
            instance: row.instance.filter(|_| self.instance),
            from: row.from.clone().filter(|_| self.from),
        }
    }

    fn routes(self, rows: &[RouteRow]) -> Vec<Route> {
        rows.iter().map(|row| self.route(row)).collect()
    }
}

#[derive(serde::Serialize)]
struct Effective {
    prefix: String,
    next_hop_type: String,
    next_hop: Vec<IpAddr>,
    source: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A row of several prefixes is a row for each.
fn effective(rows: &[EffectiveRow]) -> Vec<Effective> {
    let each = rows.iter().flat_map(|row| {
        row.prefixes.iter().map(|prefix| Effective {
            prefix: prefix.to_string(),
            next_hop_type: format!("{:?}", row.next_hop_type),
            next_hop: row.next_hops.clone(),
            source: format!("{:?}", row.source),
            state: format!("{:?}", row.state),
            name: row.name.clone(),
        })
    });
    each.collect()
}

#[derive(serde::Serialize)]
struct Session {
    state: String,
    routes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    hold_time: u16,
    route_refreshes: u32,
    resets: u32,
    instance: u8,
}

fn sessions(rows: &[SessionRow]) -> Vec<Session> {
    let each = rows.iter().map(|row| Session {
        state: format!("{:?}", row.state),
        routes: row.routes,
        notification: row.notification.map(codes_text),
        hold_time: row.hold_time,
        route_refreshes: row.route_refreshes,
        resets: row.resets,
        instance: row.instance,
    });
    each.collect()
}

#[derive(serde::Serialize)]
struct Said {
    rule: String,
    subject: String,
    severity: &'static str,
}

fn findings(rows: &[Finding]) -> Vec<Said> {
    let each = rows.iter().map(|finding| Said {
        rule: finding.rule.to_string(),
        subject: finding.subject.clone(),
        severity: severity_text(finding.severity),
    });
    each.collect()
}

fn named<A, B>(
    named: &BTreeMap<String, Vec<A>>,
    rows: impl Fn(&[A]) -> Vec<B>,
) -> BTreeMap<&str, Vec<B>> {
    let each = named.iter().map(|(name, list)| (name.as_str(), rows(list)));
    each.collect()
}

fn pairs<A, B>(
    pairs: &BTreeMap<String, BTreeMap<String, Vec<A>>>,
    rows: impl Fn(&[A]) -> Vec<B> + Copy,
) -> BTreeMap<&str, BTreeMap<&str, Vec<B>>> {
    let each = pairs
        .iter()
        .map(|(name, of)| (name.as_str(), named(of, rows)));
    each.collect()
}

impl Serialize for Tables {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_struct("tables", 10)?;
        all.serialize_field(
            "rs_learned",
            &pairs(&self.rs_learned, |r| Has::RS_LEARNED.routes(r)),
        )?;
        all.serialize_field(
            "rs_advertised",
            &pairs(&self.rs_advertised, |r| Has::RS_ADVERTISED.routes(r)),
        )?;
        all.serialize_field(
            "nva_learned",
            &named(&self.nva_learned, |r| Has::NVA_LEARNED.routes(r)),
        )?;
        all.serialize_field(
            "gateway_learned",
            &named(&self.gateway_learned, |r| Has::GATEWAY_LEARNED.routes(r)),
        )?;
        let to = pairs(&self.gateway_advertised, |r| {
            Has::GATEWAY_ADVERTISED.routes(r)
        });
        all.serialize_field("gateway_advertised", &to)?;
        all.serialize_field(
            "circuit_routes",
            &named(&self.circuit_routes, |r| Has::CIRCUIT_ROUTES.routes(r)),
        )?;
        let ends = named(&self.on_prem_learned, |r| Has::ON_PREM_LEARNED.routes(r));
        all.serialize_field("on_prem_learned", &ends)?;
        all.serialize_field("nic_effective", &named(&self.nic_effective, effective))?;
        all.serialize_field("sessions", &pairs(&self.sessions, sessions))?;
        all.serialize_field("findings", &findings(&self.findings))?;
        all.end()
    }
}
