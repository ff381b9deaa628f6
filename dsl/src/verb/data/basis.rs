//! `= digits[0..100]`, `= shapes`, `= mnist "mnist/"`: other data that data is made from, and the folder of its files.

use super::super::Samples;
use super::super::about::{Behind, Offer};
use super::super::clause::Path;
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use crate::syntax::{Name, Part, PartKind};

/// What data is made from besides files that clauses name: nothing, for what is known by its own name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Basis {
    /// Other data, or some of its samples.
    pub data: Option<Samples>,
    /// The folder with the files of a classic set.
    pub folder: Option<Path>,
}

/// Data that is read from files which everybody has under the same names.
const CLASSICS: [&str; 4] = ["mnist", "fashion", "cifar10", "cifar100"];

/// Whether the files of data of this name can be in a folder.
pub(super) fn has_folder(name: &str) -> bool {
    CLASSICS.contains(&name)
}

/// What stands behind the name.
pub(super) const BASIS: Behind<Basis> = Behind { offer: Offer::Basis, read: basis, form: AS_WRITTEN };

fn basis(parts: &mut Parts<'_>) -> Option<Basis> {
    let is_behind_equals = parts.at > 1 && parts.parts[parts.at - 1].kind == PartKind::Equals;
    let mut basis = Basis::default();
    let mut is_classic = !is_behind_equals;
    if is_behind_equals
        && let Some(part) = parts.peek()
        && is_data(parts, part)
    {
        parts.next();
        let data = parts.picked(part)?;
        is_classic = data.range.is_none() && has_folder(&data.data.text);
        basis.data = Some(data);
    }
    if let Some(Part { kind: PartKind::Text(text), span }) = parts.peek().filter(|_| is_classic) {
        parts.next();
        basis.folder = Some(Name { text: text.clone(), span: *span });
    }
    Some(basis)
}

/// Whether a part is the name of other data, or some of its samples.
pub(super) fn is_data(parts: &Parts<'_>, part: &Part) -> bool {
    match &part.kind {
        PartKind::Word(word) => parts.clause(word).is_none(),
        PartKind::Select(..) => true,
        _ => false,
    }
}
