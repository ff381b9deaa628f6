//! The one canonical form of a verb's statement. It is driven by the declarations: each clause, and what stands behind a
//! verb's word, has its form beside how it is read, and a verb says which of its clauses a comma sets off.

use fovea_graph::Span;

use super::about::{About, Offer};
use super::read::{Opened, Parts};
use super::{read, words};
use crate::diagnostic::Stage;
use crate::scope::Scope;
use crate::syntax::{Argument, ExprKind, Part, PartKind, Verb};

/// The canonical form of what was read: the parts behind the word of a clause, or behind that of a verb.
pub(super) type Form = fn(&About, Vec<Part>) -> Vec<Part>;

/// What was read in one go, and how it is written.
pub(super) struct Written<'a> {
    /// The clause; `None` right behind the verb's word.
    pub opened: Option<Opened<'a>>,
    /// What stands behind its word.
    pub parts: &'a [Part],
    pub joint: Joint,
    pub form: Form,
}

/// What stands between a clause and what is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joint {
    /// `3x3/2`: nothing.
    Glued,
    /// The space behind a verb's word, where no line ends.
    Word,
    /// A space.
    Space,
    /// A comma, which every clause behind it has, too.
    Comma,
}

/// A statement in its canonical form.
pub(crate) struct Canonical {
    pub word: &'static str,
    /// What follows, in the text's order: clauses, and of lists what stands between two commas.
    pub pieces: Vec<Piece>,
}

/// Parts with spaces between them.
pub(crate) struct Piece {
    pub joint: Joint,
    pub parts: Vec<Part>,
}

/// The canonical form of a statement that is right, but for what its names mean; a statement that is not has none.
pub(crate) fn canonical(verb: &Verb) -> Option<Canonical> {
    let about = words::verb(&verb.word.text)?;
    let scope = Scope::default();
    let mut parts = Parts::new(about, verb, &scope);
    read(&mut parts);
    let is_right = parts.mistakes.iter().all(|mistake| mistake.stage == Stage::Names);
    if !is_right || parts.has_given_up {
        return None;
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut is_apart = false;
    for written in parts.written {
        is_apart |= written.joint == Joint::Comma;
        let joint = if is_apart { Joint::Comma } else { Joint::Space };
        split(&mut pieces, joint, written.parts_in(about));
    }
    glue(&mut pieces);
    if let Some(first) = pieces.first_mut() {
        first.joint = Joint::Word;
    }
    Some(Canonical { word: about.word, pieces })
}

/// Adds parts as pieces, one for each item of a list.
fn split(pieces: &mut Vec<Piece>, mut joint: Joint, parts: Vec<Part>) {
    for item in parts.split(|part| part.kind == PartKind::Comma).filter(|item| !item.is_empty()) {
        pieces.push(Piece { joint, parts: item.to_vec() });
        joint = Joint::Comma;
    }
}

/// A stride stands at its window, as in a layer.
fn glue(pieces: &mut [Piece]) {
    for at in 1..pieces.len() {
        let is_window = matches!(&pieces[at - 1].parts[..], [Part { kind: PartKind::Size(_), .. }]);
        let is_stride = matches!(&pieces[at].parts[..], [Part { kind: PartKind::Stride(_), .. }]);
        if is_window && is_stride {
            pieces[at].joint = Joint::Glued;
        }
    }
}

impl Written<'_> {
    /// Its parts in their canonical form, the clause's word among them.
    fn parts_in(&self, verb: &About) -> Vec<Part> {
        let Some(opened) = self.opened else { return (self.form)(verb, self.parts.to_vec()) };
        let mut parts = self.parts.to_vec();
        let span = opened.part.span;
        if let [Offer::Parentheses] = opened.about.behind {
            return (self.form)(verb, vec![opened.part.clone()]);
        }
        match &opened.part.kind {
            PartKind::Word(_) => {}
            PartKind::Call(_, arguments) => parts.splice(0..0, values(arguments, span)).for_each(drop),
            // It was opened by its looks.
            _ => parts.insert(0, opened.part.clone()),
        }
        parts = (self.form)(verb, parts);
        let by_its_looks = opened.about.sign.is_some() && !matches!(parts[..], [Part { kind: PartKind::Word(_), .. }]);
        if !by_its_looks {
            parts.insert(0, word(opened.about.word, span));
        }
        parts
    }
}

/// The numbers of `batch(64)`.
fn values(arguments: &[Argument], span: Span) -> impl Iterator<Item = Part> {
    arguments.iter().map(move |argument| Part { kind: PartKind::Value(argument.value.clone()), span })
}

/// Names, strings, matrices: they are as they stand.
pub(super) const AS_WRITTEN: Form = |_, parts| parts;

/// Words of the language only.
pub(super) const WORDS: Form = |_, mut parts| {
    parts.iter_mut().for_each(lower);
    parts
};

/// A number; a constant's name stands without parentheses, unless it is the word of a clause.
pub(super) const NUMBER: Form = |verb, parts| {
    let number = |part: Part| match part.kind {
        PartKind::Value(expr) => match expr.kind {
            ExprKind::Name(name) if verb.clause(&name).is_none() => word(&name, part.span),
            kind => Part { kind: PartKind::Value(crate::syntax::Expr { kind, ..expr }), ..part },
        },
        _ => part,
    };
    parts.into_iter().map(number).collect()
};

/// A word of the language, in lower case.
pub(super) fn lower(part: &mut Part) {
    if let PartKind::Word(text) = &mut part.kind {
        *text = text.to_lowercase();
    }
}

/// A word.
pub(super) fn word(text: &str, span: Span) -> Part {
    Part { kind: PartKind::Word(text.into()), span }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::format::format;
    use crate::verb::VERBS;

    #[test]
    fn examples_of_verbs_are_in_their_canonical_form() {
        for verb in VERBS {
            assert_eq!(format(verb.example).unwrap().trim_end(), verb.example);
        }
    }
}
