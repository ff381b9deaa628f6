//! `fovea slide`: audits of files.

use std::path::Path;
use std::process::ExitCode;

use fovea::event::Event;
use fovea::failure::Failure;
use fovea::picture::Theme;
use fovea::slides;
use fovea_dsl::ends::with_line_feeds;
use fovea_dsl::slide::{self, Audit, audit, is_lecture, name_of};
use fovea_dsl::{Diagnostic, Source};
use fovea_graph::{SourceId, Span};

use crate::cli::{FAILED, Format, Options, Shown};
use crate::front::Front;
use crate::interrupt::ends;
use crate::text::read_slide;

/// Audits the slide or the lecture in a file, `-` for standard input, with a picture where it has a `theme`. All was read, or the status says that it was not.
pub fn run(front: &mut Front, file: &Path, theme: Option<Theme>) -> anyhow::Result<ExitCode> {
    if file.extension().is_some_and(|extension| extension == "fov") {
        let name = file.display();
        anyhow::bail!("{name} is a script, which may have slides in it: `fovea run {name}` audits them");
    }
    let text = with_line_feeds(&read_slide(file)?).into_owned();
    let (name, shown) = match file.file_stem() {
        Some(stem) if file != Path::new("-") => (name_of(&stem.to_string_lossy()), file.display().to_string()),
        _ => ("pasted".to_string(), "standard input".to_string()),
    };
    let source = Source { id: SourceId(0), name: shown, text };
    let missed =
        if is_lecture(&source.text) { lecture(front, &source, theme) } else { one(front, &name, &source, theme) };
    if missed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if !front.closed() {
        front.failure(&Failure::Mistakes(missed), &[source]);
    }
    Ok(ExitCode::from(FAILED))
}

/// Shows the audit of one slide; what of it could not be read.
fn one(front: &mut Front, name: &str, source: &Source, theme: Option<Theme>) -> Vec<Diagnostic> {
    let audit = ends(|| audit(name, &source.text));
    front.event(Event::Output(slides::output(&audit, &source.text, &[], theme)));
    unread(&audit, source).collect()
}

/// Shows the audit of a whole lecture; what of it could not be read.
fn lecture(front: &mut Front, source: &Source, theme: Option<Theme>) -> Vec<Diagnostic> {
    let lecture = ends(|| slide::lecture(&source.text));
    match front.format() {
        Format::Text => front.event(Event::Output(slides::lecture(&lecture, &source.text, theme))),
        Format::Json => slides::of_lecture(&lecture).for_each(|output| front.event(Event::Output(output))),
    }
    lecture.slides.iter().flat_map(|slide| &slide.audits).flat_map(|audit| unread(audit, source)).collect()
}

fn unread<'a>(audit: &'a Audit, source: &Source) -> impl Iterator<Item = Diagnostic> + use<'a> {
    let id = source.id;
    audit.unread.iter().map(move |unread| {
        let place = Span::new(id, unread.place.start, unread.place.end);
        slides::missed(&audit.name, unread, place)
    })
}

/// How pictures are drawn, where the command line asks for any: an audit is for reading.
pub fn theme(options: &Options) -> Option<Theme> {
    let is_wanted = options.out.is_some() || options.graphics != Shown::Auto;
    is_wanted.then(|| options.theme.unwrap_or_default())
}
