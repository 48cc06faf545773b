//! What requests are answered from: the endpoint, and the server whose network it describes.

use std::sync::Arc;

use anyhow::Result;
use routehub::{Event, Profile};
use routehub_arm::{Change, Endpoint, Outcome, Request, Response};
use routehub_scenario::Live;
use routehub_speaker::Server;
use tokio::sync::Mutex;

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
            Outcome::Change(change) => self.carry_out(&mut endpoint, *change).await,
        }
    }

    /// Has the network of a change run, then keeps the documents.
    async fn carry_out(&self, endpoint: &mut Endpoint, change: Change) -> Response {
        if change.runs_otherwise()
            && let Err(error) = self.run(&change).await
        {
            return Endpoint::refused(&format_args!("{error:#}"));
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
