//! What requests are answered from: the endpoint, and the server whose network it describes.

use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use anyhow::Result;
use routehub::types::Instant;
use routehub::{Event, Profile};
use routehub_arm::{Change, Endpoint, Outcome, Request, Response};
use routehub_scenario::Live;
use routehub_speaker::Server;
use tokio::sync::{Mutex, Notify};

use super::state::State;

/// Prints a line.
pub(super) type Say = Box<dyn Fn(&str) + Send + Sync>;

/// How networks are run.
pub(super) struct Runs {
    pub(super) profile: Profile,
    /// The port and addresses of the file.
    pub(super) base: Live,
}

/// What every request is answered from.
pub(super) struct Gate {
    endpoint: Mutex<Endpoint>,
    state: Option<State>,
    runs: Runs,
    server: Arc<Server>,
    say: Say,
    /// What the time is counted from.
    started: Clock,
    /// Wakes [`run_on`](Self::run_on) when something has been begun.
    begun: Notify,
}

impl Gate {
    /// A gate to an endpoint whose network the server runs; `say` prints a line.
    pub(super) fn new(
        endpoint: Endpoint,
        state: Option<State>,
        runs: Runs,
        server: Arc<Server>,
        say: Say,
    ) -> Self {
        Self {
            endpoint: Mutex::new(endpoint),
            state,
            runs,
            server,
            say,
            started: Clock::now(),
            begun: Notify::new(),
        }
    }

    /// The time.
    pub(super) fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    /// Has what takes its time end when it has had it, for ever.
    pub(super) async fn run_on(&self) {
        loop {
            let due = {
                let mut endpoint = self.endpoint.lock().await;
                self.advance(&mut endpoint).await;
                endpoint.due(self.now())
            };
            let left = due.map(|due| due.since(self.now()));
            tokio::select! {
                () = self.begun.notified() => {}
                () = tokio::time::sleep(left.unwrap_or(Duration::MAX)), if left.is_some() => {}
            }
        }
    }

    /// Carries out what has its time by now.
    async fn advance(&self, endpoint: &mut Endpoint) {
        while let Some(change) = tokio::task::block_in_place(|| endpoint.advance(self.now())) {
            self.carry_out(endpoint, change).await;
        }
    }

    /// Has happen what is to happen to a network as soon as it runs.
    pub(super) async fn begin(&self, events: Vec<Event>) {
        for event in events {
            if let Err(error) = self
                .server
                .apply(event)
                .await
                .map_err(anyhow::Error::from)
                .and_then(|done| Ok(done?))
            {
                (self.say)(&format!("{error:#}"));
            }
        }
    }

    /// The answer to a request. Changes come one after the other.
    pub(super) async fn answer(&self, request: &Request<'_>) -> Response {
        let mut endpoint = self.endpoint.lock().await;
        self.advance(&mut endpoint).await;
        let outcome = tokio::task::block_in_place(|| endpoint.handle(request));
        match outcome {
            Outcome::Answer(response) => response,
            Outcome::Question(question) => {
                drop(endpoint);
                let answer = self
                    .server
                    .ask(move |engine| question.answer(engine.exchange()));
                let answer = answer.await;
                answer.unwrap_or_else(|stopped| Endpoint::refused(&stopped))
            }
            Outcome::Change(change) => {
                let response = self.carry_out(&mut endpoint, *change).await;
                self.begun.notify_one();
                response
            }
        }
    }

    /// Has the network of a change run, then keeps the documents.
    async fn carry_out(&self, endpoint: &mut Endpoint, change: Change) -> Response {
        if change.runs_otherwise()
            && let Err(error) = self.run(&change).await
        {
            let error = format!("{error:#}");
            (self.say)(&error);
            return endpoint.give_up(change, &error);
        }
        for finding in change.findings() {
            (self.say)(&format!("finding {}: {}", finding.rule, finding.text));
        }
        for news in change.news() {
            (self.say)(news);
        }
        let response = endpoint.commit(change);
        if let Some(state) = &self.state {
            let kept = endpoint.kept();
            if let Err(error) = tokio::task::block_in_place(|| state.write(&kept)) {
                (self.say)(&format!("the documents are not kept: {error:#}"));
            }
        }
        response
    }

    async fn run(&self, change: &Change) -> Result<()> {
        let Runs { profile, base } = &self.runs;
        self.server
            .reload(profile, change.estate()?, &change.live(base))
            .await?;
        self.begin(change.events()).await;
        Ok(())
    }
}
