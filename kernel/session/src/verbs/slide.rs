//! `slide NAME`: a slide becomes its networks, and every figure that it prints is held against them.

use fovea_dsl::slide::{Audit, SlideNet, Verdict, audit};
use fovea_dsl::syntax::{ItemKind, NetDef, SlideDef};
use fovea_dsl::{Diagnostic, Stage, library};
use fovea_graph::Span;

use super::{Checked, Events, Job, net};
use crate::event::Output;
use crate::failure::Failure;
use crate::slides;
use crate::world::{Names, World};

/// Why a slide's nets are not defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The words that stand in the way.
    pub span: Span,
    /// Their line in the slide's own text.
    pub line: usize,
    /// What is wrong with them.
    pub why: Why,
}

/// Why a slide defines no net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It could not be read.
    Unread,
    /// No net can be what it says.
    Impossible,
}

struct Slide {
    audit: Audit,
    /// The slide's own text.
    text: String,
    /// The nets that say something else now, so that their weights are not their own any more.
    changed: Vec<String>,
    /// What is said of nets that had these names before.
    replaced: Vec<String>,
    remarks: Vec<Diagnostic>,
}

/// Audits a slide and defines its nets. One that cannot be read defines none, which is remarked.
pub fn check(definition: &SlideDef, names: &mut Names) -> Checked {
    let name = &definition.name;
    net::not_data(name, names)?;
    let audit = audit(&name.text, &definition.text);
    let mut slide =
        Slide { text: definition.text.clone(), changed: Vec::new(), replaced: Vec::new(), remarks: Vec::new(), audit };
    let place = |at: &std::ops::Range<usize>| within(at, definition.span);
    if let Some(first) = slide.audit.unread.first() {
        let missed = Missed { span: place(&first.place), line: first.line, why: Why::Unread };
        names.missed.insert(name.text.clone(), missed);
        let remarks =
            slide.audit.unread.iter().map(|unread| slides::missed(&name.text, unread, place(&unread.place)).remark());
        slide.remarks = remarks.collect();
        return Ok(Box::new(slide));
    }
    let mut own = Vec::new();
    for net in &slide.audit.nets {
        own.push(placed(net, definition.span));
    }
    slide.replaced = replaced(&own, names);
    for net in own {
        let defined = net::define(&net, names)?;
        slide.changed.extend(defined.changed.then_some(net.name.text));
    }
    names.is_read(&name.text);
    if slide.audit.nets.is_empty() {
        let first = slide.audit.figures.iter().find(|figure| figure.verdict == Verdict::Disagrees);
        let (at, line) = first.map_or((&(0..0), 1), |figure| (&figure.place, figure.line));
        names.missed.insert(name.text.clone(), Missed { span: place(at), line, why: Why::Impossible });
    }
    Ok(Box::new(slide))
}

/// A place in a slide's own text as one of the source that it stands in.
fn within(at: &std::ops::Range<usize>, text: Span) -> Span {
    let inside = |at: usize| (text.range().start + at).min(text.range().end);
    Span::new(text.source, inside(at.start), inside(at.end))
}

/// A net's definition, its places in the slide's text as places of the source that it stands in.
fn placed(net: &SlideNet, text: Span) -> NetDef {
    let mut definition = net.definition.clone();
    definition.map_spans(&mut |span| within(&span.range(), text));
    definition
}

/// What is said where nets of these names were there already, and something else.
fn replaced(nets: &[NetDef], names: &Names) -> Vec<String> {
    let is_other = |net: &&NetDef| {
        names.scope.nets.get(&net.name.text).is_some_and(|before| before.chain.to_string() != net.chain.to_string())
    };
    let is_librarys = |net: &&NetDef| {
        let name = &net.name.text;
        names.scope.nets.get(name).is_none() && library::find(name).is_some()
    };
    let said = |which: Vec<&NetDef>, whose: &str| {
        let words: Vec<String> = which.iter().map(|net| format!("`{}`", net.name.text)).collect();
        let are = if words.len() > 1 { "are" } else { "is" };
        (!words.is_empty()).then(|| format!("{} {are} the slide's from here on, and no more {whose}", words.join(", ")))
    };
    let others = said(nets.iter().filter(is_other).collect(), "what was called so");
    said(nets.iter().filter(is_librarys).collect(), "the library's").into_iter().chain(others).collect()
}

impl Names {
    /// The slide that would have defined a net of this name, and could not be read.
    pub fn missed(&self, net: &str) -> Option<&Missed> {
        let ends = net.match_indices('.').map(|(at, _)| at).chain([net.len()]);
        ends.filter_map(|end| self.missed.get(&net[..end])).last()
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
        let message = format!("`{net}` was not defined: its slide could not be read, line {}", missed.line);
        let mistake =
            Diagnostic::new(Stage::Names, span, message).found(net).also(missed.span, "this could not be read");
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

impl Job for Slide {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        for net in &self.changed {
            world.trained.remove(net);
        }
        Ok(slides::output(&self.audit, &self.text, &self.replaced))
    }

    fn remarks(&self) -> &[Diagnostic] {
        &self.remarks
    }
}
