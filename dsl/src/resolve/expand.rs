//! A chain without its repetitions, blocks and branches: one step after another, each with the values that it reads.
//! Lists are stepped, options read, layers named. Shapes come later.

mod blocks;
mod groups;
mod head;
mod inside;
mod joins;
mod steps;

use fovea_graph::{Interrupted, Span, Stop};

use inside::Classifier;
use steps::word;
pub(super) use steps::{Branch, BranchKind, Expansion, Step, StepKind, Use, Wire};

use super::Errors;
use super::names::{Alias, Names};

use super::read;
use super::turns::Env;
use crate::diagnostic::{Diagnostic, Stage};
use crate::library::Home;
use crate::scope::{Scope, figure};
use crate::syntax::{Chain, Expr, Item, ItemKind, Name, NetDef, Times};

/// The most steps that a net may have when its repetitions are written out.
pub(super) const MAX_STEPS: usize = 100_000;

/// The most spatial axes of a map.
const MAX_AXES: usize = 3;

/// How many chains may stand in one another, those of blocks among them.
const MAX_DEPTH: usize = 128;

/// Writes out `def`; what is wrong goes to `errors`. Fails where nothing more can be said of it. `stop` is asked for every
/// item.
pub(super) fn expand(
    def: &NetDef,
    scope: &Scope,
    env: Env,
    errors: &mut Errors,
    stop: &dyn Stop,
) -> Result<Expansion, Fatal> {
    weigh(&def.chain, &env)?;
    let home = Home::of(def.name.span.source);
    let mut expander = Expander {
        scope,
        env,
        home,
        errors,
        stop,
        names: Names::default(),
        prefix: String::new(),
        steps: Vec::new(),
        uses: Vec::new(),
        input: None,
        input_name: "input".to_string(),
        axes: None,
        base: None,
        current: Wire::INPUT,
        place: None,
        surroundings: Vec::new(),
        spent: 0,
        open: vec![Open { home, chain: &def.chain, name: &def.name, kind: "net" }],
        input_said: false,
        begun: false,
        resized: false,
        classifier: None,
    };
    expander.chain(&def.chain, Surrounding::Net)?;
    expander.main_result();
    let named = expander.names.further();
    let Expander { steps, uses, input, input_name, base, current, .. } = expander;
    Ok(Expansion { steps, result: current, uses, input, input_name, base, named })
}

/// After this nothing more can be said of the chain.
pub(super) enum Fatal {
    /// It is wrong.
    Mistake(Box<Diagnostic>),
    /// Nobody wants to know any more.
    Interrupted,
}

impl From<Diagnostic> for Fatal {
    fn from(mistake: Diagnostic) -> Self {
        Fatal::Mistake(Box::new(mistake))
    }
}

impl From<Interrupted> for Fatal {
    fn from(_: Interrupted) -> Self {
        Fatal::Interrupted
    }
}

/// How many steps a chain makes, from its counts alone, so that a huge one is refused at no cost; a block counts as one.
fn weigh(chain: &Chain, env: &Env) -> Result<f64, Fatal> {
    let mut total = 0.0;
    for item in &chain.items {
        let (steps, times): (f64, &[Times]) = match &item.kind {
            ItemKind::Group(inner, times) => (weigh(inner, env)?, times),
            ItemKind::Join(join, times) => {
                let mut sum = 1.0;
                for branch in &join.branches {
                    sum += weigh(branch, env)?;
                }
                (sum, times)
            }
            ItemKind::Call(_, times) => (1.0, times),
            _ => (1.0, &[]),
        };
        let mut steps = steps;
        for times in times {
            steps *= env.expected_turns(&times.count);
            if steps > MAX_STEPS as f64 {
                return Err(too_many(&figure(steps.ceil()), times.span));
            }
        }
        total += steps;
    }
    Ok(total)
}

fn too_many(steps: &str, span: Span) -> Fatal {
    let message = format!("written out, these repetitions are {steps} layers; a net has at most {MAX_STEPS}");
    Diagnostic::new(Stage::Values, span, message).expected(format!("at most {MAX_STEPS} layers")).into()
}

/// What a chain stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Surrounding {
    /// The net itself, or one that another begins inside of.
    Net,
    /// A group.
    Group,
    /// A branch of a join.
    Branch,
    /// A block.
    Block,
    /// A side classifier.
    Side,
}

/// A block or net that is being written out.
struct Open<'a> {
    home: Home,
    chain: &'a Chain,
    name: &'a Name,
    kind: &'static str,
}

struct Expander<'e, 'a> {
    scope: &'a Scope,
    env: Env<'a>,
    /// Where the text that is being expanded stands: blocks are looked up there.
    home: Home,
    errors: &'e mut Errors,
    stop: &'e dyn Stop,
    names: Names,
    /// What names begin with inside the present block.
    prefix: String,
    steps: Vec<Step>,
    uses: Vec<Use>,
    input: Option<(Vec<usize>, Span)>,
    input_name: String,
    /// How many axes the map has that flows, as far as stated shapes tell.
    axes: Option<usize>,
    base: Option<(String, usize)>,
    /// What flows where the expander stands.
    current: Wire,
    /// The use of a block that the expander stands in.
    place: Option<usize>,
    /// What the chains around the present place stand in, the outermost first.
    surroundings: Vec<Surrounding>,
    /// Turns and blocks so far.
    spent: usize,
    /// The net and the blocks around, the outermost first.
    open: Vec<Open<'a>>,
    /// Whether `INPUT` or the input's shape has come.
    input_said: bool,
    /// Whether anything else has come.
    begun: bool,
    /// The net that is being written out stands behind an input of another net's, so that its own sizes do not hold.
    resized: bool,
    /// The net that this one begins with, where that is a classifier already.
    classifier: Option<Classifier>,
}

impl<'a> Expander<'_, 'a> {
    fn chain(&mut self, chain: &'a Chain, surrounding: Surrounding) -> Result<(), Fatal> {
        if self.surroundings.len() >= MAX_DEPTH {
            let message = format!("groups, branches and blocks stand more than {MAX_DEPTH} deep in one another here");
            return Err(Diagnostic::new(Stage::Values, chain.span, message).into());
        }
        self.surroundings.push(surrounding);
        for (position, item) in chain.items.iter().enumerate() {
            self.item(item, position == 0)?;
        }
        match (&chain.head, surrounding) {
            (Some(head), Surrounding::Net) if self.classifier.is_some() => self.second_head(head),
            (Some(head), Surrounding::Net | Surrounding::Side) => self.head(head),
            (Some(head), Surrounding::Group | Surrounding::Branch | Surrounding::Block) => {
                let place = match surrounding {
                    Surrounding::Group => "a group",
                    Surrounding::Branch => "a branch",
                    _ => "a block",
                };
                let message = format!("a classifier ends the net, and this one stands in {place}");
                let error = Diagnostic::new(Stage::Shapes, head.span, message);
                let help = "put `, softmax …` behind the last bracket; inside, `- softmax` goes over the channels";
                self.errors.push(error.help(help));
            }
            (None, _) => {}
        }
        self.surroundings.pop();
        Ok(())
    }

    /// One item; `first` says that its chain begins with it.
    fn item(&mut self, item: &'a Item, first: bool) -> Result<(), Fatal> {
        self.stop.go_on()?;
        let alias = item.alias.as_ref().map(|name| Alias { name, numbered: !self.env.frames.is_empty() });
        match &item.kind {
            ItemKind::Input => self.said_input(item, alias),
            ItemKind::Shape(sizes) => self.shape(item, sizes, alias),
            ItemKind::Layer(layer) => {
                let kind = match read::read(layer, &mut self.env, (&self.names, &self.prefix), self.axes, self.errors) {
                    Some(options) => StepKind::Layer(options),
                    None => StepKind::Gap(Some(layer.word)),
                };
                self.push(kind, vec![self.current], layer.span(), alias);
            }
            ItemKind::Group(chain, times) => {
                let start = self.steps.len();
                self.repeat(times, &mut |this| this.chain(chain, Surrounding::Group))?;
                self.name_last(start, alias);
            }
            ItemKind::Join(join, times) => {
                let start = self.steps.len();
                self.repeat(times, &mut |this| this.join(join, item.span))?;
                self.name_last(start, alias);
            }
            ItemKind::Call(call, times) if times.is_empty() => {
                self.call(&call.block, &call.arguments, item.span, alias)?
            }
            ItemKind::Call(call, times) => {
                self.repeat(times, &mut |this| this.call(&call.block, &call.arguments, item.span, None))?;
                self.name_result(alias);
            }
            ItemKind::Reference(name, step) => self.reference(name, step.as_ref(), item, alias, first)?,
            ItemKind::Identity => self.name_result(alias),
            ItemKind::Shortcut(_) => self.lone_shortcut(item),
            ItemKind::Aux(weight, chain) => self.aux(weight.as_ref(), chain, item, alias)?,
        }
        Ok(())
    }

    /// `INPUT`
    fn said_input(&mut self, item: &'a Item, alias: Option<Alias<'a>>) {
        if self.resized && !self.begun {
            return self.name_input(alias);
        }
        if self.begun || self.input_said {
            let error = Diagnostic::new(Stage::Shapes, item.span, "the input stands first in a net");
            return self
                .errors
                .push(error.help("leave it out here; a shape, such as `14x14x64`, states what flows here"));
        }
        self.input_said = true;
        self.name_input(alias);
    }

    fn name_input(&mut self, alias: Option<Alias<'a>>) {
        let Some(alias) = alias else { return };
        match self.names.user(&self.prefix, alias) {
            Ok(name) => {
                self.names.give(&name, Wire::INPUT, alias.name.span);
                self.input_name = name;
            }
            Err(error) => self.errors.push(error),
        }
    }

    fn shape(&mut self, item: &'a Item, sizes: &[Expr], alias: Option<Alias<'a>>) {
        let shape = match self.sizes(item, sizes) {
            Ok(shape) => shape,
            Err(error) => {
                self.errors.push(error);
                return self.push(StepKind::Gap(None), vec![self.current], item.span, None);
            }
        };
        self.axes = shape.len().checked_sub(1);
        if !self.begun && (self.resized || self.input.is_none()) {
            self.input_said = true;
            if !self.resized {
                self.input = Some((shape, item.span));
            }
            return self.name_input(alias);
        }
        if let Some(alias) = alias {
            let message = "`as` names a layer, and this is a statement of a shape";
            let error = Diagnostic::new(Stage::Names, alias.name.span, message);
            self.errors.push(error.help("put `as` behind the layer before it"));
        }
        if !self.resized {
            self.push(StepKind::Check(shape), vec![self.current], item.span, None);
        }
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

    /// Appends a step, which from now on is what flows.
    fn push(&mut self, kind: StepKind, inputs: Vec<Wire>, span: Span, alias: Option<Alias<'a>>) {
        self.begun = true;
        let wire = Wire::of_step(self.steps.len());
        let name = match word(&kind) {
            None => String::new(),
            Some(word) => {
                let automatic = match kind {
                    StepKind::Shortcut(_) => self.names.shortcut(&self.prefix),
                    _ => self.names.automatic(&self.prefix, word),
                };
                let name = match alias.map(|alias| self.names.user(&self.prefix, alias)) {
                    Some(Ok(name)) => name,
                    Some(Err(error)) => {
                        self.errors.push(error);
                        automatic
                    }
                    None => automatic,
                };
                match alias {
                    Some(alias) => self.names.give_user(&name, wire, alias.name.span),
                    None => self.names.give(&name, wire, span),
                }
                name
            }
        };
        self.steps.push(Step { kind, inputs, name, span, place: self.place });
        self.current = wire;
    }

    /// A step that cannot be read.
    fn gap(&mut self, span: Span, error: Diagnostic) {
        self.errors.push(error);
        self.push(StepKind::Gap(None), vec![self.current], span, None);
    }
}

/// A name, with its number where it is one of a family: `c1`, `e{4,3,2,1}`.
pub(super) fn numbered(name: &Name, step: Option<&Expr>, env: &Env) -> Result<String, Diagnostic> {
    match step {
        None => Ok(name.text.clone()),
        Some(step) => Ok(format!("{}{}", name.text, env.count(step, 1, "the number behind a name")?)),
    }
}
