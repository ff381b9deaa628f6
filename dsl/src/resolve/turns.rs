//! What names and lists mean at one turn of the enclosing repetitions.

use fovea_graph::counted;
use std::cell::Cell;
use std::collections::BTreeMap;

use fovea_graph::Span;

use crate::diagnostic::{Diagnostic, Stage};
use crate::scope::{Names, Value, evaluate, whole};
use crate::shared::Shared;
use crate::syntax::{Binding, Expr};

/// A repetition that is being expanded.
pub(super) struct Frame<'a> {
    /// The name of the turn.
    pub variable: Option<&'a str>,
    /// The repetition's sign and count.
    pub span: Span,
    /// How many turns it has.
    pub turns: usize,
    /// The turn that is being expanded, from 0.
    pub turn: usize,
    /// What its count says to lists inside.
    pub count: Count,
}

/// What kind of count a repetition has; a list steps only with a fixed one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// A plain number.
    Fixed,
    /// It depends on the turn of a repetition outside: `^{2,3}`, `^(i+1)`.
    Stepping,
}

/// Names, and the turns of the repetitions around the place that is being expanded.
pub(super) struct Env<'a> {
    constants: Option<&'a Shared<String, Value>>,
    bindings: BTreeMap<String, Value>,
    /// The repetitions, the outermost first.
    pub frames: Vec<Frame<'a>>,
    /// Words besides names that may have been meant, for suggestions.
    pub words: &'static [&'static str],
    /// Inside a block, the names of `where` that have a value where it is used.
    outside: Vec<String>,
    /// And those of `let`.
    outer: Option<&'a Shared<String, Value>>,
    /// Whether the last value depended on a turn.
    stepped: Cell<bool>,
}

impl<'a> Env<'a> {
    /// The names of `let`, where the net sees them, and, before them, of `where`.
    pub fn new(constants: Option<&'a Shared<String, Value>>, bindings: &[Binding]) -> Result<Self, Vec<Diagnostic>> {
        let mut env = Env { constants, ..Env::empty() };
        let mut errors = Vec::new();
        for (position, binding) in bindings.iter().enumerate() {
            let name = &binding.name;
            if let Some(first) = bindings[..position].iter().find(|b| b.name.text == name.text) {
                let message = format!("`{}` has two values", name.text);
                errors.push(Diagnostic::new(Stage::Names, name.span, message).also(first.name.span, "the first"));
                continue;
            }
            match evaluate(&binding.value, &env) {
                Ok(value) => _ = env.bindings.insert(name.text.clone(), value),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(env) } else { Err(errors) }
    }

    /// No names at all.
    pub fn empty() -> Self {
        let (bindings, frames, outside) = Default::default();
        Env { constants: None, bindings, frames, words: &[], outside, outer: None, stepped: Cell::new(false) }
    }

    /// No names yet, inside a block that is used here.
    pub fn inside(&self) -> Self {
        Env { outside: self.bindings.keys().cloned().collect(), outer: self.constants, ..Env::empty() }
    }

    /// Gives a parameter its value.
    pub fn bind(&mut self, name: &str, value: f64) {
        self.bindings.insert(name.to_string(), Value::Number(value));
    }

    /// The number that `expr` is at this turn: a list is stepped.
    pub fn number(&self, expr: &Expr) -> Result<f64, Diagnostic> {
        match evaluate(expr, self)? {
            Value::Number(number) => Ok(number),
            Value::List(list) => self.pick(&list, expr.span),
        }
    }

    /// The count that `expr` is at this turn, at least `least`; `what` names it in messages.
    pub fn count(&self, expr: &Expr, least: usize, what: &str) -> Result<usize, Diagnostic> {
        whole(self.number(expr)?, least, expr, what)
    }

    /// How many turns a repetition has now, and what kind of count that is.
    pub fn turns(&self, expr: &Expr) -> Result<(usize, Count), Diagnostic> {
        self.stepped.set(false);
        let turns = self.count(expr, 0, "a repetition's count")?;
        Ok((turns, if self.stepped.get() { Count::Stepping } else { Count::Fixed }))
    }

    /// About how many turns a repetition has, before any of those around it is expanded: a list counts as its mean,
    /// and what only a turn can tell as 1.
    pub fn expected_turns(&self, expr: &Expr) -> f64 {
        match evaluate(expr, self) {
            Ok(Value::Number(number)) => number,
            Ok(Value::List(list)) => list.iter().sum::<f64>() / list.len() as f64,
            Err(_) => 1.0,
        }
    }

    /// The list's number for this turn: that of the one enclosing repetition with a fixed count as large as the list
    /// is long.
    fn pick(&self, list: &[f64], span: Span) -> Result<f64, Diagnostic> {
        let fits = |f: &&Frame| f.count == Count::Fixed && f.turns == list.len();
        let candidates: Vec<&Frame> = self.frames.iter().filter(fits).collect();
        match candidates[..] {
            [frame] => {
                self.stepped.set(true);
                Ok(list[frame.turn])
            }
            [] => Err(self.no_candidate(list, span)),
            _ => Err(several_candidates(list, span, &candidates)),
        }
    }

    fn no_candidate(&self, list: &[f64], span: Span) -> Diagnostic {
        let n = list.len();
        let text = Value::List(list.to_vec());
        let mut error = Diagnostic::new(Stage::Values, span, format!("the list {text} has no repetition to step with"))
            .here(format!("{n} numbers"))
            .expected(format!("an enclosing repetition whose count is the plain number {n}"));
        for frame in self.frames.iter().rev() {
            let turns = counted(frame.turns, "turn");
            error = error.also(
                frame.span,
                match frame.count {
                    Count::Fixed => turns,
                    Count::Stepping => format!("{turns} now; its count changes, so no list steps with it"),
                },
            );
        }
        let named = self.frames.iter().rev().find(|f| f.turns == n);
        error.help(match named {
            Some(frame) => {
                format!(
                    "to step with this repetition, name its turn (`^{0}=…`) and write {text}[{0}]",
                    turn_name(frame)
                )
            }
            None if self.frames.is_empty() => {
                format!("put it into a group that repeats {n} times, `( … )^{n}`, or write one number")
            }
            None => format!("give the list as many numbers as its repetition has turns, or the repetition {n} turns"),
        })
    }
}

impl Names for Env<'_> {
    fn value(&self, name: &str) -> Option<Value> {
        if let Some(frame) = self.frames.iter().rev().find(|f| f.variable == Some(name)) {
            self.stepped.set(true);
            return Some(Value::Number(frame.turn as f64));
        }
        self.bindings.get(name).or_else(|| self.constants?.get(name)).cloned()
    }

    fn known(&self) -> Vec<&str> {
        let turns = self.frames.iter().filter_map(|f| f.variable);
        let constants = self.constants.into_iter().flat_map(|constants| constants.keys());
        let names = self.bindings.keys().chain(constants).map(String::as_str);
        turns.chain(names).chain(self.words.iter().copied()).collect()
    }

    fn step(&self, list: &[f64], span: Span) -> Result<Option<f64>, Diagnostic> {
        self.pick(list, span).map(Some)
    }

    fn outside(&self, name: &str) -> bool {
        self.outside.iter().any(|outside| outside == name) || self.outer.is_some_and(|outer| outer.contains_key(name))
    }
}

fn several_candidates(list: &[f64], span: Span, candidates: &[&Frame]) -> Diagnostic {
    let n = list.len();
    let text = Value::List(list.to_vec());
    let message = format!("the list {text} could step with {} repetitions", candidates.len());
    let mut error = Diagnostic::new(Stage::Values, span, message).here(format!("{n} numbers"));
    for (position, frame) in candidates.iter().enumerate() {
        let which = if position + 1 == candidates.len() { "the inner one" } else { "the outer one" };
        let which = if candidates.len() == 2 { which } else { "one of them" };
        error = error.also(frame.span, format!("{which}: {}", counted(n, "turn")));
    }
    let count = Value::List(vec![n as f64; n]);
    let name = turn_name(candidates[candidates.len() - 1]);
    error.help(match candidates.len() {
        2 => format!(
            "`^{count}` as the inner count makes it step with the outer one; `{text}[{name}]`, with `^{name}={n}` as the \
             inner count, with the inner one"
        ),
        _ => format!("write `{text}[{name}]`, and `^{name}={n}` behind the group whose turns are meant"),
    })
}

/// The name of a repetition's turn, or one that it could get.
fn turn_name<'a>(frame: &Frame<'a>) -> &'a str {
    frame.variable.unwrap_or("i")
}
