//! Nets whose rows say which rows feed them: what flows into each, and the text of the whole.

use super::draft::{DraftNet, Join, Part, Row, Rows};
use super::write::{Convention, Written, chain, rank, sizes};

/// The deepest joints inside each other that are written.
const DEEPEST: usize = 48;

/// Whether the rows of a net say which rows feed them.
pub fn is_graph(net: &DraftNet) -> bool {
    net.rows.iter().any(|row| stated(row).is_some())
}

/// The rows that feed a row, where it says.
fn stated(row: &Row) -> Option<&Rows> {
    match row.parts.first() {
        Some(Part::Rows(rows)) => Some(rows),
        _ => None,
    }
}

/// The rows that feed the row at a position, and how they are joined; none: the net's input.
pub fn feeds(net: &DraftNet, at: usize) -> (Vec<usize>, Join) {
    let above = || (at.checked_sub(1).into_iter().collect(), Join::default());
    match stated(&net.rows[at]) {
        Some(Rows { rows, join }) => (rows.iter().copied().filter(|&row| row < at).collect(), *join),
        None => above(),
    }
}

/// The shape of several maps as one; where their sizes differ, that of the first.
pub fn joined(shapes: &[&[usize]], join: Join) -> Vec<usize> {
    let mut shape = shapes.first().map(|shape| shape.to_vec()).unwrap_or_default();
    if let (Join::Concat, Some(channels)) = (join, shape.last_mut()) {
        *channels = shapes.iter().filter_map(|shape| shape.last()).fold(0, |sum, &size| sum.saturating_add(size));
    }
    shape
}

/// The whole net: `net NAME = 224x224x3 - conv … - add(conv … | id) - …`; `None` where it is nested too deep.
pub fn net(name: &str, input: &[usize], net: &DraftNet, convention: Convention) -> Option<Written> {
    let count = net.rows.len();
    let mut writer = Writer {
        net,
        rank: rank(input),
        convention,
        parents: parents(net),
        is_named: vec![false; count],
        is_written: vec![false; count],
        followers: followers(net),
        written: Written::default(),
    };
    // What has to have a name is known once all was written.
    for _ in 0..2 {
        writer.written = Written { text: format!("net {name} = {}", sizes(input)), origins: Vec::new() };
        writer.is_written.fill(false);
        writer.stretch(count.checked_sub(1)?, None, 0)?;
    }
    Some(writer.written)
}

/// The row through which everything flows that flows into a row, the nearest of those above; `None` is the input.
fn parents(net: &DraftNet) -> Vec<Option<usize>> {
    let mut parents: Vec<Option<usize>> = Vec::with_capacity(net.rows.len());
    for at in 0..net.rows.len() {
        let (feeds, _) = feeds(net, at);
        let meet = |one: Option<usize>, other: usize| {
            let (mut one, mut other) = (one, Some(other));
            while one != other {
                if one > other {
                    one = one.and_then(|row| parents[row]);
                } else {
                    other = other.and_then(|row| parents[row]);
                }
            }
            one
        };
        let parent = feeds
            .split_first()
            .and_then(|(&first, others)| others.iter().try_fold(first, |one, &other| meet(Some(one), other)));
        parents.push(parent);
    }
    parents
}

/// Which row follows each, where only one does.
fn followers(net: &DraftNet) -> Vec<Vec<usize>> {
    let mut followers = vec![Vec::new(); net.rows.len()];
    for at in 0..net.rows.len() {
        for feed in feeds(net, at).0 {
            followers[feed].push(at);
        }
    }
    followers
}

struct Writer<'a> {
    net: &'a DraftNet,
    rank: usize,
    convention: Convention,
    parents: Vec<Option<usize>>,
    followers: Vec<Vec<usize>>,
    is_named: Vec<bool>,
    is_written: Vec<bool>,
    written: Written,
}

impl Writer<'_> {
    /// Writes all that stands between a row and one above it, the former included.
    fn stretch(&mut self, last: usize, above: Option<usize>, depth: usize) -> Option<()> {
        let mut rows = Vec::new();
        let mut at = Some(last);
        while at != above {
            let row = at?;
            rows.push(row);
            if self.is_written[row] {
                break;
            }
            at = self.parents[row];
        }
        let mut is_first = depth > 0;
        for row in rows.into_iter().rev() {
            if self.is_written[row] {
                self.is_named[row] = true;
                self.written.text += &format!("r{row}");
                is_first = false;
            } else {
                is_first = self.row(row, is_first, depth)?;
            }
        }
        if is_first {
            self.written.text += "id";
        }
        Some(())
    }

    /// Writes a row; whether its stretch is still empty behind it.
    fn row(&mut self, row: usize, mut is_first: bool, depth: usize) -> Option<bool> {
        self.is_written[row] = true;
        let (feeds, join) = feeds(self.net, row);
        let place = self.net.rows[row].place.clone();
        let mut texts = Vec::new();
        let start = self.written.text.len();
        if feeds.len() > 1 {
            self.dash(&mut is_first);
            self.written.text += match join {
                Join::Add => "add(",
                Join::Concat => "concat(",
                Join::Multiply => "mul(",
                Join::Max => "max(",
            };
            self.written.origins.push((start..self.written.text.len(), place.clone()));
            for (turn, &feed) in feeds.iter().enumerate() {
                if turn > 0 {
                    self.written.text += " | ";
                }
                self.branch(feed, row, depth)?;
            }
            self.written.text += ")";
        }
        let own = self.text(row);
        if !own.is_empty() {
            texts.push(own);
        }
        let start = self.written.text.len();
        for text in texts {
            self.dash(&mut is_first);
            self.written.text += &text;
        }
        // What stands nowhere has its name behind what feeds it.
        if self.is_named[row] {
            if is_first {
                self.written.text += "id";
                is_first = false;
            }
            self.written.text += &format!(" as r{row}");
        }
        self.written.origins.push((start..self.written.text.len(), place));
        Some(is_first)
    }

    fn branch(&mut self, feed: usize, row: usize, depth: usize) -> Option<()> {
        if depth == DEEPEST {
            return None;
        }
        self.stretch(feed, self.parents[row], depth + 1)
    }

    fn dash(&mut self, is_first: &mut bool) {
        if !std::mem::take(is_first) {
            self.written.text += " - ";
        }
    }

    /// A row's own layers. A convolution before normalisation has a bias only if that is said.
    fn text(&self, row: usize) -> String {
        let parts = &self.net.rows[row].parts;
        let mut text = chain(parts, self.rank, self.convention);
        let is_biased = matches!(parts.last(), Some(Part::Conv(conv)) if conv.bias);
        let is_norm = |&follower: &usize| matches!(self.net.rows[follower].parts.as_slice(), [.., Part::Bn]);
        if is_biased && self.followers[row].first().is_some_and(is_norm) {
            text += " bias";
        }
        text
    }
}
