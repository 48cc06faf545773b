//! Peers and their states.

mod bfd;
mod session;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract;
use axum::response::Response;
use routehub::estate::CircuitLink;
use routehub::types::Prefix;
use routehub::{PeeringReport, SessionState};
use routehub_session::State;
use serde::Serialize;

use super::app::App;
use super::body::write_line;
use super::error::Refusal;
use crate::neighbor::SessionKey;
use crate::{BfdReport, Neighbor, SessionReport};
use bfd::BfdBody;
use session::SessionBody;

/// A peer, as the engine and its session see it.
pub(super) struct Peer {
    pub(super) report: PeeringReport,
    /// None for a modelled peer.
    neighbor: Option<Arc<Neighbor>>,
    /// None also for a session that has not answered.
    pub(super) session: Option<SessionReport>,
    /// The sessions of BFD beside it.
    pub(super) bfd: Vec<BfdReport>,
}

impl Peer {
    /// Whether routes pass between the peer and us.
    pub(super) fn is_up(&self) -> bool {
        match &self.session {
            Some(session) => session.state == State::Established,
            None => self.report.state == SessionState::Established && !self.report.live,
        }
    }
}

impl App {
    /// Every peer of a Route Server, and every real router.
    pub(super) async fn peers(&self) -> Result<Vec<Peer>, Refusal> {
        let reports = self.ask(|engine| engine.exchange().peerings()).await?;
        let mut bfd = self.server().bfd().await.sessions;
        let sessions = self.server().sessions().await.into_iter();
        // By what both ends are: links have other places in an estate that was described anew.
        let mut sessions: HashMap<_, _> = sessions
            .map(|(neighbor, session)| (neighbor.key(), (neighbor, session)))
            .collect();
        let peers = reports.into_iter().map(|report| {
            let session = sessions.remove(&SessionKey::of(&report));
            let session = session.filter(|_| report.live);
            let (neighbor, session): (Option<Arc<Neighbor>>, _) = session.unzip();
            let watched = neighbor.as_ref().and_then(|known| bfd.remove(&known.id));
            Peer {
                bfd: watched.unwrap_or_default(),
                report,
                neighbor,
                session: session.flatten(),
            }
        });
        Ok(peers.collect())
    }
}

#[derive(Serialize)]
struct PeerBody {
    name: String,
    peer: Option<IpAddr>,
    asn: Option<u32>,
    local: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit_link: Option<CircuitLink>,
    local_address: Option<IpAddr>,
    live: bool,
    /// The prefix from which it came by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    dynamic: Option<Prefix>,
    state: String,
    learned: usize,
    refused: usize,
    refused_not_kept: usize,
    /// Routes that it has not announced again since it was lost, or since it refreshes them.
    stale: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    advertised: Option<usize>,
    unsendable: usize,
    route_refreshes: u32,
    resets: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bfd: Option<BfdBody>,
}

impl From<Peer> for PeerBody {
    fn from(peer: Peer) -> Self {
        let Peer {
            report,
            neighbor,
            session,
            bfd,
        } = peer;
        let bfd = neighbor
            .as_ref()
            .and_then(|neighbor| BfdBody::new(neighbor, &bfd));
        let state = match (&neighbor, &session) {
            (_, Some(session)) => session.state.to_string(),
            (Some(_), None) => "unknown".to_owned(),
            (None, None) => format!("{:?}", report.state),
        };
        Self {
            name: report.remote,
            peer: report.remote_address,
            asn: report.remote_asn.map(|asn| asn.0),
            local: report.local,
            instance: report.instance,
            circuit_link: report.circuit_link,
            local_address: report.local_address,
            live: report.live,
            dynamic: neighbor.as_ref().and_then(|known| known.came_from()),
            state,
            learned: report.learned,
            refused: report.refused,
            refused_not_kept: report.refused_not_kept,
            stale: report.stale,
            advertised: report.advertised,
            unsendable: report.unsendable,
            route_refreshes: report.route_refreshes,
            resets: report.resets,
            session: neighbor.zip(session).map(SessionBody::from),
            bfd,
        }
    }
}

/// Every peer.
pub(super) async fn peers(
    extract::State(app): extract::State<Arc<App>>,
) -> Result<Response, Refusal> {
    let permit = app.table_permit().await?;
    let peers = app.peers().await?.into_iter();
    app.written(permit, move |_, out| {
        let peers: Vec<PeerBody> = peers.map(PeerBody::from).collect();
        write_line(out, &peers)
    })
    .await
}
