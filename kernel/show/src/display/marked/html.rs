//! A marked text as HTML: tints that let the page's own colours through, so that it reads on light pages and dark ones.

use super::{Block, Cell, Line, Look, Marked, Row, Segment, Sign, Table, Tone};
use crate::display::number::of;
use crate::markup::escape;

const TABLE: &str = "border-collapse: collapse; font-family: monospace; direction: ltr; margin: 0.4em 0; width: auto";
const CELL: &str = "text-align: left; vertical-align: top; white-space: nowrap; padding: 0.1em 0.7em";
const TEXT: &str = "text-align: left; vertical-align: top; white-space: pre; padding: 0 0.7em";
const MARGIN: &str = "text-align: right; vertical-align: top; white-space: nowrap; padding: 0.1em 0.4em";

impl Marked {
    /// The text as HTML, everything in it escaped.
    pub fn html(&self) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Lines(lines) => framed(&lines.iter().map(line).collect::<String>()),
            Block::Table(table) => framed(&rows(table)),
            Block::Gap(lines) => format!("<p>⋯ {} left out</p>", of(*lines, "line")),
        });
        blocks.collect::<Vec<_>>().join("\n")
    }
}

/// The tint behind words.
fn tint(tone: Tone) -> &'static str {
    match tone {
        Tone::Right => "rgba(46, 160, 67, 0.22)",
        Tone::Unsure => "rgba(219, 153, 0, 0.32)",
        Tone::Wrong => "rgba(235, 64, 52, 0.34)",
    }
}

fn sign(sign: Option<Sign>) -> String {
    let Some(sign) = sign else { return String::new() };
    format!("<span style=\"background-color: {}; padding: 0 0.2em\">{}</span>", tint(sign.tone()), sign.glyph())
}

/// Rows of a table that is as wide as it is: the page scrolls it.
fn framed(rows: &str) -> String {
    format!("<div style=\"overflow-x: auto\"><table style=\"{TABLE}\"><tbody>\n{rows}</tbody></table></div>")
}

fn line(line: &Line) -> String {
    let pieces: String = line.pieces.iter().map(piece).collect();
    let margin = margin(line.sign, line.number, "");
    format!("<tr>{margin}<td style=\"{TEXT}\"><bdi dir=\"ltr\">{pieces}</bdi></td></tr>\n")
}

/// The sign and the number before a line.
fn margin(sign: Option<Sign>, number: usize, rule: &str) -> String {
    let sign = self::sign(sign);
    format!("<td style=\"{rule}{MARGIN}\">{sign}</td><td style=\"{rule}{MARGIN}; opacity: 0.6\">{number}</td>")
}

fn rows(table: &Table) -> String {
    let rows = table.rows.iter().enumerate().map(|(at, row)| {
        let rule = if at > 0 && at == table.heads { "border-top: 1px solid; " } else { "" };
        self::row(row, rule)
    });
    rows.collect()
}

fn row(row: &Row, rule: &str) -> String {
    let mut column = 0;
    let mut cells = margin(row.sign, row.number, rule);
    for cell in &row.cells {
        cells += &format!("<td style=\"{rule}{CELL}\"></td>").repeat(cell.column.saturating_sub(column));
        column = cell.column.max(column) + cell.columns;
        cells += &self::cell(cell, rule);
    }
    format!("<tr>{cells}</tr>\n")
}

fn cell(cell: &Cell, rule: &str) -> String {
    let lines = cell.lines.iter().map(|pieces| pieces.iter().map(piece).collect::<String>());
    let span = if cell.columns > 1 { format!(" colspan=\"{}\"", cell.columns) } else { String::new() };
    // A cell in another direction moves no other.
    format!("<td{span} style=\"{rule}{CELL}\"><bdi>{}</bdi></td>", lines.collect::<Vec<_>>().join("<br/>"))
}

fn piece(piece: &Segment) -> String {
    let text = escape(&piece.text);
    let title = piece.note.as_ref().map_or(String::new(), |note| format!(" title=\"{}\"", escape(note)));
    match piece.look {
        Look::Plain => isolated(&piece.text),
        Look::Marked(tone) => format!("<span style=\"background-color: {}\"{title}>{text}</span>", tint(tone)),
        Look::Old => {
            let style = format!("background-color: {}; text-decoration: line-through", tint(Tone::Wrong));
            format!("<del style=\"{style}\"{title}>{text}</del>")
        }
        Look::New => {
            let style = format!("background-color: {}; text-decoration: none; font-weight: bold", tint(Tone::Right));
            format!(" <ins style=\"{style}\">{text}</ins>")
        }
        Look::Computed => format!(" <span style=\"opacity: 0.75\">≠ {text}</span>"),
    }
}

/// Whether a character is written from the right.
fn is_from_the_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

/// Words that nothing is said of; each between two signs apart, so that those from the right do not move their neighbours.
fn isolated(text: &str) -> String {
    if !text.contains(is_from_the_right) {
        return escape(text);
    }
    let parts = text.split_inclusive(['|', '&', ',', ':', ';', '\t']);
    parts.map(|part| format!("<bdi>{}</bdi>", escape(part))).collect()
}
