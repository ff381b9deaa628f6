//! A table as lines of text: plain where it fits, and else folded, step by step.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use super::{Align, Column, Table, pad};
use crate::display::wrap::{Long, WIDTH, wrap};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
enum Form {
    /// A row a line.
    Plain,
    /// Headers of numbers that are wider than what is below them go on in a second line.
    Folded,
    /// Paths stand below what they have in common.
    Nested,
    /// One space between columns instead of two.
    Tight,
}

/// The lines of a table in one of its forms.
struct Layout<'a> {
    columns: &'a [Column],
    head: Vec<Vec<String>>,
    /// None stands for a rule.
    lines: Vec<Option<Vec<String>>>,
    widths: Vec<usize>,
    gap: &'static str,
}

type Rows = Vec<Vec<String>>;

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms = [Form::Plain, Form::Folded, Form::Nested, Form::Tight];
        let fitting = forms.into_iter().map(|form| Layout::new(self, form)).find(|layout| layout.width() <= WIDTH);
        // What is too wide in every form gains nothing by narrow gaps.
        fitting.unwrap_or_else(|| Layout::new(self, Form::Nested)).fmt(f)
    }
}

impl<'a> Layout<'a> {
    fn new(table: &'a Table, form: Form) -> Self {
        let columns = &table.columns[..];
        let nested: Vec<Rows>;
        let sections = if form >= Form::Nested {
            nested = table.sections.iter().map(|rows| nest(rows, columns)).collect();
            &nested
        } else {
            &table.sections
        };
        let lines = lines(sections, columns);
        let widest = |at: usize| lines.iter().flatten().map(|cells| cells[at].width()).max().unwrap_or(0);
        let header = |(at, column): (usize, &Column)| match (form, column.align) {
            (Form::Plain, _) | (_, Align::Left) => vec![column.header.clone()],
            _ => wrap(&column.header, widest(at).max(longest_word(&column.header)), Long::Whole),
        };
        let head = side_by_side(&columns.iter().enumerate().map(header).collect::<Vec<_>>());
        let header_width = |at: usize| head.iter().map(|cells| cells[at].width()).max().unwrap_or(0);
        let widths = (0..columns.len()).map(|at| widest(at).max(header_width(at))).collect();
        let gap = if form == Form::Tight { " " } else { "  " };
        Self { columns, head, lines, widths, gap }
    }

    fn width(&self) -> usize {
        self.widths.iter().sum::<usize>() + self.gap.len() * self.widths.len().saturating_sub(1)
    }

    fn row(&self, cells: &[String]) -> String {
        let cells = cells.iter().zip(self.columns).zip(&self.widths);
        let line: Vec<String> = cells.map(|((cell, column), &width)| pad(cell, width, column.align)).collect();
        line.join(self.gap).trim_end().to_string()
    }
}

impl fmt::Display for Layout<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule: Vec<String> = self.widths.iter().map(|&width| "─".repeat(width)).collect();
        let rule = rule.join(self.gap);
        self.head.iter().try_for_each(|cells| writeln!(f, "{}", self.row(cells)))?;
        write!(f, "{rule}")?;
        self.lines.iter().try_for_each(|line| match line {
            Some(cells) => write!(f, "\n{}", self.row(cells)),
            None => write!(f, "\n{rule}"),
        })
    }
}

/// The rows as lines of text, those of cells that go on below among them; none stands for a rule.
fn lines(sections: &[Rows], columns: &[Column]) -> Vec<Option<Vec<String>>> {
    let row = |cells: &Vec<String>| {
        let cells: Vec<_> = cells.iter().zip(columns).map(|(cell, column)| column.lines(cell)).collect();
        side_by_side(&cells).into_iter().map(Some)
    };
    let sections = sections.iter().map(|rows| rows.iter().flat_map(row).collect::<Vec<_>>());
    sections.collect::<Vec<_>>().join(&None)
}

/// Cells of several lines, as lines of cells.
fn side_by_side(cells: &[Vec<String>]) -> Vec<Vec<String>> {
    let tallest = cells.iter().map(Vec::len).max().unwrap_or(1);
    let line = |at: usize| cells.iter().map(|lines| lines.get(at).cloned().unwrap_or_default()).collect();
    (0..tallest).map(line).collect()
}

/// Rows whose paths begin with the same word, below a row of that word alone.
fn nest(rows: &Rows, columns: &[Column]) -> Rows {
    let Some(at) = columns.iter().position(|column| column.is_path) else { return rows.clone() };
    let mut nested = Rows::new();
    let mut above = "";
    for row in rows {
        let Some((first, rest)) = row[at].split_once('.') else {
            above = "";
            nested.push(row.clone());
            continue;
        };
        if first != above {
            above = first;
            nested.push((0..row.len()).map(|i| if i == at { first.to_string() } else { String::new() }).collect());
        }
        let mut row = row.clone();
        row[at] = format!("  {rest}");
        nested.push(row);
    }
    nested
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(|word| word.width()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path, a word as wide as is said, and a number.
    fn table(width: usize) -> Table {
        let mut table = Table::new([Column::path("net"), Column::left("wide"), Column::right("receptive field")]);
        let wide = "w".repeat(width);
        for (path, field) in [("conv1", "3"), ("block1.conv1", "5"), ("block1.shortcut.bn", "7"), ("fc1", "all")] {
            table.row([path, &wide, field]);
        }
        table
    }

    fn text(width: usize) -> String {
        table(width).to_string().replace(&"w".repeat(width), "w").replace(&"─".repeat(width), "─")
    }

    #[test]
    fn what_fits_is_plain() {
        assert!(text(43).starts_with(&format!("{:20}{:45}{}\n", "net", "wide", "receptive field")));
        assert!(text(43).contains("block1.shortcut.bn  w"));
    }

    #[test]
    fn headers_fold_before_paths_nest() {
        assert_eq!(
            text(49),
            format!(
                "{:20}{:51}receptive\n{:75}field\n{}  ─  ─────────\n\
                 conv1               w          3\n\
                 block1.conv1        w          5\n\
                 block1.shortcut.bn  w          7\n\
                 fc1                 w        all",
                "net",
                "wide",
                "",
                "─".repeat(18)
            )
        );
    }

    #[test]
    fn paths_nest_where_lines_are_too_long() {
        assert_eq!(
            text(50).lines().skip(3).collect::<Vec<_>>(),
            [
                "conv1          w          3",
                "block1",
                "  conv1        w          5",
                "  shortcut.bn  w          7",
                "fc1            w        all"
            ]
        );
        assert!(table(50).to_string().lines().all(|line| line.width() <= WIDTH));
    }

    #[test]
    fn at_last_one_space_stands_between_columns() {
        assert!(text(55).contains("  shortcut.bn w         7\n"), "{}", text(55));
        assert!(text(90).contains("  shortcut.bn  w          7\n"), "{}", text(90));
    }
}
