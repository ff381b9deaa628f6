//! What is said of parts that open no clause, and of clauses that lack what they take.

use fovea_graph::Span;
use fovea_graph::counted;

use super::read::{Opened, Parts};
use super::{ClauseAbout, Offer, elsewhere, words};
use crate::diagnostic::{Diagnostic, list, quoted};
use crate::library::texts;
use crate::scope::nearest;
use crate::syntax::{ExprKind, Name, Part, PartKind};

/// So many verbs that take a clause are named.
const MOST: usize = 4;

impl<'a> Parts<'a> {
    /// A part that opens no clause of this verb. What belongs to it is passed over.
    pub(super) fn no_clause(&mut self, part: &'a Part, word: &str) {
        let takes = self.takes();
        let found = quoted(&part.to_string());
        let error = self.slip(part, word).unwrap_or_else(|| self.no_such_clause(part, word));
        let error = match error.expected {
            None if !takes.is_empty() => error.expected(format!("one of {}", list(&takes, "and"))),
            _ => error,
        };
        let first = self.at - 1;
        self.pass_over();
        let error = error.found(found);
        self.wrong(if error.mends.is_empty() {
            let help = format!("leave it out; {}", error.help.as_deref().unwrap_or_default());
            error.mend(self.cut(self.span_of(first, self.at - 1)), "").help(help)
        } else {
            error
        });
    }

    /// The words of the verb's clauses.
    pub(super) fn takes(&self) -> Vec<&'static str> {
        self.verb.clauses.iter().map(|clause| clause.word).collect()
    }

    /// What is known of a part that opens no clause: what it lacks, or what it is called here.
    fn slip(&self, part: &'a Part, word: &str) -> Option<Diagnostic> {
        let missing = self.missing_word(part, word);
        missing.or_else(|| if word.is_empty() { self.lonely(part) } else { self.known_word(part, word) })
    }

    /// A part before which a clause's word is missing.
    fn missing_word(&self, part: &'a Part, word: &str) -> Option<Diagnostic> {
        let takes = self.takes();
        let takes = |clause: &str| takes.contains(&clause);
        let is_known = words::is_clause_word(word) || elsewhere::clause(word, &self.takes()).is_some();
        let lacks_data = self.is_unsaid("on");
        let named = match &part.kind {
            PartKind::Word(word) | PartKind::Call(word, _) => self.naming(word),
            _ => None,
        };
        let (clause, before) = match &part.kind {
            // What is no number of an optimizer, nor a count of epochs.
            PartKind::Word(_) | PartKind::Select(..) if lacks_data && !is_known && !self.is_number(word) => {
                if let Some(swapped) = self.swapped(part) {
                    return Some(swapped);
                }
                ("on", "the data")
            }
            PartKind::Word(word) if takes("checkpoint") && word.eq_ignore_ascii_case("every") => {
                ("checkpoint", "`every`")
            }
            PartKind::Word(word) if self.is_unsaid("of") && self.is_net(word) => ("of", "the net"),
            PartKind::Text(_) | PartKind::Select(..) if self.is_unsaid("as") => ("as", "the painting"),
            PartKind::Word(word) if self.is_unsaid("with") && self.is_net(word) => ("with", "the net"),
            PartKind::Size(_) if takes("size") => ("size", "the size"),
            PartKind::Matrix(_) if self.takes_filter() => ("with", "the filter"),
            PartKind::Text(_) if takes("save") => ("save", "the file"),
            PartKind::Value(_) if takes("for") && self.peek().is_some_and(|part| self.is_unit(part)) => {
                ("for", "the length")
            }
            _ => named.map(<[_; 2]>::into)?,
        };
        let text = quoted(&part.to_string());
        let text = if clause == "for" { counted(text, self.unit()) } else { text };
        let error = self.error(part.span, format!("`{clause}` is missing before {before}"));
        let error = error.expected(format!("`{clause}`")).put_before(part.span, format!("{clause} "));
        Some(error.help(format!("write `{clause} {text}`")))
    }

    /// Whether the verb needs a clause that does not stand there.
    fn is_unsaid(&self, clause: &str) -> bool {
        self.verb.needs.contains(&clause) && !self.parts.iter().any(|part| is_word(part, clause))
    }

    /// `train digits lenet`: the data and the net in each other's places.
    fn swapped(&self, net: &Part) -> Option<Diagnostic> {
        let (PartKind::Word(name), Some(data @ Part { kind: PartKind::Word(other), .. })) =
            (&net.kind, self.parts.first())
        else {
            return None;
        };
        if self.at != 2 || !self.is_net(name) || self.is_net(other) {
            return None;
        }
        let mend = format!("{name} on {other}");
        let error = self.error(data.span.to(net.span), "the net stands first, and its data behind `on`");
        Some(error.expected(mend.clone()).write(data.span.to(net.span), mend))
    }

    /// Whether there is a net of this name, in the text or in the library.
    pub(super) fn is_net(&self, name: &str) -> bool {
        self.scope.nets.contains_key(name) || texts::has(name)
    }

    /// The name of a net to show how a verb reads.
    pub(super) fn some_net(&self) -> &str {
        self.scope.nets.keys().next().map_or("lenet", String::as_str)
    }

    /// A number, a size or a string that no clause's word announces.
    fn lonely(&self, part: &Part) -> Option<Diagnostic> {
        let (PartKind::Value(value), Some(before)) = (&part.kind, self.parts.get(self.at.checked_sub(2)?)) else {
            return None;
        };
        let error = self.error(part.span, format!("`{value}` does not belong here"));
        // `-bs 64`
        if let ExprKind::Negate(inner) = &value.kind
            && let ExprKind::Name(name) = &inner.kind
        {
            let error = self.error(part.span, format!("`{name}` stands without a dash here"));
            return Some(error.expected(name).write(part.span, name));
        }
        let is_count = matches!(value.kind, ExprKind::Number(number) if number.fract() == 0.0);
        if is_count && self.takes().contains(&"for") && !self.parts.iter().any(|part| is_word(part, "for")) {
            let mend = format!("for {}", counted(value, self.unit()));
            return Some(error.expected(mend.clone()).write(part.span, mend));
        }
        // `adam 0.001`, `step 10`
        if let PartKind::Word(word) = &before.kind
            && let Some(key) = self.first_number(word)
        {
            let mend = format!("{word}({key} {value})");
            return Some(error.expected(mend.clone()).write(before.span.to(part.span), mend));
        }
        // `digits 3`
        let is_data = self.at >= 3 && self.parts.get(self.at - 3).is_some_and(|part| is_word(part, "on"));
        if let PartKind::Word(data) = &before.kind
            && (is_data || self.verb.word == "show")
        {
            let mend = format!("{data}[{value}]");
            return Some(error.expected(mend.clone()).write(before.span.to(part.span), mend));
        }
        None
    }

    /// What `for` is counted in, where this verb takes it: `epochs` and `steps`, say.
    fn units(&self) -> &'static [&'static str] {
        match self.verb.clause("for").map(|clause| clause.behind) {
            Some([.., Offer::Words(units)]) => units,
            _ => &[],
        }
    }

    /// One of the first of them.
    fn unit(&self) -> &'static str {
        self.units().first().map_or("epoch", |unit| unit.trim_end_matches('s'))
    }

    /// Whether a part is one of them, in any spelling.
    fn is_unit(&self, part: &Part) -> bool {
        let PartKind::Word(word) = &part.kind else { return false };
        let is = |unit: &&str| word.eq_ignore_ascii_case(unit) || word.eq_ignore_ascii_case(unit.trim_end_matches('s'));
        self.units().iter().any(is) || self.units().contains(&"epochs") && elsewhere::is_epochs(word)
    }

    /// A word that is something else here, or belongs to something else.
    fn known_word(&self, part: &'a Part, word: &str) -> Option<Diagnostic> {
        let takes = self.takes();
        let wrong = |message: String| self.error(part.span, message);
        let word_span = self.word_span(part, word);
        if elsewhere::is_epochs(word) && takes.contains(&"for") {
            return Some(self.epochs_first(part));
        }
        if word.eq_ignore_ascii_case("and") && self.peek().is_some() {
            let error = wrong("clauses stand side by side, without `and`".to_string()).expected("`,`");
            let place = Span { start: self.cut(part.span).start, ..part.span };
            return Some(error.mend(place, ",").help("write `,` in its place, or leave it out"));
        }
        if self.is_net(word) && matches!(self.verb.word, "summary" | "explain") {
            let error = wrong(format!("`{}` takes one net", self.verb.word)).expected("compare");
            return Some(error.write(self.word, "compare"));
        }
        if self.is_number(word) {
            let error = wrong(format!("`{}` belongs to the optimizer", quoted(word)));
            return Some(match self.loose_numbers(self.at - 1) {
                Some((place, mend)) => error.write(place, mend),
                None => error.help("write `with sgd(lr 0.01, momentum 0.9, decay 5e-4)`, say"),
            });
        }
        let ours = elsewhere::clause(word, &takes)?;
        let error = wrong(format!("`{}` is called `{ours}` here", quoted(word))).expected(ours);
        Some(error.write(word_span, ours))
    }

    /// `epochs 10`, `epochs=10`, for `for 10 epochs`.
    fn epochs_first(&self, part: &Part) -> Diagnostic {
        let error = self.error(part.span, "the number of epochs stands behind `for`");
        let equals = usize::from(matches!(self.peek(), Some(Part { kind: PartKind::Equals, .. })));
        match self.parts.get(self.at + equals) {
            Some(count @ Part { kind: PartKind::Value(_), .. }) => {
                error.write(part.span.to(count.span), format!("for {}", counted(count, "epoch")))
            }
            _ => error.mend(part.span, "for 5 epochs").help("write `for 5 epochs`, say"),
        }
    }

    /// What is said where nothing is known of a part.
    fn no_such_clause(&self, part: &Part, word: &str) -> Diagnostic {
        let (verb, takes, found) = (self.verb.word, self.takes(), quoted(&part.to_string()));
        let all = match &takes[..] {
            [] => format!("`{verb}` takes no clauses"),
            takes => format!("`{verb}` takes {}", list(takes, "and")),
        };
        if word.is_empty() {
            return self.error(part.span, format!("`{found}` does not belong here")).help(all);
        }
        let error = self.error(part.span, format!("`{verb}` has no clause `{found}`"));
        let others: Vec<&str> = words::verbs_with(word).collect();
        if !others.is_empty() && others.len() <= MOST {
            let others: Vec<String> = others.iter().map(|verb| format!("`{verb}`")).collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            return error.help(format!("`{word}` belongs to {}; {all}", list(&others, "and")));
        }
        let near = nearest(word, takes.iter().copied()).filter(|_| word.len() > 1 && word.len() < 24);
        match near.filter(|_| !words::is_clause_word(word)) {
            Some(near) => {
                let error = error.expected(near).mend(self.word_span(part, word), near);
                error.help(format!("write `{near}`; {all}"))
            }
            None => error.help(all),
        }
    }

    /// The word that a part begins with.
    fn word_span(&self, part: &Part, word: &str) -> Span {
        Span { end: part.span.end.min(part.span.start + word.len() as u32), ..part.span }
    }

    /// Whether a clause of the verb takes a filter.
    fn takes_filter(&self) -> bool {
        self.verb
            .clauses
            .iter()
            .any(|clause| clause.word == "with" && matches!(clause.behind, [Offer::Layers | Offer::Nothing]))
    }

    /// Goes on to the next clause; a list goes on behind a comma, unless a clause's word stands there.
    pub(super) fn pass_over(&mut self) {
        while let Some(part) = self.peek() {
            let opens = |part: &Part| match &part.kind {
                PartKind::Word(word) | PartKind::Call(word, _) => words::is_clause_word(word),
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
    pub(super) fn lacks(&mut self, opened: Opened<'_>, what: &str) {
        let (clause, other) = (opened.about, self.peek());
        let span = other.map_or(self.here(), |part| part.span);
        let found = other.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let error = self.error(span, format!("`{}` lacks {what}", clause.word)).found(found).expected(what);
        // Whatever stands there instead is not a clause.
        let is_wrong = other.is_some_and(|part| match &part.kind {
            PartKind::Comma => false,
            PartKind::Word(word) => self.clause(word).is_none(),
            _ => true,
        });
        let place = opened.part.span.to(if is_wrong { span } else { self.here() });
        self.wrong(error.mend(place, clause.example).help(format!("write `{}`, say", clause.example)));
        self.at += usize::from(is_wrong);
    }

    /// Words that nothing here needs before what is meant, `to` in `save lenet to "lenet.safetensors"`, and `=`.
    pub(super) fn fillers(&mut self) {
        while let [part, next, ..] = self.parts.get(self.at..).unwrap_or_default() {
            let is_needless = match &part.kind {
                PartKind::Equals => true,
                PartKind::Word(word) => {
                    // A clause that takes a word of its own takes no string.
                    let takes_words = |about: &ClauseAbout| matches!(about.behind, [Offer::Words(_)]);
                    let is_text = matches!(next.kind, PartKind::Text(_));
                    let is_clause = self.clause(word).is_some_and(|about| !(is_text && takes_words(about)));
                    let is_name = is_clause || self.is_net(word);
                    elsewhere::is_filler(word) && !is_name && self.is_thing(next)
                }
                _ => false,
            };
            if !is_needless {
                return;
            }
            self.at += 1;
            let found = part.to_string();
            let error = self.error(part.span, format!("`{}` takes no `{found}` before `{next}`", self.verb.word));
            let error = error.found(found).expected(quoted(&next.to_string()));
            self.wrong(error.mend(Span { end: next.span.start, ..part.span }, "").help("leave it out"));
        }
    }

    /// Whether a part can be what a verb is applied to.
    fn is_thing(&self, part: &Part) -> bool {
        match &part.kind {
            PartKind::Word(word) => self.clause(word).is_none(),
            PartKind::Text(_) | PartKind::Select(..) => true,
            _ => false,
        }
    }

    /// Says that `second` is one too many: either can be left out.
    pub(super) fn one_of_two(&mut self, error: Diagnostic, first: Span, second: Span) {
        let error = Diagnostic { mends: Vec::new(), ..error }.mend(self.cut(second), "").mend(self.cut(first), "");
        let help = error.help.clone().unwrap_or_else(|| "remove one of the two".to_string());
        self.wrong(error.help(help));
    }

    /// Says that what stands at `second` stands at `first` already.
    pub(super) fn twice(&self, what: &str, first: Span, second: Span) -> Diagnostic {
        let error = self.error(second, format!("{what} stands twice")).also(first, "it stands here already");
        error.here("the second").mend(self.cut(second), "").help("remove one of the two")
    }

    /// What to take out of the text so that the parts at `span` are gone: they, the space and the comma before them.
    pub(super) fn cut(&self, span: Span) -> Span {
        let before = self.parts.iter().take_while(|part| part.span.start < span.start);
        let before = before.filter(|part| part.kind != PartKind::Comma).last();
        Span { start: before.map_or(self.word.end, |before| before.span.end), ..span }
    }

    /// A net's or data's name in parentheses: `lenet(digits)`.
    pub(super) fn called(&mut self, part: &Part) -> Option<Name> {
        let PartKind::Call(word, arguments) = &part.kind else { return None };
        let inside: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
        let behind = if self.verb.needs.contains(&"on") { "on " } else { "" };
        let mend = format!("{word} {behind}{}", inside.join(" "));
        let error = self.error(part.span, "what a verb is applied to stands without parentheses");
        self.wrong(error.found(quoted(&part.to_string())).expected(word.clone()).write(part.span, mend.trim_end()));
        None
    }
}

pub(super) fn is_word(part: &Part, word: &str) -> bool {
    matches!(&part.kind, PartKind::Word(this) if this.eq_ignore_ascii_case(word))
}
