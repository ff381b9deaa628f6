//! Whether units can be climbed to: the net or the layer, its maps, units or classes, and the memory that it takes.

use std::sync::Arc;

use fovea_dsl::net::{Kind, Net};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Classes, LayerRef, Said};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_train::probe::maximize::{AT_ONCE, Ascent, Part, question};

use super::bounds::{bounds, octaves};
use super::{MOST, Maximize, STEPS, Units};
use crate::classes::{class_names, known, tells_classes};
use crate::failure::Failure;
use crate::layers::Place;
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::route::route_of;
use crate::verbs::Checked;
use crate::verbs::evolve::of_pictures;
use crate::verbs::kept::Kept;
use crate::world::Names;

/// Checks the units, what keeps their pictures in bounds, and the memory of a step.
pub fn check(said: verb::Maximize, names: &Names) -> Checked {
    let verb::Maximize { layer, class, centre, with, steps, seed, save } = said;
    let is_net = names.has_net(&layer.path.text) || !layer.path.text.contains('.');
    let (place, units, numbers) =
        if is_net { of_classes(&layer, class, names)? } else { of_layer(&layer, class, names)? };
    of_pictures(&place.net, place.span)?;
    let part = part(&place, units.what, centre)?;
    let said = bounds(with.as_ref(), &place, part)?;
    let layers = place.up_to();
    let octaves = octaves(&layers, said.octaves, names)?;
    let net = Name { text: place.net.name.clone(), span: place.span };
    let by = Use { net: &net, data: None, weights: Weights::Own };
    place.fits(names)?;
    let plan = |count| Ok(route_of(&layers, &by, &question(part), count, names)?.plan);
    let at_once = memory::at_once(&*names.device, AT_ONCE.min(numbers.len()), place.span, plan)?;
    let ascent = Ascent {
        units: numbers,
        part,
        steps: steps.map_or(STEPS, |said| said.value),
        bounds: said.bounds,
        seed: seed.map_or(names.seed, |said| said.value),
        start: None,
        at_once,
    };
    let save = save.map(|path| Kept::at(&path.value)).transpose()?;
    let (device, net_seed, theme) = (Arc::clone(&names.device), names.seed, names.theme);
    let bounds = said.words;
    Ok(Box::new(Maximize { place, units, device, ascent, octaves, bounds, net_seed, save, theme }))
}

/// A layer, what its units are called, and which of them are meant.
type Found = (Place, Units, Vec<usize>);

/// The classes of a net: of the scores before its softmax.
fn of_classes(of: &LayerRef, class: Option<Said<Classes>>, names: &Names) -> Result<Found, Failure> {
    let net = names.net(&Use { net: &of.path, data: None, weights: Weights::Own })?;
    let scores = net.layers.last().and_then(|last| last.inputs.first().copied());
    let (true, Some(at)) = (tells_classes(&net), scores) else { return Err(no_classes(&net, of).into()) };
    let one = match class {
        Some(Said { value: Classes::One(class), what, .. }) => Some(known(class, what, &net)?),
        Some(Said { value: Classes::All, .. }) | None => None,
    };
    let (all, called) = (net.output().last().copied().unwrap_or_default(), class_names(&net, &[], names));
    let numbers: Vec<usize> = one.map_or_else(|| (0..all.min(MOST)).collect(), |one| vec![one]);
    let named = numbers.iter().map(|&class| called[class].clone()).collect();
    let all = if one.is_some() { 1 } else { all };
    let units = Units { what: "class", names: named, all, is_one: one.is_some() };
    let path = net.name.clone();
    Ok((Place { net, at, path, span: of.path.span }, units, numbers))
}

/// The mistake of a net that tells no classes, named without a layer.
fn no_classes(net: &Net, of: &LayerRef) -> Diagnostic {
    let message = format!("`{}` does not end in softmax: it tells no classes", net.name);
    let mistake = Diagnostic::new(Stage::Shapes, of.path.span, message).expected("a net with `, softmax`, or a layer");
    let Some(last) = net.layers.iter().skip(1).next_back() else { return mistake };
    let layer = format!("{}.{}", net.name, last.name);
    mistake.found(last.kind.word()).mend(of.path.span, &layer).help(format!("`{layer}` is what it gives"))
}

/// The maps or units of a layer.
fn of_layer(of: &LayerRef, class: Option<Said<Classes>>, names: &Names) -> Result<Found, Failure> {
    let place = names.layer(of, None)?;
    if let Some(class) = class {
        let net = &place.net.name;
        let message = format!("a class is told by the whole net, and `{}` is a layer of it", of.path.text);
        let mistake = Diagnostic::new(Stage::Verbs, class.span, message).also(of.span, "the layer").found("both");
        let mistake = mistake.expected("a net and a class, or a layer").mend(class.cut(), "").mend(of.span, net);
        return Err(mistake.help(format!("leave out the class, or write `{net}` in place of the layer")).into());
    }
    if matches!(place.layer().kind, Kind::Softmax) {
        return Err(probabilities(&place, of).into());
    }
    let output = &place.layer().output;
    let (what, all) = match &output[..] {
        [units] => ("unit", *units),
        [.., maps] => ("map", *maps),
        [] => ("unit", 0),
    };
    let (first, end) = place.range(of, all, what)?;
    let numbers: Vec<usize> = (first..end.min(first + MOST)).collect();
    let named = numbers.iter().map(usize::to_string).collect();
    let units = Units { what, names: named, all: end - first, is_one: of.range.is_some() && end == first + 1 };
    Ok((place, units, numbers))
}

/// The mistake of a softmax: a probability rises as well where the others' scores fall.
fn probabilities(place: &Place, of: &LayerRef) -> Diagnostic {
    let message = format!("`{}` gives probabilities: one rises, too, where the others' scores fall", place.path);
    let mistake = Diagnostic::new(Stage::Verbs, of.span, message).found("softmax").expected("a layer before it");
    let Some(before) = place.layer().inputs.first().map(|&at| &place.net.layers[at].name) else { return mistake };
    let range = match of.range {
        Some((first, end)) if end == first + 1 => format!("[{first}]"),
        Some((first, end)) => format!("[{first}..{end}]"),
        None => String::new(),
    };
    let scores = format!("{}.{before}{range}", place.net.name);
    mistake.mend(of.span, &scores).help(format!("`{scores}` is of the scores before it"))
}

/// What of each unit counts.
fn part(place: &Place, what: &str, centre: Option<Said<()>>) -> Result<Part, Diagnostic> {
    let output = &place.layer().output;
    match (output.len(), centre) {
        (0 | 1, Some(centre)) => {
            let message = format!("only a map has a middle, and `{}` gives {}", place.path, join(output));
            let mistake = Diagnostic::new(Stage::Shapes, centre.span, message).found("centre");
            Err(mistake.expected(format!("a layer with maps, or the {what} alone")).mend(centre.cut(), ""))
        }
        (0 | 1, None) | (_, Some(_)) => Ok(Part::Middle),
        (_, None) => Ok(Part::Mean),
    }
}
