//! A layer's options, strictly: each known to its layer, said once, evaluated. What was not said stays open, because
//! the defaults depend on the map.

use fovea_graph::Span;
use fovea_graph::op::PoolKind;
use fovea_graph::window::Rounding;

use super::Errors;
use super::turns::Env;
use crate::diagnostic::{Diagnostic, Stage};
use crate::scope::nearest;
use crate::syntax::{Expr, Layer, LayerOption, LayerWord, OptionKind};

/// What the options of a layer said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Options {
    Conv(Conv),
    Pool(Pool),
    Fc { units: usize, bias: bool },
    Dropout { rate: f64 },
    Relu,
    Flatten,
    Softmax,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conv {
    pub filters: Option<Said<usize>>,
    pub size: Option<Said<Sizes>>,
    pub stride: Option<Said<Sizes>>,
    pub padding: Option<Said<Padding>>,
    pub dilate: Option<Said<Sizes>>,
    pub groups: Option<Said<usize>>,
    pub bias: Option<Said<bool>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pool {
    pub kind: Option<Said<PoolKind>>,
    pub size: Option<Said<Sizes>>,
    pub stride: Option<Said<Sizes>>,
    pub padding: Option<Said<Padding>>,
    pub rounding: Option<Said<Rounding>>,
    /// The window is the map.
    pub global: Option<Said<()>>,
}

/// One number for every axis, or one number an axis.
pub(super) type Sizes = Vec<usize>;

/// How a map is padded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// So that the output is ⌈n/stride⌉.
    Same,
    /// Not at all.
    Valid,
    /// By this much on both sides.
    By(Sizes),
}

/// Something that was said, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Said<T> {
    pub value: T,
    pub span: Span,
}

impl Pool {
    /// Whether the pool makes the map smaller, so that default filters double behind it.
    pub fn strides(&self) -> bool {
        let longer = |sizes: &Said<Sizes>| sizes.value.iter().any(|&n| n > 1);
        self.global.is_some() || self.stride.as_ref().or(self.size.as_ref()).is_none_or(longer)
    }
}

impl Conv {
    /// Whether the convolution makes the map smaller.
    pub fn strides(&self) -> bool {
        self.stride.as_ref().is_some_and(|s| s.value.iter().any(|&n| n > 1))
    }
}

/// Reads the options of `layer`; mistakes go to `errors`, and then there are none.
pub(super) fn read(layer: &Layer, env: &mut Env, errors: &mut Errors) -> Option<Options> {
    env.words = words(layer.word);
    let before = errors.met();
    let mut reader = Reader { layer, env, errors };
    let options = match layer.word {
        LayerWord::Conv => Options::Conv(reader.conv()),
        LayerWord::Pool => Options::Pool(reader.pool(None)),
        LayerWord::MaxPool => Options::Pool(reader.pool(Some(PoolKind::Max))),
        LayerWord::AvgPool => Options::Pool(reader.pool(Some(PoolKind::Avg))),
        LayerWord::Fc => reader.fc(),
        LayerWord::Dropout => reader.dropout(),
        LayerWord::Relu => reader.bare(Options::Relu),
        LayerWord::Flatten => reader.bare(Options::Flatten),
        LayerWord::Softmax => reader.bare(Options::Softmax),
        word => {
            let error = Diagnostic::new(Stage::Names, layer.word_span, format!("`{word}` cannot be resolved"));
            reader.errors.push(error);
            return None;
        }
    };
    (errors.met() == before).then_some(options)
}

/// The words that a layer's options may begin with.
fn words(word: LayerWord) -> &'static [&'static str] {
    match word {
        LayerWord::Conv => &["filters", "size", "stride", "pad", "same", "valid", "dilate", "groups", "nobias", "bias"],
        LayerWord::Pool | LayerWord::MaxPool | LayerWord::AvgPool => {
            &["size", "stride", "pad", "same", "valid", "ceil", "global", "max", "avg"]
        }
        LayerWord::Fc => &["nobias", "bias"],
        _ => &[],
    }
}

struct Reader<'r, 'a> {
    layer: &'r Layer,
    env: &'r Env<'a>,
    errors: &'r mut Errors,
}

impl Reader<'_, '_> {
    fn conv(&mut self) -> Conv {
        let mut said = Conv::default();
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Value(value) => match &said.filters {
                    Some(first) if self.is_bare(first.span) => self.two_bare_numbers(first.span, option),
                    _ => self.number(&mut said.filters, value, span, "the number of filters"),
                },
                OptionKind::Size(sizes) | OptionKind::Glued(sizes) => {
                    self.sizes(&mut said.size, sizes, span, "the window");
                }
                OptionKind::Stride(sizes) => self.sizes(&mut said.stride, sizes, span, "the stride"),
                OptionKind::Keyed(word, values) => match (word.as_str(), &values[..]) {
                    ("filters", [value]) => self.number(&mut said.filters, value, span, "the number of filters"),
                    ("size", sizes) => self.sizes(&mut said.size, sizes, span, "the window"),
                    ("stride", sizes) => self.sizes(&mut said.stride, sizes, span, "the stride"),
                    ("pad", sizes) => self.pad(&mut said.padding, sizes, span),
                    ("dilate", sizes) => self.sizes(&mut said.dilate, sizes, span, "the dilation"),
                    ("groups", [value]) => self.number(&mut said.groups, value, span, "the number of groups"),
                    ("filters" | "groups", _) => self.one_number(word, span),
                    _ => self.unknown(option),
                },
                OptionKind::To(_) | OptionKind::Of(..) => self.unknown(option),
                OptionKind::Flag(word) => match word.as_str() {
                    "same" => self.put(&mut said.padding, Padding::Same, span, "the padding"),
                    "valid" => self.put(&mut said.padding, Padding::Valid, span, "the padding"),
                    "bias" => self.put(&mut said.bias, true, span, "the bias"),
                    "nobias" => self.put(&mut said.bias, false, span, "the bias"),
                    _ => self.unknown(option),
                },
            }
        }
        said
    }

    fn pool(&mut self, kind: Option<PoolKind>) -> Pool {
        let kind = kind.map(|value| Said { value, span: self.layer.word_span });
        let mut said = Pool { kind, ..Pool::default() };
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Value(value) => {
                    self.sizes(&mut said.size, std::slice::from_ref(value), span, "the window");
                }
                OptionKind::Size(sizes) | OptionKind::Glued(sizes) => {
                    self.sizes(&mut said.size, sizes, span, "the window");
                }
                OptionKind::Stride(sizes) => self.sizes(&mut said.stride, sizes, span, "the stride"),
                OptionKind::Keyed(word, sizes) => match word.as_str() {
                    "size" => self.sizes(&mut said.size, sizes, span, "the window"),
                    "stride" => self.sizes(&mut said.stride, sizes, span, "the stride"),
                    "pad" => self.pad(&mut said.padding, sizes, span),
                    _ => self.unknown(option),
                },
                OptionKind::To(_) | OptionKind::Of(..) => self.unknown(option),
                OptionKind::Flag(word) => match word.as_str() {
                    "same" => self.put(&mut said.padding, Padding::Same, span, "the padding"),
                    "valid" => self.put(&mut said.padding, Padding::Valid, span, "the padding"),
                    "max" => self.put(&mut said.kind, PoolKind::Max, span, "the kind of pooling"),
                    "avg" => self.put(&mut said.kind, PoolKind::Avg, span, "the kind of pooling"),
                    "ceil" => self.put(&mut said.rounding, Rounding::Ceil, span, "the rounding"),
                    "global" => self.put(&mut said.global, (), span, "`global`"),
                    _ => self.unknown(option),
                },
            }
        }
        self.global_alone(&said);
        said
    }

    fn fc(&mut self) -> Options {
        let (mut units, mut bias) = (None, None);
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Value(value) => self.number(&mut units, value, span, "the number of units"),
                OptionKind::Glued(values) if values.len() == 1 => {
                    self.number(&mut units, &values[0], span, "the number of units");
                }
                OptionKind::Flag(word) if word == "bias" => self.put(&mut bias, true, span, "the bias"),
                OptionKind::Flag(word) if word == "nobias" => self.put(&mut bias, false, span, "the bias"),
                _ => self.unknown(option),
            }
        }
        Options::Fc { units: units.map_or(512, |u| u.value), bias: bias.is_none_or(|b| b.value) }
    }

    fn dropout(&mut self) -> Options {
        let mut rate: Option<Said<f64>> = None;
        for option in &self.layer.options {
            let OptionKind::Value(value) = &option.kind else {
                self.unknown(option);
                continue;
            };
            match self.env.number(value) {
                Ok(number) if (0.0..1.0).contains(&number) => {
                    self.put(&mut rate, number, option.span, "the rate");
                }
                Ok(number) => {
                    let message = format!("dropout's rate is the share that becomes 0, and {number} is no share");
                    let error = Diagnostic::new(Stage::Values, option.span, message)
                        .found(number.to_string())
                        .expected("from 0 to below 1");
                    self.errors.push(match number {
                        percent if (1.0..100.0).contains(&percent) => {
                            error.help(format!("{number} in a hundred is `dropout {}`", number / 100.0))
                        }
                        _ => error,
                    });
                }
                Err(error) => self.errors.push(error),
            }
        }
        Options::Dropout { rate: rate.map_or(0.5, |r| r.value) }
    }

    /// A layer that has no options.
    fn bare(&mut self, options: Options) -> Options {
        for option in &self.layer.options {
            if let (Options::Softmax, OptionKind::Value(_) | OptionKind::Glued(_)) = (&options, &option.kind) {
                let message = "`softmax` after a dash takes no number: it goes over the channels as they are";
                let help = "with a comma, `, softmax 10`, it is a classifier that brings its own `fc`";
                self.errors.push(Diagnostic::new(Stage::Values, option.span, message).help(help));
            } else {
                self.unknown(option);
            }
        }
        options
    }

    /// Notes one value, which must not have been said before; `what` names it in messages.
    fn put<T>(&mut self, slot: &mut Option<Said<T>>, value: T, span: Span, what: &str) {
        match slot {
            None => *slot = Some(Said { value, span }),
            Some(first) => self.errors.push(
                Diagnostic::new(Stage::Shapes, span, format!("{what} of this `{}` is said twice", self.layer.word))
                    .here("the second")
                    .also(first.span, "the first")
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
                Diagnostic::new(Stage::Values, second.span, "two bare numbers: a `conv` has only one, its filters")
                    .here("if this is the window, say so")
                    .also(first, "the filters")
                    .help(format!("write the window as `{number}x{number}`"))
            }
            Err(error) => error,
        };
        self.errors.push(error);
    }

    /// A global pool has no window, stride or padding of its own.
    fn global_alone(&mut self, said: &Pool) {
        let Some(global) = &said.global else { return };
        let size = said.size.as_ref().map(|s| s.span);
        let stride = said.stride.as_ref().map(|s| s.span);
        let padding = said.padding.as_ref().map(|p| p.span);
        let rounding = said.rounding.as_ref().map(|r| r.span);
        for span in [size, stride, padding, rounding].into_iter().flatten() {
            let message = "the window of a global pool is the whole map: it has no size, stride or padding of its own";
            self.errors.push(Diagnostic::new(Stage::Shapes, span, message).also(global.span, "global"));
        }
    }

    /// An option that the layer does not take.
    fn unknown(&mut self, option: &LayerOption) {
        let word = self.layer.word;
        let known = words(self.layer.word);
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
            [] => error.help(format!("`{word}` has no options")),
            _ => error.expected(known.join(", ")).help(format!("it takes {}", known.join(", "))),
        };
        if let OptionKind::Keyed(key, _) | OptionKind::Flag(key) = &option.kind
            && let Some(near) = nearest(key, known.iter().copied()).filter(|near| near != key)
        {
            error = error.help(format!("`{near}` is the nearest that it takes"));
        }
        self.errors.push(error);
    }
}
