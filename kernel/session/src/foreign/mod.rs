//! Other people's files of weights: torchvision's, timm's, and anybody's from PyTorch whose layers are called as here or
//! numbered. Which names a file has is told by its layers ([`choice`]); the tables of names are the library's
//! ([`fovea_dsl::library::names`]); where the numbers of a tensor lie there, the layer says ([`slots`]).

mod choice;
mod like;
mod slots;

use std::collections::BTreeMap;

use fovea_dsl::library::names::{Naming, Pictures};
use fovea_dsl::net::Net;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Span, Stop, Tensor};
use fovea_train::{Misfit, NameShape, Standardisation, TrainError, Weights};

use crate::display::number::of;
use crate::failure::{At, Failure};
use choice::{Choice, choose, is_without};
pub(crate) use like::writable;
use slots::{Slot, Slots, is_ours};

/// The entry of a file's metadata that says whose names it has, where they are not ours.
const NAMES: &str = "names";

/// What PyTorch's batch normalisation counts, and nothing here needs.
const COUNTER: &str = ".num_batches_tracked";

/// How a file of other people's was read.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Whose names its layers have.
    pub naming: Option<&'static Naming>,
    /// Layers that the net does not have, and how many tensors they have.
    pub left_out: Option<(String, usize)>,
    /// What of the net is not as in the library's whose names these are.
    pub unlike: Option<String>,
    /// Whether nobody says what pictures are brought to.
    pub is_silent: bool,
}

/// A file's weights as the net's own, and how they were read; `None` where they have our names.
///
/// # Errors
/// Names that nobody here knows; tensors that are missing, left over or of another shape: where the statement says the file,
/// the second of `places`; the first is where it says the net.
pub(crate) fn heard(
    file: Weights,
    net: &Net,
    places: [Span; 2],
    stop: &dyn Stop,
) -> Result<(Weights, Option<Heard>), Failure> {
    let span = places[1];
    let slots = Slots::of(net, stop).at(span)?;
    let is_there = |slot: &Slot| file.tensors.iter().any(|(name, _)| *name == slot.name);
    if file.tensors.iter().any(|(name, _)| is_ours(name)) || slots.slots.iter().all(is_there) {
        return Ok((file, None));
    }
    let names = file.tensors.iter().map(|(name, _)| name.as_str());
    let Some(choice) = choose(names, &slots.layers, &net.name) else { return Err(strange(&file, &slots, net, span)) };
    let unlike = like::applies(&choice, &slots, net, places)?;
    let without = choice.naming.map_or(&[][..], |naming| &naming.without);
    let (known, left): (Vec<_>, Vec<_>) = file
        .tensors
        .into_iter()
        .filter(|(name, _)| !name.ends_with(COUNTER))
        .partition(|(name, _)| !is_without(name, without));
    let needed: Vec<NameShape> = slots.slots.iter().map(|slot| slot.theirs(&choice)).collect();
    let found: Vec<NameShape> = known.iter().map(|(name, value)| (name.clone(), value.shape().to_vec())).collect();
    let fits = |at: usize, shape: &[usize]| slots.slots[at].axes.takes(&slots.slots[at].shape, shape);
    Misfit::between(&needed, &found, fits).map_err(|misfit| unfit(&misfit, &choice, net, span))?;
    let tensors = ordered(known, &slots, &choice, stop)?;
    let is_silent = file.standardisation.is_none() && !file.metadata.contains_key(NAMES);
    let standardisation = file.standardisation.or_else(|| assumed(choice.naming?, net).filter(|_| is_silent));
    let left_out = (!left.is_empty()).then(|| (without.join(" and "), left.len()));
    let heard = Heard { naming: choice.naming, left_out, unlike, is_silent };
    Ok((Weights { tensors, standardisation, ..file }, Some(heard)))
}

/// The names and shapes that a file of a net's weights has by somebody's names.
///
/// # Errors
/// The net has no graph; it was broken off.
pub fn named(net: &Net, naming: &'static Naming, stop: &dyn Stop) -> Result<Vec<NameShape>, TrainError> {
    let (slots, choice) = (Slots::of(net, stop)?, Choice::of(naming));
    Ok(slots.slots.iter().map(|slot| slot.theirs(&choice)).collect())
}

/// A net's weights by somebody's names, in the order of axes that PyTorch has.
///
/// # Errors
/// The net has no graph; it was broken off.
pub(crate) fn written(
    weights: Weights,
    naming: &'static Naming,
    net: &Net,
    stop: &dyn Stop,
) -> Result<Weights, TrainError> {
    let (slots, choice) = (Slots::of(net, stop)?, Choice::of(naming));
    let mut given: BTreeMap<String, Tensor> = weights.tensors.into_iter().collect();
    let one = |slot: &Slot| Some((slot.theirs(&choice).0, slot.axes.to_theirs(&given.remove(&slot.name)?)));
    let tensors = slots.slots.iter().filter_map(one).collect();
    let mut metadata = weights.metadata;
    metadata.insert(NAMES.to_string(), naming.by.to_string());
    Ok(Weights { tensors, metadata, ..weights })
}

/// What is said of a file that was written so: what its names do not tell.
pub(crate) fn said_of_written(naming: &Naming, standardisation: Option<&Standardisation>) -> String {
    let mut text = format!(" by {}'s names", naming.by);
    if !naming.without.is_empty() {
        text += &format!("\nwithout {}, which the net does not have", naming.without.join(" and "));
    }
    match standardisation {
        Some(s) if naming.pictures.as_ref().and_then(|known| of_pictures(known, s.mean.len())).as_ref() != Some(s) => {
            let (mean, deviation) = (figures(&s.mean), figures(&s.deviation));
            text += &format!("\nelsewhere, pictures are to be brought to mean {mean} and deviation {deviation} first");
        }
        Some(_) => {}
        None => text += "\nelsewhere, pictures are to stay as they are, 0 to 1",
    }
    text
}

impl Slot {
    /// Its name and shape in a file.
    fn theirs(&self, choice: &Choice) -> NameShape {
        let layer = choice.layers.get(self.layer).map_or("", String::as_str);
        (format!("{layer}.{}", self.part), self.axes.theirs(&self.shape))
    }
}

/// A file's tensors, which fit, as the net's own.
fn ordered(
    known: Vec<(String, Tensor)>,
    slots: &Slots,
    choice: &Choice,
    stop: &dyn Stop,
) -> Result<Vec<(String, Tensor)>, Failure> {
    let mut given: BTreeMap<String, Tensor> = known.into_iter().collect();
    let mut tensors = Vec::with_capacity(slots.slots.len());
    for slot in stop.each(&slots.slots) {
        let slot = slot?;
        let theirs = given.remove(&slot.theirs(choice).0);
        let ours = theirs.and_then(|theirs| slot.axes.to_ours(theirs, &slot.shape));
        tensors.extend(ours.map(|ours| (slot.name.clone(), ours)));
    }
    Ok(tensors)
}

/// What pictures are brought to, as the published weights expect them; none where the pictures have other channels.
fn assumed(naming: &Naming, net: &Net) -> Option<Standardisation> {
    of_pictures(naming.pictures.as_ref()?, net.input().last().copied().unwrap_or(1))
}

fn of_pictures(pictures: &Pictures, channels: usize) -> Option<Standardisation> {
    match pictures {
        Pictures::Imagenet => (channels == 3).then(|| Standardisation::imagenet(channels)),
        Pictures::By { mean, deviation } => {
            let by = Standardisation { mean: mean.clone(), deviation: deviation.clone() };
            (channels == mean.len()).then_some(by)
        }
    }
}

/// Says that a file's names are nobody's.
fn strange(file: &Weights, slots: &Slots, net: &Net, span: Span) -> Failure {
    let names: Vec<&str> = file.tensors.iter().map(|(name, _)| name.as_str()).take(3).collect();
    let more = if file.tensors.len() > names.len() { ", …" } else { "" };
    let message = match &names[..] {
        [] => "the file holds no tensors".to_string(),
        names => format!("{}{more}: such names are neither `{}`'s nor any that are known", names.join(", "), net.name),
    };
    let layer = slots.layers.first().map_or("conv1", String::as_str);
    Diagnostic::new(Stage::Verbs, span, message)
        .found(names.first().copied().unwrap_or("nothing"))
        .expected(slots.slots.first().map_or("weights", |slot| slot.name.as_str()))
        .help(format!(
            "understood are the net's own names, PyTorch's where layers are called as here (`{layer}.weight`) or numbered \
             (`features.0.weight`), and torchvision's and timm's of the library's nets"
        ))
        .into()
}

/// What to do with a file of another net's weights.
fn instead(other: &str) -> String {
    format!(
        "`load {other} …` takes the file, and `net mine = {other}.LAYER - …` begins inside that net with its weights"
    )
}

/// Says what of a file and a net differ.
fn unfit(misfit: &Misfit, choice: &Choice, net: &Net, span: Span) -> Failure {
    let mistake = Diagnostic::new(Stage::Verbs, span, misfit.to_string());
    let of = choice.naming.and_then(|naming| naming.net);
    let help = match (of, choice.naming) {
        (Some(other), Some(naming)) if other == net.name => format!("these are {}'s names of `{other}`", naming.by),
        (Some(other), Some(naming)) => {
            format!("these are {}'s names of `{other}`, whose layers `{}` has; {}", naming.by, net.name, instead(other))
        }
        (None, Some(_)) => "the layers were taken in the order of PyTorch's numbers".to_string(),
        (_, None) => "layers are called as here, and their tensors as in PyTorch".to_string(),
    };
    mistake.help(help).into()
}

impl Heard {
    /// Whose names, as data.
    pub fn by(&self) -> &'static str {
        self.naming.map_or("layers", |naming| naming.by)
    }

    /// How the file was read, for reading.
    pub fn in_words(&self, net: &Net, standardisation: Option<&Standardisation>) -> String {
        let whose = match self.naming {
            None => "by the layers' names, their tensors called as in PyTorch".to_string(),
            Some(Naming { net: None, .. }) => "in the order of PyTorch's numbers".to_string(),
            Some(Naming { net: Some(other), by, .. }) if *other == net.name => format!("by {by}'s names"),
            Some(Naming { net: Some(other), by, .. }) => format!("by {by}'s names of {other}, layer by layer"),
        };
        let mut lines = vec![whose];
        lines.extend(self.left_out.as_ref().map(|(layers, count)| {
            format!("left out: {layers}, {}, which the net does not have", of(*count, "tensor"))
        }));
        lines.extend(self.unlike.clone());
        if self.is_silent {
            lines.push(match (standardisation, self.naming.and_then(|naming| naming.pictures.as_ref())) {
                (None, _) => "the file does not say what pictures are brought to: they stay as they are, 0 to 1; \
                              `normalize imagenet` behind it says otherwise"
                    .to_string(),
                (Some(_), Some(Pictures::By { mean, deviation })) => format!(
                    "pictures are brought to mean {} and deviation {}, as the published weights expect, which the file \
                     does not say; `normalize imagenet` or `raw` behind it says otherwise",
                    figures(mean),
                    figures(deviation)
                ),
                (Some(_), _) => {
                    "pictures are normalised as ImageNet's, as the published weights expect, which the file \
                                 does not say; `raw` behind it says otherwise"
                        .to_string()
                }
            });
        }
        lines.join("\n")
    }
}

/// `0.5`, or `0.485, 0.456, 0.406`.
fn figures(numbers: &[f32]) -> String {
    match numbers {
        [first, rest @ ..] if rest.iter().all(|number| number == first) => first.to_string(),
        numbers => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
