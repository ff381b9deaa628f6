//! The layers without a window.

use fovea_graph::Span;
use fovea_graph::op::{Function, Interpolation, Lrn};

use super::Reader;
use crate::diagnostic::{Diagnostic, Stage};
use crate::resolve::options::{Options, Said, Sizes, Target};
use crate::syntax::OptionKind;

/// The slope of `leaky` (A. Maas et al., "Rectifier nonlinearities improve neural network acoustic models", ICML 2013).
const LEAKY_SLOPE: f64 = 0.01;

impl Reader<'_, '_> {
    pub(super) fn fc(&mut self) -> Options {
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
        Options::Fc { units: units.map(|u| u.value), bias: bias.is_none_or(|b| b.value) }
    }

    pub(super) fn dropout(&mut self) -> Options {
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
                            let share = number / 100.0;
                            error
                                .mend(option.span, share.to_string())
                                .help(format!("{number} in a hundred is `dropout {share}`"))
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
    pub(super) fn bare(&mut self, options: Options) -> Options {
        for option in &self.layer.options {
            if let (Options::Softmax, OptionKind::Value(_) | OptionKind::Glued(_)) = (&options, &option.kind) {
                let message = "`softmax` after a dash takes no number: it goes over the channels as they are";
                let help = "with a comma, `, softmax 10`, it is a classifier that brings its own `fc`";
                self.errors.push(Diagnostic::new(Stage::Values, option.span, message).mend(option.span, "").help(help));
            } else {
                self.unknown(option);
            }
        }
        options
    }

    pub(super) fn leaky(&mut self) -> Options {
        let mut slope = None;
        for option in &self.layer.options {
            match &option.kind {
                OptionKind::Value(value) => self.real(&mut slope, value, option.span, "the slope"),
                _ => self.unknown(option),
            }
        }
        Options::Unary(Function::Leaky { slope: slope.map_or(LEAKY_SLOPE, |s| s.value) })
    }

    pub(super) fn bn(&mut self) -> Options {
        let (mut momentum, mut eps) = (None, None);
        for option in &self.layer.options {
            match &option.kind {
                OptionKind::Keyed(word, values) => match (word.as_str(), &values[..]) {
                    ("momentum", [value]) => self.real(&mut momentum, value, option.span, "the momentum"),
                    ("eps", [value]) => self.real(&mut eps, value, option.span, "`eps`"),
                    _ => self.unknown(option),
                },
                _ => self.unknown(option),
            }
        }
        self.within(&momentum, "the momentum", |m| (0.0..=1.0).contains(&m), "from 0 to 1");
        self.within(&eps, "`eps`", |e| e > 0.0, "above 0");
        Options::Bn { momentum: momentum.map_or(0.1, |m| m.value), eps: eps.map_or(1e-5, |e| e.value) }
    }

    pub(super) fn lrn(&mut self) -> Options {
        let mut size = None;
        let (mut alpha, mut beta, mut k) = (None, None, None);
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Keyed(word, values) => match (word.as_str(), &values[..]) {
                    ("size", [value]) => self.number(&mut size, value, span, "the size"),
                    ("alpha", [value]) => self.real(&mut alpha, value, span, "`alpha`"),
                    ("beta", [value]) => self.real(&mut beta, value, span, "`beta`"),
                    ("k", [value]) => self.real(&mut k, value, span, "`k`"),
                    _ => self.unknown(option),
                },
                _ => self.unknown(option),
            }
        }
        self.within(&alpha, "`alpha`", |a| a >= 0.0, "at least 0");
        self.within(&k, "`k`", |k| k > 0.0, "above 0, or a channel of zeros divides by nothing");
        let real = |said: Option<Said<f64>>, default| said.map_or(default, |said| said.value);
        Options::Lrn(Lrn {
            size: size.map_or(5, |size| size.value),
            alpha: real(alpha, 1e-4),
            beta: real(beta, 0.75),
            k: real(k, 2.0),
        })
    }

    pub(super) fn upsample(&mut self) -> Options {
        let (mut factor, mut interpolation) = (None, None);
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::Value(value) => self.sizes(&mut factor, std::slice::from_ref(value), span, "the factor"),
                OptionKind::Size(sizes) | OptionKind::Glued(sizes) => {
                    self.sizes(&mut factor, sizes, span, "the factor");
                }
                OptionKind::Flag(word) => match word.as_str() {
                    "nearest" => self.put(&mut interpolation, Interpolation::Nearest, span, "what fills the map"),
                    "bilinear" => self.put(&mut interpolation, Interpolation::Linear, span, "what fills the map"),
                    _ => self.unknown(option),
                },
                _ => self.unknown(option),
            }
        }
        Options::Upsample(factor, interpolation.map_or(Interpolation::Nearest, |said| said.value))
    }

    pub(super) fn unpool(&mut self) -> Option<Options> {
        let mut pool = None;
        for option in &self.layer.options {
            match &option.kind {
                OptionKind::Of(name, step) => {
                    let wire = self.named(name, step.as_ref())?;
                    self.put(&mut pool, wire, option.span, "the pool");
                }
                _ => self.unknown(option),
            }
        }
        if pool.is_none() {
            let error = self.incomplete("`unpool` is the inverse of a max pool: which?");
            let error = error.expected("the pool's name").put_behind(self.layer.word_span, " pool1");
            self.errors.push(error.help("name it, such as `unpool pool1`"));
        }
        pool.map(Options::Unpool)
    }

    pub(super) fn crop(&mut self) -> Option<Options> {
        let mut target: Option<Said<Target>> = None;
        for option in &self.layer.options {
            let span = option.span;
            match &option.kind {
                OptionKind::To(to) => self.target(&mut target, to, span),
                _ => {
                    if let Some(Said { value, span }) = self.lone_sizes(option, "the size", 1) {
                        self.put(&mut target, Target::Size(value), span, "the size");
                    }
                }
            }
        }
        if target.is_none() {
            let error = self.incomplete("`crop` to which size?");
            let error = error.put_behind(self.layer.word_span, " 24x24");
            self.errors.push(error.expected("a size").help("say it, such as `crop 24x24`, or `crop to` a named layer"));
        }
        target.map(Options::Crop)
    }

    pub(super) fn pad_layer(&mut self) -> Option<Options> {
        let mut pad: Option<Said<Sizes>> = None;
        for option in &self.layer.options {
            if let Some(Said { value, span }) = self.lone_sizes(option, "the padding", 0) {
                self.put(&mut pad, value, span, "the padding");
            }
        }
        if pad.is_none() {
            let error = self.incomplete("`pad` by how much?");
            let error = error.put_behind(self.layer.word_span, " 2");
            self.errors.push(error.expected("a number").help("say it, such as `pad 2`"));
        }
        pad.map(Options::Pad)
    }

    /// A bare number or size, the only option of its layer.
    fn lone_sizes(&mut self, option: &crate::syntax::LayerOption, what: &str, least: usize) -> Option<Said<Sizes>> {
        let values = match &option.kind {
            OptionKind::Value(value) => std::slice::from_ref(value),
            OptionKind::Size(values) | OptionKind::Glued(values) => values,
            _ => {
                self.unknown(option);
                return None;
            }
        };
        let value = self.counts(values, least, what)?;
        Some(Said { value, span: option.span })
    }

    fn incomplete(&self, message: &str) -> Diagnostic {
        Diagnostic::new(Stage::Shapes, self.layer.word_span, message)
    }

    /// The value lies where it must.
    fn within(&mut self, said: &Option<Said<f64>>, what: &str, fits: impl Fn(f64) -> bool, expected: &str) {
        let Some(&Said { value, span }) = said.as_ref().filter(|said| !fits(said.value)) else { return };
        self.errors.push(wrong_value(what, value, span, expected));
    }
}

fn wrong_value(what: &str, value: f64, span: Span, expected: &str) -> Diagnostic {
    let message = format!("{what} must be {expected}, not {value}");
    Diagnostic::new(Stage::Values, span, message).found(value.to_string()).expected(expected)
}
