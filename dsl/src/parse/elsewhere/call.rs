//! Calls of another program's operations that the grammar does not read: `Conv2D(32, (3, 3), activation='relu')`.

use fovea_graph::Span;

use super::options::{along, parted};
use super::{Operation, Way, operation};
use crate::diagnostic::{Diagnostic, Stage, quoted};
use crate::parse::stuck::Stuck;
use crate::parse::words::{ChainWord, chain_word};

/// A call in a text: where its word begins, the word, what stands in its parentheses, and where it ends.
struct Call<'a> {
    start: usize,
    word: &'a str,
    inside: &'a str,
    end: usize,
}

impl Stuck<'_> {
    /// The call around the place, where it is one of another program: what it is here, with its numbers.
    pub(in crate::parse) fn mend_call(&self) -> Option<Diagnostic> {
        let at = (self.span.start - self.start.start) as usize;
        calls_around(self.text, at, self.token).find_map(|call| self.refuse(&call))
    }

    fn refuse(&self, call: &Call<'_>) -> Option<Diagnostic> {
        let place = |start: usize, end: usize| {
            let base = self.start.start;
            Span { start: base + start as u32, end: base + end as u32, ..self.start }
        };
        let (word, whole) = (call.word, place(call.start, call.end));
        let last = word.rsplit('.').next().unwrap_or(word).to_lowercase();
        let inside = call.inside.trim();
        if matches!(last.as_str(), "sequential" | "modulelist") {
            let error = Diagnostic::new(
                Stage::Parse,
                place(call.start, call.start + word.len()),
                "layers follow one another with `-`",
            );
            let layers = inside.trim_start_matches('[').trim_end_matches(']');
            return Some(error.found(word).expected("`-`").write(whole, parted(layers).join(" - ")));
        }
        if last == "activation" {
            let layer = inside.trim_matches(['\'', '"']);
            let ours = super::ours(layer);
            let error = Diagnostic::new(Stage::Parse, whole, format!("`{}` is a layer of its own", quoted(layer)));
            return Some(error.found(quoted(word)).expected(ours.clone()).write(whole, ours));
        }
        if last.starts_with("adaptive") && !is_one(inside) {
            let error =
                Diagnostic::new(Stage::Parse, whole, format!("`{word}` pools to a size; a pool here has a window"));
            let way = "`pool avg 2x2` halves a map, and `pool avg global` leaves one value a channel";
            return Some(error.found(format!("{word}({inside})")).expected("a window").help(way));
        }
        let operation = operation(word).or_else(|| match chain_word(word) {
            ChainWord::Layer(layer, _) => Some(Operation { meaning: "", way: Way::Word(layer.word()) }),
            _ => None,
        })?;
        // What a function is applied to is what flows.
        let flows = |first: &&str| word != last && matches!(*first, "x" | "input" | "inputs" | "out");
        let arguments = parted(inside);
        let arguments = if arguments.first().is_some_and(flows) { &arguments[1..] } else { &arguments[..] };
        let options = along(operation, word, &format!("({})", arguments.join(", ")));
        let span = place(call.start, call.start + word.len());
        if matches!(chain_word(word), ChainWord::Layer(..)) {
            let Way::Word(ours) = operation.way else { return None };
            let mend = format!("{ours} {options}");
            let error = Diagnostic::new(Stage::Parse, whole, "a layer's options stand without parentheses and commas");
            return Some(error.expected("options side by side").write(whole, mend.trim_end()));
        }
        Some(operation.refusal(Stage::Parse, word, span, &options, whole.end))
    }
}

/// Whether a size that is pooled to is a single position, or none is said.
fn is_one(size: &str) -> bool {
    let size = size.rsplit('=').next().unwrap_or(size);
    size.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).all(|part| part == "1")
}

/// The calls whose parentheses are open at byte `at`, or open there, the innermost first.
fn calls_around<'a>(text: &'a str, at: usize, token: &str) -> impl Iterator<Item = Call<'a>> {
    let mut open = Vec::new();
    let before = if token == "(" { at + 1 } else { at };
    for (place, c) in text.get(..before).unwrap_or_default().char_indices() {
        match c {
            '(' => open.push(place),
            ')' => drop(open.pop()),
            _ => {}
        }
    }
    open.into_iter().rev().filter_map(move |open| {
        let name = &text[..open];
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let start = name.len() - name.chars().rev().take_while(|c| is_part(*c)).count();
        let word = Some(&name[start..]).filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        let length = closing(&text[open..])?;
        Some(Call { start, word, inside: &text[open + 1..open + length], end: open + length + 1 })
    })
}

/// The byte of the parenthesis that closes the one that `text` begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}
