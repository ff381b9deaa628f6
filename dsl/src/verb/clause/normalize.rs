//! `normalize imagenet`, `raw`: what the values of pictures are brought to before a net sees them.

use super::super::about::{Clause, Offer, clause};
use super::super::form::WORDS;
use super::super::mends::is_word;
use crate::diagnostic::quoted;

/// By the mean and deviation of ImageNet's pictures, as nets that were trained on it expect.
pub(in crate::verb) const NORMALIZE: Clause<()> = Clause {
    about: clause("normalize", "normalize imagenet", &[Offer::Words(&["imagenet"])]),
    read: |parts, opened| {
        match parts.peek() {
            Some(part) if is_word(part, "imagenet") => {
                parts.next();
                return Some(());
            }
            // `normalize none`
            Some(part) if ["none", "raw", "off", "no"].iter().any(|word| is_word(part, word)) => {
                let whole = opened.part.span.to(part.span);
                let error = parts.error(whole, "what is not normalised is `raw`").found(quoted(&part.to_string()));
                parts.wrong(error.expected("imagenet").write(whole, "raw"));
                parts.next();
            }
            _ => parts.lacks(opened, "`imagenet`"),
        }
        None
    },
    form: WORDS,
};
