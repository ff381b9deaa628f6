//! An audit for reading: one line of sum, the slide's own text with its figures marked, and what there is to act on.

mod findings;
mod lecture;
mod tally;

use fovea_dsl::format::format;
use fovea_dsl::slide::{Audit, tables};

use super::Page;
use super::marked::{Extent, Marked, Marks};
use findings::findings;
pub use lecture::{lecture, part};
pub use tally::Tally;

/// An audit; `text` is the slide's own.
pub fn audit(audit: &Audit, text: &str) -> Page {
    let sum = Tally::of(&audit.figures);
    let unread = if audit.unread.is_empty() { "" } else { "; not all of it could be read" };
    let what = if audit.form.is_empty() { audit.name.clone() } else { format!("{}, {}", audit.name, audit.form) };
    let page = Page::default().text(format!("{sum}\n{what}{unread}"));
    let marks = Marks::new(&audit.figures, &audit.unread);
    let page = page.marked(Marked::new(text, 0..text.len(), Extent::Whole, &tables(text), &marks));
    let page = findings(page, &audit.figures.iter().collect::<Vec<_>>(), &audit.unread);
    let nets: String = audit.nets.iter().map(|net| format(&net.text).unwrap_or(net.text.clone())).collect();
    if nets.is_empty() { page } else { page.fold("in the language", Page::default().code(nets.trim_end())) }
}
