//! The syntax tree as text, in one spelling: what is printed parses to the same tree, spans aside.

use std::fmt::{Display, Formatter, Result, Write};

use crate::parse::is_whole_statement;
use crate::parse::lines::plain;
use crate::syntax::*;

impl Display for Program {
    /// A statement a line.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.statements.iter().try_for_each(|statement| writeln!(f, "{statement}"))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            StatementKind::Net(net) => write!(f, "{net}")?,
            StatementKind::Block(block) => write!(f, "{block}")?,
            StatementKind::Let(bindings) => {
                f.write_str("let ")?;
                separated(f, bindings, ", ")?;
            }
            StatementKind::Slide(slide) => write!(f, "{slide}")?,
            StatementKind::Verb(verb) => write!(f, "{verb}")?,
        }
        f.write_str(if self.silent { ";" } else { "" })
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.text)
    }
}

impl Display for NetDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "net {} = {}", self.name, self.chain)?;
        if !self.bindings.is_empty() {
            f.write_str(" where ")?;
        }
        separated(f, &self.bindings, ", ")
    }
}

impl Display for SlideDef {
    /// Lines at which a statement would begin, as they may stand in a cell of its own, stand one column in.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "slide {}", self.name)?;
        self.text.split('\n').try_for_each(|line| {
            let plain = plain(line);
            let column = if !plain.starts_with([' ', '\t']) && is_whole_statement(&plain) { " " } else { "" };
            write!(f, "\n{column}{line}")
        })
    }
}

impl Display for BlockDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "block {} = {}", self.heading(), self.chain)
    }
}

impl Display for Parameter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.default {
            Some(default) => write!(f, "{}={default}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl Display for Binding {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

impl Display for Chain {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        separated(f, &self.items, " - ")?;
        match &self.head {
            Some(head) => write!(f, ", {head}"),
            None => Ok(()),
        }
    }
}

impl Display for Head {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("softmax")?;
        match &self.classes {
            Some(classes) => write!(f, " {}", Atom(classes)),
            None => Ok(()),
        }
    }
}

impl Display for Item {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ItemKind::Input => f.write_str("input")?,
            ItemKind::Shape(sizes) => write!(f, "{}", Sizes(sizes))?,
            ItemKind::Layer(layer) => write!(f, "{layer}")?,
            ItemKind::Group(chain, times) => {
                write!(f, "({chain})")?;
                repeated(f, times)?;
            }
            ItemKind::Join(join, times) => {
                write!(f, "{join}")?;
                repeated(f, times)?;
            }
            ItemKind::Call(call, times) => {
                write!(f, "{call}")?;
                repeated(f, times)?;
            }
            ItemKind::Reference(name, step) => reference(f, name, step.as_ref())?,
            ItemKind::Identity => f.write_str("id")?,
            ItemKind::Shortcut(Shortcut::Projection) => f.write_str("shortcut")?,
            ItemKind::Shortcut(Shortcut::Zeros) => f.write_str("shortcut zeros")?,
            ItemKind::Aux(None, chain) => write!(f, "aux ({chain})")?,
            ItemKind::Aux(Some(weight), chain) => write!(f, "aux {} ({chain})", Atom(weight))?,
        }
        match &self.alias {
            Some(name) => write!(f, " as {name}"),
            None => Ok(()),
        }
    }
}

/// The repetitions behind a group, a join or a call. `^2^3` has two readings and is refused; `^2*3` has one.
fn repeated(f: &mut Formatter<'_>, times: &[Times]) -> Result {
    times.iter().enumerate().try_for_each(|(index, times)| {
        let sign = if index == 0 { '^' } else { '*' };
        write!(f, "{sign}{times}")
    })
}

/// The same as text.
pub(crate) fn repeated_text(times: &[Times]) -> String {
    struct Repeated<'a>(&'a [Times]);
    impl Display for Repeated<'_> {
        fn fmt(&self, f: &mut Formatter<'_>) -> Result {
            repeated(f, self.0)
        }
    }
    Repeated(times).to_string()
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.word)?;
        separated(f, &self.branches, " | ")?;
        f.write_char(')')
    }
}

impl Display for JoinWord {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            JoinWord::Concat => "concat",
            JoinWord::Add => "add",
        })
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.block)?;
        for (index, argument) in self.arguments.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            argument.key.iter().try_for_each(|key| write!(f, "{key}="))?;
            write!(f, "{}", argument.value)?;
        }
        f.write_char(')')
    }
}

impl Display for Times {
    /// The turns, without the sign before them.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(name) = &self.variable {
            write!(f, "{name}=")?;
        }
        write!(f, "{}", Atom(&self.count))
    }
}

impl Display for LayerWord {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(self.word())
    }
}

impl Display for Layer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.word)?;
        let mut before = None;
        self.options.iter().try_for_each(|option| {
            // A stride stands at its size: `3x3/2`.
            let is_glued = matches!(
                (&option.kind, before.replace(&option.kind)),
                (OptionKind::Glued(_), _) | (OptionKind::Stride(_), Some(OptionKind::Size(_)))
            );
            f.write_str(if is_glued { "" } else { " " })?;
            write!(f, "{option}")
        })
    }
}

impl Display for LayerOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            OptionKind::Value(value) => write!(f, "{}", Atom(value)),
            OptionKind::Size(sizes) => write!(f, "{}", Extents(sizes)),
            OptionKind::Glued(sizes) => separated(f, sizes, "x"),
            OptionKind::Stride(sizes) => write!(f, "/{}", Extents(sizes)),
            OptionKind::Keyed(key, sizes) => write!(f, "{key} {}", Extents(sizes)),
            OptionKind::To(target) => write!(f, "to {target}"),
            OptionKind::Of(name, step) => reference(f, name, step.as_ref()),
            OptionKind::Flag(flag) => f.write_str(flag),
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Target::Size(sizes) => write!(f, "{}", Sizes(sizes)),
            Target::Input => f.write_str("input"),
            Target::Layer(name, step) => reference(f, name, step.as_ref()),
        }
    }
}

/// Numbers joined by `x`; whatever is not a number or a list stands in braces, which mean nothing around one value.
struct Sizes<'a>(&'a [Expr]);

impl Display for Sizes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, size) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "x" })?;
            match size.kind {
                ExprKind::Number(_) | ExprKind::List(_) => write!(f, "{size}")?,
                _ => write!(f, "{{{size}}}")?,
            }
        }
        Ok(())
    }
}

/// The same in an option, where parentheses are arithmetic: `(k)x(k)`, and one value may be a bare name.
struct Extents<'a>(&'a [Expr]);

impl Display for Extents<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, size) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "x" })?;
            match size.kind {
                ExprKind::Name(_) if self.0.len() > 1 => write!(f, "({size})")?,
                _ => write!(f, "{}", Atom(size))?,
            }
        }
        Ok(())
    }
}

/// A row of a matrix.
pub(crate) struct Row<'a>(pub(crate) &'a [Expr]);

impl Display for Row<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, cell) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " " })?;
            if is_cell(cell) { write!(f, "{cell}")? } else { write!(f, "({cell})")? }
        }
        Ok(())
    }
}

/// Whether a number of a matrix stands without parentheses: `2`, `-2`, `1/9`, `-1/9`.
fn is_cell(expr: &Expr) -> bool {
    let is_atom = |expr: &Expr| tightness(expr) == Tightness::Atom;
    let is_signed = |expr: &Expr| match &expr.kind {
        ExprKind::Negate(inner) => is_atom(inner),
        _ => is_atom(expr),
    };
    match &expr.kind {
        ExprKind::Binary(Operator::Divide, left, right) => is_signed(left) && is_atom(right),
        _ => is_signed(expr),
    }
}

/// An expression that stands where arithmetic needs parentheses.
pub(crate) struct Atom<'a>(pub(crate) &'a Expr);

impl Display for Atom<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        within(f, self.0, Tightness::Atom)
    }
}

/// An expression that stands where a bare name would be a word.
struct Bracketed<'a>(&'a Expr);

impl Display for Bracketed<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0.kind {
            ExprKind::Number(_) | ExprKind::List(_) => write!(f, "{}", self.0),
            _ => write!(f, "({})", self.0),
        }
    }
}

/// How tightly an expression holds together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

fn tightness(expr: &Expr) -> Tightness {
    match expr.kind {
        ExprKind::Binary(Operator::Add | Operator::Subtract, ..) => Tightness::Sum,
        ExprKind::Binary(Operator::Multiply | Operator::Divide, ..) => Tightness::Product,
        ExprKind::Negate(_) => Tightness::Sign,
        ExprKind::Binary(Operator::Power, ..) => Tightness::Power,
        ExprKind::Number(_) | ExprKind::Name(_) | ExprKind::List(_) | ExprKind::Index(..) => Tightness::Atom,
    }
}

/// An expression, in parentheses where it is looser than its place.
fn within(f: &mut Formatter<'_>, expr: &Expr, place: Tightness) -> Result {
    if tightness(expr) < place { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ExprKind::Number(number) => number_text(f, *number),
            ExprKind::Name(name) => f.write_str(name),
            ExprKind::List(elements) => {
                f.write_char('{')?;
                separated(f, elements, ", ")?;
                f.write_char('}')
            }
            ExprKind::Index(base, index) => {
                let bare = matches!(base.kind, ExprKind::Name(_) | ExprKind::List(_) | ExprKind::Index(..));
                if bare { write!(f, "{base}[{index}]") } else { write!(f, "({base})[{index}]") }
            }
            ExprKind::Negate(inner) => {
                f.write_char('-')?;
                within(f, inner, Tightness::Sign)
            }
            ExprKind::Binary(operator, left, right) => binary(f, *operator, left, right),
        }
    }
}

fn binary(f: &mut Formatter<'_>, operator: Operator, left: &Expr, right: &Expr) -> Result {
    // The tightness that the left and the right side need: `^` binds to the right, the others to the left.
    let (sign, a, b) = match operator {
        Operator::Add => (" + ", Tightness::Sum, Tightness::Product),
        Operator::Subtract => (" - ", Tightness::Sum, Tightness::Product),
        Operator::Multiply => ("*", Tightness::Product, Tightness::Sign),
        Operator::Divide => ("/", Tightness::Product, Tightness::Sign),
        Operator::Power => ("^", Tightness::Atom, Tightness::Sign),
    };
    within(f, left, a)?;
    f.write_str(sign)?;
    within(f, right, b)
}

/// The shortest digits that read back as the same number; powers of ten where they would be long: `5e-4`.
fn number_text(f: &mut Formatter<'_>, number: f64) -> Result {
    let long = number != 0.0 && !(1e-3..1e16).contains(&number.abs());
    if long { write!(f, "{number:e}") } else { write!(f, "{number}") }
}

impl Display for Verb {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", self.word)?;
        self.parts.iter().try_for_each(|part| match part.kind {
            PartKind::Comma => write!(f, "{part}"),
            _ => write!(f, " {part}"),
        })
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            PartKind::Word(word) => f.write_str(word),
            PartKind::Select(path, first, None) => write!(f, "{path}[{first}]"),
            PartKind::Select(path, first, Some(end)) => write!(f, "{path}[{first}..{end}]"),
            PartKind::Value(value) => write!(f, "{}", Bracketed(value)),
            PartKind::Stretch(first, last) => write!(f, "{first}..{last}"),
            PartKind::Size(sizes) => separated(f, &sizes.iter().map(Bracketed).collect::<Vec<_>>(), "x"),
            PartKind::Stride(sizes) => write!(f, "/{}", Extents(sizes)),
            PartKind::Matrix(rows) => {
                f.write_char('[')?;
                separated(f, &rows.iter().map(|row| Row(row)).collect::<Vec<_>>(), "; ")?;
                f.write_char(']')
            }
            PartKind::Ratio(numbers) => numbers.iter().enumerate().try_for_each(|(at, number)| {
                f.write_str(if at == 0 { "" } else { "/" })?;
                number_text(f, *number)
            }),
            PartKind::Range(least, most) => {
                number_text(f, *least)?;
                f.write_str("..")?;
                number_text(f, *most)
            }
            PartKind::Text(text) => write!(f, "\"{text}\""),
            PartKind::Call(word, arguments) => {
                write!(f, "{word}(")?;
                separated(f, arguments, ", ")?;
                f.write_char(')')
            }
            PartKind::Comma => f.write_char(','),
            PartKind::Equals => f.write_char('='),
        }
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.key {
            Some(key) => write!(f, "{key} {}", Atom(&self.value)),
            None => write!(f, "{}", self.value),
        }?;
        self.unit.iter().try_for_each(|unit| write!(f, " {unit}"))
    }
}

fn separated(f: &mut Formatter<'_>, items: &[impl Display], separator: &str) -> Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { separator })?;
        write!(f, "{item}")?;
    }
    Ok(())
}

/// A name, and the number behind it that one of a family has: `c1`, `e{3,2,1}`.
fn reference(f: &mut Formatter<'_>, name: &Name, step: Option<&Expr>) -> Result {
    match step {
        None => write!(f, "{name}"),
        Some(step) if matches!(step.kind, ExprKind::List(_)) => write!(f, "{name}{step}"),
        Some(step) => write!(f, "{name}{{{step}}}"),
    }
}
