//! What a sweep goes over: every combination of values, and what the program means under each.

use std::collections::BTreeMap;

use fovea_dsl::scope::Value;
use fovea_dsl::syntax::Verb;
use fovea_dsl::verb::{Said, Swept, Train};
use fovea_dsl::{Command, Diagnostic, Stage, command};
use fovea_graph::Span;

use super::{Run, single};
use crate::display::number;
use crate::failure::Failure;
use crate::verbs::replay::under;
use crate::world::{Names, World};

/// So many runs can one statement begin.
pub const MOST: usize = 1000;

/// Names with their values, in the order in which they were swept.
pub type Setting = Vec<(String, f64)>;

/// What a sweep goes over.
pub struct Grid<'a> {
    pub swept: &'a [Swept],
    /// The statement that has it.
    pub verb: &'a Verb,
    pub text: &'a str,
    pub span: Span,
}

/// A setting in words: `rate 0.1, N 2`.
pub fn words(setting: &Setting) -> String {
    setting.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

/// Every combination, the first name's values changing last.
pub fn combinations(swept: &[Swept]) -> Vec<Setting> {
    swept.iter().fold(vec![Vec::new()], |settings, swept| {
        let with = |setting: &Setting, value: f64| {
            let mut setting = setting.clone();
            setting.push((swept.name.text.clone(), value));
            setting
        };
        settings.iter().flat_map(|setting| swept.values.iter().map(move |&value| with(setting, value))).collect()
    })
}

impl Grid<'_> {
    /// The run of a setting, checked as if the program said so.
    pub fn run(&self, setting: &Setting, names: &Names, world: &World) -> Result<Run, Failure> {
        self.checked(setting, names, world).map_err(|failure| match failure {
            Failure::Mistakes(mistakes) => {
                Failure::Mistakes(mistakes.into_iter().map(|found| under_this(found, setting)).collect())
            }
            Failure::Interrupted => Failure::Interrupted,
        })
    }

    fn checked(&self, setting: &Setting, names: &Names, world: &World) -> Result<Run, Failure> {
        let is_constant = |name: &str| names.scope.constants.contains_key(name);
        let mut set: BTreeMap<String, Value> = names.scope.overrides().clone();
        set.extend(
            setting
                .iter()
                .filter(|(name, _)| is_constant(name))
                .map(|(name, value)| (name.clone(), Value::Number(*value))),
        );
        let names = under(set, self.text, names, world)?;
        let mut train = self.read(&names)?;
        let place =
            |name: &str| self.swept.iter().find(|swept| swept.name.text == name).map_or(self.span, |swept| swept.span);
        let own =
            |name: &str| setting.iter().find(|(known, _)| known == name && !is_constant(name)).map(|&(_, value)| value);
        if let Some(batch) = own("batch") {
            train.batch = Some(Said::at(whole(batch, place("batch"))?, place("batch")));
        }
        let mut run = single(train, self.span, self.text, &names, world)?;
        if let Some(rate) = own("lr") {
            run.recipe.set_rate(positive(rate, place("lr"))?);
        }
        Ok(run)
    }

    /// What the statement says under these names.
    fn read(&self, names: &Names) -> Result<Train, Failure> {
        match command(self.verb, &names.scope)? {
            Command::Train(train) => Ok(train),
            _ => Err(Diagnostic::new(Stage::Internal, self.span, "another statement was read").into()),
        }
    }

    /// Says so where a name that is swept changes nothing: `runs` are those of the settings.
    pub fn all_matter(&self, settings: &[Setting], runs: &[Run]) -> Result<(), Diagnostic> {
        let same = |a: &Run, b: &Run| a.net == b.net && a.spec == b.spec && a.recipe == b.recipe;
        for (at, swept) in self.swept.iter().enumerate().filter(|(_, swept)| swept.values.len() > 1) {
            let first = swept.values[0];
            let differs = |(setting, run): (&Setting, &Run)| {
                let mut other = setting.clone();
                other[at].1 = first;
                let other = settings.iter().position(|known| *known == other).map(|at| &runs[at]);
                other.is_some_and(|other| !same(run, other))
            };
            if !settings.iter().zip(runs).any(differs) {
                let name = &swept.name.text;
                let message =
                    format!("`{name}` changes nothing: neither the net, nor the data, nor this statement has it");
                let mistake = Diagnostic::new(Stage::Verbs, swept.name.span, message).found(name);
                return Err(mistake
                    .expected("a constant on which the run depends")
                    .help(format!("leave `{name}` out of the sweep")));
            }
        }
        Ok(())
    }
}

/// A mistake that is one under a setting.
fn under_this(mistake: Diagnostic, setting: &Setting) -> Diagnostic {
    if setting.is_empty() {
        return mistake;
    }
    Diagnostic { message: format!("with {}: {}", words(setting), mistake.message), ..mistake }
}

fn whole(batch: f64, span: Span) -> Result<usize, Diagnostic> {
    if batch.fract() == 0.0 && (1.0..=1e9).contains(&batch) {
        return Ok(batch as usize);
    }
    Err(wrong("`batch`", batch, "a whole number from 1 to 10^9", span))
}

fn positive(rate: f64, span: Span) -> Result<f64, Diagnostic> {
    if rate > 0.0 && rate <= f64::from(f32::MAX) {
        return Ok(rate);
    }
    Err(wrong("`lr`", rate, "a number above 0", span))
}

fn wrong(what: &str, found: f64, expected: &str, span: Span) -> Diagnostic {
    let message = format!("{what} must be {expected}, not {found}");
    Diagnostic::new(Stage::Values, span, message).found(number::short(found)).expected(expected)
}
