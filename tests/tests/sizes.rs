//! The sizes that a reader can hold in mind: no function over sixty lines, and files of which half have fewer than 150.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro2::Span;
use syn::visit::Visit;
use syn::{ImplItemFn, ItemFn, Signature, TraitItemFn};

/// How many lines a function may have.
const LONGEST: usize = 60;

/// How many lines the file in the middle must have fewer than.
const MIDDLE: usize = 150;

/// The functions of a file that are too long, each with its first line and how many it has.
#[derive(Default)]
struct Long(Vec<(String, usize, usize)>);

impl Long {
    fn look(&mut self, signature: &Signature, close: Span) {
        let (first, last) = (signature.fn_token.span.start().line, close.end().line);
        let lines = last + 1 - first;
        if lines > LONGEST {
            self.0.push((signature.ident.to_string(), first, lines));
        }
    }
}

impl<'ast> Visit<'ast> for Long {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.look(&item.sig, item.block.brace_token.span.close());
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.look(&item.sig, item.block.brace_token.span.close());
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(body) = &item.default {
            self.look(&item.sig, body.brace_token.span.close());
        }
        syn::visit::visit_trait_item_fn(self, item);
    }
}

fn long_functions(text: &str) -> Vec<(String, usize, usize)> {
    let mut long = Long::default();
    long.visit_file(&syn::parse_file(text).unwrap());
    long.0
}

/// Every file of Rust that the repository has, tests among them.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let listed = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root).output().unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    let files = names.lines().map(PathBuf::from).filter_map(|name| {
        let text = std::fs::read_to_string(root.join(&name)).ok()?;
        Some((name, text))
    });
    files.collect()
}

/// The number in the middle.
fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

#[test]
fn no_function_is_longer_than_sixty_lines() {
    let mut long = Vec::new();
    for (name, text) in files() {
        let found = long_functions(&text);
        long.extend(
            found
                .iter()
                .map(|(function, line, lines)| format!("{}:{line}: {function} has {lines} lines", name.display())),
        );
    }
    assert!(long.is_empty(), "functions of more than {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn half_of_the_files_have_fewer_than_150_lines() {
    let lines: Vec<usize> = files().iter().map(|(_, text)| text.lines().count()).collect();
    assert!(lines.len() > 200, "only {} files were looked at", lines.len());
    let middle = median(lines);
    assert!(middle < MIDDLE, "the file in the middle has {middle} lines");
}

#[test]
fn a_long_function_would_be_found_wherever_it_stands() {
    let body = "\n".repeat(LONGEST - 1);
    let text = |lines: &str| format!("struct S;\nimpl S {{\n    fn of(&self) {{{lines}}}\n}}\nfn short() {{}}\n");
    assert_eq!(long_functions(&text(&body)), []);
    assert_eq!(long_functions(&text(&format!("{body}\n"))), [("of".to_string(), 3, LONGEST + 1)]);
    let inner = format!("trait T {{ fn f() {{ fn g() {{{body}\n}} }} }}");
    assert_eq!(long_functions(&inner).len(), 2);
    assert_eq!(median(vec![5, 1, 9]), 5);
}
