//! `fovea slide`: audits of files.

use std::path::Path;
use std::process::ExitCode;

use fovea::event::Event;
use fovea::failure::Failure;
use fovea::picture::Theme;
use fovea::slides;
use fovea_dsl::slide::{audit, name_of};
use fovea_dsl::{Diagnostic, Source};
use fovea_graph::{SourceId, Span};

use crate::cli::{FAILED, Options, Shown};
use crate::front::Front;
use crate::text::read_slide;

/// Audits the slide in a file, `-` for standard input, with a picture where it has a `theme`. All was read, or the status says that it was not.
pub fn run(front: &mut Front, file: &Path, theme: Option<Theme>) -> anyhow::Result<ExitCode> {
    let text = read_slide(file)?;
    let (name, shown) = match file.file_stem() {
        Some(stem) if file != Path::new("-") => (name_of(&stem.to_string_lossy()), file.display().to_string()),
        _ => ("pasted".to_string(), "standard input".to_string()),
    };
    let source = Source { id: SourceId(0), name: shown, text };
    let audit = audit(&name, &source.text);
    front.event(Event::Output(slides::output(&audit, &source.text, &[], theme)));
    let span = |place: &std::ops::Range<usize>| Span::new(source.id, place.start, place.end);
    let missed = audit.unread.iter().map(|unread| slides::missed(&name, unread, span(&unread.place)));
    Ok(told(front, missed.collect(), &[source.clone()]))
}

/// How pictures are drawn, where the command line asks for any: an audit is for reading.
pub fn theme(options: &Options) -> Option<Theme> {
    let is_wanted = options.out.is_some() || options.graphics != Shown::Auto;
    is_wanted.then(|| options.theme.unwrap_or_default())
}

/// Says what could not be read; the exit status.
fn told(front: &mut Front, missed: Vec<Diagnostic>, sources: &[Source]) -> ExitCode {
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    if !front.closed() {
        front.failure(&Failure::Mistakes(missed), sources);
    }
    ExitCode::from(FAILED)
}
