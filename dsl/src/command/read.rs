//! Reads a verb's parts: what it is applied to, then its clauses, in any order, each at most once.

use fovea_graph::Span;

use super::table::{self, Clause, Takes};
use super::{RunRef, Samples, Schedule, Sgd, Subject};
use crate::diagnostic::{Diagnostic, Stage};
use crate::parse::{quoted, words::list};
use crate::scope::{Scope, nearest};
use crate::syntax::{Argument, Expr, ExprKind, Name, Operator, Part, PartKind, Verb};

/// What the clauses of one statement say.
#[derive(Debug, Default)]
pub(super) struct Clauses {
    pub on: Option<Samples>,
    pub further: bool,
    pub epochs: Option<usize>,
    pub optimizer: Option<Sgd>,
    pub batch: Option<(usize, Span)>,
    pub schedule: Option<Schedule>,
    pub seed: Option<u64>,
    pub size: Option<([usize; 2], Span)>,
    pub save: Option<Name>,
    pub train: bool,
    pub infer: bool,
    pub of: Option<Subject>,
}

/// Goes over a verb's parts and gathers mistakes.
pub(super) struct Parts<'a> {
    pub verb: &'static str,
    pub scope: &'a Scope,
    pub mistakes: Vec<Diagnostic>,
    /// The whole statement.
    pub span: Span,
    /// The verb's word.
    word: Span,
    parts: &'a [Part],
    at: usize,
}

impl<'a> Parts<'a> {
    pub fn new(verb: &'static str, statement: &'a Verb, scope: &'a Scope) -> Self {
        let word = statement.word.span;
        let span = statement.parts.last().map_or(word, |last| word.to(last.span));
        Self { verb, scope, mistakes: Vec::new(), span, word, parts: &statement.parts, at: 0 }
    }

    pub fn peek(&self) -> Option<&'a Part> {
        self.parts.get(self.at)
    }

    pub fn next(&mut self) -> Option<&'a Part> {
        let part = self.parts.get(self.at)?;
        self.at += 1;
        Some(part)
    }

    /// The place behind the last part read.
    pub fn here(&self) -> Span {
        let before = self.at.checked_sub(1).and_then(|before| self.parts.get(before));
        let end = before.map_or(self.word.end, |before| before.span.end);
        Span { start: end, end, ..self.span }
    }

    pub fn wrong(&mut self, error: Diagnostic) {
        self.mistakes.push(error);
    }

    /// A mistake of this stage at `span`.
    pub fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Stage::Verbs, span, message)
    }

    /// Keeps the value, or the mistake.
    pub fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|error| self.wrong(error)).ok()
    }

    /// The net that the verb is applied to.
    pub fn net(&mut self) -> Option<Name> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => {
                self.at += 1;
                Some(Name { text: word.clone(), span: *span })
            }
            other => {
                let verb = self.verb;
                let span = other.map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error =
                    self.error(span, format!("`{verb}` lacks its net")).found(found).expected("the name of a net");
                self.wrong(error.help(format!("`{}` shows how it reads", table::example(verb))));
                None
            }
        }
    }

    /// The string that the verb takes.
    pub fn text(&mut self, what: &str) -> Option<Name> {
        let part = self.next();
        if let Some(Part { kind: PartKind::Text(text), span }) = part {
            return Some(Name { text: text.clone(), span: *span });
        }
        let help = match part {
            Some(Part { kind: PartKind::Word(word), .. }) => format!("put it in quotes: `\"{}\"`", quoted(word)),
            _ => format!("`{}` shows how it reads", table::example(self.verb)),
        };
        let found = part.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let message = match part {
            Some(_) => format!("{what} stands in quotes"),
            None => format!("{what} is missing"),
        };
        let error = self.error(part.map_or(self.here(), |part| part.span), message).found(found);
        self.wrong(error.expected("a string").help(help));
        None
    }

    /// The clause of this verb that `word` opens.
    fn clause(&self, word: &str) -> Option<&'static Clause> {
        table::clauses_of(self.verb).find(|clause| clause.word.eq_ignore_ascii_case(word))
    }

    /// Reads clauses to the statement's end.
    pub fn clauses(&mut self) -> Clauses {
        let mut clauses = Clauses::default();
        let mut seen: Vec<(&'static str, Span)> = Vec::new();
        let mut comma: Option<Span> = None;
        while let Some(part) = self.next() {
            let word = match &part.kind {
                PartKind::Comma if comma.is_none() => {
                    comma = Some(part.span);
                    continue;
                }
                PartKind::Word(word) | PartKind::Call(word, _) => word,
                _ => {
                    self.no_clause(part, "");
                    continue;
                }
            };
            comma = None;
            let Some(clause) = self.clause(word) else {
                self.no_clause(part, word);
                continue;
            };
            let start = self.at;
            self.given(clause, part, &mut clauses);
            let span = match self.parts.get(self.at.max(start) - 1) {
                Some(last) => part.span.to(last.span),
                None => part.span,
            };
            match seen.iter().find(|(word, _)| *word == clause.word) {
                Some(&(word, first)) => {
                    let error =
                        self.error(span, format!("`{word}` stands twice")).also(first, "it stands here already");
                    self.wrong(error.here("the second").help("remove one of the two"));
                }
                None => seen.push((clause.word, span)),
            }
        }
        if let Some(span) = comma {
            let error = self.error(span, "the statement ends in a comma").found(",").expected("a clause");
            self.wrong(error.help("remove it, or write the clause"));
        }
        clauses
    }

    /// Reads what stands behind a clause's word.
    fn given(&mut self, clause: &'static Clause, word: &'a Part, clauses: &mut Clauses) {
        if let Some(Part { kind: PartKind::Equals, .. }) = self.peek() {
            self.at += 1;
        }
        match clause.takes {
            Takes::Nothing => match clause.word {
                "further" => clauses.further = true,
                "infer" => clauses.infer = true,
                _ => clauses.train = true,
            },
            Takes::Samples => clauses.on = self.samples(clause),
            Takes::Epochs => clauses.epochs = self.epochs(clause, word),
            Takes::Count => clauses.batch = self.count(clause, word),
            Takes::Seed => {
                let number = self.number(clause, word);
                clauses.seed = number.and_then(|expr| self.seed(&expr));
            }
            Takes::Optimizer => clauses.optimizer = self.optimizer(clause),
            Takes::Schedule => clauses.schedule = self.schedule(clause),
            Takes::Size => clauses.size = self.size(clause),
            Takes::Text => clauses.save = self.text("the file's name"),
            Takes::Subject => clauses.of = self.subject(),
        }
    }

    /// A part that opens no clause of this verb. What belongs to it is passed over.
    fn no_clause(&mut self, part: &'a Part, word: &str) {
        let verb = self.verb;
        let takes: Vec<&str> = table::clauses_of(verb).map(|clause| clause.word).collect();
        let found = quoted(&part.to_string());
        let all = match &takes[..] {
            [] => format!("`{verb}` takes no clauses"),
            takes => format!("`{verb}` takes {}", list(takes, "and")),
        };
        let is_known = table::is_clause_word(word);
        let near = nearest(word, takes.iter().copied()).filter(|_| word.len() > 1 && word.len() < 24 && !is_known);
        let error = match (word, near) {
            ("", _) => self.error(part.span, format!("`{found}` does not belong here")).help(all.clone()),
            ("epochs" | "epoch", _) if takes.contains(&"for") => {
                let count = self.peek().filter(|part| is_value(part)).map_or("5".into(), |part| part.to_string());
                let mend = format!("for {count} epochs");
                self.error(part.span, "the number of epochs stands behind `for`").help(format!("write `{mend}`"))
            }
            ("lr" | "rate" | "learning_rate" | "momentum" | "decay" | "optimizer" | "sgd", _)
                if takes.contains(&"with") =>
            {
                self.error(part.span, format!("`{word}` belongs to the optimizer"))
                    .help("write `with sgd(lr 0.1, momentum 0.9, decay 5e-4)`")
            }
            (_, Some(near)) => self
                .error(part.span, format!("`{verb}` has no clause `{found}`"))
                .expected(near)
                .help(format!("write `{near}`; {all}")),
            _ => self.error(part.span, format!("`{verb}` has no clause `{found}`")).help(all.clone()),
        };
        let error = match error.expected {
            None if !takes.is_empty() => error.expected(format!("one of {}", list(&takes, "and"))),
            _ => error,
        };
        self.wrong(error.found(found));
        self.pass_over();
    }

    /// Goes on to the next clause; a list goes on behind a comma, unless a clause's word stands there.
    fn pass_over(&mut self) {
        while let Some(part) = self.peek() {
            let opens = |part: &Part| match &part.kind {
                PartKind::Word(word) | PartKind::Call(word, _) => table::is_clause_word(word),
                _ => false,
            };
            let is_end = match part.kind {
                PartKind::Comma => self.parts.get(self.at + 1).is_none_or(opens),
                _ => opens(part),
            };
            if is_end {
                return;
            }
            self.at += 1;
        }
    }

    /// Says that a clause lacks what it takes.
    fn lacks(&mut self, clause: &Clause, what: &str) {
        let other = self.peek();
        let span = other.map_or(self.here(), |part| part.span);
        let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let error = self.error(span, format!("`{}` lacks {what}", clause.word)).found(found).expected(what);
        self.wrong(error.help(format!("write `{}`, say", clause.example)));
        // Whatever stands there instead is not a clause.
        if let Some(part) = other
            && !matches!(part.kind, PartKind::Comma)
            && !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some())
        {
            self.at += 1;
        }
    }

    /// The number behind a clause's word, as `batch 64` or `batch(64)`; a word is a constant's name.
    fn number(&mut self, clause: &Clause, word: &'a Part) -> Option<Expr> {
        if let PartKind::Call(_, arguments) = &word.kind {
            if let [Argument { key: None, value }] = &arguments[..] {
                return Some(value.clone());
            }
            self.lacks(clause, "its number");
            return None;
        }
        let expr = match self.peek() {
            Some(Part { kind: PartKind::Value(expr), .. }) => Some(expr.clone()),
            Some(Part { kind: PartKind::Word(name), span }) if self.clause(name).is_none() => {
                Some(Expr { kind: ExprKind::Name(name.clone()), span: *span })
            }
            _ => None,
        };
        match expr {
            Some(_) => self.at += 1,
            None => self.lacks(clause, "its number"),
        }
        expr
    }

    fn count(&mut self, clause: &Clause, word: &'a Part) -> Option<(usize, Span)> {
        let expr = self.number(clause, word)?;
        let count = self.scope.count(&expr, 1, &format!("the {}", clause.word));
        self.keep(count).map(|count| (count, word.span.to(expr.span)))
    }

    /// A seed: a whole number of at least 0.
    pub fn seed(&mut self, expr: &Expr) -> Option<u64> {
        let seed = self.scope.count(expr, 0, "a seed");
        self.keep(seed).map(|seed| seed as u64)
    }

    /// `for 10 epochs`
    fn epochs(&mut self, clause: &Clause, word: &'a Part) -> Option<usize> {
        let expr = self.number(clause, word)?;
        let epochs = self.scope.count(&expr, 1, "the number of epochs");
        let epochs = self.keep(epochs);
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. })
                if ["epochs", "epoch"].iter().any(|unit| word.eq_ignore_ascii_case(unit)) =>
            {
                self.at += 1;
            }
            other => {
                let is_unit =
                    matches!(other, Some(Part { kind: PartKind::Word(word), .. }) if self.clause(word).is_none());
                let span = other.filter(|_| is_unit).map_or(self.here(), |part| part.span);
                let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
                let error = self.error(span, "training is counted in epochs").found(found).expected("epochs");
                self.wrong(error.help(format!("write `for {expr} epochs`")));
                if is_unit {
                    self.at += 1;
                }
            }
        }
        epochs
    }

    fn samples(&mut self, clause: &Clause) -> Option<Samples> {
        match self.peek() {
            Some(part @ Part { kind: PartKind::Word(_) | PartKind::Select(..), .. }) if !matches!(&part.kind, PartKind::Word(word) if self.clause(word).is_some()) =>
            {
                self.at += 1;
                self.picked(part)
            }
            _ => {
                self.lacks(clause, "its data");
                None
            }
        }
    }

    /// `digits`, `digits.train[3]`, `digits[0..16]`
    pub fn picked(&mut self, part: &Part) -> Option<Samples> {
        let (path, range) = match &part.kind {
            PartKind::Select(path, first, end) => (path, Some((first, end.as_ref()))),
            PartKind::Word(path) => (path, None),
            _ => return None,
        };
        let (data, train) = match path.split_once('.') {
            None => (path.as_str(), false),
            Some((data, "train")) => (data, true),
            Some((data, "test")) => (data, false),
            Some((data, other)) => {
                let error = self.error(part.span, format!("`{data}` has no part `{}`", quoted(other)));
                self.wrong(
                    error
                        .found(other)
                        .expected("`train` or `test`")
                        .help(format!("write `{data}.train` or `{data}.test`")),
                );
                return None;
            }
        };
        let name = Name { text: data.into(), span: Span { end: part.span.start + data.len() as u32, ..part.span } };
        let range = match range {
            None => None,
            Some((first, end)) => Some(self.range(first, end)?),
        };
        Some(Samples { data: name, train, range, span: part.span })
    }

    fn range(&mut self, first: &Expr, end: Option<&Expr>) -> Option<(usize, usize)> {
        let from = self.scope.count(first, 0, "a sample's number");
        let from = self.keep(from)?;
        let Some(end) = end else { return Some((from, from + 1)) };
        let to = self.scope.count(end, 0, "the end of a range");
        let to = self.keep(to)?;
        if to > from {
            return Some((from, to));
        }
        let error = self.error(first.span.to(end.span), format!("the range {from}..{to} is empty"));
        self.wrong(error.found(format!("{from}..{to}")).expected(format!("an end above {from}")));
        None
    }

    fn size(&mut self, clause: &Clause) -> Option<([usize; 2], Span)> {
        match self.peek() {
            Some(Part { kind: PartKind::Size(sizes), span }) => {
                self.at += 1;
                let [height, width] = &sizes[..] else {
                    let error = self.error(*span, "a picture's size is its height and its width");
                    self.wrong(
                        error
                            .found(format!("{} numbers", sizes.len()))
                            .expected("two numbers")
                            .help("write `size 28x28`, say"),
                    );
                    return None;
                };
                let height = self.scope.count(height, 1, "the height");
                let width = self.scope.count(width, 1, "the width");
                Some(([self.keep(height)?, self.keep(width)?], *span))
            }
            Some(part @ Part { kind: PartKind::Value(_), span }) => {
                self.at += 1;
                let error =
                    self.error(*span, "a picture's size is its height and its width").found(quoted(&part.to_string()));
                self.wrong(error.expected("two numbers").help(format!("write `size {part}x{part}`")));
                None
            }
            _ => {
                self.lacks(clause, "height and width");
                None
            }
        }
    }

    fn schedule(&mut self, clause: &Clause) -> Option<Schedule> {
        let names = ["constant", "cosine"];
        let Some(Part { kind: PartKind::Word(word), span }) = self.peek() else {
            self.lacks(clause, "its name");
            return None;
        };
        self.at += 1;
        match word.to_lowercase().as_str() {
            "constant" => Some(Schedule::Constant),
            "cosine" => Some(Schedule::Cosine),
            other => {
                let error = self.error(*span, format!("there is no schedule `{}`", quoted(word))).found(quoted(word));
                let near = nearest(other, names).map(|near| format!("write `{near}`"));
                self.wrong(error.expected("constant or cosine").help(near.unwrap_or("write `schedule cosine`".into())));
                None
            }
        }
    }

    /// A net, `run 3` or `run last`.
    fn subject(&mut self) -> Option<Subject> {
        match self.run() {
            Some(run) => run.map(Subject::Run),
            None => self.net().map(Subject::Net),
        }
    }

    /// `run 3`, `run last`; the outer `None` where something else stands here.
    pub fn run(&mut self) -> Option<Option<RunRef>> {
        match self.peek() {
            Some(Part { kind: PartKind::Word(word), .. }) if word.eq_ignore_ascii_case("run") => {}
            _ => return None,
        }
        self.at += 1;
        let part = self.next();
        match part.map(|part| (&part.kind, part.span)) {
            Some((PartKind::Word(word), span)) if word.eq_ignore_ascii_case("last") => Some(Some(RunRef::Last(span))),
            Some((PartKind::Value(expr), span)) => {
                let number = self.scope.count(expr, 1, "a run's number");
                let number = self.keep(number).and_then(|number| u32::try_from(number).ok());
                Some(number.map(|number| RunRef::Number(number, span)))
            }
            other => {
                let span = other.map_or(self.here(), |(_, span)| span);
                let error = self.error(span, "which run?").expected("a run's number, or `last`");
                self.wrong(error.help("write `run 3` or `run last`"));
                Some(None)
            }
        }
    }

    /// `sgd(lr 0.1, momentum 0.9, decay 5e-4)`
    fn optimizer(&mut self, clause: &Clause) -> Option<Sgd> {
        let (word, arguments, span): (_, &[Argument], _) = match self.peek() {
            Some(Part { kind: PartKind::Call(word, arguments), span }) => (word, arguments, *span),
            Some(Part { kind: PartKind::Word(word), span }) if self.clause(word).is_none() => (word, &[], *span),
            _ => {
                self.lacks(clause, "its optimizer");
                return None;
            }
        };
        self.at += 1;
        if !word.eq_ignore_ascii_case("sgd") {
            let error = self.error(span, format!("`{}` is not among the optimizers Fovea has: sgd", quoted(word)));
            self.wrong(error.found(quoted(word)).expected("sgd").help(format!("write `{}`", clause.example)));
            return None;
        }
        let mut sgd = Sgd::default();
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for argument in arguments {
            self.sgd_argument(argument, &mut sgd, &mut seen);
        }
        Some(sgd)
    }

    fn sgd_argument(&mut self, argument: &'a Argument, sgd: &mut Sgd, seen: &mut Vec<(&'a str, Span)>) {
        let keys = ["lr", "momentum", "decay"];
        let (key, span) = match (&argument.key, &argument.value.kind) {
            (Some(key), _) => (key.text.as_str(), key.span),
            // `lr -0.1` reads as a difference.
            (None, ExprKind::Binary(Operator::Subtract, left, _)) => match &left.kind {
                ExprKind::Name(name) if keys.contains(&name.as_str()) => {
                    let error = self.error(argument.value.span, format!("`{name}` cannot be negative"));
                    return self.wrong(error.found(argument.value.to_string()).expected("a number of at least 0"));
                }
                _ => ("", argument.value.span),
            },
            (None, ExprKind::Name(name)) => (name.as_str(), argument.value.span),
            _ => ("", argument.value.span),
        };
        let lower = key.to_lowercase();
        let known = keys.contains(&lower.as_str());
        if !known || argument.key.is_none() {
            let found = quoted(&argument.to_string());
            let error = match (known, key) {
                (true, _) => {
                    self.error(span, format!("`{key}` lacks its number")).help(format!("write `{key} 0.1`, say"))
                }
                (_, "") => {
                    self.error(span, format!("`{found}` lacks its word")).help(format!("write `lr {found}`, say"))
                }
                _ => {
                    let error = self.error(span, format!("sgd has no `{}`", quoted(key)));
                    let foreign = [("rate", "lr"), ("learning_rate", "lr"), ("weight_decay", "decay"), ("l2", "decay")];
                    let near = foreign.iter().find(|(word, _)| *word == lower).map(|&(_, ours)| ours);
                    match near.or_else(|| nearest(&lower, keys)) {
                        Some(near) => error.help(format!("write `{near}`; sgd takes lr, momentum and decay")),
                        None => error.help("sgd takes lr, momentum and decay"),
                    }
                }
            };
            return self.wrong(error.found(found).expected("one of lr, momentum and decay"));
        }
        if let Some(&(_, first)) = seen.iter().find(|(word, _)| word.eq_ignore_ascii_case(key)) {
            let error = self.error(span, format!("`{key}` stands twice")).also(first, "it stands here already");
            return self.wrong(error.here("the second").help("remove one of the two"));
        }
        seen.push((key, span));
        let number = self.scope.number(&argument.value, &format!("`{lower}`"));
        let Some(number) = self.keep(number) else { return };
        let (place, fits, expected) = match lower.as_str() {
            "lr" => (&mut sgd.rate, number > 0.0, "a number above 0"),
            "momentum" => (&mut sgd.momentum, (0.0..1.0).contains(&number), "a number from 0 to below 1"),
            _ => (&mut sgd.decay, number >= 0.0, "a number of at least 0"),
        };
        *place = number;
        if !fits {
            let error = self.error(argument.value.span, format!("`{lower}` must be {expected}, and this is {number}"));
            self.wrong(error.found(number.to_string()).expected(expected));
        }
    }
}

impl Default for Sgd {
    /// `sgd(lr 0.1, momentum 0.9, decay 5e-4)`
    fn default() -> Self {
        Sgd { rate: 0.1, momentum: 0.9, decay: 5e-4 }
    }
}

fn is_value(part: &Part) -> bool {
    matches!(part.kind, PartKind::Value(_))
}
