//! What a verb and a clause say of themselves: words, examples, pages, and what an editor offers in their places.

use super::form::Form;
use super::read::{Opened, Parts};
use crate::reference::page;

/// A verb: its word, what stands behind it, and what is said of it.
#[derive(Debug)]
pub(crate) struct About {
    /// The word, in lower case.
    pub word: &'static str,
    /// What can stand right behind it, place by place.
    pub behind: &'static [Offer],
    /// The words of the clauses that must stand there.
    pub needs: &'static [&'static str],
    /// Its clauses, in the order in which messages name them.
    pub clauses: &'static [&'static ClauseAbout],
    /// How a whole statement reads.
    pub example: &'static str,
    /// What `?word` shows.
    pub page: &'static str,
}

impl About {
    /// The clause of this verb that `word` opens.
    pub fn clause(&self, word: &str) -> Option<&'static ClauseAbout> {
        self.clauses.iter().copied().find(|clause| clause.word.eq_ignore_ascii_case(word))
    }
}

/// A clause, whatever it takes.
#[derive(Debug)]
pub(crate) struct ClauseAbout {
    /// The word, in lower case.
    pub word: &'static str,
    /// How it is written.
    pub example: &'static str,
    /// What opens it besides its word.
    pub sign: Option<Sign>,
    /// What can stand behind it, place by place.
    pub behind: &'static [Offer],
    /// What `?word` shows.
    pub page: &'static str,
}

/// A clause with the section of the reference that its word has; a word without one does not compile.
pub(super) const fn clause(word: &'static str, example: &'static str, behind: &'static [Offer]) -> ClauseAbout {
    ClauseAbout { word, example, sign: None, behind, page: page(word) }
}

/// What a clause can be opened by besides its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `/2`
    Slash,
    /// `3x3`, `3`
    Size,
}

/// What stands right behind a verb's word, or behind another of these.
pub(super) struct Behind<T: 'static> {
    pub offer: Offer,
    /// Reads it; says what is wrong where there is none.
    pub read: for<'a> fn(&mut Parts<'a>) -> Option<T>,
    /// How it is written in the canonical form.
    pub form: Form,
}

/// A clause that gives a `T`.
pub(super) struct Clause<T: 'static> {
    pub about: ClauseAbout,
    /// Reads what stands behind its word; says what is wrong where that is nothing.
    pub read: for<'a> fn(&mut Parts<'a>, Opened<'a>) -> Option<T>,
    /// How what stands behind its word is written in the canonical form.
    pub form: Form,
}

/// A clause that must stand there.
pub(super) struct Needed<T: 'static> {
    pub clause: Clause<T>,
    /// Says that it is missing.
    pub missing: fn(&mut Parts<'_>),
}

/// What an editor offers in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Nothing: a string, or a number of the user's.
    Nothing,
    /// Nets.
    Nets,
    /// Nets and data.
    NetsAndData,
    /// Nets, or a run.
    NetsAndRuns,
    /// Data.
    Data,
    /// Data, or a run.
    DataAndRuns,
    /// Behind `=`, other data, or a clause that files are read by.
    Basis,
    /// Layers of nets.
    Layers,
    /// Layers of the statement's net, without its name.
    OwnLayers,
    /// Constants, for a number.
    Constants,
    /// Numbers with words of their own, in parentheses right behind the clause's.
    Parentheses,
    /// Constants, for a number, or one of these words.
    ConstantsOr(&'static [&'static str]),
    /// Constants, the learning rate and the batch.
    Sweepable,
    /// Optimizers.
    Optimizers,
    /// Schedules.
    Schedules,
    /// Ways to lay codes out.
    Layouts,
    /// Maps of what matters.
    Attributions,
    /// Attacks.
    Attacks,
    /// What keeps a picture in bounds.
    Regularisers,
    /// These words, which have meanings of their own.
    Options(&'static [&'static str]),
    /// These words, which belong to the clause.
    Words(&'static [&'static str]),
    /// Several, with commas between them.
    List(&'static Offer),
}
