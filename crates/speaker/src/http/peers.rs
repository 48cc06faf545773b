//! Peers and their states.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use routehub::{LinkId, PeeringReport};
use routehub_session::Counters;
use serde::Serialize;

use super::App;
use super::body::table;
use super::error::Refusal;
use crate::{Neighbor, SessionReport};

/// A peer, as the engine and its session see it.
pub(super) struct Peer {
    pub(super) report: PeeringReport,
    /// The session with a real router, and how it is.
    pub(super) session: Option<(Arc<Neighbor>, Option<SessionReport>)>,
}

impl App {
    /// Every peer of a Route Server, and every real router.
    pub(super) async fn peers(&self) -> Result<Vec<Peer>, Refusal> {
        let reports = self.ask(|engine| engine.exchange().peerings()).await?;
        let sessions = self.server.sessions().await.into_iter();
        let mut sessions: HashMap<LinkId, _> = sessions
            .map(|(neighbor, report)| (neighbor.link.link, (neighbor, report)))
            .collect();
        let peers = reports.into_iter().map(|report| Peer {
            session: sessions.remove(&report.link).filter(|_| report.live),
            report,
        });
        Ok(peers.collect())
    }
}

#[derive(Serialize)]
struct Shown {
    name: String,
    peer: Option<IpAddr>,
    asn: Option<u32>,
    local: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<u8>,
    local_address: Option<IpAddr>,
    live: bool,
    state: String,
    learned: usize,
    refused: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    advertised: Option<usize>,
    route_refreshes: u32,
    resets: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<ShownSession>,
}

#[derive(Serialize)]
struct ShownSession {
    listens_on: std::net::SocketAddr,
    connects_from: Vec<IpAddr>,
    uptime_seconds: Option<f64>,
    in_state_seconds: f64,
    hold_time: Option<u64>,
    router_id: Option<String>,
    families: Vec<String>,
    counters: Counters,
    last_down: Option<LastDown>,
}

#[derive(Serialize)]
struct LastDown {
    seconds_ago: f64,
    why: String,
}

impl From<Peer> for Shown {
    fn from(Peer { report, session }: Peer) -> Self {
        let seen = session.as_ref().and_then(|(_, seen)| seen.as_ref());
        let state = match (&session, seen) {
            (Some(_), Some(seen)) => seen.state.to_string(),
            (Some(_), None) => "unknown".to_owned(),
            (None, _) => format!("{:?}", report.state),
        };
        Self {
            name: report.remote,
            peer: report.remote_address,
            asn: report.remote_asn.map(|asn| asn.0),
            local: report.local,
            instance: report.instance,
            local_address: report.local_address,
            live: report.live,
            state,
            learned: report.learned,
            refused: report.refused,
            advertised: report.advertised,
            route_refreshes: report.route_refreshes,
            resets: report.resets,
            session: session.and_then(|(neighbor, seen)| Some(shown(&neighbor, seen?))),
        }
    }
}

fn shown(neighbor: &Neighbor, seen: SessionReport) -> ShownSession {
    let agreed = seen.agreed;
    let families = agreed.map(|agreed| agreed.families);
    ShownSession {
        listens_on: neighbor.local,
        connects_from: neighbor.remote.clone(),
        uptime_seconds: seen.uptime.map(|uptime| uptime.as_secs_f64()),
        in_state_seconds: seen.in_state.as_secs_f64(),
        hold_time: agreed.map(|agreed| agreed.hold_time.as_secs()),
        router_id: agreed.map(|agreed| agreed.peer_router_id.to_string()),
        families: families
            .iter()
            .flat_map(|families| families.iter())
            .map(|family| family.to_string())
            .collect(),
        counters: seen.counters,
        last_down: seen.last_down.map(|(ago, why)| LastDown {
            seconds_ago: ago.as_secs_f64(),
            why: why.to_string(),
        }),
    }
}

/// Every peer.
pub(crate) async fn peers(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let room = app.room().await?;
    let peers = app.peers().await?;
    table(room, move || {
        let shown = peers.into_iter().map(Shown::from);
        shown.collect::<Vec<_>>()
    })
    .await
}
