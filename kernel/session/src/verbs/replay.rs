//! The statements that names follow from, once more: with other values for constants, or from the program of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fovea_dsl::scope::Value;
use fovea_dsl::syntax::{Part, PartKind, StatementKind};
use fovea_dsl::{Diagnostic, Source, parse};
use fovea_graph::SourceId;

use crate::failure::Failure;
use crate::world::{Defined, Names, World};

/// The names that a statement defines; of a slide its own, which its nets' names begin with.
pub fn defined(statement: &StatementKind) -> Vec<String> {
    match statement {
        StatementKind::Net(net) => vec![net.name.text.clone()],
        StatementKind::Block(block) => vec![block.name.text.clone()],
        StatementKind::Let(bindings) => bindings.iter().map(|binding| binding.name.text.clone()).collect(),
        StatementKind::Slide(slide) => vec![slide.name.text.clone()],
        StatementKind::Verb(verb) if verb.word.text.eq_ignore_ascii_case("data") => match verb.parts.first() {
            Some(Part { kind: PartKind::Word(name), .. }) => vec![name.clone()],
            _ => Vec::new(),
        },
        StatementKind::Verb(_) => Vec::new(),
    }
}

/// What names mean where these constants have these values: what `text` needs is defined anew.
pub fn under(set: BTreeMap<String, Value>, text: &str, names: &Names, world: &World) -> Result<Names, Failure> {
    let all: Vec<Arc<Defined>> = names.defined.values().cloned().collect();
    let mut other = names.clone();
    other.scope = names.scope.emptied();
    // What came from nowhere in the program, from a run that was resumed say, is what it was.
    other.scope.nets = names.scope.nets.clone();
    other.scope.blocks = names.scope.blocks.clone();
    other.scope.replace_overrides(set);
    let mut needed = needed(&all, words(text));
    // What a slide says hangs on no constant.
    needed.retain(|one| !matches!(one.statement.kind, StatementKind::Slide(_)));
    again(&needed, &mut other, world)?;
    Ok(other)
}

/// Defines names once more, in order.
pub fn again(statements: &[Arc<Defined>], names: &mut Names, world: &World) -> Result<(), Failure> {
    statements.iter().try_for_each(|defined| super::check(&defined.statement, &defined.text, names, world).map(drop))
}

/// The definitions that these words need, and those that they need in turn; in their order.
pub fn needed<'t>(all: &[Arc<Defined>], words: impl Iterator<Item = &'t str>) -> Vec<Arc<Defined>> {
    let mut wanted: BTreeSet<String> = words.map(str::to_string).collect();
    let mut found = Vec::new();
    for one in all.iter().rev() {
        let names = defined(&one.statement.kind);
        if !names.iter().any(|name| wanted.contains(name)) {
            continue;
        }
        found.push(Arc::clone(one));
        // A slide needs nothing, and which of the names that begin with its own it defines only its text says.
        if matches!(one.statement.kind, StatementKind::Slide(_)) {
            continue;
        }
        // An earlier meaning is wanted only by what stands before this one.
        wanted.retain(|name| !names.contains(name));
        wanted.extend(self::words(&one.text).map(str::to_string).filter(|word| !names.contains(word) || is_own(one)));
    }
    found.reverse();
    found
}

/// Whether a statement may use what its own name meant before: `let N = 2*N`, `net q = q.pool1 - …`, but no data does.
fn is_own(defined: &Defined) -> bool {
    !matches!(defined.statement.kind, StatementKind::Verb(_))
}

/// The words of a text: whatever may be a name. Names may have dots: of `vgg.D.conv1` also `vgg` and `vgg.D`.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let paths = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'));
    let begins = |path| {
        let ends = move |path: &str| path.match_indices('.').map(|(at, _)| at).chain([path.len()]).collect::<Vec<_>>();
        ends(path).into_iter().map(move |end| &path[..end])
    };
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    paths.flat_map(begins).chain(parts).filter(|word| !word.is_empty())
}

/// The definitions of a program.
pub fn definitions(program: &str) -> (Vec<Arc<Defined>>, Vec<Diagnostic>) {
    let source = Source { id: SourceId(u32::MAX / 2), name: "program.fov".to_string(), text: program.to_string() };
    let (read, mistakes) = parse(&source);
    let defines = read.statements.into_iter().filter(|statement| !defined(&statement.kind).is_empty());
    let all = defines.map(|statement| {
        let text = program.get(statement.span.range()).unwrap_or_default().to_string();
        Arc::new(Defined { statement, text })
    });
    (all.collect(), mistakes)
}

/// What a value says that the language wrote.
pub fn value(text: &str) -> Option<Value> {
    let (all, mistakes) = definitions(&format!("let value = {text}"));
    match all.first().map(|defined| &defined.statement.kind) {
        Some(StatementKind::Let(bindings)) if mistakes.is_empty() => {
            fovea_dsl::scope::Scope::default().evaluate(&bindings.first()?.value).ok()
        }
        _ => None,
    }
}
