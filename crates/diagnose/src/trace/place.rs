//! Where packets arrive.

use std::fmt;

use routehub_exchange::view::{SpeakerId, VnetId};

/// Where a packet arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    spot: Spot,
    text: String,
    names: Vec<String>,
}

/// What a place is, for the comparison with where a packet is meant to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Spot {
    /// The address, in a network.
    Network(VnetId),
    /// A site, or the customer's network behind a circuit.
    OnPremises(SpeakerId),
    /// The internet.
    Internet,
    /// Something that no end of a trace is.
    Other,
}

impl Place {
    pub(super) fn new(
        spot: Spot,
        text: impl Into<String>,
        names: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            spot,
            text: text.into(),
            names: names.into_iter().collect(),
        }
    }

    pub(super) fn internet() -> Self {
        Self::new(Spot::Internet, "the internet", ["internet".to_owned()])
    }

    pub(super) fn spot(&self) -> Spot {
        self.spot
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether it has this name: that of who has the address, of its network, or the whole text.
    pub fn is_called(&self, name: &str) -> bool {
        self.text == name || self.names.iter().any(|own| own == name)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
