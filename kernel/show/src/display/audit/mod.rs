//! An audit for reading: one line of sum, the slide's own text with its figures marked, and what there is to act on.

mod findings;
mod tally;

use fovea_dsl::format::format;
use fovea_dsl::slide::Audit;

use super::Page;
use findings::findings;
pub use tally::Tally;

/// An audit; `text` is the slide's own.
pub fn audit(audit: &Audit, _text: &str) -> Page {
    let sum = match audit.unread.is_empty() {
        true => Tally::of(&audit.figures).to_string(),
        false => format!("{}; not all of it could be read", Tally::of(&audit.figures)),
    };
    let page = Page::default().text(format!("{}: {sum}", audit.name));
    let page = findings(page, &audit.figures, &audit.unread);
    let nets: String = audit.nets.iter().map(|net| format(&net.text).unwrap_or(net.text.clone())).collect();
    if nets.is_empty() { page } else { page.fold("in the language", Page::default().code(nets.trim_end())) }
}
