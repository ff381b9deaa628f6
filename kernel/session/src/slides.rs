//! Audits of slides and of whole lectures as results: for reading, and as data.

use fovea_dsl::slide::{Audit, Unread};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use serde_json::{Map, Value, json};

use crate::display::{self, Page, Tally};
use crate::event::Output;
use crate::picture::{self, Theme};

/// An audit to look at, drawn where there is a `theme`; `text` is the slide's own, and `said` what there is to say besides.
pub fn output(audit: &Audit, text: &str, said: &[String], theme: Option<Theme>) -> Output {
    let page = said.iter().fold(display::audit(audit, text), Page::text);
    let output = Output::page("slide", &page, data(audit));
    // A slide of nothing but spaces has no picture.
    match theme.map(|theme| picture::audited(audit, text, theme)) {
        Some(Ok(picture)) => output.picture(picture),
        Some(Err(_)) | None => output,
    }
}

/// An audit as data.
fn data(audit: &Audit) -> Value {
    let nets: Vec<&str> = audit.nets.iter().map(|net| net.name.as_str()).collect();
    let definitions = audit.nets.iter().map(|net| (net.name.clone(), Value::from(net.text.clone())));
    json!({
        "net": audit.name,
        "form": audit.form,
        "nets": nets,
        "definitions": definitions.collect::<Map<_, _>>(),
        "figures": audit.figures,
        "unread": audit.unread,
        "summary": Tally::of(&audit.figures).as_data(),
    })
}

/// The mistake of a slide that cannot be read, at `place`.
pub fn missed(name: &str, unread: &Unread, place: Span) -> Diagnostic {
    let message = format!("the slide `{name}` cannot be read, line {}", unread.line);
    let mistake = Diagnostic::new(Stage::Parse, place, message).found(&unread.found).expected(&unread.expected);
    let mistake = mistake.here(format!("expected {}", unread.expected));
    match unread.read.as_str() {
        "" => mistake.help("nothing before it says what a network is"),
        read => mistake.help(format!("read so far: {read}")),
    }
}
