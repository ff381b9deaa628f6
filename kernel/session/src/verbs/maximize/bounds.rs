//! What keeps pictures in bounds, as it is said and as it is done; sizes on the way.

use fovea_dsl::net::Net;
use fovea_dsl::resized::resized;
use fovea_dsl::verb::{Regulariser, Said};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;
use fovea_train::probe::maximize::{Bounds, Part};

use crate::display::number::short;
use crate::failure::Failure;
use crate::layers::Place;
use crate::world::Names;

/// No picture on the way is smaller than this many pixels each way.
const SMALLEST: usize = 4;

/// What a statement says of it.
pub struct Bounded {
    pub bounds: Bounds,
    /// How many sizes there are, and how many times as large each is as the one before.
    pub octaves: (usize, f64),
    pub words: Vec<String>,
}

/// What keeps the pictures of a layer's units in bounds; the usual, where nothing is said.
pub fn bounds(with: Option<&Said<Vec<(Regulariser, Span)>>>, place: &Place, part: Part) -> Result<Bounded, Diagnostic> {
    let input = place.net.input();
    // A value in the middle of a map sees a part of the picture, which a shift would take from it.
    let is_middle = part == Part::Middle && place.layer().output.len() > 1;
    let all = with.map_or_else(|| usual(input, is_middle), |said| said.value.clone());
    let mut said = Bounded { bounds: Bounds::default(), octaves: (1, 1.0), words: Vec::new() };
    for (one, span) in all {
        fits(one, span, input)?;
        let bounds = &mut said.bounds;
        match one {
            Regulariser::Plain => {}
            Regulariser::Fourier { power } => bounds.fourier = Some(power as f32),
            Regulariser::Jitter { pixels } => bounds.jitter = pixels,
            Regulariser::Octaves { count, by } => said.octaves = (count, by),
            Regulariser::Blur { sigma, every } => bounds.blur = Some((sigma as f32, every)),
            Regulariser::Tv { weight } => bounds.tv = weight as f32,
            Regulariser::Decay { weight } => bounds.decay = weight as f32,
        }
        said.words.push(in_words(one));
    }
    Ok(said)
}

/// What holds where nothing is said: a shift of a fourteenth of the side, which a small picture has none of; of a value in the
/// middle of a map more of what smooths, as it is alone.
fn usual(input: &[usize], is_middle: bool) -> Vec<(Regulariser, Span)> {
    let pixels = side(input) / 14;
    let fitting = |one: Regulariser| match one {
        Regulariser::Tv { weight } => Some(Regulariser::Tv { weight: if is_middle { 3.0 * weight } else { weight } }),
        _ if is_middle => None,
        Regulariser::Jitter { .. } => (pixels > 0).then_some(Regulariser::Jitter { pixels }),
        _ => Some(one),
    };
    Regulariser::usual().into_iter().filter_map(fitting).map(|one| (one, Span::default())).collect()
}

/// The shorter side of pictures of this shape.
fn side(input: &[usize]) -> usize {
    input[..input.len().saturating_sub(1)].iter().copied().min().unwrap_or_default()
}

fn in_words(one: Regulariser) -> String {
    match one {
        Regulariser::Plain => "plain".to_string(),
        Regulariser::Fourier { power } => format!("fourier(power {})", short(power)),
        Regulariser::Jitter { pixels } => format!("jitter(pixels {pixels})"),
        Regulariser::Octaves { count, by } => format!("octaves(count {count}, by {})", short(by)),
        Regulariser::Blur { sigma, every } => format!("blur(sigma {}, every {every})", short(sigma)),
        Regulariser::Tv { weight } => format!("tv(weight {})", short(weight)),
        Regulariser::Decay { weight } => format!("decay(weight {})", short(weight)),
    }
}

/// Whether it goes with pictures of this shape.
fn fits(one: Regulariser, span: Span, input: &[usize]) -> Result<(), Diagnostic> {
    let side = side(input);
    let pictures = join(&input[..input.len().saturating_sub(1)]);
    let wrong = |message: String, found: String| Diagnostic::new(Stage::Values, span, message).found(found);
    match one {
        Regulariser::Jitter { pixels } if pixels >= side => {
            let message = format!("pictures of {pictures} cannot be shifted by {pixels} pixels");
            let most = side.saturating_sub(1);
            let mistake = wrong(message, pixels.to_string()).expected(format!("at most {most}"));
            Err(mistake.write(span, format!("jitter(pixels {})", (side / 14).max(1))))
        }
        Regulariser::Blur { sigma, every } if sigma > side as f64 => {
            let message = format!("a blur of {} pixels leaves nothing of pictures of {pictures}", short(sigma));
            let mistake = wrong(message, short(sigma)).expected(format!("at most {side}"));
            Err(mistake.write(span, format!("blur(sigma 0.5, every {every})")))
        }
        Regulariser::Octaves { count, by } => {
            let most = most_octaves(side, by);
            if count <= most {
                return Ok(());
            }
            let times = short(by);
            let message = format!("of {count} octaves by {times} the first would be smaller than {SMALLEST} pixels");
            let mistake =
                wrong(message, count.to_string()).expected(format!("at most {most} of pictures of {pictures}"));
            Err(mistake.write(span, format!("octaves(count {most}, by {times})")))
        }
        _ => Ok(()),
    }
}

/// How many octaves there can be of pictures with this side.
fn most_octaves(side: usize, by: f64) -> usize {
    let steps = (side as f64 / SMALLEST as f64).ln() / by.ln();
    if steps > 0.0 { (steps + 1e-9) as usize + 1 } else { 1 }
}

/// The sizes on the way, and the layers at each: of that size where all of them slide over a map of any size, else of the
/// net's own, to which the pictures are brought.
pub fn octaves(layers: &Net, (count, by): (usize, f64), names: &Names) -> Result<Vec<([usize; 2], Net)>, Failure> {
    let [height, width, channels] = layers.input() else { return Ok(Vec::new()) };
    let mut octaves = Vec::with_capacity(count);
    for number in (0..count).rev() {
        let [h, w] = [height, width].map(|&side| ((side as f64 / by.powi(number as i32)).round() as usize).max(1));
        let at_size = match number {
            0 => None,
            _ => resized(layers, &[h, w, *channels], &*names.interrupted)?.ok(),
        };
        let is_whole = |net: &Net| net.output().iter().all(|&extent| extent > 0);
        octaves.push(([h, w], at_size.filter(is_whole).unwrap_or_else(|| layers.clone())));
    }
    Ok(octaves)
}
