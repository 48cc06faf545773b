//! Azure's resource manager, as far as networks are concerned: requests in, answers out. The
//! documents are the state; what they describe is a network that runs somewhere else.

mod address;
mod change;
mod fill;
mod lenient;
mod login;
mod message;
mod network;
mod poller;
mod question;
mod reading;
mod refusal;
mod state;
mod store;
mod writing;

use std::fmt;

use routehub_exchange::{Estate, Parameters};
use routehub_types::Instant;
use serde_json::{Map, Value, json};

use crate::export::{GROUP, export};
use crate::resource::{Fields, SUBSCRIPTION};
use address::Address;
pub use change::Change;
pub use login::{Cloud, Credential, TENANT};
use message::ArmError;
pub use message::{Request, Response};
use poller::Poller;
pub use question::Question;
use reading::Reading;
pub use state::Pace;
use state::{Next, Operations, State, Work};
use store::Store;
use writing::{Written, power, set_power, write};

/// The endpoint of Azure's resource manager for one network. It does no IO: who holds it passes
/// requests to [`handle`](Self::handle), carries out what that says, and sends the answers.
///
/// ```
/// use routehub_arm::{Cloud, Credential, Endpoint, Outcome, Request, SUBSCRIPTION, TENANT};
///
/// let cloud = Cloud {
///     url: "https://localhost:8443".into(),
///     subscription: SUBSCRIPTION.into(),
///     tenant: TENANT.into(),
///     secret: None,
///     signature: Credential::new("a text that nobody guesses".into()),
/// };
/// let profile = routehub_scenario::Scenario::default().profile;
/// let endpoint = Endpoint::new(cloud, (&profile).into());
/// let request = Request { method: "GET", path: "/metadata/endpoints", ..Request::default() };
/// let Outcome::Answer(answer) = endpoint.handle(&request) else { panic!() };
/// assert_eq!(answer.body.unwrap()["resourceManager"], "https://localhost:8443");
/// ```
#[derive(Debug)]
pub struct Endpoint {
    cloud: Cloud,
    parameters: Parameters,
    pace: Pace,
    state: State,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It is answered.
    Answer(Response),
    /// The running network is to be asked.
    Question(Question),
    /// Documents change: once the network of the change runs, [`Endpoint::commit`] has the answer.
    Change(Box<Change>),
}

impl Endpoint {
    /// An endpoint without documents, where everything is done at once. The parameters are those of
    /// the network's profile.
    pub fn new(cloud: Cloud, parameters: Parameters) -> Self {
        Self {
            cloud,
            parameters,
            pace: Pace::default(),
            state: State::default(),
        }
    }

    /// The same, where changes and questions take their time. Whoever holds it then looks at
    /// [`due`](Self::due), and has it [`advance`](Self::advance).
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Takes up documents that [`kept`](Self::kept) gave: a change to be carried out. What was
    /// being done then is done.
    ///
    /// # Errors
    /// [`serde_json::Error`] if the text is not JSON.
    pub fn take_up(&self, kept: &str) -> Result<Change, serde_json::Error> {
        let store = Store::of_kept(&serde_json::from_str(kept)?);
        Ok(self.take(store))
    }

    /// Takes up an estate as documents: a change to be carried out.
    pub fn take_estate(&self, estate: &Estate) -> Change {
        let mut store = Store::default();
        if !estate.vnets.is_empty() {
            let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}");
            let own = Map::from_iter([("location".to_owned(), json!("westeurope"))]);
            store.put_group(&group, own);
        }
        for document in export(estate) {
            if let (Some(id), Value::Object(fields)) = (document["id"].as_str(), &document) {
                store.put(id, fields.clone());
            }
        }
        self.take(store)
    }

    /// All documents, as they can be kept in a file: as if what is being done were done.
    pub fn kept(&self) -> Value {
        self.state.kept()
    }

    /// What becomes of a request.
    pub fn handle(&self, request: &Request<'_>) -> Outcome {
        let outcome = self.outcome(request);
        outcome.unwrap_or_else(|error| Outcome::Answer(error.into()))
    }

    /// When something happens next by itself; never where everything is done at once.
    pub fn due(&self, at: Instant) -> Option<Instant> {
        self.state.operations.next(at)
    }

    /// The first change that has its time by now, to be carried out; there may be others after it.
    pub fn advance(&self, at: Instant) -> Option<Change> {
        let (next, ends) = self.state.advanced(at)?;
        let mut change = Change::new(&self.state, next, Response::empty(200));
        change.ends = ends;
        Some(change)
    }

    /// The change is the state from now on; the answer to the request that it comes from.
    pub fn commit(&mut self, change: Change) -> Response {
        self.state = change.state;
        change.response
    }

    /// The network of a change cannot run. Nothing has changed, but that an operation which ended
    /// with it came to nothing; the answer to the request that it comes from.
    pub fn give_up(&mut self, change: Change, error: &dyn fmt::Display) -> Response {
        match change.ends {
            Some(number) => self.state.operations.fail(number, error.to_string()),
            None => self.state.interrupted = change.state.interrupted,
        }
        Self::refused(error)
    }

    /// The answer where the network cannot be asked.
    pub fn refused(error: &dyn fmt::Display) -> Response {
        ArmError::new(409, "OperationNotAllowed", error.to_string()).into()
    }

    fn take(&self, store: Store) -> Change {
        let next = State::new(store, &self.state.written.network.names);
        Change::new(&self.state, next, Response::empty(200))
    }

    fn reading<'a>(&'a self, state: &'a State) -> Reading<'a> {
        Reading {
            cloud: &self.cloud,
            store: &state.written.store,
            network: &state.running.network,
            operations: &state.operations,
        }
    }

    fn poller<'a>(&'a self, operations: &'a Operations, at: Instant) -> Poller<'a> {
        Poller {
            cloud: &self.cloud,
            operations,
            at,
        }
    }

    fn outcome(&self, request: &Request<'_>) -> Result<Outcome, ArmError> {
        let address = Address::of(request.path)?;
        let public = match &address {
            Address::Metadata => Some(self.cloud.metadata()),
            Address::OpenId(tenant) => Some(self.cloud.open_id(tenant)),
            Address::Token(_) => Some(self.cloud.token(request)),
            _ => None,
        };
        if let Some(answer) = public {
            return Ok(Outcome::Answer(answer));
        }
        self.cloud.authorize(request)?;
        let reading = self.reading(&self.state);
        match request.method {
            "GET" => self.get(request, &address, &reading),
            "HEAD" => Ok(Outcome::Answer(reading.head(&address))),
            "POST" => self.action(request, &address, &reading),
            "PUT" | "PATCH" | "DELETE" => {
                let store = &self.state.written.store;
                let written = write(store, &self.parameters, request, &address)?;
                let work = match request.method {
                    "DELETE" => Work::Delete,
                    _ => Work::Write,
                };
                self.written(written, work, request.at)
            }
            method => {
                let message = format!("The HTTP method '{method}' is not supported.");
                Err(ArmError::new(405, "MethodNotAllowed", message))
            }
        }
    }

    fn get(
        &self,
        request: &Request<'_>,
        address: &Address,
        reading: &Reading<'_>,
    ) -> Result<Outcome, ArmError> {
        let poller = self.poller(&self.state.operations, request.at);
        Ok(match address {
            Address::Operation(id, false) => Outcome::Answer(poller.status(id)),
            Address::Operation(id, true) => match poller.question(id) {
                Some(question) => Outcome::Question(question),
                None => Outcome::Answer(poller.result(id)),
            },
            address => Outcome::Answer(reading.get(address)?),
        })
    }

    fn action(
        &self,
        request: &Request<'_>,
        address: &Address,
        reading: &Reading<'_>,
    ) -> Result<Outcome, ArmError> {
        let body = lenient::read(request.body)?;
        let peer = request.parameter("peer");
        let (id, action) = match address {
            Address::Collection(id, action) => (id, action.as_str()),
            Address::Resource(id) => (id, ""),
            _ => {
                return Err(ArmError::new(
                    405,
                    "MethodNotAllowed",
                    "POST is not supported here.",
                ));
            }
        };
        let key = reading.needed(id)?;
        let store = &self.state.written.store;
        if let Some(running) = power(&key, action) {
            let written = set_power(store, id, reading.machine(id), running);
            return self.written(written, Work::Write, request.at);
        }
        let question = Question::of(
            store,
            &self.state.running.network,
            &key,
            action,
            peer.as_deref(),
            Fields(&body),
        )?;
        match (question, self.pace.of_question()) {
            (Some(question), None) => Ok(Outcome::Question(question)),
            (Some(question), Some(takes)) => {
                let next = self.state.asked(question, request.at + takes)?;
                Ok(self.begun(next, Response::empty(202), request.at))
            }
            (None, _) => reading.action(&key, action).map(Outcome::Answer),
        }
    }

    /// The change that new documents make, if they make a network that fits together.
    fn written(&self, written: Written, work: Work, at: Instant) -> Result<Outcome, ArmError> {
        let next = self.state.changed(written.store, work, self.pace, at)?;
        let reading = self.reading(&next.0);
        let mut response = Response::empty(written.status);
        response.body = match (written.body, written.shows) {
            (Some(body), _) => Some(body),
            (None, Some(shows)) => reading.get(&shows).ok().and_then(|shown| shown.body),
            (None, None) => None,
        };
        Ok(self.begun(next, response, at))
    }

    /// The change to a state, which may begin an operation.
    fn begun(&self, next: Next, response: Response, at: Instant) -> Outcome {
        let (next, number) = next;
        let response = match number {
            Some(number) => self.poller(&next.operations, at).begun(number, response),
            None => response,
        };
        Outcome::Change(Box::new(Change::new(&self.state, next, response)))
    }
}
