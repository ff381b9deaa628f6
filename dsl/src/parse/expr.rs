//! Numbers, lists and arithmetic.

use pest::iterators::Pair;

use super::words::{ChainWord, chain_word};
use super::{Reader, Rule};
use crate::syntax::{Argument, Expr, ExprKind, Name, Operator};
use fovea_graph::Span;

/// How deep an expression's tree may be; more could exhaust the stack of whoever walks it.
const MAX_DEPTH: usize = 100;

/// An expression and the depth of its tree.
struct Built {
    expr: Expr,
    depth: usize,
}

impl Reader<'_> {
    /// Any rule that is an expression.
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        self.build(pair).expr
    }

    /// The sizes of a `value`: one number, or several joined by `x`.
    pub(super) fn sizes(&mut self, value: Pair<'_, Rule>) -> Vec<Expr> {
        value.into_inner().map(|dim| self.expr(dim)).collect()
    }

    fn build(&mut self, pair: Pair<'_, Rule>) -> Built {
        let span = self.place(&pair);
        match pair.as_rule() {
            Rule::number | Rule::integer => self.number(&pair),
            Rule::name => self.constant(&pair),
            Rule::list => self.list(pair),
            Rule::expr | Rule::term | Rule::product => self.run(pair),
            Rule::unary => self.unary(pair),
            Rule::primary => self.primary(pair),
            Rule::cell => self.cell(pair),
            Rule::negative => {
                let inner = self.first(pair);
                self.deepen(ExprKind::Negate(Box::new(inner.expr)), span, inner.depth)
            }
            // paren, index, value, count: what is inside.
            _ => self.first(pair),
        }
    }

    fn first(&mut self, pair: Pair<'_, Rule>) -> Built {
        let span = self.place(&pair);
        match pair.into_inner().next() {
            Some(inner) => self.build(inner),
            None => leaf(ExprKind::Number(0.0), span),
        }
    }

    fn number(&mut self, pair: &Pair<'_, Rule>) -> Built {
        let span = self.place(pair);
        let number = pair.as_str().trim().parse().unwrap_or(f64::INFINITY);
        if !number.is_finite() {
            let error = self.wrong(span, "a number beyond 1.8e308, the largest there is");
            self.mistakes.push(error);
        }
        leaf(ExprKind::Number(number), span)
    }

    fn constant(&mut self, pair: &Pair<'_, Rule>) -> Built {
        let (span, word) = (self.place(pair), pair.as_str());
        if matches!(chain_word(word), ChainWord::Layer(..) | ChainWord::Input | ChainWord::Link(_)) {
            let error = self
                .wrong(span, format!("`{word}` is a word for layers and has no value"))
                .expected("a number, or the name of one");
            self.mistakes.push(error);
        }
        leaf(ExprKind::Name(word.into()), span)
    }

    /// `{64, 128}`; `{64}` is the number 64.
    fn list(&mut self, pair: Pair<'_, Rule>) -> Built {
        let span = self.place(&pair);
        let mut elements: Vec<Built> = pair.into_inner().map(|element| self.build(element)).collect();
        if elements.len() == 1 {
            return elements.remove(0);
        }
        let depth = elements.iter().map(|element| element.depth).max().unwrap_or(0);
        self.deepen(ExprKind::List(elements.into_iter().map(|element| element.expr).collect()), span, depth)
    }

    /// `a + b - c`, `a * b / c`, `a * b`: to the left.
    fn run(&mut self, pair: Pair<'_, Rule>) -> Built {
        let is_product = pair.as_rule() == Rule::product;
        let mut inner = pair.into_inner();
        let Some(first) = inner.next() else { return leaf(ExprKind::Number(0.0), self.span(0, 0)) };
        let mut so_far = self.build(first);
        while let Some(next) = inner.next() {
            let (operator, right) = if is_product {
                (Operator::Multiply, next)
            } else {
                let Some(right) = inner.next() else { break };
                (operator(next.as_str()), right)
            };
            let right = self.build(right);
            so_far = self.binary(operator, so_far, right);
        }
        so_far
    }

    /// `-a^b^c`: `^` to the right, and before the sign.
    fn unary(&mut self, pair: Pair<'_, Rule>) -> Built {
        let mut factors: Vec<(Vec<Span>, Built)> = Vec::new();
        let mut signs = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::neg => signs.push(self.place(&part)),
                Rule::caret => {}
                _ => {
                    let factor = self.build(part);
                    factors.push((std::mem::take(&mut signs), factor));
                }
            }
        }
        let mut result: Option<Built> = None;
        for (signs, base) in factors.into_iter().rev() {
            let mut power = match result {
                Some(exponent) => self.binary(Operator::Power, base, exponent),
                None => base,
            };
            for sign in signs.into_iter().rev() {
                let span = sign.to(power.expr.span);
                power = self.deepen(ExprKind::Negate(Box::new(power.expr)), span, power.depth);
            }
            result = Some(power);
        }
        result.unwrap_or_else(|| leaf(ExprKind::Number(0.0), self.span(0, 0)))
    }

    /// `-1`, `1/9`, `-1/9`: a number of a matrix.
    fn cell(&mut self, pair: Pair<'_, Rule>) -> Built {
        let mut sign = None;
        let mut parts: Vec<Built> = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::neg => sign = Some(self.place(&part)),
                _ => parts.push(self.build(part)),
            }
        }
        let mut parts = parts.into_iter();
        let Some(mut value) = parts.next() else { return leaf(ExprKind::Number(0.0), self.span(0, 0)) };
        if let Some(sign) = sign {
            let span = sign.to(value.expr.span);
            value = self.deepen(ExprKind::Negate(Box::new(value.expr)), span, value.depth);
        }
        match parts.next() {
            Some(divisor) => self.binary(Operator::Divide, value, divisor),
            None => value,
        }
    }

    /// `{64,128}[i]`
    fn primary(&mut self, pair: Pair<'_, Rule>) -> Built {
        let start = self.place(&pair);
        let mut inner = pair.into_inner();
        let Some(first) = inner.next() else { return leaf(ExprKind::Number(0.0), start) };
        let mut base = self.build(first);
        for index in inner {
            let span = start.to(self.place(&index));
            let span = Span { end: self.place(&index).end, ..span };
            let index = self.build(index);
            let depth = base.depth.max(index.depth);
            base = self.deepen(ExprKind::Index(Box::new(base.expr), Box::new(index.expr)), span, depth);
        }
        base
    }

    fn binary(&mut self, operator: Operator, left: Built, right: Built) -> Built {
        let span = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth);
        self.deepen(ExprKind::Binary(operator, Box::new(left.expr), Box::new(right.expr)), span, depth)
    }

    /// A node over nodes of `depth`, which is refused where the tree becomes too deep.
    fn deepen(&mut self, kind: ExprKind, span: Span, depth: usize) -> Built {
        if depth < MAX_DEPTH {
            return Built { expr: Expr { kind, span }, depth: depth + 1 };
        }
        if !self.mistakes.iter().any(|mistake| mistake.message.starts_with("arithmetic of more than")) {
            let error = self
                .wrong(span, format!("arithmetic of more than {MAX_DEPTH} steps"))
                .help("give a part of it a name with `let` or `where`");
            self.mistakes.push(error);
        }
        leaf(ExprKind::Number(0.0), span)
    }

    /// An argument of a call: `lr 0.1`, `lr=0.1`, `0.1`.
    pub(super) fn argument(&mut self, pair: Pair<'_, Rule>) -> Argument {
        let mut key = None;
        let mut value = leaf(ExprKind::Number(0.0), self.place(&pair)).expr;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => key = Some(Name { text: part.as_str().into(), span: self.place(&part) }),
                _ => value = self.expr(part),
            }
        }
        Argument { key, value, unit: None }
    }
}

fn leaf(kind: ExprKind, span: Span) -> Built {
    Built { expr: Expr { kind, span }, depth: 1 }
}

fn operator(sign: &str) -> Operator {
    match sign.trim() {
        "+" => Operator::Add,
        "*" | "·" | "×" => Operator::Multiply,
        "/" => Operator::Divide,
        _ => Operator::Subtract,
    }
}
