//! A layer's options, strictly: each known to its layer, said once, evaluated.

mod simple;
mod windows;

use fovea_graph::Span;
use fovea_graph::op::{Function, PoolKind};

use super::Errors;
use super::expand::{Wire, numbered};
use super::names::Names;
use super::options::{Options, Padding, Said, Sizes, Target};
use super::turns::Env;
use crate::diagnostic::{Diagnostic, Stage};
use crate::options;
use crate::scope::nearest;
use crate::syntax::{self, Expr, ExprKind, Layer, LayerOption, LayerWord, Name, OptionKind};

/// Reads the options of `layer`, which stands inside the block `prefix`; mistakes go to `errors`, and then there are none.
/// Where shapes that the text states tell it, the map that flows here has so many `axes`.
pub(super) fn read(
    layer: &Layer,
    env: &mut Env,
    (names, prefix): (&Names, &str),
    axes: Option<usize>,
    errors: &mut Errors,
) -> Option<Options> {
    env.words = options::of_layer(layer.word);
    let before = errors.met();
    let mut reader = Reader { layer, env, names, prefix, axes, errors };
    let options = match layer.word {
        LayerWord::Conv => Some(Options::Conv(reader.conv())),
        LayerWord::Deconv => Some(reader.deconv()),
        LayerWord::Pool => Some(Options::Pool(reader.pool(None))),
        LayerWord::MaxPool => Some(Options::Pool(reader.pool(Some(PoolKind::Max)))),
        LayerWord::AvgPool => Some(Options::Pool(reader.pool(Some(PoolKind::Avg)))),
        LayerWord::Unpool => reader.unpool(),
        LayerWord::Upsample => Some(reader.upsample()),
        LayerWord::Fc => Some(reader.fc()),
        LayerWord::Dropout => Some(reader.dropout()),
        LayerWord::Leaky => Some(reader.leaky()),
        LayerWord::Bn => Some(reader.bn()),
        LayerWord::Lrn => Some(reader.lrn()),
        LayerWord::Crop => reader.crop(),
        LayerWord::Pad => reader.pad_layer(),
        LayerWord::Relu => Some(reader.bare(Options::Relu)),
        LayerWord::Sigmoid => Some(reader.bare(Options::Unary(Function::Sigmoid))),
        LayerWord::Tanh => Some(reader.bare(Options::Unary(Function::Tanh))),
        LayerWord::Elu => Some(reader.bare(Options::Unary(Function::Elu))),
        LayerWord::Gelu => Some(reader.bare(Options::Unary(Function::Gelu))),
        LayerWord::Flatten => Some(reader.bare(Options::Flatten)),
        LayerWord::Softmax => Some(reader.bare(Options::Softmax)),
    };
    options.filter(|_| errors.met() == before)
}

struct Reader<'r, 'a> {
    layer: &'r Layer,
    env: &'r Env<'a>,
    names: &'r Names,
    prefix: &'r str,
    /// How many axes the map has.
    axes: Option<usize>,
    errors: &'r mut Errors,
}

impl Reader<'_, '_> {
    /// Notes one value, which must not have been said before; `what` names it in messages.
    fn put<T>(&mut self, slot: &mut Option<Said<T>>, value: T, span: Span, what: &str) {
        match slot {
            None => *slot = Some(Said { value, span }),
            Some(first) => self.errors.push(
                Diagnostic::new(Stage::Shapes, span, format!("{what} of this `{}` is said twice", self.layer.word))
                    .here("the second")
                    .also(first.span, "the first")
                    .mend(span, "")
                    .mend(first.span, "")
                    .help("keep one of them"),
            ),
        }
    }

    fn number(&mut self, slot: &mut Option<Said<usize>>, value: &Expr, span: Span, what: &str) {
        match self.env.count(value, 1, what) {
            Ok(number) => self.put(slot, number, span, what),
            Err(error) => self.errors.push(error),
        }
    }

    fn sizes(&mut self, slot: &mut Option<Said<Sizes>>, values: &[Expr], span: Span, what: &str) {
        if let Some(sizes) = self.counts(values, 1, what) {
            self.put(slot, sizes, span, what);
        }
    }

    fn pad(&mut self, slot: &mut Option<Said<Padding>>, values: &[Expr], span: Span) {
        if let Some(sizes) = self.counts(values, 0, "the padding") {
            self.put(slot, Padding::By(sizes), span, "the padding");
        }
    }

    fn counts(&mut self, values: &[Expr], least: usize, what: &str) -> Option<Sizes> {
        let counts: Result<Sizes, Diagnostic> = values.iter().map(|v| self.env.count(v, least, what)).collect();
        counts.map_err(|error| self.errors.push(error)).ok()
    }

    /// Whether the option at `span` is a number without a word.
    fn is_bare(&self, span: Span) -> bool {
        self.layer.options.iter().any(|o| o.span == span && matches!(o.kind, OptionKind::Value(_)))
    }

    fn one_number(&mut self, word: &str, span: Span) {
        let error = Diagnostic::new(Stage::Values, span, format!("`{word}` takes one number, and this is a size"));
        self.errors.push(error.expected(format!("such as `{word} 2`")));
    }

    fn two_bare_numbers(&mut self, first: Span, second: &LayerOption) {
        let OptionKind::Value(value) = &second.kind else { return };
        let error = match self.env.number(value) {
            Ok(number) => {
                let window = match (&value.kind, self.axes) {
                    (ExprKind::Number(_), Some(axes @ 2..)) => vec![number.to_string(); axes].join("x"),
                    // This is the window along every axis.
                    _ => {
                        let kind = OptionKind::Keyed("size".to_string(), vec![value.clone()]);
                        LayerOption { kind, span: second.span }.to_string()
                    }
                };
                let message = format!("two bare numbers: a `{}` has only one, its filters", self.layer.word);
                Diagnostic::new(Stage::Values, second.span, message)
                    .here("if this is the window, say so")
                    .also(first, "the filters")
                    .mend(second.span, window.clone())
                    .help(format!("write the window as `{window}`"))
            }
            Err(error) => error,
        };
        self.errors.push(error);
    }

    /// A number that need not be whole.
    fn real(&mut self, slot: &mut Option<Said<f64>>, value: &Expr, span: Span, what: &str) {
        match self.env.number(value) {
            Ok(number) => self.put(slot, number, span, what),
            Err(error) => self.errors.push(error),
        }
    }

    /// The layer that a name means.
    fn named(&mut self, name: &Name, step: Option<&Expr>) -> Option<Wire> {
        let found = numbered(name, step, self.env).and_then(|text| match self.names.find(self.prefix, &text) {
            Some(wire) => Ok(wire),
            None => Err(unknown_layer(&text, name.span, self.names, self.prefix)),
        });
        found.map_err(|error| self.errors.push(error)).ok()
    }

    /// `to 28x28`, `to input`, `to c1`
    fn target(&mut self, slot: &mut Option<Said<Target>>, target: &syntax::Target, span: Span) {
        let target = match target {
            syntax::Target::Size(sizes) => self.counts(sizes, 1, "the size").map(Target::Size),
            syntax::Target::Input => Some(Target::Of(Wire::INPUT)),
            syntax::Target::Layer(name, step) => self.named(name, step.as_ref()).map(Target::Of),
        };
        if let Some(target) = target {
            self.put(slot, target, span, "the size");
        }
    }

    /// An option that the layer does not take.
    fn unknown(&mut self, option: &LayerOption) {
        let word = self.layer.word;
        let known = options::of_layer(self.layer.word);
        let found = match &option.kind {
            OptionKind::Value(_) => "number".to_string(),
            OptionKind::Size(_) | OptionKind::Glued(_) => "window".to_string(),
            OptionKind::Stride(_) => "stride".to_string(),
            OptionKind::Keyed(key, _) | OptionKind::Flag(key) => format!("`{key}`"),
            OptionKind::To(_) => "`to`".to_string(),
            OptionKind::Of(name, _) => format!("`{name}`"),
        };
        let mut error = Diagnostic::new(Stage::Names, option.span, format!("`{word}` takes no {found}"))
            .also(self.layer.word_span, "")
            .found(found.trim_matches('`'));
        error = match known {
            [] => error.mend(option.span, "").help(format!("`{word}` has no options")),
            _ => error.expected(known.join(", ")).help(format!("it takes {}", known.join(", "))),
        };
        if let OptionKind::Keyed(key, _) | OptionKind::Flag(key) = &option.kind
            && let Some(near) = nearest(key, known.iter().copied()).filter(|near| near != key)
        {
            let place = Span { end: option.span.start + key.len() as u32, ..option.span };
            error = error.mend(place, near).help(format!("`{near}` is the nearest that it takes"));
        }
        self.errors.push(error);
    }
}

/// A name that no layer before has.
pub(super) fn unknown_layer(text: &str, span: Span, names: &Names, prefix: &str) -> Diagnostic {
    let error = Diagnostic::new(Stage::Names, span, format!("no layer before this one is called `{text}`")).found(text);
    let members = names.family(prefix, text);
    if members > 0 {
        let error = error.here(format!("`{text}1` to `{text}{members}` are, one a turn"));
        return error.help(format!("pick one, such as `{text}1`, or one a turn, such as `{text}{{{members},…}}`"));
    }
    match nearest(text, names.known(prefix)) {
        Some(near) => error.expected(near).mend(span, near).help(format!("`{near}` is the nearest name before")),
        None => error.help("`as`, behind a layer, names it: `conv 64 as c1`"),
    }
}
