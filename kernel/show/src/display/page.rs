//! A result for reading: one content, shown as text and as HTML.

use std::fmt;

use super::marked::{Ink, Marked};
use super::table::{Table, clean};
use super::wrap::prose;
use crate::markup::escape;

/// Paragraphs, listings, tables, and parts that fold away, in order. Displays as text, a blank line between parts and
/// no newline at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Code(String),
    Table(Table),
    Marked(Marked),
    Section { title: String, page: Page, fold: Fold },
}

/// How a section is shown at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    Open,
    Folded,
    /// Folded, and not in text.
    Aside,
}

/// Distance between parts that are no tables, which have their own.
const BLOCK: &str = "margin: 0.4em 0";

impl Page {
    /// Adds lines for reading; in text those are broken between words that are too wide for a terminal.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Text(text.into()));
        self
    }

    /// Adds lines in which every column counts.
    pub fn code(mut self, text: impl Into<String>) -> Self {
        self.parts.push(Part::Code(text.into()));
        self
    }

    /// Adds a table.
    pub fn table(mut self, table: Table) -> Self {
        self.parts.push(Part::Table(table));
        self
    }

    /// Adds a text with marks in it.
    pub(crate) fn marked(mut self, marked: Marked) -> Self {
        self.parts.push(Part::Marked(marked));
        self
    }

    /// Adds a page under its title.
    pub fn section(self, title: impl Into<String>, page: Page) -> Self {
        self.titled(title, page, Fold::Open)
    }

    /// Adds a page that HTML folds away under its title; text shows both.
    pub fn fold(self, title: impl Into<String>, page: Page) -> Self {
        self.titled(title, page, Fold::Folded)
    }

    /// Adds a page that HTML folds away under its title, and that text leaves out: whoever reads text was told it while
    /// the statement ran.
    pub fn aside(self, title: impl Into<String>, page: Page) -> Self {
        self.titled(title, page, Fold::Aside)
    }

    fn titled(mut self, title: impl Into<String>, page: Page, fold: Fold) -> Self {
        self.parts.push(Part::Section { title: title.into(), page, fold });
        self
    }

    /// The page as HTML, every text in it escaped, without scripts and style sheets: it follows the colours of the page
    /// around it. None where it is nothing but lines for reading, which are as good as text.
    pub fn html(&self) -> Option<String> {
        let plain = self.parts.iter().all(|part| matches!(part, Part::Text(_)));
        (!plain).then(|| format!("<div>\n{}</div>", self.inner_html()))
    }

    /// The page as text with colours for a terminal, where it has any: what is not ours in it steers nothing.
    pub fn coloured(&self) -> Option<String> {
        let has_colours = self.parts.iter().any(|part| matches!(part, Part::Marked(_)));
        has_colours.then(|| self.in_ink(Ink::Colour))
    }

    fn in_ink(&self, ink: Ink) -> String {
        self.parts.iter().filter_map(|part| part.text(ink)).collect::<Vec<_>>().join("\n\n")
    }

    fn inner_html(&self) -> String {
        self.parts.iter().map(|part| format!("{}\n", part.html())).collect()
    }
}

impl Part {
    fn html(&self) -> String {
        match self {
            Part::Text(text) => {
                let lines: Vec<String> = text.lines().map(escape).collect();
                format!("<p style=\"{BLOCK}\">{}</p>", lines.join("<br/>"))
            }
            Part::Code(text) => {
                let lines: Vec<String> = text.lines().map(escape).collect();
                format!(
                    "<pre style=\"{BLOCK}; font-family: monospace; white-space: pre; overflow-x: auto\">{}</pre>",
                    lines.join("\n")
                )
            }
            Part::Table(table) => table.html(),
            Part::Marked(marked) => marked.html(),
            Part::Section { title, page, fold } => {
                let open = if *fold == Fold::Open { " open=\"\"" } else { "" };
                let (title, inner) = (escape(title), page.inner_html());
                format!("<details{open} style=\"{BLOCK}\">\n<summary>{title}</summary>\n{inner}</details>")
            }
        }
    }

    fn text(&self, ink: Ink) -> Option<String> {
        let cleaned = |text: &str| text.lines().map(clean).collect::<Vec<_>>().join("\n");
        match self {
            Part::Text(text) => Some(prose(&cleaned(text))),
            Part::Code(text) => Some(cleaned(text)),
            Part::Table(table) => Some(table.to_string()),
            Part::Marked(marked) => Some(marked.text(ink)),
            Part::Section { fold: Fold::Aside, .. } => None,
            Part::Section { title, page, .. } => Some(format!("{}\n{}", clean(title), page.in_ink(ink))),
        }
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_ink(Ink::Plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::Column;

    #[test]
    fn text_and_html_have_the_same_content() {
        let mut table = Table::new([Column::left("net")]);
        table.row(["<lenet>"]);
        let details = Page::default().code("a - b\n  - c");
        let page = Page::default().text("one\ntwo\u{1b}").table(table).fold("more", details.clone());
        let page = page.aside("epochs", details);
        assert_eq!(page.to_string(), "one\ntwo \n\nnet\n───────\n<lenet>\n\nmore\na - b\n  - c");
        let html = page.html().unwrap_or_default();
        for part in
            ["one<br/>two ", "&lt;lenet&gt;", "<summary>more</summary>", "<summary>epochs</summary>", "a - b\n  - c"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn lines_alone_need_no_html() {
        assert_eq!(Page::default().text("a line").html(), None);
    }
}
