//! What is said of a text, by place.

use std::ops::Range;

use fovea_dsl::slide::{Figure, Unread, Verdict};

use super::Sign;

/// The colour of a mark: green, amber, red.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    /// Right as it stands.
    Right,
    /// To be looked at.
    Unsure,
    /// Wrong.
    Wrong,
}

/// What stands beside the words of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// What a figure really is.
    Computed(String),
    /// What would be right in place of the words before it.
    New(String),
}

/// A mark: a place, what is said of it in the margin, and in words.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub place: Range<usize>,
    pub sign: Sign,
    pub note: String,
}

/// What is said of a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// By where they begin.
    pub(super) marks: Vec<Mark>,
    /// Words that something else would replace, by where they begin.
    pub(super) old: Vec<Range<usize>>,
    /// What stands beside the text, behind which byte.
    pub(super) beside: Vec<(usize, Beside)>,
    /// The longest mark.
    pub(super) longest: usize,
}

impl Marks {
    /// What figures and places that could not be read say of their text.
    pub fn new<'f>(figures: impl IntoIterator<Item = &'f Figure>, unread: &[Unread]) -> Self {
        let mut marks = Self::default();
        figures.into_iter().for_each(|figure| marks.figure(figure));
        for Unread { place, expected, .. } in unread {
            marks.mark(place.clone(), Sign::Unread, format!("expected {expected}"));
        }
        marks.marks.sort_by_key(|mark| mark.place.start);
        marks.longest = marks.marks.iter().map(|mark| mark.place.len()).max().unwrap_or(0);
        marks.old.sort_by_key(|place| place.start);
        marks.beside.sort_by_key(|(at, _)| *at);
        marks.beside.dedup();
        marks
    }

    fn figure(&mut self, figure: &Figure) {
        let Figure { place, printed, computed, verdict, because, mend, .. } = figure;
        let sign = match verdict {
            Verdict::Agrees => Sign::Agrees,
            Verdict::Rounds => Sign::Rounds,
            Verdict::Disagrees => Sign::Wrong,
            Verdict::Follows => Sign::Follows,
            Verdict::Remark | Verdict::Assumed => Sign::Remark,
        };
        let is = if computed.is_empty() || computed == printed { String::new() } else { format!(": {computed}") };
        let why = because.as_ref().map_or(String::new(), |why| format!("; {why}"));
        self.mark(place.clone(), sign, format!("{verdict}{is}{why}"));
        let mend = mend.as_ref().filter(|_| *verdict != Verdict::Agrees && *verdict != Verdict::Rounds);
        if let Some(mend) = mend.filter(|mend| !self.old.iter().rev().take(64).any(|old| *old == mend.place)) {
            self.old.push(mend.place.clone());
            self.beside.push((mend.place.end, Beside::New(mend.text.clone())));
        }
        let is_elsewhere = mend.is_none_or(|mend| mend.place != *place);
        let is_off = matches!(verdict, Verdict::Disagrees | Verdict::Follows);
        if is_off && is_elsewhere && !computed.is_empty() && !place.is_empty() {
            self.beside.push((place.end, Beside::Computed(computed.clone())));
        }
    }

    fn mark(&mut self, place: Range<usize>, sign: Sign, note: String) {
        self.marks.push(Mark { place, sign, note });
    }

    /// The marks that touch a stretch of the text.
    pub(super) fn within(&self, place: &Range<usize>) -> impl Iterator<Item = &Mark> {
        let first = self.marks.partition_point(|mark| mark.place.start + self.longest < place.start);
        let place = place.clone();
        let rest = self.marks[first..].iter();
        rest.take_while({
            let end = place.end;
            move |mark| mark.place.start <= end
        })
        .filter(move |mark| super::meets(&mark.place, &place))
    }

    /// The gravest of what is said of a stretch of the text.
    pub(super) fn sign(&self, place: &Range<usize>) -> Option<Sign> {
        self.within(place).map(|mark| mark.sign).max()
    }
}
