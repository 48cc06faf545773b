//! Promises: what is to hold of packets and routes, whatever fails.

use routehub::{Promise, Unless};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Error as _;

use crate::syntax::diagnostic::Fault;
use crate::syntax::node::Node;
use crate::syntax::value_deserializer::Context;

/// A name, or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "one of: a name or a list of names")]
#[schemars(untagged, rename = "Names")]
pub(crate) enum Names {
    /// One.
    #[serde(rename = "text")]
    Only(String),
    /// Several.
    #[serde(rename = "list")]
    Several(Vec<String>),
}

impl Names {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::Only(name) => vec![name],
            Self::Several(names) => names,
        }
    }
}

/// From where to where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "ends")]
#[schemars(rename = "PromisedEnds")]
pub(crate) struct EndsForm {
    /// Where packets start: a NIC, NVA, site, circuit or address, or a list of such.
    from: Names,
    /// Where they go, likewise.
    to: Names,
}

/// Devices, with the ends of the ways that are meant or without.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "one of: a name, a list of names, or a mapping with `from`, `to` and `names`")]
#[schemars(untagged, rename = "PromisedDevices")]
pub(crate) enum DevicesForm {
    /// One.
    #[serde(rename = "text")]
    Only(String),
    /// Several.
    #[serde(rename = "list")]
    Several(Vec<String>),
    /// Between two ends.
    #[serde(rename = "map")]
    Between(DevicesBetween),
}

/// Devices between two ends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "devices")]
#[schemars(rename = "DevicesBetween")]
pub(crate) struct DevicesBetween {
    /// Where packets start.
    from: Names,
    /// Where they go.
    to: Names,
    /// The devices.
    names: Names,
}

/// Whether both ways are the same, or of which ends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "one of: true, or a mapping with `from` and `to`")]
#[schemars(untagged, rename = "PromisedSymmetry")]
pub(crate) enum SymmetricForm {
    /// Whether.
    #[serde(rename = "text")]
    Whether(bool),
    /// Of these ends.
    #[serde(rename = "map")]
    Between(EndsForm),
}

/// A promise, as the file writes it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "promise")]
#[schemars(rename = "Promise")]
pub(crate) struct PromiseForm {
    /// Packets arrive, from each of the first to each of the others.
    reachable: Option<EndsForm>,
    /// Where packets start, of the keys below.
    from: Option<Names>,
    /// Where they go.
    to: Option<Names>,
    /// Every way that arrives passes one of these. Without ends: those that do while nothing has
    /// failed go on doing so.
    via: Option<DevicesForm>,
    /// No way passes any of these.
    never_via: Option<DevicesForm>,
    /// Stateful NVAs see both halves of connections.
    symmetric: Option<SymmetricForm>,
    /// An NVA, Route Server or circuit; needs `at_most`.
    routes_of: Option<String>,
    /// So many routes an instance holds of the NVA, are in the Route Server or are sent to the
    /// circuit, at most.
    at_most: Option<u32>,
    /// Under `unless_failed`: what has failed where it need not hold, by name; anything, if left
    /// out.
    failed: Option<Names>,
    /// Why it is promised.
    why: Option<String>,
}

/// Reads what one entry promises: of every pair of ends that it names.
pub(crate) fn promises(
    context: Context<'_>,
    node: &Node,
    excused: bool,
) -> Result<Vec<Promise>, Fault> {
    let context = Context {
        ipv6: true,
        ..context
    };
    let read = read(context, node, excused);
    read.map_err(|fault| fault.in_object(node.object("promise")).within(node.span))
}

fn read(context: Context<'_>, node: &Node, excused: bool) -> Result<Vec<Promise>, Fault> {
    let mut form: PromiseForm = context.read(node)?;
    let unless = match (excused, form.failed.take()) {
        (true, Some(failed)) => Unless::Named(failed.into_list()),
        (true, None) => Unless::Anything,
        (false, None) => Unless::Nothing,
        (false, Some(_)) => {
            let message = "`failed` stands in promises of `unless_failed`";
            return Err(Fault::custom(message));
        }
    };
    let line = context.line(node);
    form.promises(&unless, line).map_err(Fault::custom)
}

impl PromiseForm {
    /// A promise for each pair of ends that the entry names.
    fn promises(self, unless: &Unless, line: usize) -> Result<Vec<Promise>, String> {
        let ends = |form: EndsForm| [form.from.into_list(), form.to.into_list()];
        let mut promises: Vec<Promise> = Vec::new();
        let common = match (self.from, self.to) {
            (Some(from), Some(to)) => Some([from.into_list(), to.into_list()]),
            (None, None) => None,
            _ => return Err("`from` and `to` belong together".to_owned()),
        };
        let common = common.or_else(|| self.reachable.clone().map(ends));
        let new = |own: Option<[Vec<String>; 2]>| Promise {
            ends: own.or_else(|| common.clone()),
            unless: unless.clone(),
            why: self.why.clone(),
            line,
            ..Promise::default()
        };
        if let Some(form) = self.reachable {
            promises.push(Promise {
                reachable: true,
                ..new(Some(ends(form)))
            });
        }
        if let Some((own, via)) = self.via.map(DevicesForm::split) {
            promises.push(Promise { via, ..new(own) });
        }
        if let Some((own, never_via)) = self.never_via.map(DevicesForm::split) {
            promises.push(Promise {
                never_via,
                ..new(own)
            });
        }
        let symmetric = self.symmetric.map(|form| match form {
            SymmetricForm::Whether(symmetric) => (symmetric, None),
            SymmetricForm::Between(form) => (true, Some(ends(form))),
        });
        if let Some((true, own)) = symmetric {
            promises.push(Promise {
                symmetric: true,
                ..new(own)
            });
        }
        match (self.routes_of, self.at_most) {
            (Some(name), Some(most)) => promises.push(Promise {
                routes: Some((name, most as usize)),
                ..new(None)
            }),
            (None, None) => {}
            _ => return Err("`routes_of` and `at_most` belong together".to_owned()),
        }
        if promises.is_empty() {
            return Err(
                "one of `reachable`, `via`, `never_via`, `symmetric`, `routes_of` is needed"
                    .to_owned(),
            );
        }
        Ok(promises)
    }
}

impl DevicesForm {
    /// The ends of the ways, if they are given, and the devices.
    fn split(self) -> (Option<[Vec<String>; 2]>, Vec<String>) {
        match self {
            Self::Only(name) => (None, vec![name]),
            Self::Several(names) => (None, names),
            Self::Between(form) => {
                let ends = [form.from.into_list(), form.to.into_list()];
                (Some(ends), form.names.into_list())
            }
        }
    }
}
