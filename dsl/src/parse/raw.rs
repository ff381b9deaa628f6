//! Raw text: a slide's, which is no text of the language, to the next whole statement or to the end of a cell.

use super::lines::Chunk;
use crate::verb::words as verbs;

/// How far a statement's raw text goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw {
    /// To the end of the text, whatever stands there.
    pub is_cell: bool,
    /// What stands behind the last line that is the slide's for certain.
    pub behind: Behind,
}

/// What stands behind a slide's lines so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    Nothing,
    /// Empty lines.
    Gap,
    /// Behind a gap, lines that begin with `#`, to this byte: comments on the statement that follows, or the slide's.
    Comments(usize),
}

impl Raw {
    /// The raw text that a statement's first word begins.
    pub fn of(word: &str) -> Option<Self> {
        let begins = verbs::is_slide(word);
        begins.then_some(Self { is_cell: word.starts_with('%'), behind: Behind::Nothing })
    }

    /// The statement in bytes `start..end` of a text, at whose end it is finished or not.
    pub fn chunk(self, start: usize, end: usize, original: &str, at_end: bool) -> Chunk {
        let end = match self.behind {
            Behind::Comments(end) if at_end => end,
            _ => end,
        };
        let mut lines = original.get(start..end).unwrap_or_default().split('\n');
        let has_name = lines.next().unwrap_or_default().split_whitespace().count() > 1;
        // An empty line ends it where somebody types.
        let is_ended = lines.next().is_some() && original.get(end..).is_some_and(|rest| rest.contains('\n'));
        Chunk { start, end, silent: false, error: None, open: at_end && has_name && !is_ended }
    }
}
