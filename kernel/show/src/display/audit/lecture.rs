//! A whole lecture's audit, to be read from top to bottom.

use std::ops::Range;

use fovea_dsl::slide::{Lecture, LectureSlide, Table, tables};

use super::findings::findings;
use super::tally::Tally;
use crate::display::marked::{Extent, Marked, Marks};
use crate::display::number::of;
use crate::display::{Page, clean};

/// A lecture's audit, slide by slide; `text` is the lecture.
pub fn lecture(lecture: &Lecture, text: &str) -> Page {
    let speaking = lecture.slides.iter().filter(|slide| !slide.is_silent()).count();
    let slides = of(lecture.slides.len(), "slide");
    let sum = format!("{}\n{slides}, of which {speaking} state what can be computed", Tally::of(lecture.figures()));
    let tables = tables(text);
    let mut page = Page::default().text(sum);
    let mut silent = Vec::new();
    for slide in &lecture.slides {
        if slide.is_silent() {
            silent.push(heading(slide));
            continue;
        }
        page = without_claim(page, &mut silent);
        page = page.section(heading(slide), section(slide, text, part(&slide.lines, text), &tables));
    }
    without_claim(page, &mut silent)
}

/// `Pooling (lines 20–31)`
fn heading(slide: &LectureSlide) -> String {
    let Range { start, end } = slide.lines;
    let title = clean(&slide.title);
    match (title.trim(), end.saturating_sub(1)) {
        (title, last) if last <= start => format!("{title} (line {start})"),
        (title, last) => format!("{title} (lines {start}–{last})"),
    }
}

/// Lists the slides that state nothing that could be computed.
fn without_claim(page: Page, silent: &mut Vec<String>) -> Page {
    if silent.is_empty() {
        return page;
    }
    page.text(format!("nothing to compute: {}", std::mem::take(silent).join("; ")))
}

/// The bytes of some lines of a text, which count from 1; the end is the line behind the last.
pub fn part(lines: &Range<usize>, text: &str) -> Range<usize> {
    let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let start = starts.nth(lines.start.saturating_sub(1)).unwrap_or(text.len());
    let end = match lines.len().checked_sub(1) {
        Some(more) => starts.nth(more).unwrap_or(text.len()),
        None => start,
    };
    start..end
}

fn section(slide: &LectureSlide, text: &str, part: Range<usize>, tables: &[Table]) -> Page {
    let unread: Vec<_> = slide.audits.iter().flat_map(|audit| &audit.unread).cloned().collect();
    let marks = Marks::new(slide.all_figures(), &unread);
    // Beside a network all of the slide says what it is; beside a number its own line does.
    let extent = if slide.audits.is_empty() { Extent::Said } else { Extent::Whole };
    let marked = Marked::new(text, part, extent, tables, &marks);
    let page = match slide.all_figures().next() {
        Some(_) => Page::default().text(Tally::of(slide.all_figures()).to_string()).marked(marked),
        None => Page::default(),
    };
    let page = findings(page, &slide.all_figures().collect::<Vec<_>>(), &unread);
    let stated: Vec<String> = slide.unjudged.iter().map(|one| format!("line {}: {}", one.line, one.text)).collect();
    if stated.is_empty() { page } else { page.text(stated.join("\n")) }
}
