//! From the syntax tree to the explicit net: names looked up, repetitions written out, lists stepped, defaults filled in,
//! shapes computed and checked.
//!
//! Two halves: [`expand`] writes the chain out as steps and needs no shape, so that a net whose input comes from the data
//! is checked as far as it goes; [`shapes`] runs over the steps with the input's shape.

mod apart;
mod channels;
mod expand;
mod joins;
mod layers;
mod maps;
mod mends;
mod names;
mod options;
mod read;
mod shapes;
mod turns;

pub use channels::channels_last;

use fovea_graph::{Interrupted, Never, Shape, Span, Stop};

use crate::diagnostic::{Diagnostic, Stage};
use crate::net::Net;
use crate::scope::Scope;
use crate::syntax::NetDef;

use crate::library::Home;
use expand::{Fatal, Step, StepKind, Use, Wire};
use turns::Env;

/// The most mistakes of one net that are reported.
const MAX_ERRORS: usize = 20;

/// A net, as far as its text and its data determine it.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolved {
    /// Everything is known.
    Net(Net),
    /// The input's shape or the number of classes must still come from the data.
    Open(OpenNet),
}

/// A net without repetitions and lists that still waits for the shape or the classes of its data. It holds all that it
/// needs: constants that change later do not reach it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenNet {
    name: String,
    steps: Vec<Step>,
    /// What flows out at the end.
    result: Wire,
    /// The uses of blocks that steps stand in.
    uses: Vec<Use>,
    input: InputLayer,
    /// The net that this one begins inside of, and how many steps it takes from there.
    base: Option<(String, usize)>,
    /// Names that are no layer's own.
    named: Vec<(String, Wire)>,
    /// The `, softmax` that waits for its number.
    classes: Option<Span>,
}

/// The input as the chain declares it.
#[derive(Clone, Debug, PartialEq)]
struct InputLayer {
    name: String,
    shape: Option<Vec<usize>>,
    span: Span,
}

/// The explicit net of `def` among the constants of `scope`, or, where the text leaves something to the data that is not
/// given here, the open one.
///
/// `input` is the shape of the data, without the batch, and `classes` the number of its classes: both only fill in what
/// the text leaves open, so a caller that has data compares them with [`Net::input`] and [`Net::output`].
///
/// Errors: all independent mistakes of the net, each with its place.
pub fn resolve(
    def: &NetDef,
    scope: &Scope,
    input: Option<&[usize]>,
    classes: Option<usize>,
) -> Result<Resolved, Vec<Diagnostic>> {
    resolve_unless(def, scope, input, classes, &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked for every layer, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn resolve_unless(
    def: &NetDef,
    scope: &Scope,
    input: Option<&[usize]>,
    classes: Option<usize>,
    stop: &dyn Stop,
) -> Result<Result<Resolved, Vec<Diagnostic>>, Interrupted> {
    // A net of the library means the same in every session.
    let constants = (Home::of(def.name.span.source) == Home::Session).then_some(&scope.constants);
    let env = match Env::new(constants, &def.bindings) {
        Ok(env) => env,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let mut errors = Errors::default();
    let Some(open) = outline(def, scope, env, &mut errors, stop)? else { return Ok(Err(errors.into_vec())) };
    if errors.is_empty()
        && let Some(error) = channels::only_mistake(&open, stop)?
    {
        return Ok(Err(vec![error]));
    }
    let known = (open.input.shape.is_some() || input.is_some()) && (open.classes.is_none() || classes.is_some());
    if known && errors.is_empty() {
        return Ok(open.complete_unless(input, classes, stop)?.map(Resolved::Net));
    }
    shapes::check(&open, input, &mut errors, stop)?;
    Ok(if errors.is_empty() { Ok(Resolved::Open(open)) } else { Err(errors.into_vec()) })
}

impl OpenNet {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The input's shape without the batch, where the chain begins with one.
    pub fn input(&self) -> Option<&[usize]> {
        self.input.shape.as_deref()
    }

    /// Whether the number of classes must come from the data.
    pub fn needs_classes(&self) -> bool {
        self.classes.is_some()
    }

    /// The explicit net for data of this shape and with so many classes, which count only where the text leaves them
    /// open.
    ///
    /// Errors: the shape or the number that is needed and not given, and all that [`resolve`] reports.
    pub fn complete(&self, input: Option<&[usize]>, classes: Option<usize>) -> Result<Net, Vec<Diagnostic>> {
        self.complete_unless(input, classes, &Never).expect("nothing ends it")
    }

    /// The same, unless `stop`, which is asked for every layer, ends it.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn complete_unless(
        &self,
        input: Option<&[usize]>,
        classes: Option<usize>,
        stop: &dyn Stop,
    ) -> Result<Result<Net, Vec<Diagnostic>>, Interrupted> {
        let Some(input) = self.input.shape.as_deref().or(input) else {
            return Ok(Err(vec![self.no_input()]));
        };
        if let Err(error) = Shape::new(input) {
            return Ok(Err(vec![Diagnostic::new(Stage::Shapes, self.input.span, error.to_string())]));
        }
        match self.classes {
            Some(head) if classes.is_none() => Ok(Err(vec![self.no_classes(head)])),
            _ => shapes::infer(self, input, classes, stop),
        }
    }

    fn no_input(&self) -> Diagnostic {
        Diagnostic::new(Stage::Shapes, self.input.span, format!("`{}` has no input shape", self.name))
            .expected("height x width x channels, such as 28x28x1")
            .help("begin its chain with the shape, `28x28x1 - …`, or use the net `on` data")
    }

    fn no_classes(&self, head: Span) -> Diagnostic {
        Diagnostic::new(Stage::Shapes, head, format!("`{}` does not say how many classes it has", self.name))
            .expected("a number, such as `, softmax 10`")
            .help("write the number behind `softmax`, or use the net `on` data with labels")
    }
}

/// All of the net that needs no shape; none where so much is wrong that its shapes are not worth looking at.
fn outline(
    def: &NetDef,
    scope: &Scope,
    env: Env,
    errors: &mut Errors,
    stop: &dyn Stop,
) -> Result<Option<OpenNet>, Interrupted> {
    let expansion = match expand::expand(def, scope, env, errors, stop) {
        Ok(expansion) => expansion,
        Err(Fatal::Interrupted) => return Err(Interrupted),
        Err(Fatal::Mistake(error)) => {
            errors.push(*error);
            return Ok(None);
        }
    };
    if !expansion.steps.iter().any(Step::is_layer) && errors.is_empty() {
        let error = Diagnostic::new(Stage::Shapes, def.chain.span, format!("`{}` has no layer", def.name.text));
        errors.push(error.help("a chain needs a layer behind its input, such as `- conv 16`"));
    }
    let open_head = |step: &&Step| matches!(step.kind, StepKind::Scores { classes: None, .. });
    let classes = expansion.steps.iter().find(open_head).map(|step| step.span);
    let (shape, span) = match expansion.input {
        Some((shape, span)) => (Some(shape), span),
        None => (None, def.chain.items.first().map_or(def.chain.span, |item| item.span)),
    };
    Ok(Some(OpenNet {
        name: def.name.text.clone(),
        steps: expansion.steps,
        result: expansion.result,
        uses: expansion.uses,
        input: InputLayer { name: expansion.input_name, shape, span },
        base: expansion.base,
        named: expansion.named,
        classes,
    }))
}

/// Mistakes, each once: a repetition's later turns do not say them again.
#[derive(Default)]
struct Errors {
    /// Each with the outermost use that it stands in, or its own place, and its own place.
    list: Vec<(Span, Span, Diagnostic)>,
    met: usize,
    /// The uses of blocks around the place that is being looked at, the outermost first: names and places. A mistake
    /// points at them too.
    place: Vec<(String, Span)>,
}

/// So many of the uses around a mistake are shown, the innermost and the outermost among them.
const MAX_USES: usize = 3;

impl Errors {
    fn push(&mut self, mut error: Diagnostic) {
        self.met += 1;
        let place = error.span();
        let outermost = self.place.first().map_or(place, |&(_, span)| span);
        let said =
            |(used, at, e): &(Span, Span, Diagnostic)| e.stage == error.stage && *at == place && *used == outermost;
        if self.list.len() >= MAX_ERRORS || self.list.iter().any(said) {
            return;
        }
        let skipped = 1..self.place.len().saturating_sub(MAX_USES - 1).max(1);
        for (position, (name, span)) in self.place.iter().enumerate().rev() {
            let words = format!("in this use of `{name}`");
            if position == 0 && span.source != place.source {
                // A block of the library, or of an earlier text: what is written here comes first.
                error.labels.insert(0, (*span, words));
            } else if !skipped.contains(&position) {
                error = error.also(*span, words);
            }
        }
        self.list.push((outermost, place, error));
    }

    /// How many mistakes were met, those said before included.
    fn met(&self) -> usize {
        self.met
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In the order of the text.
    fn into_vec(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|(used, place, _)| (used.start, place.start));
        self.list.into_iter().map(|(_, _, error)| error).collect()
    }
}

#[cfg(test)]
mod tests;
