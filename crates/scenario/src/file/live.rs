//! What only the live server uses: the model ignores it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use routehub::estate::SessionOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::dynamic::{self, DynamicNeighbors};
use super::live_peer::LivePeer;

/// How the network is run live.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "listen")]
#[schemars(rename = "Listen")]
pub struct Live {
    /// The port that every instance address is listened on.
    pub port: u16,
    /// Socket addresses to listen on in place of an address of the model.
    #[serde(deserialize_with = "addresses")]
    #[schemars(extend("additionalProperties" = false, "patternProperties" = {"^[0-9A-Fa-f.:]+$": {"type": "string"}}))]
    pub addresses: BTreeMap<IpAddr, SocketAddr>,
    /// Every NVA, site and circuit with an on-premises network, by name.
    #[serde(skip)]
    pub peers: BTreeMap<String, LivePeer>,
    /// From where each Route Server takes routers that are not described, by its name.
    #[serde(skip)]
    pub dynamic_neighbors: BTreeMap<String, Vec<DynamicNeighbors>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            port: 179,
            addresses: BTreeMap::new(),
            peers: BTreeMap::new(),
            dynamic_neighbors: BTreeMap::new(),
        }
    }
}

/// For a server that is started without a file.
impl Live {
    /// The same with a real router in the place of this NVA, site or circuit's customer, which has
    /// to connect.
    #[must_use]
    pub fn with_peer(self, name: impl Into<String>) -> Self {
        self.with_peer_settings(name, LivePeer::default())
    }

    /// The same with a real router in the place of this NVA, site or circuit's customer; its
    /// sessions are run as these settings say.
    #[must_use]
    pub fn with_peer_settings(mut self, name: impl Into<String>, settings: LivePeer) -> Self {
        let settings = LivePeer {
            live: true,
            ..settings
        };
        self.peers.insert(name.into(), settings);
        self
    }

    /// The same with this port at every address.
    #[must_use]
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The same with a socket address in place of an address of the model.
    #[must_use]
    pub fn with_address(mut self, model: impl Into<IpAddr>, real: SocketAddr) -> Self {
        self.addresses.insert(model.into(), real);
        self
    }
}

impl Live {
    /// Has files that peers name stand in this directory, unless their paths are absolute.
    pub fn look_in(&mut self, directory: &Path) {
        let dynamic = self.dynamic_neighbors.values_mut().flatten();
        let templates = dynamic.map(|neighbors| &mut neighbors.template);
        for peer in self.peers.values_mut().chain(templates) {
            if let Some(file) = &mut peer.password_file {
                *file = directory.join(&*file);
            }
        }
    }

    /// What peers' sessions are asked for, by name, as the estate tells of it.
    pub(crate) fn session_options(&self) -> BTreeMap<String, SessionOptions> {
        let options = self.peers.iter();
        let options = options.map(|(name, peer)| (name.clone(), peer.session_options()));
        options
            .filter(|(_, options)| !options.asked.is_empty())
            .collect()
    }
}

fn addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<IpAddr, SocketAddr>, D::Error> {
    let texts = BTreeMap::<String, SocketAddr>::deserialize(deserializer)?.into_iter();
    let addresses = texts.map(|(text, socket)| {
        let address = text.parse().map_err(|error| {
            de::Error::custom(format_args!("`{text}` is not an address: {error}"))
        });
        Ok((address?, socket))
    });
    addresses.collect()
}

/// The keys that objects of a kind have beside those of the model.
pub(crate) fn keys_beside(kind: &str) -> &'static [&'static str] {
    match kind {
        "NVA" | "site" | "on-premises network" => LivePeer::KEYS,
        "Route Server" => &[dynamic::KEY],
        "dynamic neighbors" => LivePeer::SESSION_KEYS,
        _ => &[],
    }
}
