//! Audits of slides and of whole lectures as results: for reading, and as data.

use fovea_dsl::slide::{Audit, Lecture, LectureSlide, Unread};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use serde_json::{Map, Value, json};

use crate::display::{self, Page, Tally};
use crate::event::{Output, Pictured};
use crate::picture::{self, Theme};

/// An audit to look at, drawn where there is a `theme`; `text` is the slide's own, and `said` what there is to say besides.
pub fn output(audit: &Audit, text: &str, said: &[String], theme: Option<Theme>) -> Output {
    let page = said.iter().fold(display::audit(audit, text), Page::text);
    let output = Output::page("slide", &page, data(audit));
    // A slide of nothing but spaces has no picture.
    match theme.map(|theme| picture::audited(audit, text, 0..text.len(), theme)) {
        Some(Ok(picture)) => Output { pictured: Pictured::Instead, ..output.picture(picture) },
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

/// A lecture's audit to read from top to bottom, its networks' slides drawn where there is a `theme`.
pub fn lecture(lecture: &Lecture, text: &str, theme: Option<Theme>) -> Output {
    let output = Output::page("slide", &display::lecture(lecture, text), json!({ "slides": lecture.slides.len() }));
    let Some(theme) = theme else { return output };
    let audits = lecture.slides.iter().flat_map(|slide| slide.audits.iter().map(move |audit| (slide, audit)));
    let pictures = audits.filter_map(|(slide, audit)| {
        let part = display::part(&slide.lines, text);
        picture::audited(audit, text, part, theme).ok()
    });
    pictures.fold(output, Output::picture)
}

/// Each slide of a lecture as data, an object a slide.
pub fn of_lecture(lecture: &Lecture) -> impl Iterator<Item = Output> {
    lecture.slides.iter().map(|slide| Output::new("slide", "", slide_data(slide)))
}

/// A slide of a lecture as data; lines count in the lecture.
fn slide_data(slide: &LectureSlide) -> Value {
    let nets = || slide.audits.iter().flat_map(|audit| &audit.nets);
    let definitions = nets().map(|net| (net.name.clone(), Value::from(net.text.clone())));
    json!({
        "net": slide.audits.first().map(|audit| &audit.name),
        "title": slide.title,
        "lines": [slide.lines.start, slide.lines.end.saturating_sub(1)],
        "nets": nets().map(|net| &net.name).collect::<Vec<_>>(),
        "definitions": definitions.collect::<Map<_, _>>(),
        "figures": slide.all_figures().collect::<Vec<_>>(),
        "unjudged": slide.unjudged,
        "unread": slide.audits.iter().flat_map(|audit| &audit.unread).collect::<Vec<_>>(),
        "summary": Tally::of(slide.all_figures()).as_data(),
    })
}
