//! `evolve lenet class 7 indirect for 200 generations`, `evolve lenet class all direct`

use super::about::{About, Clause, Offer, clause};
use super::behind::NET;
use super::clause::{Path, SAVE, SEED, flag};
use super::declare::verb;
use super::form;
use super::mends::is_word;
use super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};
use fovea_graph::{counted, noun};

verb! {
    /// `evolve NET …`
    Evolve: "evolve", "evolve lenet class 7 indirect for 200 generations";
    behind {
        /// Which net.
        net: Name = NET,
    }
    takes {
        class: Classes = CLASSES,
        direct: () = DIRECT,
        indirect: () = INDIRECT,
        generations: usize = GENERATIONS,
        seed: u64 = SEED,
        save: Path = SAVE,
    }
    check one_encoding;
}

/// For which classes pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classes {
    /// One, by its number from 0.
    One(usize),
    /// All that the net tells.
    All,
}

const ALL: &str = "all";

/// A class by its number, or all of them.
const CLASSES: Clause<Classes> = Clause {
    about: clause("class", "class 7", &[Offer::ConstantsOr(&[ALL])]),
    read: |parts, opened| match parts.peek() {
        Some(part) if is_word(part, ALL) => {
            parts.at += 1;
            Some(Classes::All)
        }
        _ => {
            let expr = parts.number(opened)?;
            let class = parts.scope.count(&expr, 0, "a class");
            parts.keep(class).map(Classes::One)
        }
    },
    form: |verb, parts| match &parts[..] {
        [part] if is_word(part, ALL) => form::WORDS(verb, parts),
        _ => form::NUMBER(verb, parts),
    },
};

/// A picture is changed value by value.
const DIRECT: Clause<()> = flag("direct");

/// A picture is changed by what draws it.
const INDIRECT: Clause<()> = flag("indirect");

const UNIT: &str = "generations";

/// How long the search goes on.
const GENERATIONS: Clause<usize> = Clause {
    about: clause("for", "for 200 generations", &[Offer::Constants, Offer::Words(&[UNIT])]),
    read: generations,
    form: in_generations,
};

fn is_unit(word: &str) -> bool {
    word.eq_ignore_ascii_case(UNIT) || word.eq_ignore_ascii_case("generation")
}

fn generations<'a>(parts: &mut Parts<'a>, opened: Opened<'a>) -> Option<usize> {
    let expr = parts.number(opened)?;
    let count = parts.scope.count(&expr, 1, "the number of generations");
    let count = parts.keep(count);
    let unit = match parts.peek() {
        Some(Part { kind: PartKind::Word(unit), span }) if parts.clause(unit).is_none() => Some((unit, *span)),
        _ => None,
    };
    parts.at += usize::from(unit.is_some());
    if !unit.is_some_and(|(unit, _)| is_unit(unit)) {
        let span = unit.map_or(parts.here(), |(_, span)| span);
        let found = unit.map_or("the end".to_string(), |(unit, _)| quoted(unit));
        let space = if unit.is_some() { "" } else { " " };
        let error = parts.error(span, "evolution is counted in generations").found(found).expected(UNIT);
        let error = error.mend(span, format!("{space}{}", noun(&expr, "generation")));
        parts.wrong(error.help(format!("write `for {}`", counted(&expr, "generation"))));
    }
    count
}

fn in_generations(verb: &About, mut parts: Vec<Part>) -> Vec<Part> {
    if let Some(Part { kind: PartKind::Word(word), .. }) = parts.last_mut()
        && is_unit(word)
    {
        *word = UNIT.into();
    }
    form::NUMBER(verb, parts)
}

fn one_encoding(evolve: &Evolve, parts: &mut Parts<'_>) {
    let (Some(direct), Some(indirect)) = (&evolve.direct, &evolve.indirect) else { return };
    let (first, again) = if direct.span.start < indirect.span.start { (direct, indirect) } else { (indirect, direct) };
    let error =
        parts.error(again.span, "pictures are written down in one way").also(first.span, "another is said here");
    parts.one_of_two(error.expected("`direct` or `indirect`"), first.span, again.span);
}
