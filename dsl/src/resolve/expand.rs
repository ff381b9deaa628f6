//! A chain without its repetitions: one step after another, lists stepped, options read, layers named. Shapes come later.

use fovea_graph::Span;

use super::Errors;
use super::names::Alias;
use super::options::{self, Options};
use super::turns::{Env, Frame};
use crate::diagnostic::{Diagnostic, Stage};
use crate::parse::words::unknown_layer;
use crate::scope::figure;
use crate::syntax::{Chain, Expr, Head, Item, ItemKind, LayerWord, Times};

/// The most steps that a net may have when its repetitions are written out.
pub(super) const MAX_STEPS: usize = 100_000;

/// The most spatial axes of a map.
const MAX_AXES: usize = 3;

/// One link of the chain that the repetitions stand for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub kind: StepKind,
    /// The layer's name; empty for a check.
    pub name: String,
    /// The words that made it.
    pub span: Span,
    /// `as`, until names are given.
    pub alias: Option<Alias>,
}

#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every step is a layer")]
pub(super) enum StepKind {
    /// A layer.
    Layer(Options),
    /// The scores of `, softmax`: an `fc` with a unit a class, which the data tell where the text does not.
    Scores { classes: Option<usize> },
    /// A statement of what flows here.
    Check(Vec<usize>),
    /// Something that could not be read: a layer of this word, or a whole group. What flows behind it is not known.
    Gap(Option<LayerWord>),
}

impl Step {
    /// Whether a layer comes of it.
    pub fn is_layer(&self) -> bool {
        !matches!(self.kind, StepKind::Check(_) | StepKind::Gap(None))
    }
}

/// A chain written out.
pub(super) struct Expansion {
    pub steps: Vec<Step>,
    /// The shape that the chain begins with, and where.
    pub input: Option<(Vec<usize>, Span)>,
    /// The name that the input was given.
    pub input_alias: Option<Alias>,
}

/// Writes out `chain`; what is wrong goes to `errors`. Fails where nothing more can be said of the chain.
pub(super) fn expand<'a>(chain: &'a Chain, env: &mut Env<'a>, errors: &mut Errors) -> Result<Expansion, Fatal> {
    weigh(chain, env)?;
    let expansion = Expansion { steps: Vec::new(), input: None, input_alias: None };
    let mut expander = Expander { env, errors, expansion, spent: 0, depth: 0, input_said: false, begun: false };
    expander.chain(chain)?;
    Ok(expander.expansion)
}

/// An error after which nothing more can be said of the chain.
pub(super) type Fatal = Box<Diagnostic>;

/// How many steps a chain makes, from its counts alone, so that a huge one is refused at no cost.
fn weigh(chain: &Chain, env: &Env) -> Result<f64, Fatal> {
    let mut total = 0.0;
    for item in &chain.items {
        let mut steps = 1.0;
        if let ItemKind::Group(inner, times) = &item.kind {
            steps = weigh(inner, env)?;
            for times in times {
                steps *= env.expected_turns(&times.count);
                if steps > MAX_STEPS as f64 {
                    return Err(too_many(&figure(steps.ceil()), times));
                }
            }
        }
        total += steps;
    }
    Ok(total)
}

fn too_many(steps: &str, times: &Times) -> Fatal {
    let message = format!("written out, these repetitions are {steps} layers; a net has at most {MAX_STEPS}");
    Box::new(Diagnostic::new(Stage::Values, times.span, message).expected(format!("at most {MAX_STEPS} layers")))
}

struct Expander<'e, 'a> {
    env: &'e mut Env<'a>,
    errors: &'e mut Errors,
    expansion: Expansion,
    /// Steps and turns so far.
    spent: usize,
    /// Groups around the chain that is being expanded.
    depth: usize,
    /// Whether `INPUT` or the input's shape has come.
    input_said: bool,
    /// Whether anything else has come.
    begun: bool,
}

impl<'a> Expander<'_, 'a> {
    fn chain(&mut self, chain: &'a Chain) -> Result<(), Fatal> {
        for item in &chain.items {
            self.item(item)?;
        }
        match &chain.head {
            Some(head) if self.depth == 0 => self.head(head),
            Some(head) => self.errors.push(
                Diagnostic::new(Stage::Shapes, head.span, "a classifier ends the net, and this one stands in a group")
                    .help("put `, softmax …` behind the last bracket; inside, `- softmax` goes over the channels"),
            ),
            None => {}
        }
        Ok(())
    }

    fn item(&mut self, item: &'a Item) -> Result<(), Fatal> {
        let alias = item.alias.as_ref().map(|name| Alias::new(name, !self.env.frames.is_empty()));
        match &item.kind {
            ItemKind::Input => self.input(item, alias),
            ItemKind::Shape(sizes) => self.shape(item, sizes, alias),
            ItemKind::Layer(layer) => {
                let kind = match options::read(layer, self.env, self.errors) {
                    Some(options) => StepKind::Layer(options),
                    None => StepKind::Gap(Some(layer.word)),
                };
                self.push(kind, item.span, alias);
            }
            ItemKind::Group(chain, times) => {
                let start = self.expansion.steps.len();
                self.depth += 1;
                self.group(chain, times)?;
                self.depth -= 1;
                self.name_last(start, alias);
            }
            // Another program's word, or a word that is misspelt, is best answered so.
            ItemKind::Reference(name, _) => self.errors.push(unknown_layer(Stage::Names, name)),
            ItemKind::Call(call, _) => self.errors.push(unknown_layer(Stage::Names, &call.block)),
            _ => self.errors.push(Diagnostic::new(Stage::Names, item.span, "this link cannot be resolved")),
        }
        Ok(())
    }

    fn input(&mut self, item: &Item, alias: Option<Alias>) {
        if self.begun || self.input_said {
            let error = Diagnostic::new(Stage::Shapes, item.span, "the input stands first in a net");
            return self
                .errors
                .push(error.help("leave it out here; a shape, such as `14x14x64`, states what flows here"));
        }
        self.input_said = true;
        self.expansion.input_alias = alias;
    }

    fn shape(&mut self, item: &Item, sizes: &[Expr], alias: Option<Alias>) {
        let shape = match self.sizes(item, sizes) {
            Ok(shape) => shape,
            Err(error) => {
                self.errors.push(error);
                return self.push(StepKind::Gap(None), item.span, None);
            }
        };
        if !self.begun && self.expansion.input.is_none() {
            self.input_said = true;
            self.expansion.input = Some((shape, item.span));
            self.expansion.input_alias = self.expansion.input_alias.take().or(alias);
            return;
        }
        if let Some(alias) = alias {
            let message = "`as` names a layer, and this is a statement of a shape";
            let error = Diagnostic::new(Stage::Names, alias.span, message);
            self.errors.push(error.help("put `as` behind the layer before it"));
        }
        self.push(StepKind::Check(shape), item.span, None);
    }

    /// The sizes of a stated shape.
    fn sizes(&mut self, item: &Item, sizes: &[Expr]) -> Result<Vec<usize>, Diagnostic> {
        self.env.words = &[];
        let shape: Vec<usize> = sizes.iter().map(|size| self.env.count(size, 1, "a size")).collect::<Result<_, _>>()?;
        let wrong = |message: String| Diagnostic::new(Stage::Shapes, item.span, message);
        if shape.len() > MAX_AXES + 1 {
            let n = shape.len();
            return Err(wrong(format!("a shape of {n} sizes; a map has at most {MAX_AXES} axes and its channels")));
        }
        fovea_graph::Shape::new(&shape[..]).map_err(|error| wrong(error.to_string()))?;
        Ok(shape)
    }

    /// A group and its repetitions, the innermost first.
    fn group(&mut self, chain: &'a Chain, times: &'a [Times]) -> Result<(), Fatal> {
        let Some((outer, inner)) = times.split_last() else { return self.chain(chain) };
        self.env.words = &[];
        let (turns, count) = match self.env.turns(&outer.count) {
            Ok(turns) => turns,
            Err(error) => {
                self.errors.push(error);
                self.push(StepKind::Gap(None), outer.span, None);
                return Ok(());
            }
        };
        let variable = outer.variable.as_ref().map(|name| name.text.as_str());
        if let Some(other) = self.env.frames.iter().find(|f| variable.is_some() && f.variable == variable) {
            let message = format!("`{}` names the turns of two repetitions, one in the other", variable.unwrap_or(""));
            let error = Diagnostic::new(Stage::Names, outer.span, message).also(other.span, "the other");
            self.errors.push(error.help("give one of them another name"));
        }
        self.env.frames.push(Frame { variable, span: outer.span, turns, turn: 0, count });
        for turn in 0..turns {
            if let Some(frame) = self.env.frames.last_mut() {
                frame.turn = turn;
            }
            self.spent += 1;
            if self.spent.max(self.expansion.steps.len()) > MAX_STEPS {
                return Err(too_many(&format!("more than {MAX_STEPS}"), outer));
            }
            self.group(chain, inner)?;
        }
        self.env.frames.pop();
        Ok(())
    }

    /// `, softmax 10`
    fn head(&mut self, head: &Head) {
        self.env.words = &[];
        let classes = match &head.classes {
            None => None,
            Some(expr) => match self.env.count(expr, 1, "the number of classes") {
                Ok(classes) => Some(classes),
                Err(error) => return self.errors.push(error),
            },
        };
        let last = self.expansion.steps.iter().rev().find(|step| step.is_layer());
        match (last.map(|step| (&step.kind, step.span)), classes) {
            (Some((&StepKind::Layer(Options::Fc { units, .. }), span)), Some(classes)) if units != classes => {
                let message = format!("the last `fc` has {units} units, and the softmax {classes} classes");
                let error = Diagnostic::new(Stage::Shapes, head.span, message)
                    .here(format!("{classes} classes"))
                    .also(span, format!("the scores: {units} units"));
                self.errors.push(error.help(format!(
                    "write `fc {classes}` if these are the scores; a `- relu` behind the `fc` makes it a hidden layer"
                )));
            }
            (Some((StepKind::Layer(Options::Fc { .. }) | StepKind::Gap(Some(LayerWord::Fc)), _)), _) => {}
            _ => self.push(StepKind::Scores { classes }, head.span, None),
        }
        self.push(StepKind::Layer(Options::Softmax), head.span, None);
    }

    fn push(&mut self, kind: StepKind, span: Span, alias: Option<Alias>) {
        self.begun = true;
        self.expansion.steps.push(Step { kind, name: String::new(), span, alias });
    }

    /// `( … ) as e` names the group's last layer.
    fn name_last(&mut self, start: usize, alias: Option<Alias>) {
        let Some(alias) = alias else { return };
        let layers = self.expansion.steps[start..].iter_mut().rev();
        let Some(step) = layers.into_iter().find(|step| step.is_layer()) else { return };
        match &step.alias {
            None => step.alias = Some(alias),
            Some(first) => {
                let message = format!("this layer has two names, `{}` and `{}`", first.text, alias.text);
                let error = Diagnostic::new(Stage::Names, alias.span, message).also(first.span, "the first");
                self.errors.push(error);
            }
        }
    }
}
