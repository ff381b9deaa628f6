//! `find lr of lenet on digits batch 32`

use super::about::{Behind, Offer};
use super::clause::{BATCH, DATA, NET_OF, OPTIMIZER, Optimizer, SEED};
use super::declare::verb;
use super::elsewhere;
use super::form;
use super::mends::is_word;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, Part, PartKind};

verb! {
    /// `find lr of NET on DATA …`
    Find: "find", "find lr of lenet on digits batch 32";
    behind {
        /// What is looked for: a learning rate.
        what: () = WHAT,
    }
    needs {
        /// Which net.
        of: Name = NET_OF,
        /// On which data.
        on: Name = DATA,
    }
    takes {
        batch: usize = BATCH,
        optimizer: Optimizer = OPTIMIZER,
        seed: u64 = SEED,
    }
}

const WHAT: Behind<()> = Behind { offer: Offer::Options(&["lr"]), read: what, form: form::WORDS };

fn what(parts: &mut Parts<'_>) -> Option<()> {
    match parts.peek() {
        Some(Part { kind: PartKind::Word(word), .. }) if word.eq_ignore_ascii_case("lr") => {
            parts.at += 1;
            Some(())
        }
        Some(Part { kind: PartKind::Word(word), span }) if elsewhere::number(word) == Some("lr") => {
            parts.at += 1;
            let error = parts.error(*span, format!("`{}` is called `lr` here", quoted(word))).found(quoted(word));
            parts.wrong(error.expected("lr").write(*span, "lr"));
            Some(())
        }
        other => {
            let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
            let error = parts.error(parts.here(), "what is to be found?").found(found).expected("`lr`");
            let is_of = other.is_some_and(|part| is_word(part, "of"));
            let error = error.put_behind(parts.here(), if is_of { " lr" } else { " lr of" });
            parts.wrong(error.help("write `find lr of lenet on digits`, say"));
            parts.give_up();
            None
        }
    }
}
