//! Dynamic neighbours: prefixes from which a plain route server takes routers that the file does not
//! describe.

use std::net::IpAddr;
use std::num::NonZeroU16;

use routehub::Estate;
use routehub::estate::forms::InstanceNumber;
use routehub::types::{Asn, Prefix};
use schemars::JsonSchema;
use serde::Deserialize;

use super::live_peer::LivePeer;
use crate::syntax::diagnostic::Fault;
use crate::syntax::node::Node;
use crate::syntax::value_deserializer::Context;

/// The key of a Route Server.
pub(crate) const KEY: &str = "dynamic_neighbors";

/// Routers that a plain route server takes as peers without their being described: whoever
/// connects from a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamicNeighbors {
    /// From where.
    pub prefix: Prefix,
    /// The ASNs that they may have; none: any.
    pub asns: Option<Vec<Asn>>,
    /// With which instances of the Route Server.
    pub instances: [bool; 2],
    /// How many sessions there may be at a time.
    pub at_most: NonZeroU16,
    /// How the session of each is run.
    pub template: LivePeer,
}

impl DynamicNeighbors {
    /// How many sessions there may be where nothing is said.
    pub const AT_MOST: NonZeroU16 = match NonZeroU16::new(100) {
        Some(number) => number,
        None => NonZeroU16::MIN,
    };

    /// Whether an address is one of theirs.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.prefix.contains_address(address)
    }

    /// Whether a router may have an ASN.
    pub fn allows(&self, asn: Asn) -> bool {
        self.asns.as_ref().is_none_or(|asns| asns.contains(&asn))
    }
}

/// Routers that are taken as peers from a prefix (profile `open`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "dynamic neighbors")]
#[schemars(rename = "DynamicNeighbors")]
pub(crate) struct DynamicForm {
    /// From where they connect: inside the Route Server's network, and in no other such prefix.
    prefix: Prefix,
    /// The ASN that each must have, a list of those that it may have, or `any`.
    asn: AsnsForm,
    /// With which instances; both, if left out.
    #[serde(default)]
    instances: Option<Vec<InstanceNumber>>,
    /// How many sessions there may be at a time; more connections are refused.
    #[serde(default = "at_most")]
    at_most: NonZeroU16,
}

const fn at_most() -> NonZeroU16 {
    DynamicNeighbors::AT_MOST
}

/// An ASN, several, or any.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "one of: an ASN, a list of ASNs, or `any`")]
#[schemars(untagged, rename = "AsnsForm")]
enum AsnsForm {
    /// This one.
    #[serde(rename = "number")]
    Only(Asn),
    /// One of these.
    #[serde(rename = "list")]
    Several(Vec<Asn>),
    /// Any.
    #[serde(rename = "text")]
    Any(AnyAsn),
}

/// `any`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AnyAsn {
    /// Any ASN.
    Any,
}

impl AsnsForm {
    fn into_asns(self) -> Option<Vec<Asn>> {
        match self {
            Self::Only(asn) => Some(vec![asn]),
            Self::Several(asns) => Some(asns),
            Self::Any(AnyAsn::Any) => None,
        }
    }
}

/// Which instances a list names; both without a list.
fn both_or(list: Option<&[InstanceNumber]>) -> [bool; 2] {
    let Some(list) = list else { return [true; 2] };
    [0, 1].map(|instance| list.iter().any(|named| u8::from(*named) == instance))
}

/// Reads the dynamic neighbours of a Route Server.
///
/// # Errors
/// What is wrong with them; under a profile of Azure, that there are none.
pub(super) fn read(
    context: Context<'_>,
    server: &Node,
    transparent: bool,
    estate: &Estate,
) -> Result<Vec<DynamicNeighbors>, Fault> {
    let Some(node) = server.field(KEY) else {
        return Ok(Vec::new());
    };
    let forms: Option<Vec<DynamicForm>> = context.read(node).map_err(|fault| fault.under(KEY))?;
    let forms = forms.unwrap_or_default();
    if !transparent && !forms.is_empty() {
        let message = "only a plain route server has dynamic neighbours (`profile: open`): a Route \
                       Server of Azure peers with those that are configured";
        return Err(Fault::new(node.span, format!("`{KEY}`: {message}")));
    }
    let space = server.text_of("vnet").and_then(|name| {
        let vnet = estate.vnets.iter().find(|vnet| vnet.name == name)?;
        Some((name, &vnet.address_space))
    });
    let mut all: Vec<DynamicNeighbors> = Vec::new();
    for (form, item) in forms.into_iter().zip(node.items()) {
        let template = LivePeer::read(context, item).map_err(|fault| fault.under(KEY))?;
        let prefix = form.prefix;
        let at = item.field("prefix").unwrap_or(item).span;
        if let Some(other) = all.iter().find(|other| other.prefix.overlaps(prefix)) {
            let message = format!("`{KEY}`: {prefix} overlaps with {}", other.prefix);
            return Err(Fault::new(at, message));
        }
        if let Some((vnet, space)) = space
            && !space.iter().any(|own| own.contains(prefix))
        {
            let message = format!("`{KEY}`: {prefix} does not lie inside `{vnet}`");
            return Err(Fault::new(at, message));
        }
        all.push(DynamicNeighbors {
            prefix,
            asns: form.asn.into_asns(),
            instances: both_or(form.instances.as_deref()),
            at_most: form.at_most,
            template,
        });
    }
    Ok(all)
}
