//! A print as what a slide states.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::draft::{
    Bytes, Claim, Counts, Draft, DraftNet, Join, Operations, Part, Printed, Remark, Row, Rows, Stated,
};
use super::super::figure::{Unread, What};
use super::super::{layers_up_to, line_of};
use super::infer::{Inferred, infer};
use super::{Layer, LayerKind, Print, Tool};

/// What a print states, with what its layers do.
pub fn draft(plain: &str, mut print: Print) -> Draft {
    let operations = match print.tool {
        Tool::Darknet => Operations::Darknet,
        Tool::Keras | Tool::Torch => Operations::MultAdds,
    };
    let mut draft = Draft {
        form: print.form,
        counts: Counts { biases: Some(true), operations: Some(operations) },
        remarks: std::mem::take(&mut print.remarks),
        ..Draft::default()
    };
    if print.layers.is_empty() {
        draft.unread.append(&mut print.unread);
        return draft;
    }
    one_sided(plain, &mut print);
    draft.remarks.extend(unscaled(&mut print));
    draft.unread.append(&mut print.unread);
    let inferred = match infer(&print) {
        Ok(inferred) => inferred,
        Err(at) => {
            draft.unread.push(unread(plain, &print, at, "a layer that takes what flows there"));
            return draft;
        }
    };
    match joint(&print, &inferred) {
        Some(place) if draft.unread.is_empty() => draft.unread.push(unjoined(plain, place)),
        Some(_) => {}
        None => draft.remarks.extend(print.joints.first().map(|place| chained(plain, place))),
    }
    let mut inferred = inferred;
    draft.remarks.extend(rectified(&print, &mut inferred));
    draft.remarks.extend(assumed(&print, &inferred));
    draft.nets.push(net(print, inferred));
    draft
}

/// The most further ends of a network that are told of.
const MOST_ENDS: usize = 8;

/// So many layers with wrong figures are no mistake in one of them.
const MANY: usize = 3;

/// The first module whose layers do not fit as a chain.
fn joint<'a>(print: &'a Print, inferred: &Inferred) -> Option<&'a Range<usize>> {
    let first = inferred.wrong.first().filter(|_| inferred.wrong.len() >= MANY)?;
    let start = print.layers[*first].place.start;
    // In a tree it stands above what it holds, in a list below.
    let below = || print.joints.iter().find(|joint| joint.start >= start);
    let above = || print.joints.iter().rfind(|joint| joint.start < start);
    if print.is_tree { above().or_else(below) } else { below().or_else(above) }
}

/// A module that holds others, and whose layers fit as a chain.
fn chained(plain: &str, place: &Range<usize>) -> Remark {
    let name = plain[place.clone()].split_whitespace().next().unwrap_or_default().trim_end_matches(':');
    let text =
        format!("what modules such as {name} hold is taken as a chain: a shortcut around it would not be printed");
    Remark { place: place.start..place.start, what: What::Shortcut, text, layer: None, assumed: true }
}

/// A module of which nothing says how what it holds is joined, in a print whose layers do not fit as a chain.
fn unjoined(plain: &str, place: &Range<usize>) -> Unread {
    Unread {
        line: line_of(plain, place.start),
        found: plain[place.clone()].split_whitespace().collect::<Vec<_>>().join(" "),
        place: place.clone(),
        expected: "how the layers inside are joined: they are no chain, and the print does not say which feeds which"
            .to_string(),
        read: "its layers as a chain".to_string(),
    }
}

/// A layer at which reading ends.
pub fn unread(plain: &str, print: &Print, at: usize, expected: &str) -> Unread {
    let place = print.layers[at].place.clone();
    Unread {
        line: line_of(plain, place.start),
        found: plain[place.clone()].split_whitespace().collect::<Vec<_>>().join(" "),
        place,
        expected: expected.to_string(),
        read: layers_up_to(at, at.checked_sub(1).map_or("", |before| &print.layers[before].name)),
    }
}

fn net(print: Print, inferred: Inferred) -> DraftNet {
    let ends_in_fc = print
        .layers
        .iter()
        .rfind(|layer| layer.kind != LayerKind::Nothing)
        .is_some_and(|layer| layer.kind == LayerKind::Fc);
    let place = print.input.as_ref().and_then(|input| input.place.clone());
    let mut net = DraftNet {
        input: Some(Stated { value: inferred.input, place }),
        totals: print.totals,
        is_whole: !ends_in_fc,
        ..DraftNet::default()
    };
    for (at, (layer, parts)) in print.layers.into_iter().zip(inferred.parts).enumerate() {
        let feeds = if layer.from.is_empty() { at.checked_sub(1).into_iter().collect() } else { layer.from.clone() };
        let join = if let LayerKind::Merge(join) = layer.kind { join } else { Join::default() };
        let rows = (at > 0).then_some(Part::Rows(Rows { rows: feeds, join }));
        let claims = claims(&layer, print.tool, print.is_unscaled);
        net.rows.push(Row {
            name: layer.name,
            place: layer.place,
            parts: rows.into_iter().chain(parts).collect(),
            claims,
        });
    }
    net
}

/// Activations that a print does not list: behind each convolution and each fully connected layer but the last.
fn rectified(print: &Print, inferred: &mut Inferred) -> Option<Remark> {
    let word = match print.tool {
        Tool::Keras | Tool::Torch => "relu",
        Tool::Darknet => "leaky 0.1",
    };
    let is_activation = |layer: &Layer| match layer.kind {
        LayerKind::Word(word) => !word.starts_with("dropout") && word != "softmax",
        _ => false,
    };
    if print.layers.iter().any(is_activation) {
        return None;
    }
    let has_weights = |layer: &Layer| {
        matches!(
            layer.kind,
            LayerKind::Conv | LayerKind::Depthwise | LayerKind::Separable | LayerKind::Deconv | LayerKind::Fc
        )
    };
    let mut goes_on = vec![false; print.layers.len()];
    for at in (0..print.layers.len()).rev() {
        for feed in feeds(print, at).into_iter().filter(|&feed| feed < at) {
            goes_on[feed] |= goes_on[at] || has_weights(&print.layers[at]);
        }
    }
    let mut first = None;
    for (at, layer) in print.layers.iter().enumerate().filter(|(at, layer)| goes_on[*at] && has_weights(layer)) {
        inferred.parts[at].push(Part::Word(word.to_string()));
        first = first.or(Some(layer));
    }
    let layer = first?;
    let text = format!("`{word}` behind each convolution and each fully connected layer but the last");
    let place = layer.place.start..layer.place.start;
    Some(Remark { place, what: What::Activation, text, layer: Some(layer.name.clone()), assumed: true })
}

/// Takes out zeros that stand on one side of a map only: the language has none.
fn one_sided(plain: &str, print: &mut Print) {
    let side = |layer: &Layer| layer.output.as_ref().and_then(|output| output.value.first().copied());
    let is_odd = |at: usize| {
        let before = feeds(print, at).first().and_then(|&feed| side(&print.layers[feed]));
        side(&print.layers[at]).zip(before).is_some_and(|(side, before)| side.abs_diff(before) % 2 == 1)
    };
    let pads = (0..print.layers.len()).filter(|&at| print.layers[at].kind == LayerKind::ZeroPad && is_odd(at));
    for at in pads.collect::<Vec<_>>() {
        if print.unread.is_empty() {
            let expected = "as many zeros on each side: those on one side only have no word in the language";
            let unread = unread(plain, print, at, expected);
            print.unread.push(unread);
        }
        (print.layers[at].kind, print.layers[at].output) = (LayerKind::Nothing, None);
    }
}

/// Whether all normalisation of a Keras print counts three numbers a channel: then it has no scale.
fn unscaled(print: &mut Print) -> Option<Remark> {
    let norms = || print.layers.iter().filter(|layer| layer.kind == LayerKind::Bn);
    let is_unscaled = |layer: &Layer| {
        let channels = layer.output.as_ref().and_then(|output| output.value.last().copied())?;
        Some(layer.parameters.as_ref()?.0.value()? == 3 * channels as u128)
    };
    if print.tool != Tool::Keras || norms().count() < 2 || !norms().all(|layer| is_unscaled(layer) == Some(true)) {
        return None;
    }
    print.is_unscaled = true;
    for claim in &mut print.totals {
        claim.what = without_scale(claim.what);
        if let Printed::Size(size) = &mut claim.value
            && let Bytes::Counted(what) = &mut size.of
        {
            *what = without_scale(*what);
        }
    }
    let layer = print.layers.iter().find(|layer| layer.kind == LayerKind::Bn)?;
    let place = layer.place.start..layer.place.start;
    let text = "normalisation has no scale: three numbers a channel; the language's has one".to_string();
    Some(Remark { place, what: What::Activation, text, layer: Some(layer.name.clone()), assumed: true })
}

fn without_scale(what: What) -> What {
    match what {
        What::Parameters => What::Unscaled,
        What::Stored => What::StoredUnscaled,
        other => other,
    }
}

/// The layers that feed one.
fn feeds(print: &Print, at: usize) -> Vec<usize> {
    match print.layers[at].from.as_slice() {
        [] => at.checked_sub(1).into_iter().collect(),
        from => from.to_vec(),
    }
}

/// A layer's figures.
fn claims(layer: &Layer, tool: Tool, is_unscaled: bool) -> Vec<Claim> {
    let shape = |what: What, stated: &Option<Stated<Vec<usize>>>| {
        let stated = stated.as_ref()?;
        let sizes = super::shape::as_printed(&stated.value, layer.order);
        Some(Claim { what, place: stated.place.clone()?, value: Printed::Shape(sizes, layer.order) })
    };
    let parameters = match tool {
        Tool::Keras if is_unscaled => What::StoredUnscaled,
        Tool::Keras => What::Stored,
        Tool::Torch | Tool::Darknet => What::Parameters,
    };
    let number = |what: What, printed: &Option<(super::Number, Range<usize>)>| {
        let (number, place) = printed.clone()?;
        Some(Claim { what, place, value: Printed::Number(number) })
    };
    [
        shape(What::Input, &layer.input),
        shape(What::Output, &layer.output),
        number(parameters, &layer.parameters),
        number(What::Operations, &layer.operations),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a print leaves out.
fn assumed(print: &Print, inferred: &Inferred) -> Vec<Remark> {
    let mut all = Vec::new();
    let mut assume = |layer: &Layer, what: What, text: String| {
        let place = layer.place.start..layer.place.start;
        all.push(Remark { place, what, text, layer: Some(layer.name.clone()), assumed: true });
    };
    let is_listed =
        print.input.is_some() || print.layers[0].kind == LayerKind::Input || print.layers[0].input.is_some();
    if !is_listed {
        let sizes = super::super::write::sizes(&inferred.input);
        assume(&print.layers[0], What::Input, format!("the input is {sizes}"));
    }
    let fed: BTreeSet<usize> = (0..print.layers.len()).flat_map(|at| feeds(print, at)).collect();
    for at in (0..print.layers.len() - 1).filter(|at| !fed.contains(at)).take(MOST_ENDS) {
        let words = "the network has another end here, which is no part of the net that is defined";
        assume(&print.layers[at], What::Head, words.to_string());
    }
    let has_window = |layer: &&Layer| {
        matches!(layer.kind, LayerKind::Conv | LayerKind::MaxPool | LayerKind::MeanPool | LayerKind::Depthwise)
    };
    if let Some(layer) = print.layers.iter().filter(has_window).find(|layer| layer.window.is_none()) {
        let words = "windows, strides and paddings are the usual ones that give the printed sizes and parameters";
        assume(layer, What::Filters, words.to_string());
    } else if let Some(layer) = print.layers.iter().filter(has_window).find(|layer| layer.stride.is_none()) {
        assume(layer, What::Stride, "strides and paddings are the usual ones that give the printed sizes".to_string());
    }
    all
}
