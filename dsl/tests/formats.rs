//! A table is the same slide in whichever format it was pasted.
#![allow(clippy::unwrap_used)]

use fovea_dsl::slide::{Audit, Verdict, audit};

/// The lecture's tables and others of their forms, in Markdown.
const TABLES: [(&str, &str); 7] = [
    ("googlenet", include_str!("../../tests/slides/googlenet.md")),
    ("resnet", include_str!("../../tests/slides/resnet.md")),
    ("vgg", include_str!("../../tests/slides/vgg-configurations.md")),
    ("googlenet-whole", include_str!("../../tests/slides/others/googlenet-whole.md")),
    ("vgg-a-to-e", include_str!("../../tests/slides/others/vgg-a-to-e.md")),
    ("wide-resnet", include_str!("../../tests/slides/others/wide-resnet.md")),
    ("resnext", include_str!("../../tests/slides/others/resnext.md")),
];

/// What an audit says, whatever the format: figures without their places.
fn said(audit: &Audit) -> Vec<String> {
    assert_eq!(audit.unread, [], "{}", audit.name);
    let squeezed = |text: &str| {
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace('×', "x").replace('⁹', "^9")
    };
    let figures = audit.figures.iter().map(|figure| {
        let layer = figure.layer.as_deref().map(squeezed);
        // Formats differ in how many lines stand above.
        let because = figure.because.as_deref().map(|text| text.replace(|c: char| c.is_ascii_digit(), "0"));
        let because = because.map(|text| text.replace("00", "0").replace("00", "0"));
        let printed = squeezed(&figure.printed);
        format!("{:?} {layer:?} {} {printed}: {} {because:?}", figure.net, figure.what.word(), figure.verdict)
    });
    let mut said: Vec<String> = figures.collect();
    said.extend(audit.nets.iter().map(|net| net.text.clone()));
    said
}

/// The cells of a table in Markdown, its line of dashes left out.
fn cells(markdown: &str) -> Vec<Vec<String>> {
    let rows = markdown.lines().filter(|line| line.starts_with('|') && !line.contains("--"));
    let row = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect();
    rows.map(row).collect()
}

fn lines(rows: &[Vec<String>], row: impl Fn(&[String]) -> String) -> String {
    rows.iter().map(|cells| row(cells) + "\n").collect()
}

/// `<br>` and LaTeX as a page or a program that has neither shows them.
fn shown(cell: &str) -> String {
    let cell = cell.replace("<br>", " ").replace(r"\begin{bmatrix}", "[").replace(r"\end{bmatrix}", "]");
    let cell = cell.replace(r"\\", ";").replace(r"\times", "×").replace('$', "");
    cell.replace("10^9", "10⁹")
}

fn tabs(rows: &[Vec<String>]) -> String {
    lines(rows, |cells| cells.iter().map(|cell| shown(cell)).collect::<Vec<_>>().join("\t"))
}

fn latex(rows: &[Vec<String>]) -> String {
    let cell =
        |cell: &String| cell.replace("<br>", " ").replace('#', r"\#").replace('%', r"\%").replace('×', r"$\times$");
    let body = lines(rows, |cells| format!("{} \\\\ \\hline", cells.iter().map(cell).collect::<Vec<_>>().join(" & ")));
    format!("\\begin{{tabular}}{{{}}}\n\\toprule\n{body}\\end{{tabular}}\n", "l".repeat(rows[0].len()))
}

fn html(rows: &[Vec<String>]) -> String {
    let body = lines(rows, |cells| {
        let cells: String =
            cells.iter().map(|cell| format!("<td class=\"a\">{}</td>", cell.replace('×', "&times;"))).collect();
        format!("<tr>{cells}</tr>")
    });
    format!("<table>\n{body}</table>\n")
}

/// Cells below one another, as a terminal prints them.
fn aligned(rows: &[Vec<String>]) -> String {
    let cell = |cell: &String| shown(cell);
    let width = |column: usize| rows.iter().map(|row| shown(&row[column]).chars().count()).max().unwrap();
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    lines(rows, |cells| {
        let padded = cells.iter().map(cell).zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("   ").trim_end().to_string()
    })
}

/// A grid of `+---+`, as reStructuredText has it.
fn boxed(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| shown(&row[column]).chars().count()).max().unwrap();
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let rule = widths.iter().map(|width| format!("+{}", "-".repeat(width + 2))).collect::<String>() + "+\n";
    let body = lines(rows, |cells| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("| {:width$} ", shown(cell)));
        padded.collect::<String>() + "|\n" + rule.trim_end()
    });
    rule + &body
}

#[test]
fn a_table_is_the_same_in_every_format() {
    for (name, markdown) in TABLES {
        let rows = cells(markdown);
        let own = said(&audit(name, markdown));
        assert!(own.len() > 5, "{name}");
        for (format, text) in [
            ("tabs", tabs(&rows)),
            ("latex", latex(&rows)),
            ("html", html(&rows)),
            ("aligned", aligned(&rows)),
            ("boxed", boxed(&rows)),
        ] {
            let other = said(&audit(name, &text));
            let differing = own.iter().zip(&other).find(|(one, other)| one != other);
            assert_eq!(differing, None, "{name} in {format}:\n{text}");
            assert_eq!(own.len(), other.len(), "{name} in {format}:\n{text}");
        }
    }
}

/// The lines at which an audit finds something wrong.
fn wrong(audit: &Audit) -> Vec<(usize, &'static str)> {
    assert_eq!(audit.unread, [], "{}", audit.name);
    let figures = audit.figures.iter().filter(|figure| matches!(figure.verdict, Verdict::Disagrees | Verdict::Follows));
    figures.map(|figure| (figure.line, figure.what.word())).collect()
}

#[test]
fn other_texts_of_the_same_forms_are_judged() {
    let audited = |name: &str, text: &str, nets: usize| {
        let audit = audit(name, text);
        assert_eq!(audit.nets.len(), nets, "{name}");
        wrong(&audit)
    };
    let others = |line: usize| ["parameters", "operations"].map(|what| (line, what));
    assert_eq!(audited("lenet", include_str!("../../tests/slides/others/lenet.txt"), 1), []);
    assert_eq!(audited("zfnet", include_str!("../../tests/slides/others/zfnet.txt"), 1), []);
    let [_, _, _, whole, vgg, wide, resnext] = TABLES.map(|(_, text)| text);
    assert_eq!(audited("vgg", vgg, 6), []);
    assert_eq!(audited("wide", wide, 2), []);
    assert_eq!(audited("resnext", resnext, 2), [(11, "operations"), (11, "operations")]);
    let rows = [5, 7, 8, 11, 12, 13, 14, 17].map(|line| (line, "parameters"));
    let both = [3, 10, 16].map(others).concat();
    let mut expected = [rows.to_vec(), both].concat();
    expected.sort_unstable();
    let mut found = audited("googlenet", whole, 1);
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn cells_that_span_columns_are_read_in_latex_and_html() {
    let own = said(&audit("resnet", TABLES[1].1));
    let rows = cells(TABLES[1].1);
    let (mut tabular, mut table) = (String::from("\\begin{tabular}{c|c|ccccc}\n\\hline\n"), String::from("<table>"));
    for row in &rows {
        // What stands in the first of five columns alone spans them all.
        let is_shared = row[2..].iter().filter(|cell| !cell.is_empty()).count() == 1;
        let cells: Vec<&String> = if is_shared { row[..3].iter().collect() } else { row.iter().collect() };
        let (mut latex, mut html) = (Vec::new(), String::from("<tr>"));
        for (at, cell) in cells.iter().enumerate() {
            let spans = is_shared && at == 2;
            latex.push(if spans { format!("\\multicolumn{{5}}{{c}}{{{cell}}}") } else { (*cell).clone() });
            html += &if spans { format!("<td colspan=\"5\">{cell}") } else { format!("<td>{cell}") };
        }
        tabular += &format!("{} \\\\\\cline{{3-7}}\n", latex.join(" & "));
        table += &html;
    }
    assert_eq!(said(&audit("resnet", &format!("{tabular}\\end{{tabular}}"))), own);
    assert_eq!(said(&audit("resnet", &format!("{table}</table>"))), own);
}

#[test]
fn what_runs_together_is_said_at_its_place() {
    let rows = cells(TABLES[0].1);
    let words = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| shown(cell)).filter(|cell| !cell.is_empty()).collect();
        cells.join(" ")
    };
    let audit = audit("googlenet", &lines(&rows, words));
    assert!(!audit.unread.is_empty());
    let pool = audit.unread.iter().find(|unread| unread.found.starts_with("max pool"));
    assert_eq!(pool.map(|unread| unread.line), Some(3));
}
