//! Templates of Azure's resource manager, also as Bicep is compiled to them: the resources that one
//! makes, with its parameters and expressions worked out.

mod error;
mod expression;
mod functions;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use error::{TemplateError, brief};
use expression::Expression;
use functions::{call, weight};

/// How deep deployments may lie in each other.
const NESTED: usize = 8;
/// How deep values and calls may lie in each other, through variables too.
const DEEP: usize = 150;
/// What all values that are worked out may weigh: expressions can multiply.
const WORK: usize = 1 << 26;
/// Resources that a template may make, and copies of one.
const MOST: usize = 800;

/// Whether a value is a template.
pub(crate) fn is_template(value: &Value) -> bool {
    let schema = value["$schema"].as_str().unwrap_or_default();
    schema
        .to_ascii_lowercase()
        .contains("deploymenttemplate.json")
}

/// Where a template is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    subscription: String,
    group: String,
}

impl Scope {
    /// The scope of the resource that an id names.
    pub(crate) fn of(id: &str) -> Self {
        let after = |key: &str| {
            let lower = id.to_ascii_lowercase();
            let start = lower.find(key).map(|at| at + key.len());
            let rest = start.and_then(|start| id.get(start..)).unwrap_or_default();
            rest.split('/').next().unwrap_or_default().to_owned()
        };
        Self {
            subscription: after("/subscriptions/"),
            group: after("/resourcegroups/"),
        }
    }

    /// The id of a resource by its kind with provider, and its names.
    fn resource_id(&self, kind: &str, names: &[String]) -> String {
        let mut kinds = kind.split('/');
        let provider = kinds.next().unwrap_or_default();
        let mut path = provider.to_owned();
        for (kind, name) in kinds.zip(names) {
            path = format!("{path}/{kind}/{name}");
        }
        let Self {
            subscription,
            group,
        } = self;
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{path}")
    }
}

/// What a template makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// Resources by id, each after those that it needs.
    pub(crate) resources: Vec<(String, Map<String, Value>)>,
    /// Its outputs, each with type and value.
    pub(crate) outputs: Value,
}

/// A template at work.
pub(crate) struct Template<'a> {
    template: &'a Value,
    parameters: Map<String, Value>,
    scope: Scope,
    depth: usize,
    /// What all values so far weigh, those of deployments around this one too.
    work: Rc<Cell<usize>>,
    /// How deep it is just now.
    deep: Rc<Cell<usize>>,
    made: Made,
    /// What `reference` gives, by id and by symbolic name.
    known: BTreeMap<String, Value>,
    /// Which copies are being made: loops by name, the innermost last.
    copies: Vec<(String, usize)>,
}

impl<'a> Template<'a> {
    /// A template with the parameters of its deployment.
    ///
    /// # Errors
    /// [`TemplateError`] if it is none, or a parameter has no value.
    pub(crate) fn new(
        template: &'a Value,
        given: &Value,
        scope: &Scope,
    ) -> Result<Self, TemplateError> {
        if !template.is_object() {
            return Err(TemplateError("the template is not an object".to_owned()));
        }
        let mut this = Self {
            template,
            parameters: Map::new(),
            scope: scope.clone(),
            depth: 0,
            work: Rc::default(),
            deep: Rc::default(),
            made: Made::default(),
            known: BTreeMap::new(),
            copies: Vec::new(),
        };
        let declared = template["parameters"].as_object().into_iter().flatten();
        for (name, declared) in declared {
            let value = match (given.get(name).and_then(|own| own.get("value")), declared) {
                (Some(value), _) => value.clone(),
                (None, declared) => match declared.get("defaultValue") {
                    Some(default) => this.resolved(default)?,
                    None if declared["nullable"] == true => Value::Null,
                    None => {
                        let message = format!("the parameter '{name}' has no value");
                        return Err(TemplateError(message));
                    }
                },
            };
            this.parameters.insert(name.clone(), value);
        }
        Ok(this)
    }

    /// What it makes.
    ///
    /// # Errors
    /// [`TemplateError`] for an expression that has no value.
    pub(crate) fn made(mut self) -> Result<Made, TemplateError> {
        let mut waiting: Vec<(String, &Value)> = match &self.template["resources"] {
            Value::Array(resources) => resources.iter().map(|own| (String::new(), own)).collect(),
            Value::Object(named) => named
                .iter()
                .map(|(name, own)| (name.clone(), own))
                .collect(),
            _ => Vec::new(),
        };
        // What refers to others is made after them, whatever the order they stand in.
        while !waiting.is_empty() {
            let mut later = Vec::new();
            let mut failure = None;
            let before = waiting.len();
            for (symbol, resource) in waiting {
                let mark = self.made.resources.len();
                if let Err(error) = self.make_all(&symbol, resource) {
                    self.made.resources.truncate(mark);
                    failure = Some(error);
                    later.push((symbol, resource));
                }
            }
            if let Some(failure) = failure.filter(|_| later.len() == before) {
                return Err(failure);
            }
            waiting = later;
        }
        let mut outputs = Map::new();
        let declared = self.template["outputs"].as_object().into_iter().flatten();
        for (name, output) in declared {
            // An output that depends on what only Azure knows is left out.
            if let Ok(value) = self.resolved(&output["value"]) {
                outputs.insert(
                    name.clone(),
                    json!({"type": output["type"], "value": value}),
                );
            }
        }
        self.made.outputs = Value::Object(outputs);
        Ok(self.made)
    }

    /// Makes the copies of a resource, or the only one.
    fn make_all(&mut self, symbol: &str, resource: &Value) -> Result<(), TemplateError> {
        let Some(copy) = resource.get("copy").filter(|copy| copy.is_object()) else {
            return self.make(symbol, resource, None);
        };
        let name = copy["name"].as_str().unwrap_or(symbol).to_owned();
        for n in 0..self.count(&copy["count"])? {
            self.copies.push((name.clone(), n));
            let made = self.make(symbol, resource, None);
            self.copies.pop();
            made?;
        }
        Ok(())
    }

    fn count(&self, value: &Value) -> Result<usize, TemplateError> {
        let count = self.resolved(value)?;
        let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
        count
            .filter(|count| *count <= MOST)
            .ok_or_else(|| TemplateError(format!("a copy is made 0 to {MOST} times")))
    }

    fn make(
        &mut self,
        symbol: &str,
        resource: &Value,
        parent: Option<(&str, &str)>,
    ) -> Result<(), TemplateError> {
        let is_wanted = match resource.get("condition") {
            Some(condition) => self.resolved(condition)? != json!(false),
            None => true,
        };
        if !is_wanted {
            return Ok(());
        }
        let text = |value: Value| value.as_str().map(str::to_owned).unwrap_or_default();
        let (mut kind, mut name) = (
            text(resource["type"].clone()),
            text(self.resolved(&resource["name"])?),
        );
        if let Some((parent_kind, parent_name)) = parent {
            kind = format!("{parent_kind}/{kind}");
            name = format!("{parent_name}/{name}");
        }
        let names: Vec<String> = name.split('/').map(str::to_owned).collect();
        let id = self.scope.resource_id(&kind, &names);
        if !symbol.is_empty() {
            self.known
                .insert(symbol.to_owned(), json!({"id": id, "name": name}));
        }
        if resource["existing"] == true {
            return Ok(());
        }
        if self.made.resources.len() >= MOST {
            return Err(TemplateError(format!("more than {MOST} resources")));
        }
        if kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
            return self.nest(symbol, &id, resource);
        }
        let mut value = Map::new();
        let left_out = [
            "type",
            "apiVersion",
            "dependsOn",
            "copy",
            "condition",
            "resources",
            "comments",
        ];
        for (key, own) in resource.as_object().into_iter().flatten() {
            if !left_out.contains(&key.as_str()) {
                value.insert(key.clone(), self.resolved(own)?);
            }
        }
        let mut shown = value.clone();
        shown.insert("id".to_owned(), json!(id));
        self.know(symbol, &id, Value::Object(shown));
        self.made.resources.push((id, value));
        for part in resource["resources"].as_array().into_iter().flatten() {
            self.make("", part, Some((&kind, &name)))?;
        }
        Ok(())
    }

    /// Keeps a resource for `reference`.
    fn know(&mut self, symbol: &str, id: &str, value: Value) {
        if !symbol.is_empty() {
            self.known.insert(symbol.to_owned(), value.clone());
        }
        self.known.insert(id.to_ascii_lowercase(), value);
    }

    /// Makes what a deployment inside this one makes.
    fn nest(&mut self, symbol: &str, id: &str, resource: &Value) -> Result<(), TemplateError> {
        if self.depth >= NESTED {
            return Err(TemplateError(format!(
                "deployments lie more than {NESTED} deep"
            )));
        }
        let properties = &resource["properties"];
        let options = &properties["expressionEvaluationOptions"]["scope"];
        let is_inner = options
            .as_str()
            .is_some_and(|own| own.eq_ignore_ascii_case("inner"));
        let mut scope = self.scope.clone();
        if let Some(group) = resource.get("resourceGroup") {
            scope.group = self
                .resolved(group)?
                .as_str()
                .unwrap_or_default()
                .to_owned();
        }
        let given = self.resolved(&properties["parameters"])?;
        let template = &properties["template"];
        let outer = (!is_inner)
            .then(|| self.resolved_template(template))
            .transpose()?;
        let mut nested = Template::new(outer.as_ref().unwrap_or(template), &given, &scope)?;
        nested.depth = self.depth + 1;
        nested.work = Rc::clone(&self.work);
        nested.deep = Rc::clone(&self.deep);
        let made = nested.made()?;
        let shown = json!({"id": id, "properties": {"outputs": made.outputs}});
        self.know(symbol, id, shown);
        self.made.resources.extend(made.resources);
        if self.made.resources.len() > MOST {
            return Err(TemplateError(format!("more than {MOST} resources")));
        }
        Ok(())
    }

    /// A template inside this one whose expressions are worked out here.
    fn resolved_template(&self, template: &Value) -> Result<Value, TemplateError> {
        let mut template = template.clone();
        let resources = template["resources"].clone();
        template["resources"] = self.resolved(&resources)?;
        Ok(template)
    }

    /// One level deeper, if that is not too deep: variables can lead to themselves.
    fn deeper<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        let deep = self.deep.get();
        if deep >= DEEP {
            return Err(TemplateError(format!("values lie more than {DEEP} deep")));
        }
        self.deep.set(deep + 1);
        let done = work(self);
        self.deep.set(deep);
        done
    }

    /// A value with its expressions worked out.
    fn resolved(&self, value: &Value) -> Result<Value, TemplateError> {
        self.deeper(|this| this.resolve(value))
    }

    fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::String(text) => match Expression::of(text)? {
                Some(expression) => self.value_of(&expression),
                None => Ok(json!(
                    text.strip_prefix('[')
                        .filter(|rest| rest.starts_with('['))
                        .unwrap_or(text)
                )),
            },
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolved(item));
                items.collect::<Result<Vec<_>, _>>().map(Value::Array)
            }
            Value::Object(fields) => {
                let mut resolved = Map::new();
                for (key, value) in fields {
                    match value {
                        Value::Array(copies) if key == "copy" => {
                            for copy in copies {
                                let name = copy["name"].as_str().unwrap_or_default();
                                resolved.insert(name.to_owned(), self.copied(name, copy)?);
                            }
                        }
                        value => {
                            resolved.insert(key.clone(), self.resolved(value)?);
                        }
                    }
                }
                Ok(Value::Object(resolved))
            }
            other => Ok(other.clone()),
        }
    }

    /// The items of a list that is a loop.
    fn copied(&self, name: &str, copy: &Value) -> Result<Value, TemplateError> {
        let mut items = Vec::new();
        for n in 0..self.count(&copy["count"])? {
            let inner = self.within(name, n);
            items.push(inner.resolved(&copy["input"])?);
        }
        Ok(Value::Array(items))
    }

    /// The same template inside one more loop.
    fn within(&self, name: &str, n: usize) -> Self {
        let mut copies = self.copies.clone();
        copies.push((name.to_owned(), n));
        Self {
            template: self.template,
            parameters: self.parameters.clone(),
            scope: self.scope.clone(),
            depth: self.depth,
            work: Rc::clone(&self.work),
            deep: Rc::clone(&self.deep),
            made: Made::default(),
            known: self.known.clone(),
            copies,
        }
    }

    fn value_of(&self, expression: &Expression) -> Result<Value, TemplateError> {
        self.deeper(|this| this.work_out(expression))
    }

    fn work_out(&self, expression: &Expression) -> Result<Value, TemplateError> {
        match expression {
            Expression::Literal(value) => Ok(value.clone()),
            Expression::Field(of, key) => {
                let (of, key) = (self.value_of(of)?, self.value_of(key)?);
                let found = match &key {
                    Value::String(key) => of
                        .as_object()
                        .and_then(|fields| {
                            let mut fields = fields.iter();
                            fields.find(|(name, _)| name.eq_ignore_ascii_case(key))
                        })
                        .map(|(_, value)| value.clone()),
                    key => key
                        .as_u64()
                        .and_then(|n| of.get(usize::try_from(n).ok()?).cloned()),
                };
                found.ok_or_else(|| TemplateError(format!("there is no {key} in {}", brief(&of))))
            }
            Expression::Call(name, arguments) => {
                let lower = name.to_ascii_lowercase();
                if lower == "if" {
                    let [condition, yes, no] = arguments.as_slice() else {
                        return Err(TemplateError("if takes three arguments".to_owned()));
                    };
                    let is = self.value_of(condition)? == json!(true);
                    return self.value_of(if is { yes } else { no });
                }
                let arguments = arguments.iter().map(|argument| self.value_of(argument));
                let arguments: Vec<Value> = arguments.collect::<Result<_, _>>()?;
                let value = match self.here(&lower, &arguments)? {
                    Some(value) => value,
                    None => call(&lower, &arguments)?,
                };
                self.work
                    .set(self.work.get().saturating_add(weight(&value)));
                match self.work.get() {
                    ..=WORK => Ok(value),
                    _ => Err(TemplateError(
                        "the expressions take too much work".to_owned(),
                    )),
                }
            }
        }
    }

    /// Functions that depend on the template and on where it is deployed.
    fn here(&self, name: &str, arguments: &[Value]) -> Result<Option<Value>, TemplateError> {
        let text = |n: usize| arguments.get(n).and_then(Value::as_str).unwrap_or_default();
        let Scope {
            subscription,
            group,
        } = &self.scope;
        Ok(Some(match name {
            "parameters" => {
                let found = self.parameters.get(text(0)).cloned();
                found
                    .ok_or_else(|| TemplateError(format!("there is no parameter '{}'", text(0))))?
            }
            "variables" => self.variable(text(0))?,
            "resourceid" => {
                let at = arguments.iter().position(|own| {
                    own.as_str()
                        .is_some_and(|text| text.contains('/') && text.contains('.'))
                });
                let at = at.unwrap_or_default();
                let mut scope = self.scope.clone();
                match at {
                    1 => text(0).clone_into(&mut scope.group),
                    2 => {
                        text(0).clone_into(&mut scope.subscription);
                        text(1).clone_into(&mut scope.group);
                    }
                    _ => {}
                }
                let names = arguments.iter().skip(at + 1).filter_map(Value::as_str);
                let names: Vec<String> = names
                    .flat_map(|name| name.split('/'))
                    .map(str::to_owned)
                    .collect();
                json!(scope.resource_id(text(at), &names))
            }
            "resourcegroup" => json!({
                "name": group,
                "id": format!("/subscriptions/{subscription}/resourceGroups/{group}"),
                "location": "westeurope",
            }),
            "subscription" => json!({
                "subscriptionId": subscription,
                "id": format!("/subscriptions/{subscription}"),
                "tenantId": "",
            }),
            "deployment" => json!({"name": "deployment"}),
            "reference" | "resourceinfo" => {
                self.reference(text(0), name == "resourceinfo" || arguments.len() > 2)?
            }
            "copyindex" => self.copy_index(arguments)?,
            _ => return Ok(None),
        }))
    }

    fn variable(&self, name: &str) -> Result<Value, TemplateError> {
        let variables = &self.template["variables"];
        if let Some(variable) = variables.get(name) {
            return self.resolved(variable);
        }
        let loops = variables["copy"].as_array().into_iter().flatten();
        let mut loops = loops.filter(|copy| copy["name"] == name);
        match loops.next() {
            Some(copy) => self.copied(name, copy),
            None => Err(TemplateError(format!("there is no variable '{name}'"))),
        }
    }

    fn reference(&self, to: &str, whole: bool) -> Result<Value, TemplateError> {
        let by_name = || {
            let end = format!("/{}", to.to_ascii_lowercase());
            let mut known = self.known.iter();
            known
                .find(|(id, _)| id.ends_with(&end))
                .map(|(_, value)| value)
        };
        let known = self
            .known
            .get(to)
            .or_else(|| self.known.get(&to.to_ascii_lowercase()));
        let value = known.or_else(by_name);
        let value = value.ok_or_else(|| TemplateError(format!("nothing is known of '{to}'")))?;
        Ok(if whole {
            value.clone()
        } else {
            value["properties"].clone()
        })
    }

    fn copy_index(&self, arguments: &[Value]) -> Result<Value, TemplateError> {
        let (name, offset) = match arguments {
            [Value::String(name), rest @ ..] => (Some(name), rest.first()),
            rest => (None, rest.first()),
        };
        let mut copies = self.copies.iter().rev();
        let index = copies.find(|(own, _)| name.is_none_or(|name| own.eq_ignore_ascii_case(name)));
        let (_, index) =
            index.ok_or_else(|| TemplateError("copyIndex outside a copy".to_owned()))?;
        let offset = offset.and_then(Value::as_u64).unwrap_or_default();
        Ok(json!(offset.saturating_add(*index as u64)))
    }
}
