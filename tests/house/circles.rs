//! No circle of files: who imports whom within a crate runs one way, so that a file can be
//! understood after those that it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Item, UseTree, Visibility};

use crate::tree::{none, read, root, rust_files};

/// A module: the names on the way to it from the root of its crate.
type Module = Vec<String>;

/// The files of a crate, as modules that import from each other.
#[derive(Default)]
struct Crate {
    files: BTreeMap<Module, PathBuf>,
    /// What each module takes from where, but for what it only hands on.
    imports: Vec<(Module, Module)>,
    /// Where a name comes from that a module hands on.
    handed_on: BTreeMap<(Module, String), Module>,
}

impl Crate {
    /// Reads sources, by their path below `src`.
    fn new<'a>(sources: impl Iterator<Item = (&'a Path, String)>) -> Self {
        let mut it = Self::default();
        for (path, text) in sources {
            let module = module_of(path);
            let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
            it.files.insert(module.clone(), path.to_owned());
            for item in &file.items {
                if let Item::Use(item) = item {
                    let handed_on = !matches!(item.vis, Visibility::Inherited);
                    it.add(&module, &item.tree, &mut Vec::new(), handed_on);
                }
            }
        }
        it
    }

    fn add(&mut self, module: &Module, tree: &UseTree, path: &mut Module, handed_on: bool) {
        let name = match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.add(module, &part.tree, path, handed_on);
                path.pop();
                return;
            }
            UseTree::Group(group) => {
                let trees = group.items.iter();
                return trees.for_each(|tree| self.add(module, tree, path, handed_on));
            }
            UseTree::Name(name) => name.ident.to_string(),
            UseTree::Rename(rename) => rename.ident.to_string(),
            UseTree::Glob(_) => "*".to_owned(),
        };
        let Some(mut target) = absolute(module, path) else {
            return;
        };
        target.push(name.clone());
        if handed_on {
            self.handed_on.insert((module.clone(), name), target);
        } else {
            self.imports.push((module.clone(), target));
        }
    }

    /// The file that defines what a path names, as its module.
    fn defined_in(&self, path: &Module) -> Option<Module> {
        let length = (0..=path.len()).rfind(|length| self.files.contains_key(&path[..*length]))?;
        let module = path[..length].to_vec();
        let name = path.get(length).cloned().unwrap_or_default();
        match self.handed_on.get(&(module.clone(), name)) {
            Some(further) if further != path => self.defined_in(further),
            _ => Some(module),
        }
    }

    /// Files that import each other in a circle, a line for each circle.
    fn circles(&self) -> Vec<String> {
        let mut reached: BTreeMap<&Module, BTreeSet<Module>> = BTreeMap::new();
        for (from, target) in &self.imports {
            let from = self.files.get_key_value(from).expect("a file").0;
            let target = self.defined_in(target).filter(|to| to != from);
            reached.entry(from).or_default().extend(target);
        }
        loop {
            let before: usize = reached.values().map(BTreeSet::len).sum();
            for module in self.files.keys() {
                let near = reached.get(module).cloned().unwrap_or_default();
                let far = near.iter().filter_map(|near| reached.get(near));
                let far: BTreeSet<Module> = far.flatten().cloned().collect();
                reached.entry(module).or_default().extend(far);
            }
            if reached.values().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        let mut circles = BTreeSet::new();
        for (module, all) in reached
            .iter()
            .filter(|(module, all)| all.contains(**module))
        {
            let back = all.iter().filter(|other| reached[other].contains(*module));
            let paths: Vec<String> = back.map(|m| self.files[m].display().to_string()).collect();
            circles.insert(paths.join(", "));
        }
        circles.into_iter().collect()
    }
}

/// The module that a file below `src` is.
fn module_of(path: &Path) -> Module {
    let parts = path.with_extension("");
    let parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
    let mut module: Module = parts.collect();
    if matches!(
        module.last().map(String::as_str),
        Some("lib" | "main" | "mod")
    ) {
        module.pop();
    }
    module
}

/// A path of this crate from its root; none for other crates.
fn absolute(module: &Module, path: &Module) -> Option<Module> {
    let mut target = match path.first()?.as_str() {
        "crate" => Module::new(),
        "super" | "self" => module.clone(),
        // A child of the module, or another crate, which has no file here.
        _ => module.iter().chain(path).cloned().collect(),
    };
    if matches!(path[0].as_str(), "crate" | "super" | "self") {
        for part in path {
            match part.as_str() {
                "crate" | "self" => {}
                "super" => drop(target.pop()),
                name => target.push(name.to_owned()),
            }
        }
    }
    Some(target)
}

/// The circles of `crates/NAME/src`.
fn circles_of(name: &str) -> Vec<String> {
    let folder = format!("crates/{name}/src");
    let paths = rust_files(&folder);
    let sources = paths.iter().map(|path| {
        let below = path.strip_prefix(&folder).expect("below src");
        (below, read(path))
    });
    let circles = Crate::new(sources).circles().into_iter();
    circles.map(|circle| format!("{name}: {circle}")).collect()
}

#[test]
fn files_of_a_crate_import_each_other_one_way() {
    let crates = std::fs::read_dir(root().join("crates")).expect("crates");
    let mut found = Vec::new();
    for entry in crates {
        let name = entry.expect("a readable entry").file_name();
        found.extend(circles_of(&name.to_string_lossy()));
    }
    found.sort();
    none(&found);
}

#[test]
fn the_circle_rule_sees_circles_through_what_is_handed_on() {
    let sources = [
        ("lib.rs", "mod a; mod b; pub use a::inner::Thing;"),
        (
            "a.rs",
            "mod inner; pub use inner::Thing; use crate::b::Other;",
        ),
        (
            "a/inner.rs",
            "use crate::b::{Other, More}; pub struct Thing;",
        ),
        (
            "b.rs",
            "use crate::Thing; pub struct Other; pub struct More;",
        ),
    ];
    let sources = sources.map(|(path, text)| (Path::new(path), text.to_owned()));
    assert_eq!(
        Crate::new(sources.into_iter()).circles(),
        ["a/inner.rs, b.rs"]
    );
}
