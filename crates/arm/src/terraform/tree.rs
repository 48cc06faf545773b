//! The resources of a state or plan, and what refers to what.

use std::collections::BTreeMap;

use serde_json::Value;

use super::types;
use crate::resource::{Fields, SUBSCRIPTION};

/// How deep modules may lie in each other.
const DEPTH: usize = 32;

/// A resource of a state or plan.
#[derive(Clone, Debug)]
pub(super) struct Planned<'a> {
    address: &'a str,
    kind: &'a str,
    values: Fields<'a>,
    /// The expressions of its configuration, for a plan.
    expressions: Option<Fields<'a>>,
    /// The module that it is in: `module.a.`, or nothing.
    module: String,
}

impl<'a> Planned<'a> {
    /// Its address: `module.hub.azurerm_subnet.nva["a"]`.
    pub(super) const fn address(&self) -> &'a str {
        self.address
    }

    /// Its type.
    pub(super) const fn kind(&self) -> &'a str {
        self.kind
    }

    /// Its arguments and attributes.
    pub(super) const fn values(&self) -> Fields<'a> {
        self.values
    }

    /// What stands in brackets at the end of its address.
    fn index(&self) -> Option<&'a str> {
        let (_, index) = self.address.strip_suffix(']')?.rsplit_once('[')?;
        Some(index)
    }
}

/// All resources, by address.
pub(super) struct Tree<'a> {
    resources: BTreeMap<&'a str, Planned<'a>>,
}

impl<'a> Tree<'a> {
    /// The resources of what `terraform show -json` printed.
    pub(super) fn of(value: &'a Value) -> Self {
        let fields = Fields(value);
        let root = fields
            .field("values")
            .or_else(|| fields.field("planned_values"));
        let mut tree = Self {
            resources: BTreeMap::new(),
        };
        let configuration = fields.at(&["configuration", "root_module"]);
        if let Some(module) = root.and_then(|root| root.field("root_module")) {
            tree.enter(module, configuration, "", 0);
        }
        tree
    }

    fn enter(
        &mut self,
        module: Fields<'a>,
        configuration: Option<Fields<'a>>,
        path: &str,
        depth: usize,
    ) {
        for resource in module.items("resources") {
            let (Some(address), Some(kind), Some(values)) = (
                resource.text("address"),
                resource.text("type"),
                resource.field("values"),
            ) else {
                continue;
            };
            if resource.text("mode") == Some("data") {
                continue;
            }
            let plain = resource.text("name").unwrap_or_default();
            let expressions = configuration.and_then(|configuration| {
                let mut known = configuration.items("resources");
                let own = known
                    .find(|own| own.text("type") == Some(kind) && own.text("name") == Some(plain));
                own?.field("expressions")
            });
            let planned = Planned {
                address,
                kind,
                values,
                expressions,
                module: path.to_owned(),
            };
            self.resources.insert(address, planned);
        }
        if depth >= DEPTH {
            return;
        }
        for child in module.items("child_modules") {
            let Some(address) = child.text("address") else {
                continue;
            };
            let name = address.rsplit("module.").next().unwrap_or_default();
            let name = name.split('[').next().unwrap_or_default();
            let configuration =
                configuration.and_then(|own| own.at(&["module_calls", name, "module"]));
            self.enter(child, configuration, &format!("{address}."), depth + 1);
        }
    }

    /// All resources.
    pub(super) fn resources(&self) -> impl Iterator<Item = &Planned<'a>> {
        self.resources.values()
    }

    /// The id of a resource: the one it has, or the one that it will have.
    pub(super) fn id(&self, planned: &Planned<'a>) -> Option<String> {
        let own = planned
            .values
            .text("id")
            .filter(|id| id.contains("/providers/"));
        own.map(str::to_owned)
            .or_else(|| self.future_id(planned, 0))
    }

    fn future_id(&self, planned: &Planned<'a>, depth: usize) -> Option<String> {
        let name = planned.values.text("name").unwrap_or(planned.address);
        let path = match planned.kind {
            "azapi_resource" => planned.values.text("type")?.split('@').next()?,
            kind => types::path(kind)?,
        };
        let name = name.replace('/', "-");
        if let Some((parent_key, list)) = types::parent(planned.kind) {
            let parent = (depth < 4).then(|| self.reference(planned, parent_key))??;
            return Some(format!("{parent}/{list}/{name}"));
        }
        let group = planned
            .values
            .text("resource_group_name")
            .unwrap_or("terraform");
        Some(format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{path}/{name}"
        ))
    }

    /// The id that an argument has, or will have: by the references of the configuration.
    pub(super) fn reference(&self, planned: &Planned<'a>, key: &str) -> Option<String> {
        if let Some(text) = planned.values.text(key).filter(|text| !text.is_empty()) {
            if text.contains("/providers/") {
                return Some(text.to_owned());
            }
            // The name of a resource in place of its id.
            let mut named = self.resources.values();
            let of_name = named.find(|other| {
                other.values.text("name") == Some(text) && types::is_named_by(key, other.kind)
            });
            return of_name.and_then(|other| self.id(other));
        }
        self.referred(planned, planned.expressions?.field(key)?)
    }

    /// The id that an argument of a block refers to.
    pub(super) fn reference_in(
        &self,
        planned: &Planned<'a>,
        block: &str,
        n: usize,
        key: &str,
    ) -> Option<String> {
        let own = planned
            .values
            .items(block)
            .nth(n)
            .and_then(|own| own.text(key));
        if let Some(text) = own.filter(|text| text.contains("/providers/")) {
            return Some(text.to_owned());
        }
        let blocks = planned.expressions?.field(block)?;
        let mut items = blocks.0.as_array().into_iter().flatten().map(Fields);
        let expression = items.nth(n)?.field(key)?;
        self.referred(planned, expression)
    }

    /// The id of the first resource that an expression refers to.
    fn referred(&self, planned: &Planned<'a>, expression: Fields<'a>) -> Option<String> {
        let references = expression.texts("references");
        references.into_iter().find_map(|reference| {
            let target = self.target(planned, reference)?;
            self.id(target)
        })
    }

    /// The resource that a reference means: of several instances, the one of the same index.
    fn target(&self, planned: &Planned<'a>, reference: &str) -> Option<&Planned<'a>> {
        let mut words = reference.split('.');
        let (kind, name) = (words.next()?, words.next()?);
        let plain = name.split('[').next().unwrap_or_default();
        let base = format!("{}{kind}.{plain}", planned.module);
        if let Some(only) = self.resources.get(base.as_str()) {
            return Some(only);
        }
        let start = format!("{base}[");
        let of_name = || {
            self.resources
                .values()
                .filter(|own| own.address.starts_with(&start))
        };
        let exact = format!("{}{kind}.{name}", planned.module);
        let by_reference = self.resources.get(exact.as_str());
        by_reference
            .or_else(|| of_name().find(|own| own.index() == planned.index()))
            .or_else(|| of_name().next())
    }
}
