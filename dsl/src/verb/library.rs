//! `library`: the nets that come with the language. `library resnet50`: the text of one of them.

use super::about::{Behind, Offer};
use super::behind::is_name;
use super::declare::verb;
use super::form::AS_WRITTEN;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, PartKind};

verb! {
    /// `library`, `library NET`
    Library: "library", "library resnet50";
    behind {
        /// Whose text, where one is said.
        net: Option<Name> = ONE,
    }
}

const ONE: Behind<Option<Name>> = Behind { offer: Offer::Nets, read: one, form: AS_WRITTEN };

fn one(parts: &mut Parts<'_>) -> Option<Option<Name>> {
    let Some(part) = parts.next() else { return Some(None) };
    if let PartKind::Word(word) = &part.kind {
        return Some(Some(Name { text: word.clone(), span: part.span }));
    }
    let error =
        parts.error(part.span, "`library` shows one net's text, or lists them all").found(quoted(&part.to_string()));
    let error = error.expected("the name of a net, or nothing");
    parts.wrong(match &part.kind {
        PartKind::Text(text) if is_name(text) => error.write(part.span, text),
        _ => error.mend(part.span, "resnet50").help("write `library resnet50`, say"),
    });
    parts.give_up();
    None
}
