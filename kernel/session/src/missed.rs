//! Nets that are not defined because their slides could not be read: why, wherever they are used.

use fovea_dsl::syntax::{ItemKind, NetDef};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;

use crate::world::{Missed, Names, Why};

impl Names {
    /// The slide that would have defined a net of this name, and could not be read.
    pub fn missed(&self, net: &str) -> Option<&Missed> {
        let dots = net.match_indices('.').map(|(at, _)| at);
        std::iter::once(net.len()).chain(dots.rev()).find_map(|end| self.missed.get(&net[..end]))
    }

    /// There is a net of this name now, or one from a slide.
    pub fn is_read(&mut self, net: &str) {
        let ends = net.match_indices('.').map(|(at, _)| at).chain([net.len()]);
        for end in ends {
            self.missed.remove(&net[..end]);
        }
    }

    /// The mistake of a net whose slide could not be read.
    pub fn not_read(&self, net: &str, span: Span) -> Option<Diagnostic> {
        let missed = self.missed(net)?;
        let (why, here) = match missed.why {
            Why::Unread => ("could not be read", "this could not be read"),
            Why::Impossible => ("states no network that can be computed", "this cannot be"),
        };
        let message = format!("`{net}` was not defined: its slide {why}, line {}", missed.line);
        let mistake = Diagnostic::new(Stage::Names, span, message).found(net).also(missed.span, here);
        Some(mistake.help("mend that line of the slide, or give the slide another name"))
    }

    /// The mistake of a definition that goes on from such a net.
    pub fn begins_in_unread(&self, definition: &NetDef) -> Option<Diagnostic> {
        definition.chain.items.iter().find_map(|item| match &item.kind {
            ItemKind::Reference(name, _) => self.not_read(&name.text, name.span),
            _ => None,
        })
    }
}
