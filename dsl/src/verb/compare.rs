//! `compare alexnet, vgg16`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::AS_WRITTEN;
use super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Name, PartKind};

verb! {
    /// `compare NETS`
    Compare: "compare", "compare alexnet, vgg16";
    behind {
        /// At least two nets.
        nets: Vec<Name> = SEVERAL,
    }
}

const SEVERAL: Behind<Vec<Name>> = Behind { offer: Offer::List(&Offer::Nets), read: several, form: AS_WRITTEN };

fn several(parts: &mut Parts<'_>) -> Option<Vec<Name>> {
    let mut nets: Vec<Name> = Vec::new();
    loop {
        let Some(net) = parts.net() else {
            parts.give_up();
            return None;
        };
        if let Some(first) = nets.iter().find(|first| first.text == net.text) {
            let error = parts.error(net.span, format!("`{}` stands twice", net.text));
            let error = error.also(first.span, "it stands here already").here("the second");
            parts.wrong(error.help("remove one of the two"));
        }
        nets.push(net);
        match parts.peek().map(|part| (&part.kind, part.span)) {
            None => break,
            Some((PartKind::Comma, _)) => drop(parts.next()),
            Some((PartKind::Word(word), span)) => {
                let error = parts.error(span, format!("`,` is missing before `{}`", quoted(word))).found(quoted(word));
                parts.wrong(error.expected("`,`").help("put `,` between two nets"));
                if word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("with") {
                    parts.next();
                }
            }
            Some(_) => break,
        }
    }
    if parts.mistakes.is_empty() && nets.len() < 2 {
        let error = parts.error(parts.here(), "`compare` lacks its second net").found("the end");
        parts.wrong(error.expected("`,` and a net").help(format!("write `{}`, say", parts.verb.example)));
    }
    Some(nets)
}
