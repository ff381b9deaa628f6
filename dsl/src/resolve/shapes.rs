//! Shapes: every layer's defaults, window arithmetic and output, and the shapes that the text states.

use fovea_graph::counted;
use fovea_graph::shape::join;
use fovea_graph::{Interrupted, Shape, Span, Stop};

use super::channels::channels_last;
use super::expand::Wire;
use super::layers::{Site, Source, apply};
use super::mends::{self, Fitting};
use super::options::{Options, Target};
use super::{Errors, OpenNet, Step, StepKind};
use crate::diagnostic::{Diagnostic, Stage};
use crate::net::{Base, Kind, Layer, Net};

/// The explicit net for this input; `classes` where the text leaves them open.
pub(super) fn infer(
    open: &OpenNet,
    input: &[usize],
    classes: Option<usize>,
    stop: &dyn Stop,
) -> Result<Result<Net, Vec<Diagnostic>>, Interrupted> {
    let mut walk = Walk::new(open, Some(input), classes);
    walk.run(stop)?;
    if !walk.errors.is_empty() {
        return Ok(Err(walk.errors.into_vec()));
    }
    walk.spare_biases();
    let layer = |wire: Wire| walk.flows[wire.index()].layer;
    let named = open.named.iter().filter_map(|(name, wire)| Some((name.clone(), layer(*wire)?))).collect();
    let base = open.base.as_ref().map(|(net, _)| Base { net: net.clone(), layers: walk.base_layers });
    Ok(Ok(Net { name: open.name.clone(), layers: walk.layers, named, base }))
}

/// Checks what can be checked of a net that waits for its data, or parts of which could not be read.
pub(super) fn check(
    open: &OpenNet,
    input: Option<&[usize]>,
    errors: &mut Errors,
    stop: &dyn Stop,
) -> Result<(), Interrupted> {
    let input = open.input.shape.as_deref().or(input).filter(|shape| Shape::new(*shape).is_ok());
    let mut walk = Walk::new(open, input, None);
    std::mem::swap(&mut walk.errors, errors);
    walk.run(stop)?;
    *errors = walk.errors;
    Ok(())
}

/// What flows at one place. Where its shape is unknown (no input yet, or a mistake before), layers are passed over until a
/// stated shape says what flows again.
#[derive(Clone, Default)]
pub(super) struct Flow {
    /// The layer that gives it.
    pub layer: Option<usize>,
    pub shape: Option<Vec<usize>>,
    /// The statement that the shape was taken from, where no layer gave it.
    pub stated: Option<Span>,
    pub progress: Progress,
}

/// The state of a walk along the steps.
pub(super) struct Walk<'o> {
    pub open: &'o OpenNet,
    pub layers: Vec<Layer>,
    /// What each wire carries, so far.
    pub flows: Vec<Flow>,
    /// Whether each layer's text leaves open if it has a bias.
    pub bias_open: Vec<bool>,
    /// How many layers come from the net that this one begins inside of.
    base_layers: usize,
    /// Side classifiers, by layer.
    sides: Vec<usize>,
    classes: Option<usize>,
    /// The use of a block that the present step stands in.
    place: Option<usize>,
    pub errors: Errors,
}

/// What the defaults of later layers depend on.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    /// Poolings and strides so far, less upsamplings.
    pub halvings: i32,
}

impl Progress {
    /// The filters of a convolution that does not say how many: 32·2^halvings, at most 512.
    pub fn filters(self) -> usize {
        (32.0 * 2f64.powi(self.halvings.clamp(-5, 4))) as usize
    }

    /// After this layer.
    pub fn past(self, options: &Options) -> Self {
        Progress { halvings: self.halvings.saturating_add(options.halvings()) }
    }
}

impl<'o> Walk<'o> {
    fn new(open: &'o OpenNet, input: Option<&[usize]>, classes: Option<usize>) -> Self {
        let shape = input.map(<[usize]>::to_vec);
        let layer = Layer {
            name: open.input.name.clone(),
            kind: Kind::Input,
            inputs: Vec::new(),
            output: shape.clone().unwrap_or_default(),
            span: open.input.span,
        };
        let mut layers = Vec::with_capacity(open.steps.len() + 1);
        layers.push(layer);
        let mut flows = Vec::with_capacity(open.steps.len() + 1);
        flows.push(Flow { layer: Some(0), shape, ..Flow::default() });
        let (bias_open, sides, errors) = (vec![false], Vec::new(), Errors::default());
        Self { open, layers, flows, bias_open, base_layers: 0, sides, classes, place: None, errors }
    }

    fn run(&mut self, stop: &dyn Stop) -> Result<(), Interrupted> {
        let open = self.open;
        for next in stop.each(open.steps.iter().enumerate()) {
            let (at, step) = next?;
            if open.base.as_ref().is_some_and(|&(_, steps)| steps == at) {
                self.base_layers = self.layers.len();
            }
            self.stand(step.place);
            let flow = self.step(step);
            self.flows.push(flow);
        }
        if open.base.as_ref().is_some_and(|&(_, steps)| steps == open.steps.len()) {
            self.base_layers = self.layers.len();
        }
        self.stand(None);
        self.last_layer(&open.steps);
        self.check_sides();
        Ok(())
    }

    /// Mistakes from now on stand in this use of a block.
    fn stand(&mut self, place: Option<usize>) {
        if std::mem::replace(&mut self.place, place) == place {
            return;
        }
        self.errors.place.clear();
        let mut place = place;
        while let Some(at) = place {
            let used = &self.open.uses[at];
            self.errors.place.push((used.name.clone(), used.span));
            place = used.place;
        }
        self.errors.place.reverse();
    }

    /// What flows behind a step.
    fn step(&mut self, step: &'o Step) -> Flow {
        let x = self.flows[step.inputs[0].index()].clone();
        match &step.kind {
            StepKind::Check(stated) => self.check(step, stated, x),
            StepKind::Layer(Options::Unpool(pool)) => self.unpool(step, pool, x),
            StepKind::Layer(options) => self.layer(step, options, x),
            StepKind::Scores { classes, bias } => match classes.or(self.classes) {
                Some(units) => self.layer(step, &Options::Fc { units: Some(units), bias: *bias }, x),
                None => Flow { progress: x.progress, ..Flow::default() },
            },
            StepKind::Join(word, branches) => self.join(step, *word, branches),
            StepKind::Shortcut(kind) => self.shortcut(step, *kind, x),
            StepKind::Side(weight) => {
                let Some(shape) = x.shape.clone() else { return x };
                let flow = self.push(&step.name, step.span, Kind::Side(*weight), step_inputs(&x), shape, x.progress);
                self.sides.extend(flow.layer);
                flow
            }
            StepKind::Gap(_) => Flow { progress: x.progress, ..Flow::default() },
        }
    }

    fn layer(&mut self, step: &Step, options: &Options, x: Flow) -> Flow {
        let progress = x.progress.past(options);
        let nothing = Flow { progress, ..Flow::default() };
        let Some(shape) = &x.shape else { return nothing };
        let target = match options {
            Options::Deconv(_, Some(said)) | Options::Crop(said) => match &said.value {
                Target::Size(sizes) => Some(sizes.clone()),
                Target::Of(wire) => match &self.flows[wire.index()].shape {
                    Some(shape) => Some(shape[..shape.len() - 1].to_vec()),
                    None => return nothing,
                },
            },
            _ => None,
        };
        let site = Site {
            name: &step.name,
            span: step.span,
            x: shape,
            target: target.as_deref(),
            before: Some(self.source(&x)),
        };
        match apply(options, x.progress, &site) {
            Ok((kind, output)) => {
                let flow = self.push(&step.name, step.span, kind, step_inputs(&x), output, progress);
                if let Options::Conv(conv) | Options::Deconv(conv, _) = options {
                    let last = self.bias_open.len() - 1;
                    self.bias_open[last] = conv.bias.is_none();
                }
                flow
            }
            Err(error) => {
                self.errors.push(*error);
                nothing
            }
        }
    }

    /// Appends a layer.
    pub fn push(
        &mut self,
        name: &str,
        span: Span,
        kind: Kind,
        inputs: Vec<usize>,
        output: Vec<usize>,
        progress: Progress,
    ) -> Flow {
        let flow = Flow { layer: Some(self.layers.len()), shape: Some(output.clone()), stated: None, progress };
        self.layers.push(Layer { name: name.to_string(), kind, inputs, output, span });
        self.bias_open.push(false);
        flow
    }

    /// The layer or the statement that a shape comes from.
    pub fn source(&self, flow: &Flow) -> Source<'_> {
        match (flow.stated, flow.layer) {
            (None, Some(layer)) => Source::Layer(&self.layers[layer]),
            (Some(span), _) => Source::Stated(span),
            (None, None) => Source::Stated(self.open.input.span),
        }
    }

    /// Compares what flows with what the text states, and goes on from the statement; but one with another number of
    /// sizes was hardly meant as the shape of this map.
    fn check(&mut self, step: &Step, stated: &[usize], x: Flow) -> Flow {
        match &x.shape {
            Some(found) if found == stated => return x,
            Some(found) => {
                let mends = self.mends(step, stated);
                self.errors.push(self.disagreement(step.span, stated, found, &x, &mends));
                if found.len() != stated.len() {
                    return x;
                }
            }
            None => {}
        }
        Flow { shape: Some(stated.to_vec()), stated: Some(step.span), ..x }
    }

    /// What would have made the stated shape flow: sought back to the last place where a shape was stated, branches were
    /// joined, or the net begins.
    fn mends(&self, step: &Step, stated: &[usize]) -> Vec<Fitting> {
        let (stretch, start) = self.stretch(step.inputs[0]);
        start.shape.as_ref().map_or(Vec::new(), |shape| mends::fitting(&stretch, shape, start.progress, stated))
    }

    /// The layers that follow one another before `wire`, and what flows before them.
    pub fn stretch(&self, mut wire: Wire) -> (Vec<&'o Step>, &Flow) {
        let mut stretch = Vec::new();
        while let Some(step) = wire.step().map(|at| &self.open.steps[at])
            && matches!(&step.kind, StepKind::Layer(options) if !matches!(options, Options::Unpool(_)))
        {
            stretch.push(step);
            wire = step.inputs[0];
        }
        stretch.reverse();
        (stretch, &self.flows[wire.index()])
    }

    /// A side classifier has the net's classes.
    fn check_sides(&mut self) {
        let result = self.flows[self.open.result.index()].clone();
        for side in self.sides.clone() {
            let (side, layers) = (&self.layers[side], &self.layers);
            let softmax = |layer: usize| layers[layer].kind == Kind::Softmax;
            let error = if !side.inputs.iter().all(|&input| softmax(input)) {
                Diagnostic::new(Stage::Shapes, side.span, "a side classifier ends in softmax")
                    .help("end its chain with `, softmax`")
            } else if let (Some(main), Some(shape)) = (result.layer, &result.shape) {
                if !softmax(main) {
                    Diagnostic::new(Stage::Shapes, side.span, "a side classifier needs a net that ends in softmax")
                        .also(layers[main].span, "the net ends here")
                        .help("end the net with `, softmax`, whose labels the side classifier learns too")
                } else if *shape != side.output {
                    let (one, other) = (join(&side.output), join(shape));
                    Diagnostic::new(Stage::Shapes, side.span, format!("a side classifier of {one} in a net of {other}"))
                        .also(layers[main].span, format!("the net gives {other}"))
                        .help("leave out the side classifier's number: `, softmax` takes the net's")
                } else {
                    continue;
                }
            } else {
                continue;
            };
            self.errors.push(error);
        }
    }

    /// A convolution that only batch normalisations read has no bias where the text leaves it open: the normalisation
    /// would take it away again.
    fn spare_biases(&mut self) {
        let mut readers = vec![(0, 0); self.layers.len()];
        for layer in &self.layers {
            for &input in &layer.inputs {
                readers[input].0 += 1;
                readers[input].1 += usize::from(matches!(layer.kind, Kind::BatchNorm { .. }));
            }
        }
        let all = self.layers.iter_mut().zip(&self.bias_open).zip(readers);
        for ((layer, open), (all, normalised)) in all.filter(|((_, open), _)| **open) {
            if let Kind::Conv { bias, .. } | Kind::Deconv { bias, .. } = &mut layer.kind {
                *bias &= !*open || all == 0 || all > normalised;
            }
        }
    }

    /// Dropout on probabilities makes no sense, and a training step could not tell that the net is a classifier.
    fn last_layer(&mut self, steps: &[Step]) {
        let mut layers = steps.iter().rev().filter(|step| step.is_layer());
        let last = layers.next();
        let before =
            layers.find(|step| !matches!(step.kind, StepKind::Layer(Options::Dropout { .. } | Options::Flatten)));
        let (Some(last), Some(before)) = (last, before) else { return };
        if let (StepKind::Layer(Options::Dropout { .. }), StepKind::Layer(Options::Softmax)) =
            (&last.kind, &before.kind)
        {
            let error = Diagnostic::new(Stage::Shapes, last.span, "dropout behind the last softmax")
                .also(before.span, "the probabilities");
            self.errors.push(error.help("put `dropout` before the scores, or leave it out"));
        }
    }

    /// The text states one shape, and another one flows.
    fn disagreement(&self, span: Span, stated: &[usize], found: &[usize], x: &Flow, mends: &[Fitting]) -> Diagnostic {
        let (said, is) = (join(stated), join(found));
        let error = Diagnostic::new(Stage::Shapes, span, format!("{said} is stated here, but {is} flows"))
            .here(difference(stated, found))
            .found(said.clone())
            .expected(is.clone());
        let error = self.source(x).label(error, found);
        let last = &self.layers[x.layer.unwrap_or_default()].kind;
        if channels_last(stated).is_some_and(|last| last == found) {
            return error.write(span, is).help(format!("channels stand last: write `{}`", join(found)));
        }
        match (stated, last) {
            _ if !mends.is_empty() => {
                let words: Vec<&str> = mends.iter().map(|fitting| fitting.words.as_str()).collect();
                let edits = mends.iter().filter_map(|fitting| fitting.mend.clone());
                let error = edits.fold(error, |error, (place, text)| error.mend(place, text));
                error.help(format!("{said} would flow here with {}", words.join(", or with ")))
            }
            ([n], _) if found.iter().product::<usize>() == *n => {
                error.put_before(span, "flatten - ").help(format!("`flatten` makes {is} the vector {said}"))
            }
            ([n], Kind::Fc { .. } | Kind::Conv { .. }) if x.stated.is_none() => {
                let counted = if last.word() == "fc" { "units" } else { "filters" };
                let error = self.without_dash(error, x, span);
                error.help(format!("a number behind a dash states a shape; {n} {counted} are `{} {n}`", last.word()))
            }
            ([_, _], Kind::Conv { .. } | Kind::Pool(_)) if found.len() == 3 => {
                self.without_dash(error, x, span).help(format!(
                    "a size behind a dash states a shape; a window stands with its layer, `{} {said}`",
                    last.word()
                ))
            }
            _ => error,
        }
    }
}

impl Walk<'_> {
    /// The mend that takes the dash away between the layer that gives `x` and the statement at `span`.
    fn without_dash(&self, error: Diagnostic, x: &Flow, span: Span) -> Diagnostic {
        let layer = &self.layers[x.layer.unwrap_or_default()];
        let gap = Span { start: layer.span.end, end: span.start, ..span };
        if layer.span.source == span.source && gap.start <= gap.end { error.mend(gap, " ") } else { error }
    }
}

/// The layer that a flow comes from, as a layer's only input; where none is known, the net is in error anyway.
pub(super) fn step_inputs(x: &Flow) -> Vec<usize> {
    vec![x.layer.unwrap_or_default()]
}

/// Which axes differ: `the height is 28, not 14`.
pub(super) fn difference(stated: &[usize], found: &[usize]) -> String {
    if stated.len() != found.len() {
        return format!("{}, where {} flow", counted(stated.len(), "size"), counted(found.len(), "size"));
    }
    let differing = (0..found.len()).filter(|&axis| stated[axis] != found[axis]);
    let words =
        differing.map(|axis| format!("the {} is {}, not {}", axis_name(axis, found.len()), found[axis], stated[axis]));
    words.collect::<Vec<_>>().join("; ").replace("the channels is", "the channels are")
}

/// The name of an axis of a shape of `sizes` sizes, the batch not counted.
pub(super) fn axis_name(axis: usize, sizes: usize) -> &'static str {
    match (sizes, axis) {
        (1, _) => "number of values",
        (n, axis) if axis + 1 == n => "channels",
        (2, _) => "length",
        (_, 0) => "height",
        (_, 1) => "width",
        _ => "time",
    }
}
