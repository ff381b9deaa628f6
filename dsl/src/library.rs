//! The standard library: the lecture's networks, in the language itself, a file a family. A family is parsed when one of
//! its names is first used.

pub mod names;
pub(crate) mod texts;

use std::sync::OnceLock;

use fovea_graph::SourceId;

use texts::{TEXTS, Text};
pub use texts::{list, text};

use crate::diagnostic::Source;
use crate::parse::parse;
use crate::scope::Scope;
use crate::syntax::{BlockDef, NetDef, StatementKind};

/// What was parsed of each file.
static PARSED: [OnceLock<Parsed>; TEXTS.len()] = [const { OnceLock::new() }; TEXTS.len()];

/// What stands in a file.
#[derive(Default)]
struct Parsed {
    nets: Vec<NetDef>,
    blocks: Vec<BlockDef>,
}

/// The library's net of this name.
pub fn find(name: &str) -> Option<&'static NetDef> {
    net(TEXTS.iter().position(|text| text.declares("net", name))?, name)
}

/// The text that a place in the library points into.
pub fn source(id: SourceId) -> Option<Source> {
    let Home::Family(at) = Home::of(id) else { return None };
    let Text { file, text } = TEXTS[at];
    Some(Source { id, name: file.to_string(), text: text.to_string() })
}

/// What the text of this number declares.
fn parsed(at: usize) -> &'static Parsed {
    PARSED[at].get_or_init(|| {
        let Text { file, text } = TEXTS[at];
        let (program, mistakes) = parse(&Source { id: source_id(at), name: file.to_string(), text: text.to_string() });
        debug_assert!(mistakes.is_empty(), "{mistakes:#?}");
        let mut parsed = Parsed::default();
        for statement in program.statements {
            match statement.kind {
                StatementKind::Net(net) => parsed.nets.push(net),
                StatementKind::Block(block) => parsed.blocks.push(block),
                StatementKind::Let(_) | StatementKind::Slide(_) | StatementKind::Verb(_) => {}
            }
        }
        parsed
    })
}

fn net(at: usize, name: &str) -> Option<&'static NetDef> {
    parsed(at).nets.iter().find(|net| net.name.text == name)
}

fn block(at: usize, name: &str) -> Option<&'static BlockDef> {
    parsed(at).blocks.iter().find(|block| block.name.text == name)
}

/// Sources of the library count down from the largest number, those of a session up from 0.
fn source_id(family: usize) -> SourceId {
    SourceId(u32::MAX - family as u32)
}

/// Where a text stands, and with it what its names of nets and blocks mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// In the session: its own names, then the library's.
    Session,
    /// In this file of the library: its own names, then the other files'; never the session's.
    Family(usize),
}

impl Home {
    /// The home of what stands in this source.
    pub fn of(source: SourceId) -> Self {
        match (u32::MAX - source.0) as usize {
            at if at < TEXTS.len() => Home::Family(at),
            _ => Home::Session,
        }
    }

    /// The block of this name, and where it stands.
    pub fn block<'a>(self, scope: &'a Scope, name: &str) -> Option<(Home, &'a BlockDef)> {
        if let Some(block) = scope.blocks.get(name).filter(|_| self == Home::Session) {
            return Some((Home::Session, block));
        }
        let at = self.families().find(|&at| TEXTS[at].declares("block", name))?;
        block(at, name).map(|block| (Home::Family(at), block))
    }

    /// The net of this name, and where it stands.
    pub fn net<'a>(self, scope: &'a Scope, name: &str) -> Option<(Home, &'a NetDef)> {
        if let Some(net) = scope.nets.get(name).filter(|_| self == Home::Session) {
            return Some((Home::Session, net));
        }
        let at = self.families().find(|&at| TEXTS[at].declares("net", name))?;
        net(at, name).map(|net| (Home::Family(at), net))
    }

    /// The names of the blocks that could be meant.
    pub fn blocks<'a>(self, scope: &'a Scope) -> impl Iterator<Item = &'a str> {
        let own = scope.blocks.keys().filter(move |_| self == Home::Session).map(String::as_str);
        own.chain(self.families().flat_map(|at| TEXTS[at].declared("block")).map(|name| -> &'a str { name }))
    }

    /// The names of the nets that could be meant.
    pub fn nets<'a>(self, scope: &'a Scope) -> impl Iterator<Item = &'a str> {
        let own = scope.nets.keys().filter(move |_| self == Home::Session).map(String::as_str);
        own.chain(self.families().flat_map(|at| TEXTS[at].declared("net")).map(|name| -> &'a str { name }))
    }

    /// The library's files in the order in which names are looked up.
    fn families(self) -> impl Iterator<Item = usize> {
        let own = match self {
            Home::Session => None,
            Home::Family(at) => Some(at),
        };
        own.into_iter().chain((0..TEXTS.len()).filter(move |&at| Some(at) != own))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_text_of_a_net_stands_alone() {
        for (name, _) in list() {
            let text = text(name).unwrap();
            let source = Source { id: SourceId(0), name: String::new(), text: text.clone() };
            let (program, mistakes) = parse(&source);
            assert!(mistakes.is_empty(), "{name}");
            let last = program.statements.last().map(|statement| &statement.kind);
            assert!(matches!(last, Some(StatementKind::Net(net)) if net.name.text == name), "{text}");
        }
        let resnet = text("resnet50").unwrap();
        assert!(resnet.starts_with("# K. He et al."));
        assert_eq!(resnet.matches("\nblock ").count(), 1);
        assert!(resnet.contains("\nblock bottleneck(c, s=1) =") && !resnet.contains("paper("));
        assert_eq!(text("resnet50.paper").unwrap().matches("\nnet ").count(), 1);
        assert!(text("fcn8").unwrap().contains("\nnet vgg16 = "), "the net that it begins in comes first");
        assert_eq!(text("mine"), None);
    }
}
