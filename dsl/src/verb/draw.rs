//! `draw googlenet`, `draw vgg19, plain34, resnet34`, `draw resnet152 all save "resnet152.svg"`

use super::about::{Behind, Offer};
use super::clause::{ALL, BATCH, DATA, Path, SAVE_DRAWING, TRAIN};
use super::declare::verb;
use super::elsewhere;
use super::form::AS_WRITTEN;
use super::read::Parts;
use crate::syntax::{Name, Part, PartKind};

verb! {
    /// `draw NETS …`
    Draw: "draw", "draw googlenet";
    behind {
        /// Which nets, at least one.
        nets: Vec<Name> = NETS,
    }
    takes {
        on: Name = DATA.clause,
        all: () = ALL,
        batch: usize = BATCH,
        train: () = TRAIN,
        save: Path = SAVE_DRAWING,
    }
}

const NETS: Behind<Vec<Name>> = Behind { offer: Offer::List(&Offer::Nets), read: nets, form: AS_WRITTEN };

/// Nets with commas between them.
fn nets(parts: &mut Parts<'_>) -> Option<Vec<Name>> {
    let mut nets: Vec<Name> = Vec::new();
    loop {
        parts.fillers();
        let Some(net) = parts.net() else { break };
        if let Some(first) = nets.iter().find(|earlier| earlier.text == net.text) {
            let twice = parts.twice(&format!("`{}`", net.text), first.span, net.span);
            parts.wrong(twice);
        }
        nets.push(net);
        match parts.peek() {
            // A comma may also set off a clause.
            Some(Part { kind: PartKind::Comma, .. }) if !is_before_clause(parts) => parts.at += 1,
            Some(Part { kind: PartKind::Word(word), span }) if !is_clause(parts, word) => {
                if parts.no_comma(word, *span).is_break() {
                    break;
                }
            }
            _ => break,
        }
    }
    if parts.mistakes.is_empty() {
        Some(nets)
    } else {
        parts.give_up();
        None
    }
}

/// Whether a clause stands behind the next part.
fn is_before_clause(parts: &Parts<'_>) -> bool {
    match parts.parts.get(parts.at + 1).map(|part| &part.kind) {
        Some(PartKind::Word(word) | PartKind::Call(word, _)) => is_clause(parts, word),
        _ => false,
    }
}

/// Whether a word begins a clause, here or elsewhere: `all`, `full`.
fn is_clause(parts: &Parts<'_>, word: &str) -> bool {
    let takes: Vec<&str> = parts.verb.clauses.iter().map(|clause| clause.word).collect();
    parts.clause(word).is_some() || elsewhere::clause(word, &takes).is_some()
}
