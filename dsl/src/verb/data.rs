//! `data digits size 28x28`

use super::about::{Behind, Offer};
use super::clause::SIZE;
use super::declare::verb;
use super::form::AS_WRITTEN;
use super::read::Parts;
use crate::syntax::{Name, PartKind};

verb! {
    /// `data NAME …`
    Data: "data", "data digits size 28x28";
    behind {
        /// The name it gets; for built-in data its own.
        name: Name = NAME,
    }
    takes {
        size: [usize; 2] = SIZE,
    }
}

const NAME: Behind<Name> = Behind { offer: Offer::Data, read: name, form: AS_WRITTEN };

fn name(parts: &mut Parts<'_>) -> Option<Name> {
    let name = match parts.next().map(|part| (&part.kind, part.span)) {
        Some((PartKind::Word(word), span)) => Name { text: word.clone(), span },
        other => {
            let span = other.map_or(parts.here(), |(_, span)| span);
            let error = parts.error(span, "`data` lacks its name").expected("the name of data");
            parts.wrong(error.help("write `data digits`, say"));
            parts.give_up();
            return None;
        }
    };
    if let Some(part) = parts.peek().filter(|part| part.kind == PartKind::Equals) {
        let error = parts.error(part.span, "`data` takes data by its name, and nothing behind `=`").found("=");
        parts.wrong(error.expected("`size`, or the end").help("write `data digits size 28x28`, say"));
        parts.give_up();
        return None;
    }
    Some(name)
}
