//! `convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1] /2 pad 1`

use fovea_graph::Span;

use super::behind::{IMAGE, Pixels};
use super::clause::{DILATE, FILTER, Filter, PAD, SAME, STRIDE, VALID};
use super::declare::verb;
use super::read::Parts;

verb! {
    /// `convolve IMAGE with FILTER …`
    Convolve: "convolve", "convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1]";
    behind {
        /// What is convolved.
        image: Pixels = IMAGE,
    }
    needs {
        /// With what.
        filter: Filter = FILTER,
    }
    takes {
        stride: [usize; 2] = STRIDE,
        pad: [usize; 2] = PAD,
        same: () = SAME,
        valid: () = VALID,
        dilate: [usize; 2] = DILATE,
    }
    check one_padding;
}

/// What is put around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: `valid`.
    Valid,
    /// As much as makes the result as large as the image, over the stride: `same`.
    Same,
    /// So many zeros, at the top and the bottom and at both sides.
    Zeros([usize; 2]),
}

impl Convolve {
    /// What is put around the image, where it says so.
    pub fn padding(&self) -> Option<Padding> {
        self.paddings().first().map(|(padding, _)| *padding)
    }

    /// Each padding that is said, its word and all of its clause, in the text's order.
    fn paddings(&self) -> Vec<(Padding, [Span; 2])> {
        let pad = self.pad.as_ref().map(|pad| (Padding::Zeros(pad.value), [pad.word, pad.span]));
        let same = self.same.as_ref().map(|same| (Padding::Same, [same.word; 2]));
        let valid = self.valid.as_ref().map(|valid| (Padding::Valid, [valid.word; 2]));
        let mut said: Vec<_> = [pad, same, valid].into_iter().flatten().collect();
        said.sort_by_key(|(_, [word, _])| word.start);
        said
    }
}

fn one_padding(convolve: &Convolve, parts: &mut Parts<'_>) {
    if let [(_, [word, first]), (_, [again, second]), ..] = convolve.paddings()[..] {
        let error = parts.error(again, "the padding is said twice").also(word, "it is said here already");
        parts.one_of_two(error.expected("one of `pad`, `same` and `valid`"), first, second);
    }
}
