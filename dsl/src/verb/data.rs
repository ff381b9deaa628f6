//! `data digits size 28x28`

use super::about::{Behind, Offer};
use super::behind::is_name;
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
        Some((PartKind::Text(text), span)) if is_name(text) => {
            let error = parts.error(span, "the name of data stands without quotes").found(format!("\"{text}\""));
            parts.wrong(error.expected(text).write(span, text));
            return None;
        }
        other => {
            let span = other.map_or(parts.here(), |(_, span)| span);
            let error = parts.error(span, "`data` lacks its name").expected("the name of data");
            parts.wrong(
                error.mend(span, if other.is_some() { "digits" } else { " digits" }).help("write `data digits`, say"),
            );
            parts.give_up();
            return None;
        }
    };
    if let Some(part) = parts.peek().filter(|part| part.kind == PartKind::Equals) {
        let error = parts.error(part.span, "`data` takes data by its name, and nothing behind `=`").found("=");
        let rest = parts.parts.last().map_or(part.span, |last| part.span.to(last.span));
        let error = error.expected("`size`, or the end").mend(parts.cut(rest), " size 28x28");
        parts.wrong(error.help("write `data digits size 28x28`, say"));
        parts.give_up();
        return None;
    }
    Some(name)
}
