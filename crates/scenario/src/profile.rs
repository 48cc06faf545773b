//! The profile as the file names it.

/// A profile's name and the switches that differ from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSpec {
    /// `azure-2021`, `azure-2023`, `azure-2025`, `azure-2026` or `open`.
    pub base: String,
    /// The switches, in the order of the specification.
    pub switches: Vec<Switch>,
}

/// A switch of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Its name, such as `max_peers`.
    pub name: &'static str,
    /// Its value as the file writes it: a number, `true`, `false` or a word.
    pub value: String,
}

impl ProfileSpec {
    /// The profile of a file that names none.
    pub const DEFAULT: &str = "azure-2026";

    /// A profile as it is.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            base: name.into(),
            switches: Vec::new(),
        }
    }

    /// Whether IPv6 may stand wherever a prefix may.
    pub(crate) fn routes_ipv6(&self) -> bool {
        self.base == "open"
    }
}

impl Default for ProfileSpec {
    fn default() -> Self {
        Self::named(Self::DEFAULT)
    }
}
