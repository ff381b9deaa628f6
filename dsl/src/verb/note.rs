//! `note "any text"`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::AS_WRITTEN;
use super::read::Parts;
use crate::syntax::{Name, Part, PartKind};

verb! {
    /// `note "TEXT"`
    Note: "note", "note \"any text\"";
    behind {
        /// What it prints.
        text: Name = TEXT,
    }
}

const TEXT: Behind<Name> = Behind { offer: Offer::Nothing, read: text, form: AS_WRITTEN };

fn text(parts: &mut Parts<'_>) -> Option<Name> {
    // Several words are one text that lacks its quotes.
    let (Some(Part { kind: PartKind::Word(_), span }), Some(last)) = (parts.peek(), parts.parts.last()) else {
        return parts.text("the text", "any text");
    };
    let (span, words) = (span.to(last.span), parts.parts.iter().map(|part| part.to_string()).collect::<Vec<_>>());
    if parts.parts.iter().any(|part| matches!(part.kind, PartKind::Text(_))) {
        return parts.text("the text", "any text");
    }
    let error = parts.error(span, "the text stands in quotes").expected("a string");
    parts.wrong(error.write(span, format!("\"{}\"", words.join(" ").replace(" ,", ","))));
    parts.give_up();
    None
}
