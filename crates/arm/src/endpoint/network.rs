//! The network that documents describe, and what in it Azure would not take.

use std::collections::BTreeMap;

use routehub_exchange::Estate;
use routehub_exchange::check::{EstateError, Problem};
use routehub_scenario::LivePeer;

use super::message::ArmError;
use super::store::Store;
use crate::import::Names;

/// A network.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    pub(super) estate: Estate,
    /// How real routers in it are run that tags say it of, by name.
    pub(super) peers: BTreeMap<String, LivePeer>,
    /// Socket addresses to listen on in place of those of instances.
    pub(super) listen: BTreeMap<std::net::IpAddr, std::net::SocketAddr>,
    /// NVAs whose machines are stopped.
    pub(super) stopped: Vec<String>,
    /// The names of resources.
    pub(super) names: Names,
    /// What the documents do not say.
    remarks: Vec<String>,
    wrong_tags: Vec<String>,
    errors: Vec<EstateError>,
}

impl Network {
    /// The network of documents; resources are called as before.
    pub(super) fn of(store: &Store, before: &Names) -> Self {
        let documents = store.documents();
        let (import, names) = documents.import_named(before);
        Self {
            stopped: stopped(store, &import.estate),
            errors: import.estate.check(),
            estate: import.estate,
            peers: import.live,
            listen: import.listen,
            wrong_tags: import.wrong_tags,
            remarks: import
                .remarks
                .into_iter()
                .map(|remark| remark.what)
                .collect(),
            names,
        }
    }

    /// Whether it runs as another does.
    pub(super) fn runs_as(&self, other: &Self) -> bool {
        self.estate == other.estate
            && self.peers == other.peers
            && self.listen == other.listen
            && self.stopped == other.stopped
    }

    /// What is said of it that was not said of another.
    pub(super) fn news(&self, other: &Self) -> Vec<String> {
        let remarks = self.remarks.iter();
        let new = remarks.filter(|remark| !other.remarks.contains(remark));
        new.cloned().collect()
    }

    /// Refuses a network in which something does not fit that did in another.
    ///
    /// # Errors
    /// [`ArmError`] with the code that Azure has for it, where that is known.
    pub(super) fn refuse(&self, before: &Self) -> Result<(), ArmError> {
        let mut tags = self.wrong_tags.iter();
        if let Some(wrong) = tags.find(|wrong| !before.wrong_tags.contains(wrong)) {
            return Err(ArmError::bad("InvalidTagValue", wrong.clone()));
        }
        let is_old = |error: &&EstateError| {
            let mut old = before.errors.iter();
            old.any(|old| (&old.object, &old.problem) == (&error.object, &error.problem))
        };
        match self.errors.iter().find(|error| !is_old(error)) {
            Some(error) => Err(arm_error(error)),
            None => Ok(()),
        }
    }
}

/// The NVAs whose machines are stopped.
fn stopped(store: &Store, estate: &Estate) -> Vec<String> {
    let machines = store.of_kind("virtualMachines").filter(|(_, machine)| {
        let view = machine.field("instanceView");
        let mut statuses = view.into_iter().flat_map(|view| view.items("statuses"));
        statuses.any(|own| own.text("code") == Some("PowerState/deallocated"))
    });
    let nics = machines.flat_map(|(_, machine)| {
        let profile = machine.field("networkProfile");
        profile
            .into_iter()
            .flat_map(|profile| profile.items("networkInterfaces"))
    });
    let nics = nics.filter_map(|nic| store.fields(&nic.id()?));
    let addresses = nics.flat_map(|nic| nic.items("ipConfigurations"));
    let addresses: Vec<_> = addresses
        .filter_map(|own| own.address("privateIPAddress"))
        .collect();
    let nvas = estate.nvas.iter().filter(|nva| addresses.contains(&nva.ip));
    nvas.map(|nva| nva.name.clone()).collect()
}

/// What does not fit, as Azure says it.
fn arm_error(error: &EstateError) -> ArmError {
    let code = match &error.problem {
        Problem::Overlap { .. } => "VnetAddressSpacesOverlap",
        Problem::NoRemoteGateways { .. } => "RemoteVnetHasNoGateways",
        Problem::SubnetOutside { .. } => "NetcfgInvalidSubnet",
        Problem::AddressOutsideSubnet { .. } => "PrivateIPAddressNotInSubnet",
        Problem::AddressTwice { .. } => "PrivateIPAddressInUse",
        Problem::PrefixTwice { .. } => "RouteConflict",
        Problem::PeeredTwice { .. } => "AnotherPeeringAlreadyReferencesRemoteVnet",
        Problem::NoInstanceAddresses { .. } => "NetcfgInvalidSubnet",
        _ => "InvalidOperation",
    };
    ArmError::bad(code, format!("{}: {}.", error.object, error.problem))
}
