//! `seed 7`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form;
use super::read::Parts;
use crate::syntax::{Expr, ExprKind, PartKind};

verb! {
    /// `seed NUMBER`
    Seed: "seed", "seed 7";
    behind {
        /// The seed of all that follows.
        seed: u64 = NUMBER,
    }
}

const NUMBER: Behind<u64> = Behind { offer: Offer::Constants, read: number, form: form::NUMBER };

fn number(parts: &mut Parts<'_>) -> Option<u64> {
    match parts.next().map(|part| (&part.kind, part.span)) {
        Some((PartKind::Value(expr), _)) => parts.seed(expr),
        Some((PartKind::Word(name), span)) => parts.seed(&Expr { kind: ExprKind::Name(name.clone()), span }),
        other => {
            let span = other.map_or(parts.here(), |(_, span)| span);
            let number = match other {
                Some((PartKind::Text(text), _)) => text.parse::<u64>().ok(),
                _ => None,
            };
            let (mend, say) = number.map_or(("7".to_string(), ", say"), |number| (number.to_string(), ""));
            let space = if other.is_none() { " " } else { "" };
            let error = parts.error(span, "`seed` lacks its number").expected("a whole number");
            parts.wrong(error.mend(span, format!("{space}{mend}")).help(format!("write `seed {mend}`{say}")));
            None
        }
    }
}
