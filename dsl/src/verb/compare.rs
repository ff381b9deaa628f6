//! `compare alexnet, vgg16`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::AS_WRITTEN;
use super::read::Parts;
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
            let twice = parts.twice(&format!("`{}`", net.text), first.span, net.span);
            parts.wrong(twice);
        }
        nets.push(net);
        match parts.peek().map(|part| (&part.kind, part.span)) {
            None => break,
            Some((PartKind::Comma, _)) => drop(parts.next()),
            Some((PartKind::Word(word), span)) => {
                if parts.no_comma(word, span).is_break() {
                    break;
                }
            }
            Some(_) => break,
        }
    }
    if parts.mistakes.is_empty() && nets.len() < 2 {
        let error = parts.error(parts.here(), "`compare` lacks its second net").found("the end");
        let other = if nets.iter().any(|net| net.text == "vgg16") { "alexnet" } else { "vgg16" };
        let error = error.put_behind(parts.here(), format!(", {other}"));
        let first = nets.first().map_or("", |net| &net.text);
        parts.wrong(error.expected("`,` and a net").help(format!("write `compare {first}, {other}`, say")));
    }
    Some(nets)
}
