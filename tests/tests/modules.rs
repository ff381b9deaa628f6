//! Files that need one another: no circle is larger than a folder and its `mod.rs`.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree};

/// A module's place in its crate, or a path as it is written.
type Names = Vec<String>;

/// What a module has in it, as far as paths need it.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// What it defines itself.
    items: BTreeSet<String>,
    /// Names that it takes from elsewhere, each with its path: others may take them from here.
    taken: BTreeMap<String, Names>,
    /// Paths of which it takes everything.
    globs: Vec<Names>,
    /// Every path in it.
    paths: Vec<Names>,
}

/// The modules of a crate by their places; the root's is empty.
#[derive(Default)]
struct Crate(BTreeMap<Names, Module>);

/// Gathers what one module holds. Tests are left out: they may look at all.
struct Gather<'a> {
    module: &'a mut Module,
    /// Modules within, with their text where it stands in the same file.
    inner: Vec<(String, Option<Vec<Item>>)>,
}

impl<'ast> Visit<'ast> for Gather<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let items = item.content.as_ref().map(|(_, items)| items.clone());
        self.inner.push((item.ident.to_string(), items));
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.take(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.module.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    /// `pub(crate)` needs nothing of the crate.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
        syn::visit::visit_macro(self, call);
    }
}

impl Gather<'_> {
    fn take(&mut self, tree: &UseTree, before: &mut Names) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.take(&path.tree, before);
                before.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take(tree, before)),
            UseTree::Glob(_) => {
                self.module.globs.push(before.clone());
                self.module.paths.push(before.clone());
            }
            UseTree::Name(name) => self.named(before, &name.ident.to_string(), &name.ident.to_string()),
            UseTree::Rename(name) => self.named(before, &name.ident.to_string(), &name.rename.to_string()),
        }
    }

    fn named(&mut self, before: &Names, name: &str, known_as: &str) {
        let mut path = before.clone();
        let mut known_as = known_as.to_string();
        if name != "self" {
            path.push(name.to_string());
        } else if known_as == "self" {
            known_as = before.last().cloned().unwrap_or_default();
        }
        self.module.taken.insert(known_as, path.clone());
        self.module.paths.push(path);
    }

    /// Paths in what a macro is given, which is no syntax yet.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Names = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.token_path(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => colons = 0,
            }
        }
        self.token_path(path);
    }

    fn token_path(&mut self, path: Names) {
        // A word alone says too little: `pub(crate)` names nothing of the crate.
        if path.len() > 1 {
            self.module.paths.push(path);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether it is marked `#[cfg(test)]`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

fn defined(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        Item::Union(item) => item.ident.to_string(),
        Item::Macro(item) => item.ident.as_ref()?.to_string(),
        _ => return None,
    })
}

impl Crate {
    /// Reads a crate from its root on. `read` gives a file's text where there is that file.
    fn read(root: &Path, read: &impl Fn(&Path) -> Option<String>) -> Self {
        let mut of = Self::default();
        of.file(root, root.parent().unwrap(), Vec::new(), read);
        of
    }

    /// Reads a file; the modules that it names are in `folder`.
    fn file(&mut self, file: &Path, folder: &Path, place: Names, read: &impl Fn(&Path) -> Option<String>) {
        let text = read(file).unwrap_or_else(|| panic!("there is no {}", file.display()));
        let items = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).items;
        self.module(items, file, folder, place, read);
    }

    fn module(
        &mut self,
        items: Vec<Item>,
        file: &Path,
        folder: &Path,
        place: Names,
        read: &impl Fn(&Path) -> Option<String>,
    ) {
        let mut module = Module { file: file.to_path_buf(), ..Module::default() };
        module.items.extend(items.iter().filter_map(defined));
        let mut gather = Gather { module: &mut module, inner: Vec::new() };
        items.iter().for_each(|item| gather.visit_item(item));
        let inner = gather.inner;
        self.0.insert(place.clone(), module);
        for (name, items) in inner {
            let (mut place, within) = (place.clone(), folder.join(&name));
            place.push(name);
            let beside = within.with_extension("rs");
            match items {
                Some(items) => self.module(items, file, &within, place, read),
                None if read(&beside).is_some() => self.file(&beside, &within, place, read),
                None => self.file(&within.join("mod.rs"), &within, place, read),
            }
        }
    }

    /// The module that defines what a path in the module `from` names; none where that is not in this crate.
    fn definition(&self, from: &Names, path: &[String], depth: usize) -> Option<Names> {
        let (first, mut rest) = path.split_first()?;
        let mut place = match first.as_str() {
            "crate" => Names::new(),
            "self" => from.clone(),
            "super" => from[..from.len().checked_sub(1)?].to_vec(),
            _ => {
                rest = path;
                from.clone()
            }
        };
        let rooted = rest.len() < path.len();
        for (at, name) in rest.iter().enumerate() {
            if name == "super" {
                place.pop()?;
                continue;
            }
            let mut child = place.clone();
            child.push(name.clone());
            if self.0.contains_key(&child) {
                place = child;
                continue;
            }
            let module = self.0.get(&place)?;
            if module.items.contains(name) {
                return Some(place);
            }
            if depth == 0 {
                return None;
            }
            if let Some(taken) = module.taken.get(name) {
                let whole: Names = taken.iter().chain(&rest[at + 1..]).cloned().collect();
                // A name is not its own explanation: `use png::png`.
                let same = whole == path && &place == from;
                return if same { None } else { self.definition(&place, &whole, depth - 1) };
            }
            let of_glob = |glob: &Names| {
                let whole: Names = glob.iter().chain(&rest[at..]).cloned().collect();
                self.definition(&place, &whole, depth - 1)
            };
            // What a macro makes, or what lies in another crate, is where the path leads.
            return module.globs.iter().find_map(of_glob).or_else(|| (rooted || at > 0).then_some(place));
        }
        (rooted || !rest.is_empty()).then_some(place)
    }

    /// Which files each file needs.
    fn needs(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut needs: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
        for (place, module) in &self.0 {
            let targets = module.paths.iter().filter_map(|path| self.definition(place, path, 8));
            let files = targets.map(|target| self.0[&target].file.as_path()).filter(|&file| file != module.file);
            needs.entry(&module.file).or_default().extend(files);
        }
        needs
    }

    /// Files each of which needs every other, by way of others.
    fn circles(&self) -> Vec<BTreeSet<&Path>> {
        let needs = self.needs();
        let reached: BTreeMap<&Path, BTreeSet<&Path>> = needs.keys().map(|&file| (file, reach(&needs, file))).collect();
        let circle = |&file: &&Path| -> BTreeSet<&Path> {
            reached[file].iter().copied().filter(|other| reached[other].contains(file)).collect()
        };
        let circles: BTreeSet<BTreeSet<&Path>> = needs.keys().map(circle).filter(|circle| circle.len() > 1).collect();
        circles.into_iter().collect()
    }
}

/// The files that a file needs, and those that they need.
fn reach<'a>(needs: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, from: &'a Path) -> BTreeSet<&'a Path> {
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(file) = waiting.pop() {
        waiting.extend(needs[file].iter().filter(|&&file| seen.insert(file)));
    }
    seen
}

/// Whether files are of one folder, its `mod.rs` among them, or the file of its name beside it. A crate's own folder
/// is no such folder.
fn is_one_folder(circle: &BTreeSet<&Path>, source: &Path) -> bool {
    let first = circle.first().map(|file| file.with_extension("")).unwrap_or_default();
    let mut folders = first.ancestors().take_while(|folder| *folder != source);
    folders.any(|folder| circle.iter().all(|file| file.with_extension("").starts_with(folder)))
}

/// The circles of a crate that are too large, for a message.
fn too_large(root: &Path, of: &Crate) -> Vec<String> {
    let source = root.parent().unwrap();
    let large = of.circles().into_iter().filter(|circle| !is_one_folder(circle, source));
    let names = |circle: BTreeSet<&Path>| {
        let names: Vec<String> =
            circle.iter().map(|file| file.strip_prefix(source).unwrap().display().to_string()).collect();
        format!("{}: {}", names.len(), names.join(", "))
    };
    large.map(names).collect()
}

#[test]
fn no_circle_of_files_is_larger_than_a_folder() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let mut wrong = Vec::new();
    let mut files = 0;
    for package in metadata.workspace_packages() {
        for target in package.targets.iter().filter(|target| target.is_lib() || target.is_bin()) {
            let root = target.src_path.as_std_path();
            let of = Crate::read(root, &|file| std::fs::read_to_string(file).ok());
            files += of.needs().len();
            wrong.extend(too_large(root, &of).into_iter().map(|circle| format!("{}: {circle}", package.name)));
        }
    }
    assert!(files > 200, "only {files} files were looked at");
    assert!(wrong.is_empty(), "files in a circle:\n{}", wrong.join("\n"));
}

/// The circles in a crate of these files.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let read = |file: &Path| {
        let found = files.iter().find(|(name, _)| Path::new("src").join(name) == file);
        found.map(|(_, text)| (*text).to_string())
    };
    let root = Path::new("src/lib.rs");
    too_large(root, &Crate::read(root, &read))
}

#[test]
fn a_circle_would_be_found() {
    let two = |a, b| found(&[("lib.rs", "mod a; mod b; pub use a::A;"), ("a.rs", a), ("b.rs", b)]);
    assert_eq!(two("use crate::b::B; pub struct A;", "pub struct B;"), [""; 0]);
    let circle = ["2: a.rs, b.rs"];
    assert_eq!(two("use crate::b::B; pub struct A;", "use super::a::A; pub struct B;"), circle);
    assert_eq!(two("use crate::b::B; pub struct A;", "use crate::A; pub struct B;"), circle, "by a name of the root's");
    let everything = two("pub struct A(crate::b::B);", "use crate::*; pub struct B(A);");
    assert_eq!(everything, ["3: a.rs, b.rs, lib.rs"], "by everything");
    assert_eq!(two("use crate::{b::{self}}; pub struct A;", "fn f() { println!(\"{}\", crate::a::A) }"), circle);
    let test = "pub struct B; #[cfg(test)] mod tests { use crate::A; }";
    assert_eq!(two("use crate::b::B; pub struct A;", test), [""; 0], "tests may look at all");
}

#[test]
fn a_folder_may_be_a_circle_and_what_is_larger_is_found() {
    let folder = [
        ("lib.rs", "mod a; mod b;"),
        ("a/mod.rs", "mod x; mod y; use x::X; pub struct A;"),
        ("a/x.rs", "use super::{A, y::Y}; pub struct X;"),
        ("a/y.rs", "use super::x::X; pub struct Y;"),
        ("b.rs", "use crate::a::A; pub struct B;"),
    ];
    assert_eq!(found(&folder), [""; 0]);
    let mut larger = folder;
    larger[3].1 = "use crate::b::B; pub struct Y;";
    assert_eq!(found(&larger), ["4: a/mod.rs, a/x.rs, a/y.rs, b.rs"]);
}
