//! Shapes: every layer's defaults, window arithmetic and output, and the shapes that the text states.

use fovea_graph::shape::join;
use fovea_graph::{Shape, Span};

use super::layers::{Site, Source, apply};
use super::mends;
use super::options::Options;
use super::turns::plural;
use super::{Errors, OpenNet, Step, StepKind};
use crate::diagnostic::{Diagnostic, Stage};
use crate::net::{Kind, Layer, Net};

/// The explicit net for this input; `classes` where the text leaves them open.
pub(super) fn infer(open: &OpenNet, input: &[usize], classes: Option<usize>) -> Result<Net, Vec<Diagnostic>> {
    let mut walk = Walk::new(open, Some(input), classes);
    walk.run(&open.steps);
    match walk.errors.is_empty() {
        true => Ok(Net { name: open.name.clone(), layers: walk.layers }),
        false => Err(walk.errors.into_vec()),
    }
}

/// Checks what can be checked of a net that waits for its data, or parts of which could not be read.
pub(super) fn check(open: &OpenNet, input: Option<&[usize]>, errors: &mut Errors) {
    let input = open.input.shape.as_deref().or(input).filter(|shape| Shape::new(*shape).is_ok());
    let mut walk = Walk::new(open, input, None);
    std::mem::swap(&mut walk.errors, errors);
    walk.run(&open.steps);
    *errors = walk.errors;
}

/// The state of a walk along the steps. Where a shape is unknown (no input yet, or a mistake before), layers are passed
/// over until a stated shape says what flows again.
struct Walk {
    layers: Vec<Layer>,
    shape: Option<Vec<usize>>,
    /// The statement that the shape was taken from, where no layer gave it.
    stated: Option<Span>,
    progress: Progress,
    classes: Option<usize>,
    errors: Errors,
}

/// What the defaults of later layers depend on.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    /// Poolings and strides so far.
    pub halvings: u32,
}

impl Progress {
    /// After this layer.
    pub fn past(&mut self, options: &Options) {
        let strides = match options {
            Options::Conv(conv) => conv.strides(),
            Options::Pool(pool) => pool.strides(),
            _ => false,
        };
        self.halvings += u32::from(strides);
    }
}

impl Walk {
    fn new(open: &OpenNet, input: Option<&[usize]>, classes: Option<usize>) -> Self {
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
        Self { layers, shape, stated: None, progress: Progress::default(), classes, errors: Errors::default() }
    }

    fn run(&mut self, steps: &[Step]) {
        // Where the last known shape was stated or given, and how far the defaults had come there: mends are sought
        // from there on.
        let mut known = (0, self.shape.clone(), self.progress);
        for (at, step) in steps.iter().enumerate() {
            match &step.kind {
                StepKind::Check(stated) => {
                    let mends = |found: &Vec<usize>| match &known.1 {
                        Some(start) if found != stated => mends::fitting(&steps[known.0..at], start, known.2, stated),
                        _ => Vec::new(),
                    };
                    let mends = self.shape.as_ref().map_or(Vec::new(), mends);
                    self.check(step.span, stated, &mends);
                    known = (at + 1, self.shape.clone(), self.progress);
                }
                StepKind::Layer(options) => {
                    self.layer(step, options);
                    self.progress.past(options);
                }
                StepKind::Scores { classes } => match classes.or(self.classes) {
                    Some(units) => self.layer(step, &Options::Fc { units, bias: true }),
                    None => self.shape = None,
                },
                StepKind::Gap(_) => self.shape = None,
            }
        }
        self.last_layer(steps);
    }

    fn layer(&mut self, step: &Step, options: &Options) {
        let Some(shape) = self.shape.take() else { return };
        let previous = self.layers.len() - 1;
        let site = Site { name: &step.name, span: step.span, x: &shape, before: Some(self.source()) };
        match apply(options, self.progress, &site) {
            Ok((kind, output)) => {
                self.shape = Some(output.clone());
                let layer = Layer { name: step.name.clone(), kind, inputs: vec![previous], output, span: step.span };
                self.layers.push(layer);
                self.stated = None;
            }
            Err(error) => self.errors.push(*error),
        }
    }

    /// The layer or the statement that the present shape comes from.
    fn source(&self) -> Source<'_> {
        match self.stated {
            Some(span) => Source::Stated(span),
            None => Source::Layer(&self.layers[self.layers.len() - 1]),
        }
    }

    /// Compares what flows with what the text states, and goes on from the statement; but one with another number of
    /// sizes was hardly meant as the shape of this map.
    fn check(&mut self, span: Span, stated: &[usize], mends: &[String]) {
        match &self.shape {
            Some(found) if found == stated => return,
            Some(found) => {
                self.errors.push(self.disagreement(span, stated, found, mends));
                if found.len() != stated.len() {
                    return;
                }
            }
            None => {}
        }
        self.shape = Some(stated.to_vec());
        self.stated = Some(span);
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
    fn disagreement(&self, span: Span, stated: &[usize], found: &[usize], mends: &[String]) -> Diagnostic {
        let (said, is) = (join(stated), join(found));
        let error = Diagnostic::new(Stage::Shapes, span, format!("{said} is stated here, but {is} flows"))
            .here(difference(stated, found))
            .found(said.clone())
            .expected(is.clone());
        let error = self.source().label(error, found);
        let last = &self.layers[self.layers.len() - 1].kind;
        match (stated, last) {
            _ if !mends.is_empty() => error.help(format!("{said} would flow here with {}", mends.join(", or with "))),
            ([n], _) if found.iter().product::<usize>() == *n => {
                error.help(format!("`flatten` makes {is} the vector {said}"))
            }
            ([n], Kind::Fc { .. } | Kind::Conv { .. }) if self.stated.is_none() => {
                let counted = if last.word() == "fc" { "units" } else { "filters" };
                error.help(format!("a number behind a dash states a shape; {n} {counted} are `{} {n}`", last.word()))
            }
            ([_, _], Kind::Conv { .. } | Kind::Pool(_)) if found.len() == 3 => error.help(format!(
                "a size behind a dash states a shape; a window stands with its layer, `{} {said}`",
                last.word()
            )),
            _ => error,
        }
    }
}

/// Which axes differ: `the height is 28, not 14`.
fn difference(stated: &[usize], found: &[usize]) -> String {
    if stated.len() != found.len() {
        return format!("{}, where {} flow", plural(stated.len(), "size"), plural(found.len(), "size"));
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
