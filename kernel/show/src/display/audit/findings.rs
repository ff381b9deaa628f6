//! What a lecturer would act on: what is wrong, what only follows, what is remarkable, what was filled in.

use fovea_dsl::slide::{Figure, Unread, Verdict};

use crate::display::number::of;
use crate::display::{Column, Page, Table};

/// The most findings of a kind that are listed.
const MOST: usize = 200;

/// How wide a reason may be before it goes on below.
const REASON: usize = 36;

/// The kinds of findings, and what each is called.
const KINDS: [(Verdict, &str); 4] = [
    (Verdict::Disagrees, "disagrees"),
    (Verdict::Follows, "follows from an earlier line"),
    (Verdict::Remark, "remarkable"),
    (Verdict::Assumed, "assumed, because the slide does not say"),
];

/// Adds what could not be read, and the findings, a table a kind.
pub(super) fn findings(page: Page, figures: &[&Figure], unread: &[Unread]) -> Page {
    let mut page = unread.iter().take(MOST).fold(page, |page, unread| page.text(missed(unread)));
    for (verdict, title) in KINDS {
        let all: Vec<&Figure> = figures.iter().copied().filter(|figure| figure.verdict == verdict).collect();
        if all.is_empty() {
            continue;
        }
        let mut inner = Page::default().table(table(&all[..all.len().min(MOST)]));
        if all.len() > MOST {
            inner = inner.text(format!("and {}", of(all.len() - MOST, "more of the kind")));
        }
        page = page.section(title, inner);
    }
    page
}

/// A place that could not be read, in a sentence.
fn missed(unread: &Unread) -> String {
    let Unread { line, found, expected, read, .. } = unread;
    let far = if read.is_empty() { String::new() } else { format!(" (read so far: {read})") };
    let found = if found.is_empty() { "nothing".to_string() } else { format!("`{found}`") };
    format!("line {line}: expected {expected}, found {found}{far}")
}

/// Findings of one kind; columns that say nothing are left out.
fn table(figures: &[&Figure]) -> Table {
    let has = |part: &dyn Fn(&Figure) -> bool| figures.iter().any(|figure| part(figure));
    type Part = (Column, Box<dyn Fn(&Figure) -> String>);
    let mut parts: Vec<Part> = vec![(Column::right("line"), Box::new(|figure| figure.line.to_string()))];
    if has(&|figure| figure.net.is_some()) {
        parts.push((Column::left("net"), Box::new(|figure| figure.net.clone().unwrap_or_default())));
    }
    if has(&|figure| figure.layer.is_some()) {
        parts.push((Column::left("layer").at_most(16), Box::new(|figure| figure.layer.clone().unwrap_or_default())));
    }
    parts.push((Column::left("what"), Box::new(|figure| figure.what.word().to_string())));
    if has(&|figure| !figure.printed.is_empty()) {
        parts.push((Column::left("printed").at_most(24), Box::new(|figure| figure.printed.clone())));
    }
    if has(&|figure| !figure.computed.is_empty()) {
        // Beside what is printed stands as short a figure; what is filled in may take a sentence.
        let column = Column::left("computed");
        let computed = match (has(&|figure| !figure.printed.is_empty()), has(&|figure| figure.because.is_some())) {
            (true, _) => column.at_most(24),
            (false, true) => column.wrapped_at(26),
            (false, false) => column.wrapped_at(56),
        };
        parts.push((computed, Box::new(|figure| figure.computed.clone())));
    }
    if has(&|figure| figure.because.is_some()) {
        let why = Column::left("why").wrapped_at(REASON);
        parts.push((why, Box::new(|figure| figure.because.clone().unwrap_or_default())));
    }
    let (columns, cells): (Vec<Column>, Vec<_>) = parts.into_iter().unzip();
    let mut table = Table::new(columns);
    figures.iter().for_each(|figure| table.row(cells.iter().map(|cell| cell(figure))));
    table
}
