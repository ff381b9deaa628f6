//! Layers that make a map larger, or cut or frame it.

use fovea_graph::Span;
use fovea_graph::op::{Frame, Interpolation, Pool, Upsample};
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};

use super::expand::{Step, Wire};
use super::layers::{Failure, Site};
use super::options::{Conv, Padding, Said, Sizes};
use super::shapes::{Flow, Progress, Walk, axis_name, difference};
use crate::diagnostic::{Diagnostic, Stage};
use crate::net::{Kind, Layer};

/// A transposed convolution along one axis.
#[derive(Clone, Copy)]
struct Along {
    /// The map's size.
    n: usize,
    /// What the window covers.
    extent: usize,
    stride: usize,
}

impl Along {
    /// The size without a crop: where every window lies on the output.
    fn full(self) -> Option<usize> {
        self.n.checked_sub(1)?.checked_mul(self.stride)?.checked_add(self.extent)
    }

    /// The crop after which the size is `target`, the odd one at the start. The output may be up to stride − 1 longer
    /// than its windows reach; there it is 0.
    fn crop(self, target: usize) -> Option<[usize; 2]> {
        let full = self.full()?;
        let crop = full.saturating_sub(target);
        let crop = [crop.div_ceil(2), crop / 2];
        let reached = target > 0 && crop[0] < self.extent && target < full.checked_add(self.stride)?;
        reached.then_some(crop)
    }

    /// The sizes that a crop can make.
    fn reach(self) -> Option<[usize; 2]> {
        let full = self.full()?;
        let most = 2 * (self.extent - 1);
        Some([full.saturating_sub(most).max(1), full + self.stride - 1])
    }
}

impl Site<'_> {
    pub(super) fn deconv(
        &self,
        said: &Conv,
        target: Option<Span>,
        progress: Progress,
    ) -> Result<(Kind, Vec<usize>), Failure> {
        let (map, channels) = self.map("deconv")?;
        let rank = map.len();
        let filters = said.filters.as_ref().map_or(progress.filters(), |filters| filters.value);
        let size = self.sizes(&said.size, rank, "window")?.unwrap_or(vec![4; rank]);
        let stride = self.sizes(&said.stride, rank, "stride")?.unwrap_or(vec![2; rank]);
        let dilate = self.sizes(&said.dilate, rank, "dilation")?.unwrap_or(vec![1; rank]);
        let groups = said.groups.as_ref().map_or(1, |groups| groups.value);
        self.groups(said, groups, channels, filters)?;
        let target = match (self.target, target) {
            (Some(sizes), Some(span)) => Some(self.spread(sizes, span, rank, "size")?),
            _ => None,
        };
        let (mut pad, mut output) = (Vec::with_capacity(rank), Vec::with_capacity(rank + 1));
        for axis in 0..rank {
            let (size, stride, dilate) = (size[axis], stride[axis], dilate[axis]);
            let window = Window { size, stride, dilate, pad: [0, 0], rounding: Rounding::Floor };
            let extent = window.extent().map_err(|error| self.misfit("deconv", axis, error))?;
            let along = Along { n: map[axis], extent, stride };
            let (crop, n) = self.along(along, axis, &said.padding, target.as_ref().map(|target| target[axis]))?;
            pad.push(crop);
            output.push(n);
        }
        self.countable(&[&[channels], &size[..], &[filters / groups]].concat(), "its filters are")?;
        output.push(filters);
        let bias = said.bias.as_ref().is_none_or(|bias| bias.value);
        Ok((Kind::Deconv { filters, size, stride, pad, dilate, groups, bias }, output))
    }

    /// The crop along one axis and the size that it leaves.
    fn along(
        &self,
        along: Along,
        axis: usize,
        said: &Option<Said<Padding>>,
        target: Option<usize>,
    ) -> Result<([usize; 2], usize), Failure> {
        let uncountable = || Box::new(self.wrong(format!("{} is too large: its sizes cannot be counted", self.name)));
        let full = along.full().ok_or_else(uncountable)?;
        let pad = match said.as_ref().map(|said| (&said.value, said.span)) {
            None | Some((Padding::Same, _)) => None,
            Some((Padding::Valid, _)) => Some(0),
            Some((Padding::By(sizes), span)) => Some(self.spread(sizes, span, self.x.len() - 1, "padding")?[axis]),
        };
        let axis = axis_name(axis, self.x.len());
        match (pad, target) {
            (None, None) => {
                let n = along.n.checked_mul(along.stride).ok_or_else(uncountable)?;
                along.crop(n).map(|crop| (crop, n)).ok_or_else(|| self.unreachable(along, axis, n))
            }
            (None, Some(n)) => along.crop(n).map(|crop| (crop, n)).ok_or_else(|| self.unreachable(along, axis, n)),
            (Some(pad), None) => match pad.checked_mul(2).and_then(|crop| full.checked_sub(crop)) {
                Some(n) if n > 0 && (pad == 0 || pad < along.extent) => Ok(([pad; 2], n)),
                _ => {
                    let message = format!("a padding of {pad} leaves nothing of the {axis} of {}", self.name);
                    let error = self.wrong(message).here(format!("the {axis} is {full} before the padding is cropped"));
                    let most = ((full - 1) / 2).min(along.extent - 1);
                    Err(Box::new(self.given(error).found(pad.to_string()).expected(format!("at most {most}"))))
                }
            },
            (Some(pad), Some(n)) => match pad.checked_mul(2).and_then(|crop| full.checked_sub(crop)) {
                Some(least) if n >= least && n < least + along.stride && n > 0 && (pad == 0 || pad < along.extent) => {
                    Ok(([pad; 2], n))
                }
                _ => {
                    let error = self.unreachable(along, axis, n);
                    Err(Box::new(error.help("leave out the padding: `to` finds it")))
                }
            },
        }
    }

    /// A size that no crop leaves.
    fn unreachable(&self, along: Along, axis: &str, target: usize) -> Failure {
        let Along { n, extent, stride } = along;
        let [least, most] = along.reach().unwrap_or([1, usize::MAX]);
        let error = self
            .wrong(format!("{} does not reach the {axis} {target}", self.name))
            .here(format!("from {n}, a stride of {stride} and a window over {extent} give {least} to {most}"))
            .found(target.to_string())
            .expected(format!("{least} to {most}"));
        let error = self.given(error);
        Box::new(match target.checked_div(n) {
            Some(factor) if factor > 0 && factor * n == target && factor != stride => {
                error.help(format!("a stride of {factor} makes {target} of {n}: `/{factor}`"))
            }
            _ => error.help("another stride or window reaches it; `crop` and `pad` behind the layer set any size"),
        })
    }

    pub(super) fn upsample(
        &self,
        factor: &Option<Said<Sizes>>,
        interpolation: Interpolation,
    ) -> Result<(Kind, Vec<usize>), Failure> {
        let (map, channels) = self.map("upsample")?;
        let factor = self.sizes(factor, map.len(), "factor")?.unwrap_or(vec![2; map.len()]);
        let mut output: Vec<usize> = map.iter().zip(&factor).map(|(&n, &factor)| n.saturating_mul(factor)).collect();
        output.push(channels);
        Ok((Kind::Upsample(Upsample { factor, interpolation }), output))
    }

    /// Cut from the middle; of an odd number the larger part is cut at the far end.
    pub(super) fn crop(&self, said: Span) -> Result<(Kind, Vec<usize>), Failure> {
        let (map, channels) = self.map("crop")?;
        let target = self.spread(self.target.unwrap_or_default(), said, map.len(), "size")?;
        let mut edges = Vec::with_capacity(map.len());
        for (axis, (&n, &to)) in map.iter().zip(&target).enumerate() {
            if to > n {
                let axis = axis_name(axis, self.x.len());
                let error = self
                    .wrong(format!("{} cannot cut the {axis} to {to}: it is {n}", self.name))
                    .found(to.to_string())
                    .expected(format!("at most {n}"));
                return Err(Box::new(self.given(error).help("`pad` and `upsample` make a map larger")));
            }
            let cut = (n - to) as i64;
            edges.push([-(cut / 2), -(cut - cut / 2)]);
        }
        let output = [&target[..], &[channels]].concat();
        Ok((Kind::Frame(Frame { edges }), output))
    }

    pub(super) fn pad(&self, said: &Said<Sizes>) -> Result<(Kind, Vec<usize>), Failure> {
        let (map, channels) = self.map("pad")?;
        let pad = self.spread(&said.value, said.span, map.len(), "padding")?;
        // Sizes are at most 2^40, so that nothing overflows here.
        let mut output: Vec<usize> = map.iter().zip(&pad).map(|(&n, &pad)| n + 2 * pad).collect();
        output.push(channels);
        Ok((Kind::Frame(Frame { edges: pad.iter().map(|&pad| [pad as i64; 2]).collect() }), output))
    }
}

impl Walk<'_> {
    /// The inverse of a max pool, which needs the map that the pool saw.
    pub(super) fn unpool(&mut self, step: &Step, said: &Said<Wire>, x: Flow) -> Flow {
        let progress = Progress { halvings: x.progress.halvings - 1 };
        let nothing = Flow { progress, ..Flow::default() };
        let (Some(shape), Some(pool)) = (&x.shape, self.flows[said.value.index()].layer) else { return nothing };
        let pool = &self.layers[pool];
        let Kind::Pool(attributes) = &pool.kind else {
            let message = format!("`unpool` undoes a max pool, and `{}` is {}", pool.name, article(pool.kind.word()));
            let error = Diagnostic::new(Stage::Shapes, said.span, message).also(pool.span, pool.name.clone());
            self.errors.push(match self.undoable(shape) {
                Some(other) => error.expected(other).mend(said.span, other).help(format!("write `unpool {other}`")),
                None => error.help("name the pool whose switches are meant, such as `unpool pool2`"),
            });
            return nothing;
        };
        if attributes.kind != fovea_graph::op::PoolKind::Max {
            let message = format!("`{}` takes averages, and only a max pool has switches to undo it by", pool.name);
            let error = Diagnostic::new(Stage::Shapes, said.span, message).also(pool.span, pool.name.clone());
            let mend = format!("upsample {}", factor(&attributes.stride));
            let help = format!("`{mend}` makes the map larger without switches");
            self.errors.push(error.mend(step.span, mend).help(help));
            return nothing;
        }
        if overlaps(attributes, &pool.output) {
            self.errors.push(overlapping(said.span, step.span, pool, attributes));
            return nothing;
        }
        if *shape != pool.output {
            let (is, gave) = (join(shape), join(&pool.output));
            let message = format!("{} is given {is}, but `{}` gave {gave}", step.name, pool.name);
            let error = Diagnostic::new(Stage::Shapes, step.span, message)
                .here(difference(&pool.output, shape))
                .also(pool.span, format!("{} gives {gave}", pool.name))
                .found(is)
                .expected(gave);
            let error = match self.undoable(shape) {
                Some(other) => {
                    error.mend(said.span, other).help(format!("`{other}` gave that: write `unpool {other}`"))
                }
                None => error,
            };
            self.errors.push(self.source(&x).label(error, shape));
            return nothing;
        }
        let from = pool.inputs[0];
        let (kind, output) = (Kind::Unpool(attributes.clone()), self.layers[from].output.clone());
        let inputs = vec![x.layer.unwrap_or_default(), from];
        self.push(&step.name, step.span, kind, inputs, output, progress)
    }
}

impl Walk<'_> {
    /// The newest max pool that gave this shape and can be undone.
    fn undoable(&self, shape: &[usize]) -> Option<&str> {
        let can = |layer: &&Layer| match &layer.kind {
            Kind::Pool(pool) => {
                let is_max = pool.kind == fovea_graph::op::PoolKind::Max;
                is_max && layer.output == shape && !overlaps(pool, &layer.output)
            }
            _ => false,
        };
        self.layers.iter().rev().find(can).map(|pool| pool.name.as_str())
    }
}

/// `2` for strides of 2 along every axis, `2x3` for others.
fn factor(stride: &[usize]) -> String {
    let first = stride.first().copied().unwrap_or(1);
    if stride.iter().all(|&stride| stride == first) { first.to_string() } else { join(stride) }
}

/// Whether two windows of a pool share elements of the map.
fn overlaps(pool: &Pool, output: &[usize]) -> bool {
    let axes = pool.size.iter().zip(&pool.stride).zip(output);
    axes.into_iter().any(|((size, stride), &windows)| windows > 1 && stride < size)
}

/// The mistake of undoing a pool whose windows overlap: a maximum that two of them share has one place for two values.
/// (PyTorch's `max_unpool2d` then keeps either: "this operation may behave nondeterministically when the input indices has
/// repeat values".)
fn overlapping(said: Span, unpool: Span, pool: &Layer, attributes: &Pool) -> Diagnostic {
    let (size, stride) = (join(&attributes.size), join(&attributes.stride));
    let message = format!("`{}` cannot be undone: two of its windows may have the same maximum", pool.name);
    let error = Diagnostic::new(Stage::Shapes, said, message)
        .here("one place for two values")
        .also(pool.span, format!("windows of {size} at every {stride} overlap"))
        .found("windows that overlap")
        .expected("windows side by side");
    if attributes.stride.iter().all(|&stride| stride == 1) {
        return error.mend(unpool, "id").help("the pool's stride is 1: leave the `unpool` out, or write `id`");
    }
    let (apart, larger) = (format!("pool {stride}"), format!("upsample {}", factor(&attributes.stride)));
    error.mend(pool.span, apart.clone()).mend(unpool, larger.clone()).help(format!(
        "with `{apart}` at `{}` they lie side by side; `{larger}` makes a map larger without switches",
        pool.name
    ))
}

/// `a conv`, `an fc`
fn article(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']) || word == "fc" || word == "lrn";
    format!("{} `{word}`", if vowel { "an" } else { "a" })
}
