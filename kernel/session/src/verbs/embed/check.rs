//! Whether the codes can be laid out: the layer, how many samples there are, and the numbers of the layout.

use std::sync::Arc;

use fovea_dsl::net::Kind;
use fovea_dsl::verb::{self, LayerRef, Layout, Neighbourly, Said, Samples};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;
use fovea_train::probe::embed::{LEAST, Start, Tsne, most_perplexity};

use super::{Embed, How};
use crate::display::number::{of, short};
use crate::failure::Failure;
use crate::layers::Place;
use crate::lookup::{Use, Weights};
use crate::samples::{Pick, behind, pick};
use crate::verbs::Checked;
use crate::verbs::weights::destination;
use crate::world::Names;

/// So many samples are laid out at most, and so many numbers of their codes looked at.
const MOST: usize = 20_000;
const MOST_NUMBERS: usize = 1 << 25;

/// The perplexity where none is said, or as much as there can be.
const PERPLEXITY: f64 = 30.0;

/// How much closer neighbours are drawn at first (van der Maaten 2014).
const EXAGGERATION: f64 = 12.0;

/// Checks the layer, the samples and the layout.
pub fn check(said: verb::Embed, names: &Names) -> Checked {
    let verb::Embed { layer, samples, layout, seed, save } = said;
    let place = place(&layer, &samples, names)?;
    place.fits(names)?;
    let output = &place.layer().output;
    let channels = output.last().copied().unwrap_or(1);
    let range = place.range(&layer, channels, if output.len() == 1 { "value" } else { "channel" })?;
    let pick = pick(samples, names)?;
    let size = output.iter().product::<usize>() / channels.max(1) * (range.1 - range.0);
    let count = bearable(&pick, size, output)?;
    let how = how(layout, count)?;
    let save = save.map(|path| destination(&path.value)).transpose()?;
    let seed = seed.map_or(names.seed, |seed| seed.value);
    let (device, net_seed, theme) = (Arc::clone(&names.device), names.seed, names.theme);
    Ok(Box::new(Embed { place, device, net_seed, seed, pick, range, how, save, theme }))
}

/// The layer; of a net alone the one that its softmax is of, or its last.
fn place(of: &LayerRef, samples: &Samples, names: &Names) -> Result<Place, Failure> {
    let path = &of.path;
    if !names.has_net(&path.text) && (path.text.contains('.')) {
        return names.layer(of, Some(&samples.data));
    }
    let net = names.net_for_pictures(&Use { net: path, data: Some(&samples.data), weights: Weights::Own })?;
    let last = net.layers.len().saturating_sub(1);
    let at = match net.layers.last() {
        Some(softmax) if matches!(softmax.kind, Kind::Softmax) => softmax.inputs.first().copied().unwrap_or(last),
        _ => last,
    };
    let named = format!("{}.{}", net.name, net.layers[at].name);
    Ok(Place { net, at, path: named, span: path.span })
}

/// How many samples there are, where they can be laid out.
fn bearable(pick: &Pick, size: usize, shape: &[usize]) -> Result<usize, Diagnostic> {
    let (first, end) = pick.range;
    let (count, most) = (end - first, MOST.min(MOST_NUMBERS / size.max(1)));
    let samples = of(count, "sample");
    let wrong = |message: String| Diagnostic::new(Stage::Values, pick.samples.span, message).found(samples.clone());
    if count < LEAST {
        let data = &pick.samples.data.text;
        let mistake = wrong(format!("{samples} make no picture: `embed` lays out {LEAST} or more"));
        let mistake = mistake.expected(format!("at least {}", of(LEAST, "sample")));
        let whole = format!("{data}{}", behind(pick.samples.side));
        return Err(match pick.samples.range {
            Some(_) => mistake.mend(pick.samples.span, whole.clone()).help(format!("`on {whole}` takes them all")),
            None => mistake,
        });
    }
    if count <= most {
        return Ok(count);
    }
    if most < LEAST {
        let message = format!("codes of {} are too large to lay out", join(shape));
        let found = of(size, "number");
        let expected = format!("at most {}", of(MOST_NUMBERS / LEAST, "number"));
        return Err(Diagnostic::new(Stage::Values, pick.samples.span, message).found(found).expected(expected));
    }
    let some = format!("{}{}[{first}..{}]", pick.samples.data.text, behind(pick.samples.side), first + most);
    let mistake = wrong(format!("{samples} of {} are too many to lay out", join(shape)));
    Err(mistake.expected(format!("at most {}", of(most, "sample"))).write(pick.samples.span, some))
}

/// The layout with every number said; so many samples bound the perplexity.
fn how(layout: Option<Said<Layout>>, count: usize) -> Result<How, Diagnostic> {
    let (layout, span) = layout.map_or_else(Default::default, |said| (said.value, said.what));
    let Layout::Tsne(Neighbourly { perplexity, steps, theta, is_random }) = layout else { return Ok(How::Components) };
    let most = most_perplexity(count);
    if let Some(perplexity) = perplexity
        && !(1.0..=most).contains(&perplexity)
    {
        return Err(no_perplexity(perplexity, most, count, span));
    }
    let perplexity = perplexity.unwrap_or(PERPLEXITY.min(most));
    let start = if is_random { Start::Random } else { Start::Components };
    Ok(How::Neighbours(Tsne { perplexity, steps, exaggeration: EXAGGERATION, theta, start }))
}

/// The mistake of a perplexity that so many samples cannot have.
fn no_perplexity(perplexity: f64, most: f64, count: usize, span: Span) -> Diagnostic {
    let (found, samples) = (short(perplexity), of(count, "sample"));
    let message = format!("`perplexity` is {found}, and of {samples} it is at least 1 and at most {}", short(most));
    let mistake = Diagnostic::new(Stage::Values, span, message).found(found);
    let help = "a sample has three times as many neighbours, among the others";
    mistake.expected(format!("a number from 1 to {}", short(most))).help(help)
}
