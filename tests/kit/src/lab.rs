//! A server at work, what happens to it, and what may happen to its estate.

use std::sync::Arc;

use routehub::types::Prefix;
use routehub::{Event, RouteRow};
use routehub_scenario::Scenario;
use routehub_speaker::sink::Sinks;
use routehub_speaker::{EventKind, Server, ServerEvent};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::wait::PATIENCE;

/// A server at work, what happens to it, and what may happen to its estate.
pub struct Lab {
    /// The server.
    pub server: Arc<Server>,
    /// What it serves.
    pub scenario: Scenario,
    notices: Notices,
}

/// What happens from here on; a test that fails shows what nobody has looked at.
struct Notices(Receiver<ServerEvent>);

impl Drop for Notices {
    fn drop(&mut self) {
        while std::thread::panicking()
            && let Ok(notice) = self.0.try_recv()
        {
            eprintln!("{notice}");
        }
    }
}

impl Lab {
    /// Serves a network file.
    pub async fn start(file: &str) -> Self {
        let scenario = Scenario::parse(file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        Self::serve(scenario).await
    }

    /// Serves a network.
    pub async fn serve(scenario: Scenario) -> Self {
        Self::serve_with(scenario, Sinks::default()).await
    }

    /// Serves a network, whose routes go to sinks.
    pub async fn serve_with(scenario: Scenario, sinks: Sinks) -> Self {
        let Scenario {
            profile,
            estate,
            live,
            ..
        } = scenario.clone();
        let server = Server::start_with(&profile, estate, &live, sinks).await;
        let server = server.expect("a server");
        Self {
            notices: Notices(server.watch()),
            server: Arc::new(server),
            scenario,
        }
    }

    /// Lets an event of the file happen.
    pub async fn happen(&self, id: &str) {
        let known = self.scenario.events.iter().find(|(known, _)| known == id);
        let (_, event): &(String, Event) = known.expect("an event of the file");
        let done = self.server.apply(event.clone()).await;
        done.expect("a server").expect("an event that applies");
    }

    /// What Route Server `rs` learned of an NVA.
    pub async fn learned(&self, nva: &'static str) -> Vec<RouteRow> {
        let question = move |engine: &routehub::Engine| {
            engine.exchange().rs_learned("rs", nva).expect("a name")
        };
        self.server.ask(question).await.expect("an answer")
    }

    /// The next hops of a prefix on a NIC; none if it is not there.
    pub async fn next_hops(&self, nic: &'static str, prefix: &str) -> Vec<String> {
        let prefix: Prefix = prefix.parse().expect("a prefix");
        let question = move |engine: &routehub::Engine| engine.exchange().nic_effective(nic);
        let rows = self.server.ask(question).await.expect("an answer");
        let rows = rows.expect("a NIC").into_iter();
        let rows = rows.filter(|row| *row.prefixes == [prefix]);
        rows.flat_map(|row| row.next_hops)
            .map(|hop| hop.to_string())
            .collect()
    }

    /// Waits for something to happen to this many sessions since the last call; of other things
    /// that happen meanwhile nothing is known later.
    pub async fn notice(&mut self, what: &str, count: usize, is: impl Fn(&EventKind) -> bool) {
        let mut seen = Vec::new();
        let mut found = 0;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while found < count {
            match tokio::time::timeout_at(deadline, self.notices.0.recv()).await {
                Ok(Ok(notice)) => {
                    found += usize::from(is(&notice.kind));
                    seen.push(notice.to_string());
                }
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) => panic!("{what}, but the server is gone: {seen:#?}"),
                Err(_) => panic!("{what}, but {found} of {count}: {seen:#?}"),
            }
        }
    }

    /// Everything that has happened since the last call.
    pub fn noticed(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        while let Ok(notice) = self.notices.0.try_recv() {
            seen.push(notice.to_string());
        }
        seen
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.server.stop("the test is over").await;
    }
}
