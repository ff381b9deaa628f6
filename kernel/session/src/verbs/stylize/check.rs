//! Whether a picture can be stylized: both pictures, the layers, and the memory that a step takes.

use std::sync::Arc;

use fovea_dsl::net::Net;
use fovea_dsl::resized::resized;
use fovea_dsl::verb::{self, Beginning};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::shape::join;
use fovea_train::probe::style::losses::{Weights as Counts, grams};
use fovea_train::probe::style::{Descent, Start, Transfer, adam};

use super::Stylize;
use super::layers::{Chosen, chosen};
use super::pictures::{fitted, painting, photo, within};
use crate::display::number;
use crate::failure::Failure;
use crate::layers::Place;
use crate::lookup::{Use, Weights};
use crate::memory::largest;
use crate::route::route_of;
use crate::samples::Pick;
use crate::verbs::Checked;
use crate::verbs::kept::Kept;
use crate::world::Names;

/// How many steps there are where nothing is said.
const STEPS: usize = 200;

/// Checks the net, both pictures and their sizes, the layers, the memory and the file's folder.
pub fn check(said: verb::Stylize, span: Span, names: &Names) -> Checked {
    let verb::Stylize { photo: of_photo, painting: of_painting, net, content, style, .. } = &said;
    let of = Use { net, data: None, weights: Weights::Own };
    let whole = names.whole(&of)?;
    let counts = said.weights.as_ref().map_or_else(verb::StyleWeights::default, |weights| weights.value);
    let photo = photo(of_photo.clone(), &whole, said.size.as_ref(), names)?;
    let painting = painting(of_painting.clone(), &whole, &photo, names)?;
    let named = [content, style].map(|said| said.as_ref().map(|said| &said.value[..]));
    let chosen = chosen(&whole, net.span, named, [counts.content > 0.0, counts.style > 0.0])?;
    let place = Place { at: chosen.deepest(), path: whole.name.clone(), span: net.span, net: whole };
    let size = said.size.as_ref().map(|size| size.span);
    let sized = Sized { place: &place, chosen: &chosen, names };
    let nets = [sized.net(&photo, size)?, sized.net(&painting, None)?];
    let transfer = transfer(&said, &chosen, counts, &place.net, names);
    let bytes = sized.fits(&of, &nets, (&photo, size), &transfer)?;
    let save = said.save.as_ref().map(|path| Kept::at(&path.value)).transpose()?;
    let (device, theme, seed) = (Arc::clone(&names.device), names.theme, names.seed);
    Ok(Box::new(Stylize { place, nets, device, photo, painting, transfer, bytes, seed, theme, span, save }))
}

/// What is asked of the net.
fn transfer(said: &verb::Stylize, chosen: &Chosen, counts: verb::StyleWeights, net: &Net, names: &Names) -> Transfer {
    let named = |layers: &[usize]| layers.iter().map(|&at| net.layers[at].name.clone()).collect();
    let verb::StyleWeights { content, style, variation } = counts;
    Transfer {
        content: named(&chosen.content),
        style: named(&chosen.style),
        weights: Counts { content, style, variation },
        descent: match said.by.as_ref().map_or_else(verb::Descent::default, |by| by.value) {
            verb::Descent::Lbfgs { memory } => Descent::Lbfgs { memory },
            verb::Descent::Adam { rate, beta1, beta2, eps } => Descent::Adam(adam::Numbers { rate, beta1, beta2, eps }),
        },
        start: match said.from.as_ref().map_or(Beginning::Photo, |from| from.value) {
            Beginning::Photo => Start::Photo,
            Beginning::Noise => Start::Noise(said.seed.as_ref().map_or(names.seed, |said| said.value)),
        },
        steps: said.steps.as_ref().map_or(STEPS, |said| said.value),
    }
}

/// A net's first layers, at sizes of pictures.
struct Sized<'a> {
    place: &'a Place,
    chosen: &'a Chosen,
    names: &'a Names,
}

impl Sized<'_> {
    /// The layers at the size of a picture, which `size` may say.
    fn net(&self, pick: &Pick, size: Option<Span>) -> Result<Net, Failure> {
        let (net, layers) = (self.place.up_to(), [&self.chosen.content[..], &self.chosen.style].concat());
        match fitted(&net, &layers, pick, self.names)? {
            Ok(fitted) => Ok(fitted),
            Err(unfit) => Err(unfit.mistake(&net, &layers, pick, size, self.names)?.into()),
        }
    }

    /// The bytes that a photograph's and a painting's net take, with all that the descent remembers.
    fn bytes(&self, of: &Use<'_>, nets: &[Net; 2], transfer: &Transfer) -> Result<u64, Failure> {
        let backend = &*self.names.device;
        let channels = nets[0].input().last().copied().unwrap_or(1);
        let step = route_of(&nets[0], of, &transfer.question(channels), 1, self.names)?.plan;
        let mut most = backend.footprint(&[&step]);
        if !transfer.style.is_empty() {
            let grams = route_of(&nets[1], of, &grams(&transfer.style), 1, self.names)?.plan;
            most = most.max(backend.footprint(&[&grams]));
        }
        let own = if backend.shares_host() { transfer.bytes(nets[0].input().iter().product()) } else { 0 };
        // Weights count twice: they are drawn or read first, and then written to the device.
        Ok(most.saturating_add(step.state_bytes()).saturating_add(own))
    }

    /// The bytes that it takes. Refuses what the device has no room for, and says which size would fit.
    fn fits(
        &self,
        of: &Use<'_>,
        nets: &[Net; 2],
        (photo, size): (&Pick, Option<Span>),
        transfer: &Transfer,
    ) -> Result<u64, Failure> {
        let needed = self.bytes(of, nets, transfer)?;
        let device = self.names.device.device();
        let Some(free) = device.memory.filter(|&free| free < needed) else { return Ok(needed) };
        let [own, needed, free_words] = [join(&nets[0].input()[..2]), number::bytes(needed), number::bytes(free)];
        let layer = &self.place.layer().name;
        let message =
            format!("`{}` up to `{layer}` at {own} needs {needed}, and {} has {free_words}", of.net.text, device.name);
        let span = size.unwrap_or(photo.samples.span);
        let mistake = Diagnostic::new(Stage::Memory, span, message).found(needed);
        let mistake = mistake.expected(format!("at most {free_words}"));
        Err(match self.smaller(of, nets, transfer, free)? {
            None => mistake.help("no size of this picture fits: a smaller net takes less").into(),
            Some(works) => {
                let works = format!("size {}", join(&works));
                match size {
                    Some(size) => mistake.write(size, works).into(),
                    None => mistake.put_behind(span, format!(" {works}")).help(format!("`{works}` fits")).into(),
                }
            }
        })
    }

    /// The largest size of the photograph's form that fits.
    fn smaller(
        &self,
        of: &Use<'_>,
        nets: &[Net; 2],
        transfer: &Transfer,
        free: u64,
    ) -> Result<Option<[usize; 2]>, Failure> {
        let size = |net: &Net| [net.input()[0], net.input()[1]];
        let own = nets.each_ref().map(size);
        let shrunk = |own: [usize; 2], longest: usize| {
            let [height, width] = within(own, longest);
            let shape = [height, width, nets[0].input()[2]];
            resized(&self.place.up_to(), &shape, &*self.names.interrupted)
        };
        // The painting is brought to the photograph's longer side, and shrinks with it.
        let both = |longest: usize| -> Result<Option<[Net; 2]>, Failure> {
            let [photo, painting] = own;
            let (photo, painting) = (shrunk(photo, longest)?, shrunk(painting, longest)?);
            Ok(photo.ok().zip(painting.ok()).map(|(photo, painting)| [photo, painting]))
        };
        let found = largest(own[0][0].max(own[0][1]), |longest| match both(longest)? {
            Some(nets) => Ok::<_, Failure>(self.bytes(of, &nets, transfer)? <= free),
            // Where a picture is too small for the net, memory is not what it lacks.
            None => Ok(true),
        })?;
        let Some(longest) = found else { return Ok(None) };
        Ok(both(longest)?.map(|nets| size(&nets[0])))
    }
}
