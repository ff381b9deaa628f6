//! What is said of a whole network, `VGG-16: 138M parameters`: held against the lecture's own networks of that name,
//! and those of the library.

use super::layers;
use crate::library;
use crate::slide::figure::{SlideNet, Verdict};
use crate::slide::number::{Fit, Number, grouped};
use crate::syntax::NetDef;

/// A network that may be meant, and its parameters.
struct Meant {
    /// `the library's vgg16`
    name: String,
    parameters: u128,
}

/// The verdict on a number of parameters of the network that these words name, what the network has, and why; `None`
/// where they name none.
pub(super) fn judge(words: &str, number: &Number, nets: &[&SlideNet]) -> Option<(Verdict, String, String)> {
    let names = names(words);
    let own = nets.iter().filter(|net| names.iter().any(|name| is_of(&net.name, name)));
    let own = own.filter_map(|net| meant(net.name.clone(), &net.definition));
    let library = library::list().into_iter().filter(|(known, _)| names.iter().any(|name| is_of(known, name)));
    let library = library.filter_map(|(known, _)| meant(format!("the library's {known}"), library::find(known)?));
    let all: Vec<Meant> = own.chain(library).collect();
    let first = all.first()?;
    let fitting = all.iter().find(|net| number.fit(net.parameters) != Fit::No);
    let told = |net: &Meant| format!("{} has {}", net.name, grouped(net.parameters));
    Some(match fitting {
        Some(net) if number.fit(net.parameters) == Fit::Exact => {
            (Verdict::Agrees, number.write(net.parameters), told(net))
        }
        Some(net) => (Verdict::Rounds, grouped(net.parameters), told(net)),
        None => {
            let because = all.iter().map(told).collect::<Vec<_>>().join(", ");
            (Verdict::Disagrees, number.write(first.parameters), because)
        }
    })
}

/// Whether a net's name is this, or this with a part behind a point.
fn is_of(net: &str, name: &str) -> bool {
    net.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn meant(name: String, definition: &NetDef) -> Option<Meant> {
    /// The classes of a net that leaves their number open: those of ImageNet, which published counts are of.
    const CLASSES: usize = 1000;
    let net = layers::completed(definition, Some(CLASSES))?;
    Some(Meant { name, parameters: layers::parameters(&net)? as u128 })
}

/// What words may be a net's name: `vgg16` of `VGG-16` and `VGG 16`.
fn names(words: &str) -> Vec<String> {
    let words: Vec<String> = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let is_number = |word: &String| word.len() < 4 && word.bytes().all(|b| b.is_ascii_digit());
    let joined = words.windows(2).filter(|two| is_number(&two[1])).map(|two| two.concat());
    let alone = words.iter().filter(|word| word.len() > 3 && !is_number(word)).cloned();
    joined.chain(alone).take(16).collect()
}
