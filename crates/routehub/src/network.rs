//! A modelled estate: build it, let things happen to it, ask it for tables.

use std::collections::BTreeSet;
use std::net::IpAddr;

use routehub_exchange::{
    CheckedEstate, EffectiveRow, Estate, Event, EventError, Exchange, NotConverged, PathReport,
    Refused, RouteRow, SessionRow, TableId, TableRows,
};

use routehub_types::Prefix;

use crate::{EventReport, EventReporter, Explanation, Finding, Profile, Snapshot, Trace};

/// The seed of a model's tables: nobody attacks them, and equal estates shall work alike.
const SEED: u64 = 0;

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
/// let network = Network::new(&Profile::named("azure-2026")?, estate.try_into()?)?;
/// let learned = network.rs_learned("rs", "sdwan");
/// assert_eq!(learned.len(), 2); // one row for each instance
/// assert_eq!(learned[0].as_path.to_string(), "65001");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Network {
    exchange: Exchange,
    reporter: EventReporter,
}

impl Network {
    /// The network of an estate, settled.
    ///
    /// # Errors
    /// [`NotConverged`] if the estate never comes to rest.
    pub fn new(profile: &Profile, estate: CheckedEstate) -> Result<Self, NotConverged> {
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

    /// The estate as it is now.
    pub fn estate(&self) -> &Estate {
        self.exchange.estate()
    }

    /// The rows of a table; none if there is no such object.
    pub fn rows(&self, id: &TableId) -> TableRows {
        self.exchange.rows(id)
    }

    /// What a Route Server learned from an NVA, as received (R-148), both instances.
    pub fn rs_learned(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
        self.exchange.rs_learned(route_server, nva)
    }

    /// What a Route Server refused of an NVA, and by which rule.
    pub fn rs_refused(&self, route_server: &str, nva: &str) -> Vec<Refused> {
        self.exchange.rs_refused(route_server, nva)
    }

    /// Every path of a prefix at an instance of a Route Server, and where it stands.
    pub fn rs_paths(&self, route_server: &str, instance: u8, prefix: Prefix) -> Vec<PathReport> {
        self.exchange.rs_paths(route_server, instance, prefix)
    }

    /// What a Route Server sends to an NVA, both instances.
    pub fn rs_advertised(&self, route_server: &str, nva: &str) -> Vec<RouteRow> {
        self.exchange.rs_advertised(route_server, nva)
    }

    /// What an NVA hears from Route Servers and neighbours.
    pub fn nva_learned(&self, nva: &str) -> Vec<RouteRow> {
        self.exchange.nva_learned(nva)
    }

    /// What a gateway has of its own, and what it heard and took in.
    pub fn gateway_learned(&self, gateway: &str) -> Vec<RouteRow> {
        self.exchange.gateway_learned(gateway)
    }

    /// What a gateway sends to a circuit, site or other gateway.
    pub fn gateway_advertised(&self, gateway: &str, to: &str) -> Vec<RouteRow> {
        self.exchange.gateway_advertised(gateway, to)
    }

    /// Everything that a circuit's edge holds.
    pub fn circuit_routes(&self, circuit: &str) -> Vec<RouteRow> {
        self.exchange.circuit_routes(circuit)
    }

    /// What a site, or the customer's edge behind a circuit, hears.
    pub fn on_prem_learned(&self, name: &str) -> Vec<RouteRow> {
        self.exchange.on_prem_learned(name)
    }

    /// The effective routes of a NIC; empty if there is no such NIC.
    pub fn nic_effective(&self, nic: &str) -> Vec<EffectiveRow> {
        self.exchange.nic_effective(nic).unwrap_or_default()
    }

    /// The sessions of an NVA with the instances of a Route Server.
    pub fn sessions(&self, route_server: &str, nva: &str) -> Vec<SessionRow> {
        self.exchange.sessions(route_server, nva)
    }

    /// Everything that is to be said about the estate as it is now.
    pub fn findings(&self) -> Vec<Finding> {
        routehub_diagnose::findings(&self.exchange)
    }

    /// Why a NIC, Route Server, gateway, circuit, NVA or site has, or has not, routes around a
    /// prefix or address; none if nothing has this name.
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
    /// let network = Network::new(&Profile::named("azure-2026")?, estate.try_into()?)?;
    /// let why = network.explain("rs", "10.1.2.0/24".parse()?).unwrap().to_string();
    /// assert!(why.contains("refused: inside 10.1.0.0/16 of VNet hub (R-051"), "{why}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self, name: &str, destination: Prefix) -> Option<Explanation> {
        routehub_diagnose::explain(&self.exchange, name, destination)
    }

    /// The way of a packet from a NIC to an address; none if there is no such NIC.
    pub fn trace(&self, nic: &str, address: IpAddr) -> Option<Trace> {
        routehub_diagnose::trace(&self.exchange, nic, address)
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
    /// let mut network = Network::new(&Profile::named("azure-2026")?, estate.try_into()?)?;
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

    /// The address of an instance of a Route Server.
    pub fn instance_address(&self, route_server: &str, instance: u8) -> Option<IpAddr> {
        self.exchange.instance_address(route_server, instance)
    }
}
