//! Whether a net has the layers of the library's net that a table of names is of.

use fovea_dsl::library::names::{Naming, namings, nets_by};
use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::Name;
use fovea_dsl::{Diagnostic, Stage, library};
use fovea_graph::Span;

use super::choice::Choice;
use super::instead;
use super::slots::Slots;
use crate::display::number::of;

/// Whether names can be those of the net's layers; where these are not those of the library's net that the names are of,
/// what differs, which the weights do not tell.
///
/// # Errors
/// They cannot, at the file's place; the net's is where another would stand.
pub fn applies(
    choice: &Choice,
    slots: &Slots,
    net: &Net,
    [name, span]: [Span; 2],
) -> Result<Option<String>, Diagnostic> {
    let (here, there) = (slots.layers.len(), choice.layers.len());
    let Some((naming, other)) = choice.naming.and_then(|naming| Some((naming, of_library(naming.net?)?))) else {
        if here == there {
            return Ok(None);
        }
        let there_are = of(there, "numbered layer");
        let message = format!("the file has {there_are}, and `{}` has {here} with weights", net.name);
        let mistake = Diagnostic::new(Stage::Shapes, span, message).found(there.to_string()).expected(here.to_string());
        return Err(mistake.help("PyTorch's numbered layers are taken one by one, in the order of their numbers"));
    };
    if words(net) != words(&other) {
        let by = naming.by;
        let message = format!("these are {by}'s names of `{}`, and `{}` has other layers", other.name, net.name);
        let mistake = Diagnostic::new(Stage::Shapes, span, message).found(&other.name).expected(&net.name);
        return Err(mistake.mend(name, &other.name).help(instead(&other.name)));
    }
    let differs = kinds(net).zip(kinds(&other)).find(|(ours, theirs)| !is_like(ours, theirs));
    let longer = kinds(net).count() != kinds(&other).count();
    Ok(match differs {
        Some((ours, _)) => Some(format!(
            "{} is not as in {}, but for the shape of its weights: the file does not tell what is meant",
            ours.name, other.name
        )),
        None if longer => Some(format!("`{}` has other layers without weights than {}", net.name, other.name)),
        None => None,
    })
}

/// The names that somebody, `by`, has for the layers of a net; `net` is where the statement says it.
///
/// # Errors
/// None are known.
pub fn writable(by: &str, net: &Net, name: &Name, span: Span) -> Result<&'static Naming, Diagnostic> {
    let is_it = |naming: &&Naming| {
        let other = naming.net.filter(|_| naming.by == by).and_then(of_library);
        other.is_some_and(|other| {
            kinds(net).count() == kinds(&other).count() && kinds(net).zip(kinds(&other)).all(|(a, b)| is_like(a, b))
        })
    };
    // First the table that has the net's name: what it is made of is looked at, whatever it is called.
    let (first, others): (Vec<&'static Naming>, Vec<_>) =
        namings().iter().partition(|naming| naming.net == Some(&name.text));
    first.into_iter().chain(others).find(is_it).ok_or_else(|| {
        let message = format!("{by} has no net whose layers are those of `{}`", name.text);
        let known: Vec<String> = nets_by(by).iter().map(|net| format!("`{net}`")).collect();
        let mistake = Diagnostic::new(Stage::Verbs, span, message).also(name.span, "this net");
        mistake
            .found(&name.text)
            .help(format!("it has names for {}; without `as` the file has the net's own", known.join(", ")))
    })
}

/// A net of the library, whatever the session calls so.
fn of_library(name: &str) -> Option<Net> {
    match resolve(library::find(name)?, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => Some(net),
        _ => None,
    }
}

/// What the layers with weights do, in order.
fn words(net: &Net) -> Vec<(&'static str, bool)> {
    let of = |layer: &Layer| match layer.kind {
        Kind::Conv { bias, .. } | Kind::Deconv { bias, .. } | Kind::Fc { bias, .. } => Some((layer.kind.word(), bias)),
        Kind::BatchNorm { .. } => Some(("bn", false)),
        _ => None,
    };
    net.layers.iter().filter_map(of).collect()
}

/// The layers that make the result; dropout, and flattening, which a fully connected layer does itself, do not.
fn kinds(net: &Net) -> impl Iterator<Item = &Layer> {
    net.layers.iter().filter(|layer| !matches!(layer.kind, Kind::Dropout { .. } | Kind::Flatten))
}

/// Whether two layers do the same; how many units a fully connected one has, its weights tell.
fn is_like(ours: &Layer, theirs: &Layer) -> bool {
    match (&ours.kind, &theirs.kind) {
        (Kind::Fc { .. }, Kind::Fc { .. }) => true,
        (Kind::BatchNorm { eps: ours, .. }, Kind::BatchNorm { eps: theirs, .. }) => ours == theirs,
        // Over the whole map, whatever its size.
        (Kind::Pool(a), Kind::Pool(b)) if is_global(ours) && is_global(theirs) => a.kind == b.kind,
        (ours, theirs) => ours == theirs,
    }
}

/// Whether one value a channel is left.
fn is_global(layer: &Layer) -> bool {
    layer.output.iter().rev().skip(1).all(|&side| side == 1)
}
