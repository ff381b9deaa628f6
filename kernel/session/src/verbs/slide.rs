//! `slide NAME`: a slide becomes its networks, and every figure that it prints is held against them.

use fovea_dsl::slide::{Audit, SlideNet, Verdict, audit};
use fovea_dsl::syntax::{NetDef, SlideDef};
use fovea_dsl::{Diagnostic, library};
use fovea_graph::Span;

use super::{Checked, Events, Job, net};
use crate::event::Output;
use crate::failure::Failure;
use crate::picture::Theme;
use crate::slides;
use crate::world::{Missed, Names, Why, World};

struct Slide {
    audit: Audit,
    /// The slide's own text.
    text: String,
    /// The nets that say something else now, so that their weights are not their own any more.
    changed: Vec<String>,
    /// What is said of nets that had these names before.
    replaced: Vec<String>,
    theme: Theme,
    remarks: Vec<Diagnostic>,
}

/// Audits a slide and defines its nets. One that cannot be read defines none, which is remarked.
pub fn check(definition: &SlideDef, names: &mut Names) -> Checked {
    let name = &definition.name;
    net::not_data(name, names)?;
    let audit = audit(&name.text, &definition.text);
    let mut slide = Slide {
        text: definition.text.clone(),
        changed: Vec::new(),
        replaced: Vec::new(),
        theme: names.theme,
        remarks: Vec::new(),
        audit,
    };
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

impl Job for Slide {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        for net in &self.changed {
            world.trained.remove(net);
        }
        Ok(slides::output(&self.audit, &self.text, &self.replaced, Some(self.theme)))
    }

    fn remarks(&self) -> &[Diagnostic] {
        &self.remarks
    }
}
