//! ROUTE: prefixes, listed or counted, and what they carry, as NVAs, sites, circuits and events
//! write it.

use std::net::IpAddr;

use routehub_types::{Asn, Community, Origin, Prefix};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::{InstanceNumber, only};
use crate::estate::{Advertisement, Origination, Routes, consecutive_prefixes};

/// The prefixes of exactly one of the three keys.
fn prefixes(
    prefix: Option<Prefix>,
    prefixes: Option<Vec<Prefix>>,
    run: Option<PrefixRun>,
) -> Result<Vec<Prefix>, String> {
    let (_, list) = only([
        ("prefix", prefix.map(|prefix| vec![prefix])),
        ("prefixes", prefixes),
        ("prefixes_from", run.map(|run| run.0)),
    ])?;
    Ok(list)
}

/// Consecutive prefixes of one length.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "PrefixRunForm")]
#[schemars(with = "PrefixRunForm")]
struct PrefixRun(Vec<Prefix>);

/// Consecutive prefixes of one length.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "prefixes_from")]
#[schemars(rename = "PrefixRun")]
struct PrefixRunForm {
    /// The first.
    base: Prefix,
    /// How many.
    #[schemars(range(min = 1, max = 1_000_000))]
    count: u32,
}

impl TryFrom<PrefixRunForm> for PrefixRun {
    type Error = String;

    fn try_from(form: PrefixRunForm) -> Result<Self, String> {
        const MOST: u32 = 1_000_000;
        let PrefixRunForm { base, count } = form;
        if count == 0 || count > MOST {
            return Err(format!("`count` is {count}: from 1 to {MOST}"));
        }
        let run: Vec<Prefix> = consecutive_prefixes(base, count).collect();
        match run.len() {
            fits if fits < count as usize => Err(format!(
                "from {base} on there are {fits} prefixes of that length, not {count}"
            )),
            _ => Ok(Self(run)),
        }
    }
}

/// ORIGIN.
#[derive(Deserialize, JsonSchema)]
#[serde(remote = "Origin", rename_all = "snake_case")]
enum OriginForm {
    /// IGP.
    Igp,
    /// EGP.
    Egp,
    /// INCOMPLETE.
    Incomplete,
}

/// Declares the form of something that is a route, perhaps with a next hop, and has keys of its
/// own; and what it becomes.
macro_rules! route_form {
    (
        $(#[$doc:meta])* $form:ident [$($next_hop:ident)?]
        { $($(#[$attribute:meta])* $key:ident: $type:ty,)* }
        $target:ident = |$routes:ident| $built:expr
    ) => {
        $(#[$doc])*
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = "route")]
        #[schemars(rename = "RouteForm", extend("oneOf" = [
            {"required": ["prefix"]}, {"required": ["prefixes"]}, {"required": ["prefixes_from"]}
        ]))]
        pub(crate) struct $form {
            /// One prefix.
            #[serde(default)]
            prefix: Option<Prefix>,
            /// Several.
            #[serde(default)]
            prefixes: Option<Vec<Prefix>>,
            /// Many, counted out.
            #[serde(default)]
            prefixes_from: Option<PrefixRun>,
            /// The AS path, nearest AS first.
            #[serde(default)]
            as_path: Option<Vec<Asn>>,
            $(/// The next hop; the sender's own address if left out.
            #[serde(default)]
            $next_hop: Option<IpAddr>,)?
            /// Standard communities.
            #[serde(default)]
            communities: Vec<Community>,
            /// MULTI_EXIT_DISC.
            #[serde(default)]
            med: Option<u32>,
            /// ORIGIN.
            #[serde(default, deserialize_with = "OriginForm::deserialize")]
            #[schemars(with = "OriginForm")]
            origin: Origin,
            $($(#[$attribute])* $key: $type,)*
        }

        impl TryFrom<$form> for $target {
            type Error = String;

            fn try_from(form: $form) -> Result<Self, String> {
                $(let $key = form.$key;)*
                let $routes = Routes {
                    prefixes: prefixes(form.prefix, form.prefixes, form.prefixes_from)?,
                    as_path: form.as_path,
                    communities: form.communities,
                    med: form.med,
                    origin: form.origin,
                    next_hop: None,
                };
                $(let $routes = Routes { $next_hop: form.$next_hop, ..$routes };)?
                Ok($built)
            }
        }
    };
}

route_form! {
    /// Routes that a site or an on-premises router announces.
    AnnouncedForm [] {}
    Announced = |routes| Self(routes)
}

/// Routes without a next hop of their own.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "AnnouncedForm")]
#[schemars(with = "AnnouncedForm")]
pub(crate) struct Announced(pub(super) Routes);

route_form! {
    /// Routes that an NVA announces in an event.
    RoutesForm [next_hop] {}
    Routes = |routes| routes
}

route_form! {
    /// Routes of an NVA's own.
    OriginationForm [next_hop] {
        /// How many times more than once the NVA's ASN is put in front.
        #[serde(default)]
        prepend: u8,
        /// To which neighbours; to all if left out.
        #[serde(default)]
        to: Vec<String>,
    }
    Origination = |routes| Self { routes, prepend, to }
}

route_form! {
    /// Routes that an NVA sends to a Route Server exactly so.
    AdvertisementForm [next_hop] {
        /// The Route Server.
        to: String,
        /// The instance; both if left out.
        #[serde(default)]
        instance: Option<InstanceNumber>,
    }
    Advertisement = |routes| Self { to, instance: instance.map(u8::from), routes }
}

/// Takes literal routes back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "withdraw")]
#[schemars(extend("oneOf" = [
    {"required": ["prefix"]}, {"required": ["prefixes"]}, {"required": ["prefixes_from"]}
]))]
pub(crate) struct WithdrawForm {
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
    prefix: Option<Prefix>,
    /// Several.
    #[serde(default)]
    prefixes: Option<Vec<Prefix>>,
    /// Many, counted out.
    #[serde(default)]
    prefixes_from: Option<PrefixRun>,
}

/// The fields of [`Event::Withdraw`](crate::Event::Withdraw), in their order.
type Withdrawn = (String, Vec<Prefix>, Option<String>, Option<u8>);

pub(in crate::estate) fn withdrawn<'de, D>(deserializer: D) -> Result<Withdrawn, D::Error>
where
    D: Deserializer<'de>,
{
    let form = WithdrawForm::deserialize(deserializer)?;
    let instance = form.instance.map(u8::from);
    prefixes(form.prefix, form.prefixes, form.prefixes_from)
        .map(|prefixes| (form.nva, prefixes, form.to, instance))
        .map_err(de::Error::custom)
}
