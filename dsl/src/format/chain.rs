//! Chains: on one line, else broken at dashes, joins a line a branch.

use super::{INDENT, Page, WIDTH};
use crate::print::repeated_text;
use crate::syntax::{Chain, Item, ItemKind};

impl Page<'_> {
    /// A chain whose continued lines stand in by `indent`.
    pub(super) fn chain(&mut self, chain: &Chain, indent: usize, mut start: Start) {
        for item in &chain.items {
            self.item(item, indent, start);
            start = Start::Dash;
        }
        if let Some(head) = &chain.head {
            self.comments_before(head.span, indent);
            self.write(&format!(", {head}"));
        }
    }

    /// An item and what joins it to what is before it: on this line, else on a new one, else in its parts.
    fn item(&mut self, item: &Item, indent: usize, start: Start) {
        let words = item.to_string();
        let length = words.chars().count();
        let is_new = self.comments_before(item.span, indent);
        let is_whole = !self.has_comment(item.span);
        let has_parts = matches!(item.kind, ItemKind::Group(..) | ItemKind::Join(..) | ItemKind::Aux(..));
        if is_new {
            self.write(start.on_new_line());
        } else if start == Start::Nothing || (is_whole && self.has_room(start.on_this_line().len() + length)) {
            self.write(start.on_this_line());
        } else if has_parts && (!is_whole || indent + 2 + length > WIDTH) && start != Start::Dash {
            // What begins a statement or a branch opens where it stands.
            self.write(start.on_this_line());
        } else {
            self.new_line(indent);
            self.write(start.on_new_line());
        }
        if has_parts && !(is_whole && self.has_room(length)) { self.parts(item, indent) } else { self.write(&words) }
    }

    /// An item with branches or a chain inside, on several lines.
    fn parts(&mut self, item: &Item, indent: usize) {
        let inner = indent + INDENT;
        match &item.kind {
            ItemKind::Group(chain, times) => {
                self.write("(");
                self.chain(chain, inner, Start::Nothing);
                self.write(&format!("){}", repeated_text(times)));
            }
            ItemKind::Join(join, times) => {
                self.write(&format!("{}(", join.word));
                for (index, branch) in join.branches.iter().enumerate() {
                    if !self.comments_before(branch.span, inner) {
                        self.new_line(inner);
                    }
                    self.write(if index == 0 { "  " } else { "| " });
                    self.chain(branch, inner + INDENT, Start::Nothing);
                }
                self.write(&format!("){}", repeated_text(times)));
            }
            ItemKind::Aux(weight, chain) => {
                let weight = weight.as_ref().map(|weight| format!("{} ", crate::print::Atom(weight)));
                self.write(&format!("aux {}(", weight.unwrap_or_default()));
                self.chain(chain, inner, Start::Nothing);
                self.write(")");
            }
            kind => {
                let bare = Item { kind: kind.clone(), alias: None, span: item.span };
                self.write(&bare.to_string());
            }
        }
        if let Some(alias) = &item.alias {
            self.write(&format!(" as {alias}"));
        }
    }
}

/// What stands before an item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// It is the first behind a bracket.
    Nothing,
    /// It is the first behind `=`.
    Space,
    /// It goes on.
    Dash,
}

impl Start {
    fn on_this_line(self) -> &'static str {
        match self {
            Start::Nothing => "",
            Start::Space => " ",
            Start::Dash => " - ",
        }
    }

    fn on_new_line(self) -> &'static str {
        match self {
            Start::Nothing | Start::Space => "",
            Start::Dash => "- ",
        }
    }
}
