//! `size 28x28`: height and width.

use super::super::about::{Clause, Offer, clause};
use super::super::form::AS_WRITTEN;
use super::super::read::{Opened, Parts};
use crate::diagnostic::quoted;
use crate::syntax::{Part, PartKind};

/// Height and width that pictures are brought to.
pub(in crate::verb) const SIZE: Clause<[usize; 2]> = Clause {
    about: clause("size", "size 28x28", &[Offer::Constants]),
    read: |parts, opened| parts.size(opened),
    form: AS_WRITTEN,
};

impl Parts<'_> {
    fn size(&mut self, opened: Opened<'_>) -> Option<[usize; 2]> {
        // `size(28, 28)`
        if let PartKind::Call(_, arguments) = &opened.part.kind {
            let sides: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
            let mend =
                format!("size {}", if sides.len() == 1 { [&sides[..], &sides].concat() } else { sides }.join("x"));
            let error = self.error(opened.part.span, "a size is its sides with `x` between them");
            self.wrong(error.found(quoted(&opened.part.to_string())).write(opened.part.span, mend));
            return None;
        }
        match self.peek() {
            Some(Part { kind: PartKind::Size(sizes), span }) => {
                self.at += 1;
                let [height, width] = &sizes[..] else {
                    let error = self.error(*span, "a picture's size is its height and its width");
                    let error = error.found(format!("{} numbers", sizes.len())).expected("two numbers");
                    self.wrong(match &sizes[..] {
                        // The channels are the data's own.
                        [height, width, _] => error.write(*span, format!("{height}x{width}")),
                        _ => error.mend(*span, "28x28").help("write `size 28x28`, say"),
                    });
                    return None;
                };
                let height = self.scope.count(height, 1, "the height");
                let width = self.scope.count(width, 1, "the width");
                Some([self.keep(height)?, self.keep(width)?])
            }
            Some(part @ Part { kind: PartKind::Value(_), span }) => {
                self.at += 1;
                let error =
                    self.error(*span, "a picture's size is its height and its width").found(quoted(&part.to_string()));
                let error = error.expected("two numbers").mend(*span, format!("{part}x{part}"));
                self.wrong(error.help(format!("write `size {part}x{part}`")));
                None
            }
            _ => {
                self.lacks(opened, "height and width");
                None
            }
        }
    }
}
