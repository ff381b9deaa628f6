//! What names mean while a program is checked: constants, nets and blocks. Evaluates expressions, in f64.

use std::collections::{BTreeMap, BTreeSet};

use fovea_graph::Span;
use fovea_graph::shape::MAX_ELEMENTS;

use crate::diagnostic::{Diagnostic, Mend, Stage};
pub use crate::nearest::nearest;
use crate::parse::{elsewhere, words};
use crate::shared::Shared;
use crate::syntax::{Binding, BlockDef, Expr, ExprKind, NetDef, Operator};

/// The names of a session, by name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Constants of `let`: numbers and lists.
    pub constants: Shared<String, Value>,
    /// Nets as they were written.
    pub nets: Shared<String, NetDef>,
    /// Blocks as they were written.
    pub blocks: Shared<String, BlockDef>,
    overrides: BTreeMap<String, Value>,
    used: BTreeSet<String>,
}

/// What an expression is worth.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A list of at least two numbers, which steps with a repetition. (`{10}` is the number 10.)
    List(Vec<f64>),
}

impl Scope {
    /// What `expr` is worth: names are constants, arithmetic on a list is arithmetic on each of its numbers.
    ///
    /// Errors: unknown names (with the nearest known one), results that are not finite, lists that do not pair up.
    pub fn evaluate(&self, expr: &Expr) -> Result<Value, Diagnostic> {
        evaluate(expr, self)
    }

    /// What `expr` is worth where only a number will do; `what` names it in the message (`the learning rate`).
    pub fn number(&self, expr: &Expr, what: &str) -> Result<f64, Diagnostic> {
        match self.evaluate(expr)? {
            Value::Number(number) => Ok(number),
            list => Err(Diagnostic::new(Stage::Values, expr.span, format!("{what} is one number, and this is a list"))
                .found(list.to_string())
                .expected("a number")),
        }
    }

    /// What `expr` is worth where only a whole number of at least `least` will do; `what` names it in the message
    /// (`the batch`).
    pub fn count(&self, expr: &Expr, least: usize, what: &str) -> Result<usize, Diagnostic> {
        whole(self.number(expr, what)?, least, expr, what)
    }

    /// `let NAME = value`: binds the name, to the override's value where there is one.
    pub fn bind(&mut self, binding: &Binding) -> Result<&Value, Diagnostic> {
        let name = &binding.name.text;
        let value = match self.overrides.get(name) {
            Some(value) => {
                self.used.insert(name.clone());
                value.clone()
            }
            None => self.evaluate(&binding.value)?,
        };
        self.constants.insert(name.clone(), value);
        Ok(&self.constants[name])
    }

    /// From now on `let NAME = …` binds `value`, whatever the text says (`--set NAME=value`).
    pub fn set_override(&mut self, name: impl Into<String>, value: Value) {
        self.overrides.insert(name.into(), value);
    }

    /// What overrides say, by name.
    pub fn overrides(&self) -> &BTreeMap<String, Value> {
        &self.overrides
    }

    /// Lets these overrides hold from now on, and no others; those that held until now.
    pub fn replace_overrides(&mut self, overrides: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        std::mem::replace(&mut self.overrides, overrides)
    }

    /// No constants, nets or blocks any more; overrides stay.
    pub fn emptied(&self) -> Self {
        Self { overrides: self.overrides.clone(), used: self.used.clone(), ..Self::default() }
    }

    /// Overrides whose `let` has not been met.
    pub fn unused_overrides(&self) -> impl Iterator<Item = &str> {
        self.overrides.keys().map(String::as_str).filter(|&name| !self.used.contains(name))
    }
}

/// Where names are looked up.
pub(crate) trait Names {
    /// The value of a name.
    fn value(&self, name: &str) -> Option<Value>;

    /// All names that could have been meant.
    fn known(&self) -> Vec<&str>;

    /// The number of `list` for the turn that is being expanded, where there are turns.
    fn step(&self, list: &[f64], span: Span) -> Result<Option<f64>, Diagnostic>;

    /// Whether the name has a value where this block is used, which the block does not see.
    fn outside(&self, _: &str) -> bool {
        false
    }
}

impl Names for Scope {
    fn value(&self, name: &str) -> Option<Value> {
        self.constants.get(name).cloned()
    }

    fn known(&self) -> Vec<&str> {
        self.constants.keys().map(String::as_str).collect()
    }

    fn step(&self, _: &[f64], _: Span) -> Result<Option<f64>, Diagnostic> {
        Ok(None)
    }
}

/// What `expr` is worth among `names`.
pub(crate) fn evaluate(expr: &Expr, names: &dyn Names) -> Result<Value, Diagnostic> {
    match &expr.kind {
        ExprKind::Number(number) => finite(*number, expr.span).map(Value::Number),
        ExprKind::Name(name) => names.value(name).ok_or_else(|| unknown(name, expr.span, names)),
        ExprKind::List(elements) => list(elements, expr.span, names),
        ExprKind::Index(base, index) => self::index(base, index, names),
        ExprKind::Negate(inner) => Ok(evaluate(inner, names)?.map(|x| -x)),
        ExprKind::Binary(operator, left, right) => binary(*operator, left, right, expr.span, names),
    }
}

fn list(elements: &[Expr], span: Span, names: &dyn Names) -> Result<Value, Diagnostic> {
    let number = |element: &Expr| match evaluate(element, names)? {
        Value::Number(number) => Ok(number),
        Value::List(_) => Err(Diagnostic::new(Stage::Values, element.span, "a list inside a list")
            .expected("a number")
            .also(span, "")),
    };
    let numbers: Vec<f64> = elements.iter().map(number).collect::<Result<_, _>>()?;
    match numbers[..] {
        [] => Err(Diagnostic::new(Stage::Values, span, "an empty list").expected("at least one number")),
        [number] => Ok(Value::Number(number)),
        _ => Ok(Value::List(numbers)),
    }
}

fn index(base: &Expr, index: &Expr, names: &dyn Names) -> Result<Value, Diagnostic> {
    let numbers = match evaluate(base, names)? {
        Value::Number(number) => vec![number],
        Value::List(numbers) => numbers,
    };
    let at = match evaluate(index, names)? {
        Value::Number(at) => whole(at, 0, index, "a list's index")?,
        Value::List(_) => {
            return Err(Diagnostic::new(Stage::Values, index.span, "a list's index is one number, and this is a list"));
        }
    };
    numbers.get(at).copied().map(Value::Number).ok_or_else(|| {
        let last = numbers.len() - 1;
        let message = format!("a list of {} has no number {at}: they count from 0 to {last}", numbers.len());
        Diagnostic::new(Stage::Values, index.span, message)
            .here(format!("this is {at}"))
            .also(base.span, Value::List(numbers.clone()).to_string())
            .found(at.to_string())
            .expected(format!("0 to {last}"))
    })
}

fn binary(operator: Operator, left: &Expr, right: &Expr, span: Span, names: &dyn Names) -> Result<Value, Diagnostic> {
    let (a, b) = (evaluate(left, names)?, evaluate(right, names)?);
    let result = match (&a, &b) {
        (Value::Number(a), Value::Number(b)) => Value::Number(operator.apply(*a, *b)),
        (Value::Number(a), Value::List(_)) => b.map(|b| operator.apply(*a, b)),
        (Value::List(_), Value::Number(b)) => a.map(|a| operator.apply(a, *b)),
        (Value::List(a), Value::List(b)) if a.len() == b.len() => {
            Value::List(a.iter().zip(b).map(|(&a, &b)| operator.apply(a, b)).collect())
        }
        // Lists of two lengths step with two repetitions, so each has its own number at this turn.
        (Value::List(a), Value::List(b)) => match (names.step(a, left.span)?, names.step(b, right.span)?) {
            (Some(a), Some(b)) => Value::Number(operator.apply(a, b)),
            _ => {
                let message = format!("a list of {} and a list of {} do not pair up", a.len(), b.len());
                return Err(Diagnostic::new(Stage::Values, left.span, message)
                    .here(format!("{} numbers", a.len()))
                    .also(right.span, format!("{} numbers", b.len())));
            }
        },
    };
    match &result {
        Value::Number(number) => finite(*number, span)?,
        Value::List(numbers) => numbers.iter().try_fold(0.0, |_, &number| finite(number, span))?,
    };
    Ok(result)
}

impl Operator {
    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Operator::Add => a + b,
            Operator::Subtract => a - b,
            Operator::Multiply => a * b,
            Operator::Divide => a / b,
            Operator::Power => a.powf(b),
        }
    }
}

impl Value {
    fn map(&self, f: impl Fn(f64) -> f64) -> Value {
        match self {
            Value::Number(number) => Value::Number(f(*number)),
            Value::List(numbers) => Value::List(numbers.iter().map(|&x| f(x)).collect()),
        }
    }
}

impl std::fmt::Display for Value {
    /// `16`, `{64,128}`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Number(number) => f.write_str(&figure(*number)),
            Value::List(numbers) => {
                let words: Vec<String> = numbers.iter().map(|&number| figure(number)).collect();
                write!(f, "{{{}}}", words.join(","))
            }
        }
    }
}

/// A number as people read it: very large and very small ones with an exponent.
pub(crate) fn figure(number: f64) -> String {
    let size = number.abs();
    if number != 0.0 && !(1e-6..1e15).contains(&size) { format!("{number:e}") } else { number.to_string() }
}

fn finite(number: f64, span: Span) -> Result<f64, Diagnostic> {
    if number.is_finite() {
        return Ok(number);
    }
    let why = if number.is_nan() { "this has no value" } else { "this is infinite, or too large to be a number" };
    Err(Diagnostic::new(Stage::Values, span, why).found(number.to_string()).expected("a finite number"))
}

/// `number`, which `expr` is worth, as a count of at least `least`; at most 2^40, which no tensor's size exceeds.
pub(crate) fn whole(number: f64, least: usize, expr: &Expr, what: &str) -> Result<usize, Diagnostic> {
    let expected = if number.fract() != 0.0 || !number.is_finite() {
        "a whole number".to_string()
    } else if number < least as f64 {
        format!("at least {least}")
    } else if number > MAX_ELEMENTS as f64 {
        "at most 2^40".to_string()
    } else {
        return Ok(number as usize);
    };
    let written = match (&expr.kind, figure(number)) {
        (ExprKind::Number(_), figure) => figure,
        (_, figure) if expr.to_string() == figure => figure,
        (_, figure) => format!("`{expr}`, which is {figure}"),
    };
    Err(Diagnostic::new(Stage::Values, expr.span, format!("{what} must be {expected}, not {written}"))
        .found(figure(number))
        .expected(expected))
}

fn unknown(name: &str, span: Span, names: &dyn Names) -> Diagnostic {
    let error = Diagnostic::new(Stage::Names, span, format!("nothing here is called `{name}`")).found(name);
    // `kxk` is one name, though a size may have been meant.
    let sides: Vec<&str> = name.split('x').collect();
    let is_value = |side: &&str| side.parse::<u32>().is_ok() || names.value(side).is_some();
    if sides.len() > 1 && sides.iter().all(is_value) {
        let mend = format!("({})", sides.join(")x("));
        return error
            .mend(span, mend.clone())
            .help(format!("a size made of names is written with parentheses, `{mend}`"));
    }
    if names.outside(name) {
        return error
            .here("a block sees its own parameters only")
            .help(format!("give the block a parameter `{name}`, and `{name}={name}` where it is used"));
    }
    let known = names.known();
    // Behind a layer its options are known too, and a layer can only lack its dash.
    let is_layer = known.iter().any(|known| words::is_option(known));
    let foreign = elsewhere::options::key(name).filter(|ours| known.contains(ours));
    if let Some(operation) = elsewhere::operation(name).filter(|_| is_layer && foreign.is_none()) {
        let error = operation.refusal(Stage::Names, name, span, "", span.end);
        let mends = error.mends.iter().map(|mend| Mend { text: format!("- {}", mend.text), ..mend.clone() }).collect();
        let help = error.help.as_deref().unwrap_or_default().replace("write `", "write `- ");
        return Diagnostic { mends, ..error }.help(help);
    }
    match foreign.or_else(|| nearest(name, known)) {
        Some(near) if words::is_option(near) => error.expected(near).write(span, near),
        Some(near) => {
            error.expected(near).mend(span, near).help(format!("`{near}` is the nearest name that is known here"))
        }
        None => error.help(format!("`let {name} = …` or, behind a net, `where {name} = …` gives it a value")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::syntax::Name;

    fn expr(kind: ExprKind) -> Expr {
        Expr { kind, span: Span::default() }
    }

    fn n(number: f64) -> Expr {
        expr(ExprKind::Number(number))
    }

    fn list(numbers: &[f64]) -> Expr {
        expr(ExprKind::List(numbers.iter().map(|&x| n(x)).collect()))
    }

    fn op(left: Expr, operator: Operator, right: Expr) -> Expr {
        expr(ExprKind::Binary(operator, Box::new(left), Box::new(right)))
    }

    fn binding(name: &str, value: Expr) -> Binding {
        Binding { name: Name { text: name.into(), span: Span::default() }, value }
    }

    #[test]
    fn arithmetic_is_in_f64() {
        let scope = Scope::default();
        let value = |e: Expr| scope.evaluate(&e).unwrap();
        assert_eq!(value(op(n(16.0), Operator::Multiply, op(n(2.0), Operator::Power, n(3.0)))), Value::Number(128.0));
        assert_eq!(value(op(n(3.0), Operator::Divide, n(2.0))), Value::Number(1.5));
        assert_eq!(value(list(&[10.0])), Value::Number(10.0));
        assert_eq!(value(op(n(2.0), Operator::Multiply, list(&[8.0, 16.0]))), Value::List(vec![16.0, 32.0]));
    }

    #[test]
    fn results_that_are_no_number_or_no_count_say_so() {
        let scope = Scope::default();
        let zeroth = scope.evaluate(&op(n(1.0), Operator::Divide, n(0.0))).unwrap_err();
        assert!(zeroth.message.contains("infinite"), "{}", zeroth.message);
        let none = scope.evaluate(&op(n(0.0), Operator::Divide, n(0.0))).unwrap_err();
        assert!(none.message.contains("no value"), "{}", none.message);
        let half = scope.count(&op(n(3.0), Operator::Divide, n(2.0)), 1, "the batch").unwrap_err();
        assert_eq!(half.message, "the batch must be a whole number, not `3/2`, which is 1.5");
        assert_eq!(half.found.as_deref(), Some("1.5"));
        let negative = scope.count(&expr(ExprKind::Negate(Box::new(n(4.0)))), 1, "the batch").unwrap_err();
        assert_eq!(negative.message, "the batch must be at least 1, not -4");
        assert!(scope.count(&n(0.0), 1, "the batch").unwrap_err().message.contains("at least 1"));
        assert!(scope.count(&n(1e300), 1, "the batch").unwrap_err().message.contains("at most 2^40"));
        assert!(scope.number(&list(&[1.0, 2.0]), "the rate").unwrap_err().message.contains("this is a list"));
    }

    #[test]
    fn lists_pair_up_or_say_why_not() {
        let scope = Scope::default();
        let sum = scope.evaluate(&op(list(&[1.0, 2.0]), Operator::Add, list(&[10.0, 20.0]))).unwrap();
        assert_eq!(sum, Value::List(vec![11.0, 22.0]));
        assert!(scope.evaluate(&op(list(&[1.0, 2.0]), Operator::Add, list(&[1.0, 2.0, 3.0]))).is_err());
        let pick = |i: f64| expr(ExprKind::Index(Box::new(list(&[64.0, 128.0])), Box::new(n(i))));
        assert_eq!(scope.evaluate(&pick(1.0)).unwrap(), Value::Number(128.0));
        assert_eq!(scope.evaluate(&pick(2.0)).unwrap_err().expected.as_deref(), Some("0 to 1"));
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_known_one() {
        let mut scope = Scope::default();
        scope.bind(&binding("width", n(16.0))).unwrap();
        let error = scope.evaluate(&expr(ExprKind::Name("widht".into()))).unwrap_err();
        assert_eq!((error.stage, error.expected.as_deref()), (Stage::Names, Some("width")));
        let far = scope.evaluate(&expr(ExprKind::Name("epochs".into()))).unwrap_err();
        assert_eq!(far.expected, None);
    }

    #[test]
    fn an_override_replaces_its_let_and_one_without_a_let_is_reported() {
        let mut scope = Scope::default();
        scope.set_override("width", Value::Number(32.0));
        scope.set_override("depth", Value::Number(3.0));
        assert_eq!(scope.bind(&binding("width", n(16.0))).unwrap(), &Value::Number(32.0));
        assert_eq!(scope.unused_overrides().collect::<Vec<_>>(), ["depth"]);
    }
}
