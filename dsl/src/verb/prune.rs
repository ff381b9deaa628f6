//! `prune runs keep 5`

use super::about::{Behind, Offer};
use super::clause::KEEP;
use super::declare::verb;
use super::form::WORDS;
use super::mends::is_word;
use super::read::Parts;

verb! {
    /// `prune runs keep COUNT`
    Prune: "prune", "prune runs keep 5";
    behind {
        /// The word `runs`.
        runs: () = WORD,
    }
    needs {
        /// How many of the newest stay.
        keep: usize = KEEP,
    }
}

const WORD: Behind<()> = Behind { offer: Offer::Words(&["runs"]), read: runs, form: WORDS };

fn runs(parts: &mut Parts<'_>) -> Option<()> {
    match parts.peek() {
        Some(part) if is_word(part, "runs") => parts.next().map(drop),
        other => {
            let span = other.map_or(parts.here(), |part| part.span);
            let found = other.map_or("the end".to_string(), |part| part.to_string());
            let error = parts.error(span, "`runs` is missing behind `prune`").found(found).expected("`runs`");
            let example = parts.verb.example;
            let error = match other {
                Some(part) if is_word(part, "run") => error.mend(span, "runs"),
                Some(_) => error.put_before(span, "runs "),
                None => error.put_behind(span, " runs keep 5"),
            };
            parts.wrong(error.help(format!("`{example}` shows how it reads")));
            parts.give_up();
            None
        }
    }
}
