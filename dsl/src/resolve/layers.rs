//! One layer on one map: its defaults, and its output's shape.

use fovea_graph::counted;
use fovea_graph::op::{Pool as PoolOp, PoolKind};
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window, WindowError};
use fovea_graph::{Shape, Span};

use super::channels::MAX_CHANNELS;
use super::options::{Conv, Options, Padding, Pool, Said, Sizes};
use super::shapes::{Progress, axis_name};
use crate::diagnostic::{Diagnostic, Stage};
use crate::net::{Kind, Layer, work};

/// The most multiply–accumulates, or elements of windows, of one layer on one image.
const MAX_WORK: f64 = (1u64 << 48) as f64;

/// A layer's place: its name and words, what it is given, and the layer that gives it.
pub(super) struct Site<'s> {
    pub name: &'s str,
    pub span: Span,
    pub x: &'s [usize],
    /// The size that it is to give, where the text says so.
    pub target: Option<&'s [usize]>,
    /// None where mends are tried and nobody reads the message.
    pub before: Option<Source<'s>>,
}

/// Where the shape that a layer is given comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'s> {
    /// From the layer before.
    Layer(&'s Layer),
    /// From a statement in the text, which did not agree with what was computed, or before which nothing was known.
    Stated(Span),
}

impl Source<'_> {
    /// Points at it.
    pub fn label(self, error: Diagnostic, shape: &[usize]) -> Diagnostic {
        match self {
            Source::Layer(layer) => error.also(layer.span, format!("{} gives {}", layer.name, join(shape))),
            Source::Stated(span) => error.also(span, "stated here"),
        }
    }
}

/// A window over all axes.
struct Sliding<'w> {
    word: &'static str,
    size: &'w [usize],
    stride: &'w [usize],
    dilate: &'w [usize],
    rounding: Rounding,
}

/// The units of an `fc` that does not say how many.
const FC_UNITS: usize = 512;

/// An axis each: the padding, and how many windows there are.
type Slid = (Vec<[usize; 2]>, Vec<usize>);

/// A mistake; boxed, because the search for mends makes many.
pub(super) type Failure = Box<Diagnostic>;

/// The layer that these options make on `site.x`, and its output's shape.
pub(super) fn apply(options: &Options, progress: Progress, site: &Site) -> Result<(Kind, Vec<usize>), Failure> {
    let (kind, output) = match options {
        Options::Conv(said) => site.conv(said, progress)?,
        Options::Deconv(said, target) => site.deconv(said, target.as_ref().map(|said| said.span), progress)?,
        Options::Pool(said) => site.pool(said)?,
        Options::Upsample(factor, interpolation) => site.upsample(factor, *interpolation)?,
        Options::Crop(said) => site.crop(said.span)?,
        Options::Pad(said) => site.pad(said)?,
        // Reads another layer too, so that the walk along the net applies it.
        Options::Unpool(_) => return Err(Box::new(site.wrong("`unpool` needs its pool".to_string()))),
        Options::Fc { units, bias } => {
            let units = units.unwrap_or(FC_UNITS);
            site.countable(&[units, site.x.iter().product()], "its weights are")?;
            (Kind::Fc { units, bias: *bias }, vec![units])
        }
        Options::Dropout { rate } => (Kind::Dropout { rate: *rate }, site.x.to_vec()),
        Options::Relu => (Kind::Relu, site.x.to_vec()),
        Options::Unary(function) => (Kind::Unary(*function), site.x.to_vec()),
        Options::Bn { momentum, eps } => (Kind::BatchNorm { momentum: *momentum, eps: *eps }, site.x.to_vec()),
        Options::Lrn(lrn) => (Kind::Lrn(lrn.clone()), site.x.to_vec()),
        Options::Flatten => (Kind::Flatten, vec![site.x.iter().product()]),
        Options::Softmax => (Kind::Softmax, site.x.to_vec()),
    };
    site.countable(&output, "its output is")?;
    if work(&kind, site.x, &output) > MAX_WORK {
        return Err(Box::new(site.wrong(format!("{} would take more than 2^48 steps an image", site.name))));
    }
    Ok((kind, output))
}

impl Site<'_> {
    fn conv(&self, said: &Conv, progress: Progress) -> Result<(Kind, Vec<usize>), Failure> {
        let (map, channels) = self.map("conv")?;
        let rank = map.len();
        let filters = match &said.filters {
            Some(filters) => filters.value,
            None => progress.filters(),
        };
        let size = self.sizes(&said.size, rank, "window")?.unwrap_or(vec![3; rank]);
        let stride = self.sizes(&said.stride, rank, "stride")?.unwrap_or(vec![1; rank]);
        let dilate = self.sizes(&said.dilate, rank, "dilation")?.unwrap_or(vec![1; rank]);
        let groups = said.groups.as_ref().map_or(1, |groups| groups.value);
        self.groups(said, groups, channels, filters)?;
        let sliding =
            Sliding { word: "conv", size: &size, stride: &stride, dilate: &dilate, rounding: Rounding::Floor };
        let (pad, mut output) = self.slide(&sliding, map, &said.padding)?;
        self.countable(&[&[filters], &size[..], &[channels / groups]].concat(), "its filters are")?;
        output.push(filters);
        let bias = said.bias.as_ref().is_none_or(|bias| bias.value);
        Ok((Kind::Conv { filters, size, stride, pad, dilate, groups, bias }, output))
    }

    fn pool(&self, said: &Pool) -> Result<(Kind, Vec<usize>), Failure> {
        let (map, channels) = self.map("pool")?;
        let rank = map.len();
        let kind = said.kind.as_ref().map_or(PoolKind::Max, |kind| kind.value);
        let rounding = said.rounding.as_ref().map_or(Rounding::Floor, |rounding| rounding.value);
        let size = match said.global {
            Some(_) => map.to_vec(),
            None => self.sizes(&said.size, rank, "window")?.unwrap_or(vec![2; rank]),
        };
        let stride = self.sizes(&said.stride, rank, "stride")?.unwrap_or(size.clone());
        let sliding = Sliding { word: "pool", size: &size, stride: &stride, dilate: &vec![1; rank], rounding };
        let (pad, mut output) = self.slide(&sliding, map, &said.padding)?;
        output.push(channels);
        Ok((Kind::Pool(PoolOp { kind, size, stride, pad, rounding }), output))
    }

    /// The spatial sizes and the channels of what a sliding window is given.
    pub(super) fn map(&self, word: &str) -> Result<(&[usize], usize), Failure> {
        let given = join(self.x);
        match self.x {
            [] | [_] => {
                let error = self.wrong(format!("`{word}` slides over a map, and {given} is a vector"));
                let help = match self.before {
                    Some(Source::Layer(before)) if before.kind != Kind::Input => {
                        format!("put `{word}` before {}, where there still is a map", before.name)
                    }
                    _ => "a picture's shape is height x width x channels, such as `28x28x1`".to_string(),
                };
                Err(Box::new(self.given(error).help(help)))
            }
            [map @ .., channels] => Ok((map, *channels)),
        }
    }

    /// One number an axis, where the option was said.
    pub(super) fn sizes(
        &self,
        said: &Option<Said<Sizes>>,
        rank: usize,
        what: &str,
    ) -> Result<Option<Vec<usize>>, Failure> {
        said.as_ref().map(|said| self.spread(&said.value, said.span, rank, what)).transpose()
    }

    /// One number for all axes, or one each.
    pub(super) fn spread(&self, sizes: &[usize], span: Span, rank: usize, what: &str) -> Result<Vec<usize>, Failure> {
        match sizes {
            [one] => Ok(vec![*one; rank]),
            all if all.len() == rank => Ok(all.to_vec()),
            all => {
                let (sizes, axes) = (counted(all.len(), "size"), counted(rank, "axis"));
                let message = format!("a {what} of {sizes} over a map of {axes}");
                let error = self.given(Diagnostic::new(Stage::Shapes, span, message).found(join(all)));
                let is_square = what == "window" && all.iter().all(|size| *size == all[0]);
                if is_square && self.x.last().is_some_and(|&channels| rank > 1 || channels <= MAX_CHANNELS) {
                    let expected = if rank == 1 { "one size".to_string() } else { counted(rank, "size") };
                    return Err(Box::new(error.expected(expected).write(span, format!("size {}", all[0]))));
                }
                let (expected, help) = match (rank, self.x) {
                    (1, [height, width]) if all.len() == 2 => {
                        ("one size", format!("a picture with one channel is {height}x{width}x1"))
                    }
                    (1, _) => ("one size", "along one axis a window is `size 5`".to_string()),
                    (2, _) => ("2 sizes, or one for both axes", "write 2 sizes, or one for both axes".to_string()),
                    _ => ("3 sizes, or one for all axes", "write 3 sizes, or one for all axes".to_string()),
                };
                Err(Box::new(error.help(help).expected(expected)))
            }
        }
    }

    /// The padding of every axis and how many windows there are along it.
    fn slide(&self, sliding: &Sliding, map: &[usize], said: &Option<Said<Padding>>) -> Result<Slid, Failure> {
        let mut slid = Slid::default();
        for (axis, &n) in map.iter().enumerate() {
            let (size, stride, dilate) = (sliding.size[axis], sliding.stride[axis], sliding.dilate[axis]);
            let pad = match said.as_ref().map(|said| (&said.value, said.span)) {
                None if sliding.word == "conv" => Window::half_padding(size, dilate),
                None | Some((Padding::Valid, _)) => Ok([0, 0]),
                Some((Padding::Same, _)) => Window::same_padding(size, stride, dilate, n),
                Some((Padding::By(sizes), span)) => Ok([self.spread(sizes, span, map.len(), "padding")?[axis]; 2]),
            };
            let window = |pad| Window { size, stride, dilate, pad, rounding: sliding.rounding };
            let count = pad.and_then(|pad| Ok((pad, window(pad).output(n)?)));
            let (pad, count) = count.map_err(|error| self.misfit(sliding.word, axis, error))?;
            slid.0.push(pad);
            slid.1.push(count);
        }
        Ok(slid)
    }

    /// Channels and filters divide into the groups.
    pub(super) fn groups(&self, said: &Conv, groups: usize, channels: usize, filters: usize) -> Result<(), Failure> {
        let span = said.groups.as_ref().map_or(self.span, |groups| groups.span);
        let both = format!("{} and {}", counted(channels, "channel"), counted(filters, "filter"));
        for (count, what) in [(channels, "channel"), (filters, "filter")] {
            if !count.is_multiple_of(groups) {
                let message = format!("{} cannot be divided into {}", counted(count, what), counted(groups, "group"));
                let mut error = self.given(Diagnostic::new(Stage::Shapes, span, message));
                let divisors: Vec<String> = (2..=64)
                    .filter(|&g| channels.is_multiple_of(g) && filters.is_multiple_of(g))
                    .map(|g| g.to_string())
                    .collect();
                error = match divisors.is_empty() {
                    true => error.help(format!("{both} have no divisor in common")),
                    false => error
                        .expected(divisors.join(", "))
                        .help(format!("{both} can be divided into {} groups", divisors.join(", "))),
                };
                return Err(Box::new(error));
            }
        }
        Ok(())
    }

    /// A window that does not slide over the map.
    pub(super) fn misfit(&self, word: &str, axis: usize, error: WindowError) -> Failure {
        let along = format!("along the {}", axis_name(axis, self.x.len()));
        let diagnostic = match error {
            WindowError::TooLarge { extent, map, padded } => {
                let padding = if padded == map { String::new() } else { format!(", {padded} with its padding") };
                let help = match word {
                    "conv" => format!("a smaller window fits, or `pad {}`", (extent - map).div_ceil(2)),
                    _ => "a smaller window fits, or one pooling or stride less before it".to_string(),
                };
                self.wrong(format!("the window of {} is larger than its map", self.name))
                    .here(format!("{along} the window covers {extent}, and the map has {map}{padding}"))
                    .found(extent.to_string())
                    .expected(format!("at most {padded}"))
                    .help(help)
            }
            WindowError::OnlyPadding { pad, extent } => self
                .wrong(format!("the padding of {} is as wide as its window", self.name))
                .here(format!("{along} the window covers {extent}, and the padding is {pad}"))
                .found(pad.to_string())
                .expected(format!("at most {}", extent - 1))
                .help(format!("a padding of at most {} leaves every window some of the map", extent - 1)),
            WindowError::Zero(_) | WindowError::Overflow => self.wrong(format!("{along} {error}")),
        };
        Box::new(self.given(diagnostic))
    }

    /// Points at the layer before, whose map this is.
    pub(super) fn given(&self, error: Diagnostic) -> Diagnostic {
        match self.before {
            Some(before) => before.label(error, self.x),
            None => error,
        }
    }

    /// The sizes make a tensor that can exist.
    pub(super) fn countable(&self, sizes: &[usize], what: &str) -> Result<(), Failure> {
        match Shape::new(sizes) {
            Ok(_) => Ok(()),
            Err(_) => {
                let message = format!("{} is too large: {what} {}, more than 2^40 numbers", self.name, join(sizes));
                Err(Box::new(self.wrong(message).expected("at most 2^40 numbers")))
            }
        }
    }

    pub(super) fn wrong(&self, message: String) -> Diagnostic {
        Diagnostic::new(Stage::Shapes, self.span, message)
    }
}
