//! The standard library: the lecture's networks, in the language itself, a file a family. A family is parsed when one of
//! its names is first used.

use std::sync::OnceLock;

use fovea_graph::SourceId;

use crate::diagnostic::Source;
use crate::parse::parse;
use crate::scope::Scope;
use crate::syntax::{BlockDef, NetDef, StatementKind};

/// One file: nets, and the blocks that they are made of.
struct Family {
    /// What it is called in messages.
    file: &'static str,
    text: &'static str,
    parsed: OnceLock<Parsed>,
}

/// What stands in a file.
#[derive(Default)]
struct Parsed {
    nets: Vec<NetDef>,
    blocks: Vec<BlockDef>,
}

macro_rules! families {
    ($($file:literal),* $(,)?) => {
        [$(Family {
            file: concat!("library/", $file),
            text: include_str!(concat!("../library/", $file)),
            parsed: OnceLock::new(),
        }),*]
    };
}

static FAMILIES: [Family; 9] = families![
    "lenet.fov",
    "alexnet.fov",
    "vgg.fov",
    "googlenet.fov",
    "resnet.fov",
    "allconv.fov",
    "fcn.fov",
    "deconvnet.fov",
    "unet.fov",
];

/// The library's net of this name.
pub fn find(name: &str) -> Option<&'static NetDef> {
    FAMILIES.iter().find(|family| family.declares("net", name)).and_then(|family| family.net(name))
}

/// The library's nets in the order of its files, each with a line about it.
pub fn list() -> Vec<(&'static str, &'static str)> {
    FAMILIES.iter().flat_map(|family| described(family.text)).collect()
}

/// The text of the library's net of this name, its comment above it; before it the file's first lines, which say where
/// the family comes from, and the blocks and nets that it is made of.
pub fn text(name: &str) -> Option<String> {
    let family = FAMILIES.iter().find(|family| family.declares("net", name))?;
    let mut pieces = Vec::new();
    gather(family.piece("net", name)?, &mut pieces);
    let head = family.text.split("\n\n").next().filter(|head| head.lines().all(|line| line.starts_with('#')));
    let pieces: Vec<&str> = head.into_iter().chain(pieces).map(str::trim_end).collect();
    Some(pieces.join("\n\n") + "\n")
}

/// Puts a piece of the library behind all those that it is made of.
fn gather(piece: &'static str, pieces: &mut Vec<&'static str>) {
    if pieces.contains(&piece) {
        return;
    }
    let code = piece.lines().filter(|line| !line.starts_with('#'));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    for word in code.flat_map(|line| line.split(move |c| !is_word(c))) {
        let others = || FAMILIES.iter().flat_map(|family| family.made_of(word));
        others().filter(|other| *other != piece).for_each(|other| gather(other, pieces));
    }
    if !pieces.contains(&piece) {
        pieces.push(piece);
    }
}

/// The text that a place in the library points into.
pub fn source(id: SourceId) -> Option<Source> {
    let Home::Family(at) = Home::of(id) else { return None };
    let family = &FAMILIES[at];
    Some(Source { id, name: family.file.to_string(), text: family.text.to_string() })
}

/// The nets of a text, each with the first line of the comment above it.
fn described(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut comment = "";
    text.lines().filter_map(move |line| {
        if let Some(words) = line.strip_prefix("# ") {
            comment = if comment.is_empty() { words } else { comment };
            return None;
        }
        let about = std::mem::take(&mut comment);
        declared(line, "net").map(|name| (name, about))
    })
}

/// The name that a line of the library declares, where it declares a `word`.
fn declared(line: &'static str, word: &str) -> Option<&'static str> {
    line.strip_prefix(word)?.strip_prefix(' ')?.split([' ', '(']).next()
}

impl Family {
    /// Whether the family has a net or block of this name; reads the text alone.
    fn declares(&self, word: &str, name: &str) -> bool {
        self.text.lines().any(|line| declared(line, word) == Some(name))
    }

    /// The lines of a net or block, those of its comment too.
    fn piece(&self, word: &str, name: &str) -> Option<&'static str> {
        self.text.split("\n\n").find(|piece| piece.lines().any(|line| declared(line, word) == Some(name)))
    }

    /// The piece of the block that a word calls, or of the net that it begins in: `vgg16.pool5`.
    fn made_of(&self, word: &str) -> Option<&'static str> {
        let mut nets = std::iter::once(word).chain(word.rmatch_indices('.').map(|(at, _)| &word[..at]));
        self.piece("block", word).or_else(|| nets.find_map(|net| self.piece("net", net)))
    }

    fn declared(&self, word: &'static str) -> impl Iterator<Item = &'static str> + use<> {
        self.text.lines().filter_map(move |line| declared(line, word))
    }

    fn parsed(&'static self, at: usize) -> &'static Parsed {
        self.parsed.get_or_init(|| {
            let source = Source { id: source_id(at), name: self.file.to_string(), text: self.text.to_string() };
            let (program, mistakes) = parse(&source);
            debug_assert!(mistakes.is_empty(), "{mistakes:#?}");
            let mut parsed = Parsed::default();
            for statement in program.statements {
                match statement.kind {
                    StatementKind::Net(net) => parsed.nets.push(net),
                    StatementKind::Block(block) => parsed.blocks.push(block),
                    StatementKind::Let(_) | StatementKind::Verb(_) => {}
                }
            }
            parsed
        })
    }

    fn position(&'static self) -> usize {
        FAMILIES.iter().position(|family| std::ptr::eq(family, self)).unwrap_or_default()
    }

    fn net(&'static self, name: &str) -> Option<&'static NetDef> {
        self.parsed(self.position()).nets.iter().find(|net| net.name.text == name)
    }

    fn block(&'static self, name: &str) -> Option<&'static BlockDef> {
        self.parsed(self.position()).blocks.iter().find(|block| block.name.text == name)
    }
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
            at if at < FAMILIES.len() => Home::Family(at),
            _ => Home::Session,
        }
    }

    /// The block of this name, and where it stands.
    pub fn block<'a>(self, scope: &'a Scope, name: &str) -> Option<(Home, &'a BlockDef)> {
        if let Some(block) = scope.blocks.get(name).filter(|_| self == Home::Session) {
            return Some((Home::Session, block));
        }
        let at = self.families().find(|&at| FAMILIES[at].declares("block", name))?;
        FAMILIES[at].block(name).map(|block| (Home::Family(at), block))
    }

    /// The net of this name, and where it stands.
    pub fn net<'a>(self, scope: &'a Scope, name: &str) -> Option<(Home, &'a NetDef)> {
        if let Some(net) = scope.nets.get(name).filter(|_| self == Home::Session) {
            return Some((Home::Session, net));
        }
        let at = self.families().find(|&at| FAMILIES[at].declares("net", name))?;
        FAMILIES[at].net(name).map(|net| (Home::Family(at), net))
    }

    /// The names of the blocks that could be meant.
    pub fn blocks<'a>(self, scope: &'a Scope) -> impl Iterator<Item = &'a str> {
        let own = scope.blocks.keys().filter(move |_| self == Home::Session).map(String::as_str);
        own.chain(self.families().flat_map(|at| FAMILIES[at].declared("block")).map(|name| -> &'a str { name }))
    }

    /// The names of the nets that could be meant.
    pub fn nets<'a>(self, scope: &'a Scope) -> impl Iterator<Item = &'a str> {
        let own = scope.nets.keys().filter(move |_| self == Home::Session).map(String::as_str);
        own.chain(self.families().flat_map(|at| FAMILIES[at].declared("net")).map(|name| -> &'a str { name }))
    }

    /// The library's files in the order in which names are looked up.
    fn families(self) -> impl Iterator<Item = usize> {
        let own = match self {
            Home::Session => None,
            Home::Family(at) => Some(at),
        };
        own.into_iter().chain((0..FAMILIES.len()).filter(move |&at| Some(at) != own))
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
