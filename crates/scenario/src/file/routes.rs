//! ROUTE: prefixes and what they carry, as NVAs, sites, circuits and events write it.

use routehub::estate::{Routes, consecutive_prefixes};
use routehub::types::{Asn, Origin, Prefix};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Address, AsNumber, CommunityText, InstanceNumber, RoutedPrefix};

/// Routes of one kind, with prefixes not yet counted out.
pub(crate) struct RouteSpec {
    prefixes: PrefixSpec,
    as_path: Option<Vec<AsNumber>>,
    next_hop: Option<Address>,
    communities: Vec<CommunityText>,
    med: Option<u32>,
    origin: OriginWord,
}

/// Prefixes, listed or counted.
pub(crate) enum PrefixSpec {
    Listed(Vec<RoutedPrefix>),
    Run(PrefixRun),
}

impl PrefixSpec {
    fn new(
        prefix: Option<RoutedPrefix>,
        prefixes: Option<Vec<RoutedPrefix>>,
        run: Option<PrefixRun>,
    ) -> Result<Self, String> {
        match (prefix, prefixes, run) {
            (Some(one), None, None) => Ok(Self::Listed(vec![one])),
            (None, Some(list), None) => Ok(Self::Listed(list)),
            (None, None, Some(run)) => Ok(Self::Run(run)),
            (prefix, prefixes, run) => {
                let given = [
                    ("prefix", prefix.is_some()),
                    ("prefixes", prefixes.is_some()),
                    ("prefixes_from", run.is_some()),
                ];
                Err(exactly_one(&given))
            }
        }
    }

    /// How many prefixes there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Listed(list) => list.len(),
            Self::Run(run) => run.count as usize,
        }
    }

    /// The prefixes, in order.
    pub(crate) fn all(&self) -> Vec<Prefix> {
        match self {
            Self::Listed(list) => super::prefixes(list),
            Self::Run(run) => consecutive_prefixes(run.base.0, run.count).collect(),
        }
    }
}

/// What to say when none or several of an exclusive set of keys are given.
pub(crate) fn exactly_one(keys: &[(&str, bool)]) -> String {
    let quoted = |given: bool| -> Vec<String> {
        let keys = keys.iter().filter(|(_, is)| *is || !given);
        keys.map(|(key, _)| format!("`{key}`")).collect()
    };
    let all = quoted(false).join(", ");
    match quoted(true).as_slice() {
        [] => format!("exactly one of {all} is needed, there is none"),
        given => format!(
            "exactly one of {all} is needed, not {}",
            given.join(" and ")
        ),
    }
}

impl RouteSpec {
    /// With a next hop, if one is given.
    fn via(self, next_hop: Option<Address>) -> Self {
        Self { next_hop, ..self }
    }

    pub(crate) fn count(&self) -> usize {
        self.prefixes.count()
    }

    /// The routes with every prefix.
    pub(crate) fn routes(&self) -> Routes {
        let path = self.as_path.as_ref();
        Routes {
            prefixes: self.prefixes.all(),
            as_path: path.map(|path| path.iter().map(|asn| Asn::from(*asn)).collect()),
            next_hop: self.next_hop.map(|address| address.0),
            communities: self
                .communities
                .iter()
                .map(|community| community.0)
                .collect(),
            med: self.med,
            origin: self.origin.into(),
        }
    }
}

/// Consecutive prefixes of one length.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "PrefixRunFields")]
pub(crate) struct PrefixRun {
    base: RoutedPrefix,
    count: u32,
}

/// Consecutive prefixes of one length.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "prefixes_from")]
#[schemars(rename = "PrefixRun")]
struct PrefixRunFields {
    /// The first.
    base: RoutedPrefix,
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000))]
    count: u32,
}

impl TryFrom<PrefixRunFields> for PrefixRun {
    type Error = String;

    fn try_from(fields: PrefixRunFields) -> Result<Self, String> {
        const MOST: u32 = 1_000_000;
        let PrefixRunFields { base, count } = fields;
        if count == 0 || count > MOST {
            return Err(format!("`count` is {count}: from 1 to {MOST}"));
        }
        let fits = consecutive_prefixes(base.0, count).count();
        if fits < count as usize {
            let start = base.0;
            return Err(format!(
                "from {start} on there are {fits} prefixes of that length, not {count}"
            ));
        }
        Ok(Self { base, count })
    }
}

/// ORIGIN.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OriginWord {
    /// IGP.
    #[default]
    Igp,
    /// EGP.
    Egp,
    /// INCOMPLETE.
    Incomplete,
}

impl From<OriginWord> for Origin {
    fn from(word: OriginWord) -> Self {
        match word {
            OriginWord::Igp => Self::Igp,
            OriginWord::Egp => Self::Egp,
            OriginWord::Incomplete => Self::Incomplete,
        }
    }
}

/// Declares an entry that is a route, perhaps with a next hop, and keys of its own.
macro_rules! route_entry {
    (
        $(#[$doc:meta])* $entry:ident, $fields:ident = $from:tt, $kind:tt,
        [$($next_hop:ident)?] { $($(#[$attribute:meta])* $key:ident: $type:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = $from)]
        pub(crate) struct $entry {
            pub(crate) route: RouteSpec,
            $(pub(crate) $key: $type,)*
        }

        $(#[$doc])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = $kind)]
        #[schemars(rename = $from, extend("oneOf" = [
            {"required": ["prefix"]}, {"required": ["prefixes"]}, {"required": ["prefixes_from"]}
        ]))]
        struct $fields {
            /// One prefix.
            #[serde(default)]
            prefix: Option<RoutedPrefix>,
            /// Several.
            #[serde(default)]
            prefixes: Option<Vec<RoutedPrefix>>,
            /// Many, counted out.
            #[serde(default)]
            prefixes_from: Option<PrefixRun>,
            /// The AS path, nearest AS first.
            #[serde(default)]
            as_path: Option<Vec<AsNumber>>,
            $(/// The next hop; the sender's own address if left out.
            #[serde(default)]
            $next_hop: Option<Address>,)?
            /// Standard communities.
            #[serde(default)]
            communities: Vec<CommunityText>,
            /// MULTI_EXIT_DISC.
            #[serde(default)]
            med: Option<u32>,
            /// ORIGIN.
            #[serde(default)]
            origin: OriginWord,
            $($(#[$attribute])* $key: $type,)*
        }

        same_schema! { $entry = $fields }

        impl TryFrom<$fields> for $entry {
            type Error = String;

            fn try_from(fields: $fields) -> Result<Self, String> {
                let (prefix, prefixes) = (fields.prefix, fields.prefixes);
                Ok(Self {
                    route: RouteSpec {
                        prefixes: PrefixSpec::new(prefix, prefixes, fields.prefixes_from)?,
                        as_path: fields.as_path,
                        communities: fields.communities,
                        med: fields.med,
                        origin: fields.origin,
                        next_hop: None,
                    }
                    $(.via(fields.$next_hop))?,
                    $($key: fields.$key,)*
                })
            }
        }
    };
}

route_entry! {
    /// Routes that a site or an on-premises router announces.
    RouteEntry, RouteFields = "RouteFields", "route", [] {}
}

route_entry! {
    /// Routes that an NVA announces in an event.
    BurstEntry, BurstFields = "BurstFields", "route", [next_hop] {}
}

route_entry! {
    /// Routes of an NVA's own.
    OriginateEntry, OriginateFields = "OriginateFields", "route", [next_hop] {
        /// How many times more than once the NVA's ASN is put in front.
        #[serde(default)]
        prepend: u8,
        /// To which neighbours; to all if left out.
        #[serde(default)]
        to: Vec<String>,
    }
}

route_entry! {
    /// Routes that an NVA sends to a Route Server exactly so.
    AdvertiseEntry, AdvertiseFields = "AdvertiseFields", "route", [next_hop] {
        /// The Route Server.
        to: String,
        /// The instance; both if left out.
        #[serde(default)]
        instance: Option<InstanceNumber>,
    }
}

/// Takes literal routes back.
#[derive(Deserialize)]
#[serde(try_from = "WithdrawFields")]
pub(crate) struct WithdrawEntry {
    pub(crate) nva: String,
    pub(crate) to: Option<String>,
    pub(crate) instance: Option<InstanceNumber>,
    pub(crate) prefixes: PrefixSpec,
}

/// Takes literal routes back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "withdraw")]
#[schemars(rename = "Withdraw", extend("oneOf" = [
    {"required": ["prefix"]}, {"required": ["prefixes"]}, {"required": ["prefixes_from"]}
]))]
struct WithdrawFields {
    /// The NVA.
    nva: String,
    /// From which Route Server; from every one if left out.
    #[serde(default)]
    to: Option<String>,
    /// From which instance; from both if left out.
    #[serde(default)]
    instance: Option<InstanceNumber>,
    /// One prefix.
    #[serde(default)]
    prefix: Option<RoutedPrefix>,
    /// Several.
    #[serde(default)]
    prefixes: Option<Vec<RoutedPrefix>>,
    /// Many, counted out.
    #[serde(default)]
    prefixes_from: Option<PrefixRun>,
}

impl TryFrom<WithdrawFields> for WithdrawEntry {
    type Error = String;

    fn try_from(fields: WithdrawFields) -> Result<Self, String> {
        let (prefix, prefixes) = (fields.prefix, fields.prefixes);
        Ok(Self {
            nva: fields.nva,
            to: fields.to,
            instance: fields.instance,
            prefixes: PrefixSpec::new(prefix, prefixes, fields.prefixes_from)?,
        })
    }
}

same_schema! { PrefixRun = PrefixRunFields, WithdrawEntry = WithdrawFields }
