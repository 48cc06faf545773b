//! The profile: a name, or a name and switches.

use schemars::JsonSchema;
use serde::Deserialize;

use routehub::{Profile, ProfileError};

/// A profile by name, or with switches of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a profile's name, or a mapping")]
#[schemars(untagged, rename = "Profile")]
pub(crate) enum ProfileEntry {
    /// By name.
    #[serde(rename = "text")]
    Name(ProfileName),
    /// With switches.
    #[serde(rename = "map")]
    Switched(Box<ProfileFields>),
}

/// A year of Azure, or a plain route server.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
pub(crate) enum ProfileName {
    /// As in 2021.
    #[serde(rename = "azure-2021")]
    Azure2021,
    /// As in 2023.
    #[serde(rename = "azure-2023")]
    Azure2023,
    /// As in 2025.
    #[serde(rename = "azure-2025")]
    Azure2025,
    /// As in 2026.
    #[serde(rename = "azure-2026")]
    Azure2026,
    /// A plain route server.
    #[serde(rename = "open")]
    Open,
}

impl ProfileName {
    const fn name(self) -> &'static str {
        match self {
            Self::Azure2021 => "azure-2021",
            Self::Azure2023 => "azure-2023",
            Self::Azure2025 => "azure-2025",
            Self::Azure2026 => "azure-2026",
            Self::Open => "open",
        }
    }
}

/// A number, or `none`.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename = "one of: a whole number, or `none`")]
#[schemars(untagged, rename = "Limit")]
enum LimitEntry {
    /// The limit.
    #[serde(rename = "number")]
    Number(u32),
    /// No limit.
    #[serde(rename = "text")]
    None(NoneWord),
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
enum NoneWord {
    #[serde(rename = "none")]
    None,
}

macro_rules! words {
    ($($(#[$doc:meta])* $type:ident { $($variant:ident = $word:literal),* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Deserialize, JsonSchema)]
        enum $type { $(#[serde(rename = $word)] $variant),* }

        impl $type {
            fn text(self) -> String {
                match self { $(Self::$variant => $word.to_owned()),* }
            }
        }
    )*};
}

words! {
    /// When routes of one NVA are sent to another.
    ReflectWord { BranchToBranch = "b2b", Always = "always", Never = "never" }
    /// What counts towards the route limit.
    CountWord { PerMessage = "per_message", PerBatch = "per_batch", StrictRib = "strict_rib" }
    /// How a next hop that a NIC cannot reach is shown.
    UnreachableWord { None = "none", Show = "show" }
    /// What NO_EXPORT does.
    NoExportWord { Rfc = "rfc", Ignore = "ignore" }
    /// Which NICs the routes of a single instance reach.
    OneInstanceWord { Both = "both", Hash = "hash" }
}

macro_rules! profile {
    ($($(#[$doc:meta])* $switch:ident: $type:ty = $text:expr;)*) => {
        /// A profile with switches of its own.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = "profile")]
        #[schemars(rename = "ProfileFields")]
        pub(crate) struct ProfileFields {
            /// The profile that the rest is taken from.
            base: ProfileName,
            $($(#[$doc])* #[serde(default)] $switch: Option<$type>,)*
        }

        /// The switches that the file knows.
        #[cfg(test)]
        const SWITCHES: &[&str] = &[$(stringify!($switch)),*];

        impl TryFrom<ProfileEntry> for Profile {
            type Error = ProfileError;

            fn try_from(entry: ProfileEntry) -> Result<Self, ProfileError> {
                let fields = match entry {
                    ProfileEntry::Name(name) => return Self::named(name.name()),
                    ProfileEntry::Switched(fields) => *fields,
                };
                let mut profile = Self::named(fields.base.name())?;
                $(if let Some(value) = fields.$switch {
                    let text: fn($type) -> String = $text;
                    profile.set(stringify!($switch), &text(value))?;
                })*
                Ok(profile)
            }
        }
    };
}

fn limit(limit: LimitEntry) -> String {
    match limit {
        LimitEntry::Number(number) => number.to_string(),
        LimitEntry::None(NoneWord::None) => "none".to_owned(),
    }
}

profile! {
    /// Routes taken from one peer (R-002..R-004).
    max_routes_per_peer: LimitEntry = limit;
    /// Peers.
    max_peers: LimitEntry = limit;
    /// Distinct prefixes of all peers.
    max_total_prefixes: LimitEntry = limit;
    /// Whether routes inside a VNet stand in the learned routes.
    show_overlap_in_learned: bool = |on| on.to_string();
    /// Whether a peer may have a 32-bit ASN.
    four_octet_peer_asn: bool = |on| on.to_string();
    /// When routes of one NVA are sent to another.
    reflect_between_nvas: ReflectWord = ReflectWord::text;
    /// What counts towards the route limit.
    prefix_count_mode: CountWord = CountWord::text;
    /// How a next hop that a NIC cannot reach is shown.
    unreachable_next_hop: UnreachableWord = UnreachableWord::text;
    /// What NO_EXPORT does.
    no_export: NoExportWord = NoExportWord::text;
    /// Which NICs the routes of a single instance reach.
    one_instance_nics: OneInstanceWord = OneInstanceWord::text;
    /// Whether traffic stays where it went after a failure.
    sticky_failback: bool = |on| on.to_string();
    /// Whether the Route Server is upgraded for route maps.
    upgraded: bool = |on| on.to_string();
    /// RFC 7947: AS path and next hop are passed to NVAs unchanged.
    transparent: bool = |on| on.to_string();
    /// Routes towards a circuit.
    max_routes_to_circuit: LimitEntry = limit;
    /// The length of the smallest RouteServerSubnet without a finding.
    min_route_server_subnet: u8 = |length| length.to_string();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_knows_every_profile_and_every_switch() {
        use ProfileName::{Azure2021, Azure2023, Azure2025, Azure2026, Open};
        let names = [Azure2021, Azure2023, Azure2025, Azure2026, Open].map(ProfileName::name);
        assert_eq!(names.as_slice(), routehub::profile::PROFILES.as_slice());
        let sorted = |names: &[&'static str]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        assert_eq!(sorted(SWITCHES), sorted(Profile::SWITCHES));
    }
}
