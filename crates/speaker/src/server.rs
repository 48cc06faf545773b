//! The server: everything started together and stopped together.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use routehub::{CheckedEstate, Engine, EngineError, Event, Profile};
use routehub_scenario::Live;
use tokio::sync::{broadcast, oneshot};
use tokio::task::AbortHandle;

mod dynamic;
mod reload;
mod running;
mod sessions;
mod shared;
mod start_error;

use crate::engine_task::channel::Request;
use crate::event::{EventKind, Reloaded, ServerEvent};
use crate::session::command::{Command, SessionHandle};
use crate::sink::{SinkReport, Sinks};
use crate::{BfdStatus, Neighbor, SessionReport};
use dynamic::admission::Reception;
use reload::ReloadPlan;
use running::Running;
use sessions::ServerContext;
use shared::Shared;
pub use start_error::{StartError, Stopped};
use start_error::{check, live_speakers};

/// How long a session may take to report its state.
const REPORT: Duration = Duration::from_secs(1);

/// A route server with real routers in some places of its estate.
///
/// It can be shared: every method takes `&self`.
pub struct Server {
    shared: Arc<Shared>,
    /// Takes in routers that nobody described, until this is dropped.
    reception: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.reception.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = self.addresses();
        f.debug_struct("Server")
            .field("addresses", &addresses)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Listens on the address of every instance, gateway and edge that a real router peers with,
    /// and starts the sessions. Needs a tokio runtime with time and IO. An estate that is not
    /// checked yet is.
    ///
    /// # Errors
    /// [`StartError`], with nothing left running.
    pub async fn start(
        profile: &Profile,
        estate: impl TryInto<CheckedEstate, Error: Into<StartError>>,
        live: &Live,
    ) -> Result<Self, StartError> {
        Self::start_with(profile, estate, live, Sinks::default()).await
    }

    /// The same, with sinks that receive the routes of the estate's networks.
    ///
    /// # Errors
    /// As of [`start`](Self::start).
    pub async fn start_with(
        profile: &Profile,
        estate: impl TryInto<CheckedEstate, Error: Into<StartError>>,
        live: &Live,
        sinks: Sinks,
    ) -> Result<Self, StartError> {
        let estate = estate.try_into().map_err(Into::into)?;
        let live = &check(live, &estate)?;
        let (context, unstarted, arrived) = ServerContext::new().map_err(StartError::Thread)?;
        let engine = Engine::new(estate, profile.into(), &live_speakers(live), context.seed)?;
        let running = Running::start(&context, engine, unstarted, profile, live, sinks)?;
        let shared = Arc::new(Shared::new(context, running));
        let reception = Reception::new(Arc::clone(&shared), arrived);
        let reception = tokio::spawn(reception.run()).abort_handle();
        Ok(Self { shared, reception })
    }

    /// Goes over to another network: what the file says now is true, and events that happened to
    /// the estate before are forgotten.
    ///
    /// A session whose neighbour, addresses and settings are the same goes on, with all routes:
    /// its peer is sent what differs and notices nothing else. A neighbour that is no longer there
    /// gets a Cease, peer de-configured; one that is configured otherwise is reset with a Cease,
    /// other configuration change; a new one can connect.
    ///
    /// The engine of the new network is built beside the running one. For the time of the change
    /// itself routes wait, about 1 µs for each that was received; sessions go on, with their
    /// KEEPALIVEs. Both engines are in memory then.
    ///
    /// # Errors
    /// [`StartError`]; nothing has changed then.
    pub async fn reload(
        &self,
        profile: &Profile,
        estate: impl TryInto<CheckedEstate, Error: Into<StartError>>,
        live: &Live,
    ) -> Result<Reloaded, StartError> {
        let estate = estate.try_into().map_err(Into::into)?;
        let live = &check(live, &estate)?;
        let mut running = self.shared.running.lock().await;
        running.check()?;
        let plan = ReloadPlan::new(&self.shared.context, &running, profile, estate, live).await?;
        let reloaded = plan.carry_out(&self.shared.context, &mut running).await?;
        self.shared.show(&running);
        self.publish(EventKind::Reloaded(reloaded));
        Ok(reloaded)
    }

    /// Everyone that there is a session with.
    pub fn neighbors(&self) -> Vec<Arc<Neighbor>> {
        let directory = self.shared.directory.borrow();
        let sessions = directory.sessions.iter();
        sessions.map(SessionHandle::neighbor).cloned().collect()
    }

    /// The addresses that are listened on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shared.directory.borrow().addresses.clone()
    }

    /// How many connections were refused.
    pub fn refused(&self) -> u64 {
        self.shared.context.refused.load(Ordering::Relaxed)
    }

    /// How each sink is.
    pub fn sinks(&self) -> Vec<SinkReport> {
        let directory = self.shared.directory.borrow();
        let sinks = directory.sinks.iter();
        sinks.map(|sink| sink.report()).collect()
    }

    /// Everything that happens from here on. A slow receiver loses the oldest events.
    pub fn watch(&self) -> broadcast::Receiver<ServerEvent> {
        self.shared.context.events.subscribe()
    }

    /// The state of every session; none for one that does not report within a second, because it
    /// is about to end.
    pub async fn sessions(&self) -> Vec<(Arc<Neighbor>, Option<SessionReport>)> {
        let directory = Arc::clone(&self.shared.directory.borrow());
        let deadline = tokio::time::Instant::now() + REPORT;
        let reports = directory.sessions.iter().map(|session| async move {
            let report = async {
                let (sender, answer) = oneshot::channel();
                session.send(Command::Report(sender)).await;
                answer.await.ok()
            };
            let report = tokio::time::timeout_at(deadline, report).await;
            (Arc::clone(session.neighbor()), report.ok().flatten())
        });
        join_all(reports).await
    }

    /// The sessions of BFD beside those of neighbours; none of a server that has stopped.
    pub async fn bfd(&self) -> BfdStatus {
        self.shared.context.bfd.status().await
    }

    /// Reads from the engine between two of its requests.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let request = |sender: oneshot::Sender<T>| {
            Request::Ask(Box::new(move |engine| {
                // The receiver may be gone.
                let _ = sender.send(query(engine));
            }))
        };
        self.shared.context.request(request).await
    }

    /// Applies an event to the estate.
    ///
    /// # Errors
    /// [`Stopped`], or within it the [`EngineError`] if the event names something unknown or the
    /// estate does not converge.
    pub async fn apply(&self, event: Event) -> Result<Result<(), EngineError>, Stopped> {
        let request = |answer| Request::Event(Box::new(event), answer);
        self.shared.context.request(request).await
    }

    /// Publishes an event that concerns no neighbour alone.
    pub(crate) fn publish(&self, kind: EventKind) {
        self.shared.context.events.publish(None, kind);
    }

    /// Ends every session with Cease, administrative shutdown, and this text (RFC 9003), then
    /// stops listening. Routes can still be asked for; nothing starts again.
    pub async fn stop(&self, text: &str) {
        let mut running = self.shared.running.lock().await;
        running.stop(text).await;
        self.reception.abort();
        self.shared.show(&running);
    }
}
