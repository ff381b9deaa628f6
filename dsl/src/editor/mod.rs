//! What an editor asks of a text: whether it is whole, how it goes on, what a word means, what colour it has, and its
//! one canonical form. The prompt, notebooks and the command line share it.

mod complete;
mod highlight;
mod pages;
mod tokens;
mod vocabulary;

pub use crate::reference::{examples, words};
pub use complete::{Completion, CompletionKind, Context, complete, topic};
pub use highlight::{Token, highlight};
pub use pages::{inspect, inspect_at};
pub use vocabulary::{Vocabulary, vocabulary};

use fovea_graph::SourceId;

use crate::diagnostic::Source;
use crate::parse::{lines, parse};

/// Whether a text can be run as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Every statement is whole.
    Complete,
    /// The last statement goes on: a bracket is open, or its line ends in a dash, a comma or `=`.
    Incomplete,
    /// Something is wrong that more text cannot mend.
    Invalid,
}

/// Whether `text` can be run, or its last statement goes on.
pub fn is_complete(text: &str) -> Completeness {
    let source = nameless(text);
    let plain = lines::plain(text);
    let whole = match lines::statements(&source, &plain).last() {
        // Only an open bracket may be wrong with a statement that goes on.
        Some(last) if last.open => Source { text: text.get(..last.start).unwrap_or_default().into(), ..source.clone() },
        _ => return judged(&source, Completeness::Complete),
    };
    judged(&whole, Completeness::Incomplete)
}

fn judged(source: &Source, good: Completeness) -> Completeness {
    let (_, mistakes) = parse(source);
    if mistakes.is_empty() { good } else { Completeness::Invalid }
}

/// The places of a text's comments, from `#` to the line's end.
pub(crate) fn comments(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
    tokens::tokens(text).into_iter().filter(|(_, look)| *look == tokens::Look::Comment).map(|(range, _)| range)
}

/// A text as a source of which nothing is said.
fn nameless(text: &str) -> Source {
    Source { id: SourceId::default(), name: String::new(), text: text.into() }
}
