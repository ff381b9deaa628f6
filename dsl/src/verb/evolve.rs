//! `evolve lenet class 7 indirect for 200 generations`, `evolve lenet class all direct`

use super::about::{Clause, Offer, clause};
use super::behind::NET;
use super::clause::{Path, SAVE, SEED, flag, length};
use super::declare::verb;
use super::form;
use super::mends::is_word;
use super::read::Parts;
use crate::syntax::Name;

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

/// How long the search goes on.
const GENERATIONS: Clause<usize> = Clause {
    about: clause("for", "for 200 generations", &[Offer::Constants, Offer::Words(&["generations"])]),
    read: |parts, opened| parts.length_in(opened, "generation", "evolution"),
    form: |verb, parts| length::form("generation", verb, parts),
};

fn one_encoding(evolve: &Evolve, parts: &mut Parts<'_>) {
    let (Some(direct), Some(indirect)) = (&evolve.direct, &evolve.indirect) else { return };
    let (first, again) = if direct.span.start < indirect.span.start { (direct, indirect) } else { (indirect, direct) };
    let error =
        parts.error(again.span, "pictures are written down in one way").also(first.span, "another is said here");
    parts.one_of_two(error.expected("`direct` or `indirect`"), first.span, again.span);
}
