//! Azure's resource manager, as far as networks are concerned: requests in, answers out. The
//! documents are the state; what they describe is a network that runs somewhere else.

mod address;
mod allocation;
mod deployment;
mod fill;
mod lenient;
mod login;
mod message;
mod network;
mod question;
mod reading;
mod refusal;
mod store;
mod writing;

use std::fmt;

use routehub_exchange::{CheckedEstate, Estate, EstateErrors, Event, NvaSessions, Parameters};
use routehub_scenario::Live;
use serde_json::{Map, Value, json};

use crate::export::{GROUP, export};
use crate::resource::{Fields, SUBSCRIPTION};
use address::Address;
pub use login::{Cloud, Credential, TENANT};
use message::ArmError;
pub use message::{Request, Response};
use network::Network;
pub use question::Question;
use reading::Reading;
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
    store: Store,
    network: Network,
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

/// A change of documents that waits for its network to run.
#[derive(Debug)]
pub struct Change {
    store: Store,
    network: Network,
    response: Response,
    /// Whether the network that runs is another.
    runs_otherwise: bool,
    news: Vec<String>,
}

impl Change {
    /// Whether another network is to run.
    pub const fn runs_otherwise(&self) -> bool {
        self.runs_otherwise
    }

    /// The network.
    ///
    /// # Errors
    /// [`EstateErrors`] for what does not fit in it.
    pub fn estate(&self) -> Result<CheckedEstate, EstateErrors> {
        self.network.estate.clone().try_into()
    }

    /// How real routers in it are run: as tags say, else as `base` does.
    pub fn live(&self, base: &Live) -> Live {
        let mut live = base.clone();
        let tagged = &self.network.peers;
        let estate = &self.network.estate;
        let circuits = estate
            .circuits
            .iter()
            .filter(|circuit| circuit.on_prem.is_some());
        let names = estate.nvas.iter().map(|nva| &nva.name);
        let names = names.chain(estate.sites.iter().map(|site| &site.name));
        let names = names.chain(circuits.map(|circuit| &circuit.name));
        let peers = names.map(|name| {
            let own = tagged.get(name).or_else(|| base.peers.get(name));
            (name.clone(), own.cloned().unwrap_or_default())
        });
        live.peers = peers.collect();
        let listen = &self.network.listen;
        live.addresses
            .extend(listen.iter().map(|(address, socket)| (*address, *socket)));
        live
    }

    /// What is to happen to the network once it runs: machines that are stopped take their NVAs
    /// with them.
    pub fn events(&self) -> Vec<Event> {
        let stopped = self.network.stopped.iter();
        let down = stopped.map(|nva| {
            Event::NvaDown(NvaSessions {
                nva: nva.clone(),
                route_server: None,
                instance: None,
            })
        });
        down.collect()
    }

    /// What is to be said of the network and was not before.
    pub fn news(&self) -> &[String] {
        &self.news
    }
}

impl Endpoint {
    /// An endpoint without documents. The parameters are those of the network's profile.
    pub fn new(cloud: Cloud, parameters: Parameters) -> Self {
        Self {
            cloud,
            parameters,
            store: Store::default(),
            network: Network::default(),
        }
    }

    /// Takes up documents that [`kept`](Self::kept) gave: a change to be carried out.
    ///
    /// # Errors
    /// [`serde_json::Error`] if the text is not JSON.
    pub fn take_up(&self, kept: &str) -> Result<Change, serde_json::Error> {
        let store = Store::of_kept(&serde_json::from_str(kept)?);
        Ok(self.change(store, Response::empty(200)))
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
        self.change(store, Response::empty(200))
    }

    /// All documents, as they can be kept in a file.
    pub fn kept(&self) -> Value {
        self.store.kept()
    }

    /// What becomes of a request.
    pub fn handle(&self, request: &Request<'_>) -> Outcome {
        let outcome = self.outcome(request);
        outcome.unwrap_or_else(|error| Outcome::Answer(error.into()))
    }

    /// The change is the state from now on; the answer to the request that it comes from.
    pub fn commit(&mut self, change: Change) -> Response {
        self.store = change.store;
        self.network = change.network;
        change.response
    }

    /// The answer where the network of a change cannot run. Nothing has changed.
    pub fn refused(error: &dyn fmt::Display) -> Response {
        ArmError::new(409, "OperationNotAllowed", error.to_string()).into()
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
        let reading = Reading {
            cloud: &self.cloud,
            store: &self.store,
            network: &self.network,
        };
        match request.method {
            "GET" => reading.get(&address).map(Outcome::Answer),
            "HEAD" => Ok(Outcome::Answer(reading.head(&address))),
            "POST" => self.action(request, &address, &reading),
            "PUT" | "PATCH" | "DELETE" => {
                let written = write(&self.store, &self.parameters, request, &address)?;
                self.written(written)
                    .map(|change| Outcome::Change(Box::new(change)))
            }
            method => {
                let message = format!("The HTTP method '{method}' is not supported.");
                Err(ArmError::new(405, "MethodNotAllowed", message))
            }
        }
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
        if let Some(running) = power(&key, action) {
            let written = set_power(&self.store, id, reading.machine(id), running);
            return self
                .written(written)
                .map(|change| Outcome::Change(Box::new(change)));
        }
        let question = Question::of(
            &self.store,
            &self.network,
            &key,
            action,
            peer.as_deref(),
            Fields(&body),
        )?;
        match question {
            Some(question) => Ok(Outcome::Question(question)),
            None => reading.action(&key, action).map(Outcome::Answer),
        }
    }

    /// The change that new documents make, if they make a network that fits together.
    fn written(&self, written: Written) -> Result<Change, ArmError> {
        let mut change = self.change(written.store, Response::empty(written.status));
        change.network.refuse(&self.network)?;
        let reading = Reading {
            cloud: &self.cloud,
            store: &change.store,
            network: &change.network,
        };
        change.response.body = match (written.body, written.shows) {
            (Some(body), _) => Some(body),
            (None, Some(shows)) => reading.get(&shows).ok().and_then(|shown| shown.body),
            (None, None) => None,
        };
        Ok(change)
    }

    fn change(&self, mut store: Store, response: Response) -> Change {
        store.keep_peering_states();
        let network = Network::of(&store, &self.network.names);
        Change {
            runs_otherwise: !network.runs_as(&self.network),
            news: network.news(&self.network),
            store,
            network,
            response,
        }
    }
}
