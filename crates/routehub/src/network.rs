//! A modelled estate: build it, let things happen to it, ask it for tables.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::Deref;

use routehub_exchange::{
    Changes, CheckedEstate, EstateErrors, Event, EventError, Exchange, Footprint, NotConverged,
    UnknownName,
};
use routehub_types::Prefix;

use crate::{
    BothWays, EventReport, EventReporter, Explanation, Finding, Matrix, Profile, Snapshot, Trace,
    TraceError,
};

/// The seed of a model's tables: nobody attacks them, and equal estates shall work alike.
const SEED: u64 = 0;

/// Why there is no network of an estate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Something in the estate does not fit.
    #[error(transparent)]
    Estate(#[from] EstateErrors),
    /// The estate never comes to rest.
    #[error(transparent)]
    NotConverged(#[from] NotConverged),
}

impl From<Infallible> for NetworkError {
    /// Of an estate that is checked, nothing else can be wrong.
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<NetworkError> for EventError {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Estate(errors) => Self::Refused(errors),
            NetworkError::NotConverged(restless) => Self::NotConverged(restless),
        }
    }
}

/// An estate under a profile, at work.
///
/// ```
/// use routehub::estate::{Nva, NvaSession, Origination, RouteServer, Routes, Vnet};
/// use routehub::{Estate, Network, Profile};
/// use routehub_types::Asn;
/// use std::net::Ipv4Addr;
///
/// let nva = Nva {
///     sessions: vec![NvaSession::both("rs")],
///     originates: vec![Origination {
///         routes: Routes { prefixes: vec!["10.250.0.0/16".parse()?], ..Routes::default() },
///         ..Origination::default()
///     }],
///     ..Nva::new("sdwan", "hub", Ipv4Addr::new(10, 1, 2, 4), Asn(65001))
/// };
/// let estate = Estate {
///     vnets: vec![Vnet {
///         name: "hub".into(),
///         address_space: vec!["10.1.0.0/16".parse()?],
///         ..Vnet::default()
///     }],
///     route_servers: vec![RouteServer {
///         ips: Some([[10, 1, 255, 4], [10, 1, 255, 5]].map(|ip| Ipv4Addr::from(ip).into())),
///         ..RouteServer::new("rs", "hub")
///     }],
///     nvas: vec![nva],
///     ..Estate::default()
/// };
/// let network = Network::new(&Profile::named("azure-2026")?, estate)?;
/// let learned = network.rs_learned("rs", "sdwan")?;
/// assert_eq!(learned.len(), 2); // one row for each instance
/// assert_eq!(learned[0].as_path.to_string(), "65001");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network {
    exchange: Exchange,
    reporter: EventReporter,
}

impl Network {
    /// The network of an estate, settled; an estate that is not checked yet is.
    ///
    /// # Errors
    /// [`NetworkError`] if something in the estate does not fit, or it never comes to rest.
    pub fn new(
        profile: &Profile,
        estate: impl TryInto<CheckedEstate, Error: Into<NetworkError>>,
    ) -> Result<Self, NetworkError> {
        let estate = estate.try_into().map_err(Into::into)?;
        let mut exchange = Exchange::new(estate, profile.into(), &BTreeSet::new(), SEED)?;
        exchange.keep_journal();
        Ok(Self {
            exchange,
            reporter: EventReporter::default(),
        })
    }

    /// Lets something happen, and settles. Says what changed: at which speakers the best paths to
    /// which prefixes, which sessions and connections, and whose machines may have other routes.
    /// The rows before and after are a [`Difference`](crate::Difference).
    ///
    /// # Errors
    /// [`EventError`] if the event names something unknown, or the estate does not settle. What
    /// changed all the same stands in the next report.
    pub fn apply(&mut self, event: &Event) -> Result<EventReport, EventError> {
        self.exchange.apply_event(event)?;
        Ok(self.reporter.take(&mut self.exchange))
    }

    /// Lets several things happen one after the other, and says what changed in all: in words, and
    /// as it was written down.
    ///
    /// # Errors
    /// As [`apply`](Self::apply): what comes behind does not happen.
    pub fn apply_all(&mut self, events: &[Event]) -> Result<(EventReport, Changes), EventError> {
        for event in events {
            self.exchange.apply_event(event)?;
        }
        let changes = self.exchange.take_changes();
        let report = self.reporter.report(&self.exchange, changes.clone());
        Ok((report, changes))
    }

    /// The same network, of which copies are cheap: they share every table that neither changes.
    #[must_use]
    pub fn share(self) -> Self {
        Self {
            exchange: self.exchange.share(),
            reporter: self.reporter,
        }
    }

    /// Leaves what changed until now out of the next report.
    pub(crate) fn forget_changes(&mut self) {
        self.exchange.take_changes();
    }

    /// Writes down from here on what events look at.
    pub(crate) fn keep_footprint(&mut self) {
        self.exchange.keep_footprint();
    }

    /// What events looked at since the last call; none if it is not written down.
    pub(crate) fn take_footprint(&mut self) -> Option<Footprint> {
        self.exchange.take_footprint()
    }

    /// Everything that is to be said about the estate as it is now.
    pub fn findings(&self) -> Vec<Finding> {
        routehub_diagnose::findings(&self.exchange)
    }

    /// Why a NIC, Route Server, gateway, circuit, NVA or site has, or has not, routes around a
    /// prefix or address.
    ///
    /// # Errors
    /// [`UnknownName`] if nothing has this name.
    ///
    /// ```
    /// use routehub::estate::{Nva, NvaSession, Origination, RouteServer, Routes, Vnet};
    /// use routehub::{Estate, Network, Profile};
    /// use routehub_types::Asn;
    /// use std::net::Ipv4Addr;
    ///
    /// let nva = Nva {
    ///     sessions: vec![NvaSession::both("rs")],
    ///     originates: vec![Origination {
    ///         routes: Routes { prefixes: vec!["10.1.2.0/24".parse()?], ..Routes::default() },
    ///         ..Origination::default()
    ///     }],
    ///     ..Nva::new("nva1", "hub", Ipv4Addr::new(10, 1, 2, 4), Asn(65001))
    /// };
    /// let hub = Vnet { name: "hub".into(), address_space: vec!["10.1.0.0/16".parse()?], ..Vnet::default() };
    /// let ips = Some(["10.1.1.4".parse()?, "10.1.1.5".parse()?]);
    /// let rs = RouteServer { ips, ..RouteServer::new("rs", "hub") };
    /// let estate = Estate {
    ///     vnets: vec![hub],
    ///     route_servers: vec![rs],
    ///     nvas: vec![nva],
    ///     ..Estate::default()
    /// };
    /// let network = Network::new(&Profile::named("azure-2026")?, estate)?;
    /// let why = network.explain("rs", "10.1.2.0/24".parse()?)?.to_string();
    /// assert!(why.contains("refused: inside 10.1.0.0/16 of VNet hub (R-051"), "{why}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, name: &str, destination: Prefix) -> Result<Explanation, UnknownName> {
        routehub_diagnose::explain(&self.exchange, name, destination)
    }

    /// The way of a packet from one end to another; each is a NIC, NVA, site, circuit (its
    /// customer), an address or `internet`.
    ///
    /// # Errors
    /// [`TraceError`] if one of them is none of these, or has no address.
    pub fn trace(&self, from: &str, to: &str) -> Result<Trace, TraceError> {
        routehub_diagnose::trace(&self.exchange, from, to)
    }

    /// The way from one such end to another and the way back: whether both arrive, and pass the
    /// same stateful NVAs.
    ///
    /// # Errors
    /// [`TraceError`] if one of them is none of these, or has no address.
    pub fn both_ways(&self, from: &str, to: &str) -> Result<BothWays, TraceError> {
        routehub_diagnose::both_ways(&self.exchange, from, to)
    }

    /// Who reaches whom, by which NVAs, and whether the answer passes the same ones: for every two
    /// NICs, NVAs, sites and circuits' customers, and from each to the internet.
    pub fn matrix(&self) -> Matrix {
        routehub_diagnose::matrix(&self.exchange)
    }

    /// What every NIC and every peer sees now, to be compared with another time.
    ///
    /// ```
    /// use routehub::estate::{Nic, Nva, NvaSession, Origination, RouteServer, Routes, Vnet};
    /// use routehub::{Difference, Estate, Event, Network, NvaSessions, Profile};
    /// use routehub_types::Asn;
    /// use std::net::Ipv4Addr;
    ///
    /// let nva = Nva {
    ///     sessions: vec![NvaSession::both("rs")],
    ///     originates: vec![Origination {
    ///         routes: Routes { prefixes: vec!["10.250.0.0/16".parse()?], ..Routes::default() },
    ///         ..Origination::default()
    ///     }],
    ///     ..Nva::new("sdwan", "hub", Ipv4Addr::new(10, 1, 2, 4), Asn(65001))
    /// };
    /// let hub = Vnet { name: "hub".into(), address_space: vec!["10.1.0.0/16".parse()?], ..Vnet::default() };
    /// let ips = Some(["10.1.1.4".parse()?, "10.1.1.5".parse()?]);
    /// let rs = RouteServer { ips, ..RouteServer::new("rs", "hub") };
    /// let estate = Estate {
    ///     vnets: vec![hub],
    ///     route_servers: vec![rs],
    ///     nvas: vec![nva],
    ///     nics: vec![Nic { name: "vm".into(), vnet: "hub".into(), ..Nic::default() }],
    ///     ..Estate::default()
    /// };
    /// let mut network = Network::new(&Profile::named("azure-2026")?, estate)?;
    /// let before = network.snapshot();
    /// network.apply(&Event::NvaDown(NvaSessions { nva: "sdwan".into(), ..NvaSessions::default() }))?;
    /// let changes = Difference::between(&before, &network.snapshot());
    /// let told = changes.to_string();
    /// assert!(told.contains("- 10.250.0.0/16 by 10.1.2.4"), "{told}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.exchange)
    }
}

/// What the exchange answers, its network answers: tables, reports, the estate as it is now.
impl Deref for Network {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.exchange
    }
}
