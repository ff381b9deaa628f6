#![allow(clippy::unwrap_used)]

use super::super::plain::plain;
use super::*;

/// A table's cells, `|` between them, a spanning one with its width; every cell stands where it says.
fn shown(text: &str) -> Vec<Vec<String>> {
    let plain = plain(text);
    let grids = grids(&plain);
    let row = |row: &GridRow<'_>| {
        let cell = |cell: &Cell<'_>| {
            assert_eq!(&plain[cell.place.clone()], cell.text);
            let words: Vec<&str> = cell.text.split_whitespace().collect();
            let words = words.join(" ");
            if cell.columns > 1 { format!("{words} [{}]", cell.columns) } else { words }
        };
        row.cells.iter().map(cell).collect::<Vec<_>>().join(" | ")
    };
    grids.iter().map(|grid| grid.rows.iter().map(row).collect()).collect()
}

#[test]
fn pipes_part_cells_with_a_line_of_dashes_or_without() {
    let table = "| type | size |\n|---|---|\n| conv | 3×3 |\n| pool |  |\n";
    let expected = [vec!["type | size", "conv | 3x 3", "pool | "]];
    assert_eq!(shown(table), expected);
    assert_eq!(shown(&table.replace("|---|---|\n", "")), expected);
    assert_eq!(shown("type | size\n--- | ---\nconv | 3×3\npool | \n"), expected);
    assert_eq!(shown(&table.replace('\n', "\n\n")), expected);
    assert_eq!(shown("+---+---+\n| a | b |\n+---+---+\n| 1 | 2 |\n+---+---+\n"), [["a | b", "1 | 2"]]);
    assert_eq!(shown("| a | - |\n|-|-|\n| - | - |\n"), [["a | -", "- | -"]]);
    assert_eq!(shown("here | there\n"), Vec::<Vec<String>>::new());
    assert_eq!(shown(r"| a \| b | c |"), [["a b | c"]]);
}

#[test]
fn tables_are_parted_by_what_stands_between_them() {
    let text = "First\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\nthen\n\n| c | d |\n|--|--|\n| 3 | 4 |\n\n| e | f |\n|--|--|\n| 5 | 6 |\n";
    assert_eq!(shown(text), [["a | b", "1 | 2"], ["c | d", "3 | 4"], ["e | f", "5 | 6"]]);
    let plain = plain(text);
    assert_eq!(grids(&plain)[0].heads, 1);
    assert!(plain[grids(&plain)[1].place.clone()].starts_with("| c"));
}

#[test]
fn a_line_above_a_table_is_none_of_it() {
    assert_eq!(
        shown("Model: a\n| a | b |\n| 1 | 2 |\nend  of\nit  all\n"),
        [["a | b", "1 | 2"], ["end | of", "it | all"]]
    );
}

#[test]
fn boxes_tell_which_lines_are_one_row() {
    let text = "┏━━━━━━━━┳━━━━┓\n┃ Layer  ┃ P  ┃\n┡━━━━━━━━╇━━━━┩\n│ conv_1 │ 10 │\n│ (Conv) │    │\n├────────┼────┤\n│ flat   │ 0  │\n├────────┼────┤\n│ end    │ 1  │\n└────────┴────┘\n";
    assert_eq!(shown(text), [["Layer | P", "conv_1 | 10", "(Conv) | ", "flat | 0", "end | 1"]]);
    let plain = plain(text);
    let continues: Vec<bool> = grids(&plain)[0].rows.iter().map(|row| row.continues).collect();
    assert_eq!(continues, [false, false, true, false, false]);
}

#[test]
fn latex_tables_have_spans_lines_and_comments() {
    let text = r"\begin{table}\begin{tabular}{l|c{2cm}|c}
\toprule
layer & output & 18-layer & 34-layer \\ \midrule % a comment & more
conv1 & 112$\times$112 & \multicolumn{2}{c}{7$\times$7, 64} \\[2pt] \cline{3-4}
\multirow{2}{*}{conv2\_x} & & $\begin{bmatrix} 3 & 3 \\ 3 & 3 \end{bmatrix}$ & R\&D 5\% \\
% nothing & here \\
 & & a & \textbf{b} \\\bottomrule
\end{tabular}\end{table}";
    let expected = [
        "layer | output | 18-layer | 34-layer",
        "conv1 | 112 x 112 | 7 x 7, 64 [2]",
        "conv2 _x |  | [ 3 , 3 ; 3 , 3 ] | R D 5%",
        " |  | a | b",
    ];
    assert_eq!(shown(text), [expected]);
    assert_eq!(shown("a & b \\\\\n1 & 2 \\\\ \\hline\n"), [["a | b", "1 | 2"]]);
    assert_eq!(shown("salt & pepper\n"), Vec::<Vec<String>>::new());
}

#[test]
fn tabs_part_cells() {
    assert_eq!(
        shown("Configuration\nB\tC\nconv\t\nmaxpool\n\t2\n"),
        [["Configuration", "B | C", "conv | ", "maxpool", " | 2"]]
    );
}

#[test]
fn tables_of_html_have_spans_and_open_ends() {
    let text = "<table class=x><thead><TR><th>a<th colspan='2'>b <b>c</b></thead><tr><td rowspan=2>1<td>2<td>3\
                <tr><td>4<td>5</table> then <table><tr><td>6</td></tr></table>";
    assert_eq!(shown(text), [vec!["a | b c [2]", "1 | 2 | 3", "4 | 5"], vec!["6"]]);
    let plain = plain(text);
    let grid = &grids(&plain)[0];
    assert_eq!((grid.rows[2].at(0), grid.rows[2].text(1), grid.rows[2].text(2)), (None, "4", "5"));
    assert_eq!(grid.headings(1), ["a", "b c", "b c"]);
    assert_eq!(shown("<tr><td>1<td>2\n<tr><td>3<td>4"), [["1 | 2", "3 | 4"]]);
}

#[test]
fn columns_stand_below_one_another() {
    let text = "\
layer name   output size   18-layer            34-layer
conv1          112×112            7×7, 64, stride 2
conv2_x         56×56      [3×3, 64]×2        [3×3, 64]×3
                 1×1          average pool, 1000-d fc
FLOPs                       1.8×10^9            3.6×10^9
";
    let expected = [
        "layer name | output size | 18-layer | 34-layer",
        "conv1 | 112x 112 | 7x 7, 64, stride 2 [2]",
        "conv2_x | 56x 56 | [3x 3, 64]x 2 | [3x 3, 64]x 3",
        "1x 1 | average pool, 1000-d fc [2]",
        "FLOPs | 1.8x 10^9 | 3.6x 10^9",
    ];
    assert_eq!(shown(text), [expected]);
    let plain = plain(text);
    let grid = &grids(&plain)[0];
    assert_eq!(grid.rows[3].at(1).unwrap().text, "1x 1");
    assert_eq!(grid.rows[4].at(2).unwrap().text, "1.8x 10^9");
    assert_eq!(grid.unclear, []);
}

#[test]
fn columns_that_run_together_are_said() {
    let text = "type size depth params\nconvolution 112×112×64 1 2.7K\ninception (3a) 28×28×256 2 159K\nmax pool 56×56×64 0\ninception (3b) 28×28×480 2 380K\n";
    let plain = plain(text);
    let grids = grids(&plain);
    let unclear: Vec<&str> = grids[0].unclear.iter().map(|unclear| &plain[unclear.place.clone()]).collect();
    assert_eq!(unclear, ["max pool 56x 56x 64 0"]);
    assert_eq!(grids[0].rows[2].text(0), "inception (3a)");
    let prose = "The filter has 3 rows and 3 columns.\nThere are 6 of them,\nand 10 more in 2012.\nA line.\n";
    assert_eq!(shown(prose), Vec::<Vec<String>>::new());
}

#[test]
fn missing_cells_are_said() {
    let plain = plain("| a | b | c |\n|--|--|--|\n| 1 | 2 | 3 |\n| 1 | 3 |\n| 4 | 5 | 6 |\n");
    let grid = &grids(&plain)[0];
    assert_eq!(grid.unclear.len(), 1);
    assert_eq!(grid.unclear[0].text, "2 cells where most rows have 3");
    assert_eq!((grid.rows[2].doubt, grid.columns), (Some(Doubt::Missing), 3));
}

/// A table in every format.
const TABLES: [&str; 7] = [
    "| type | size |\n|---|---|\n| conv | 3×3 \\| |\n\n| pool |  |\n",
    "┏━━━━┳━━━┓\n┃ é  ┃ P ┃\n┡━━━━╇━━━┩\n│ f  │ 1 │\n├────┼───┤\n│ f  │ 0 │\n└────┴───┘\n",
    "\\begin{tabular}{l|c{2cm}}\n\\toprule a & \\multirow[t]{2}{*}{é} \\\\* \\cmidrule(lr){1-2} % é\n{\\bf x} & \\multicolumn{2}{c}{7$\\times$7} \\\\[2pt]\n\\end{tabular}",
    "a & b \\\\\n\\hline\n1 & $\\begin{bmatrix} 3 & 3 \\\\ 3 & 3 \\end{bmatrix}$ \\\\\n",
    "A\tB\n–\t3×3\n",
    "<table><tr><th>a<th colspan='2'>b <b>é</b><tr><td rowspan=2>1<td>2&times;<td>3</table> <TABLE><tr><td>6</td></tr></table>",
    "name   size  – é\nconv1  3×3     2\n → b     7     4\n\ntype 1 2 3\na 7 8 9\nb 3×3 4 4\n",
];

/// Every cell stands where it says, rows and cells in order.
fn check(text: &str) {
    let plain = plain(text);
    for grid in grids(&plain) {
        assert!(grid.place.end <= plain.len());
        for row in &grid.rows {
            let mut column = 0;
            for cell in &row.cells {
                assert_eq!(&plain[cell.place.clone()], cell.text, "{text}");
                assert!(cell.column >= column && cell.columns > 0, "{text}");
                column = cell.column + cell.columns;
            }
            assert!(row.columns() <= grid.columns);
            let _ = (row.at(0), row.at(column), &plain[row.place.clone()]);
        }
        let _ = (grid.headings(2), &plain[grid.place]);
    }
}

#[test]
fn tables_may_end_at_any_byte_and_begin_at_any() {
    for text in TABLES {
        for (at, _) in text.char_indices() {
            check(&text[..at]);
            check(&text[at..]);
        }
    }
}

#[test]
fn long_texts_take_time_as_they_are_long() {
    let parts = [
        "<",
        "<td",
        "<td>",
        "<tr><td rowspan=999>",
        "</table>",
        "|",
        "| a ",
        "|\n\n",
        "&",
        "& a\n",
        "\\\\",
        "{",
        "{{[",
        "%\n",
        "\\hline ",
        "\\begin{tabular}",
        "\\begin{tabular}\n",
        "\\multicolumn{9}{c}{",
        "a  ",
        "a  b\n",
        "a <= b\n",
        "\t",
        "\t\n",
        "1 2 3\n",
        "\n",
        "- ",
        "--\n",
        "├",
        "\\begin{bmatrix} & \\\\ ",
    ];
    for part in parts {
        check(&part.repeat(100_000 / part.len()));
    }
    for (before, cell, after) in
        [("|", " 1 |", ""), ("", "1\t", "2"), ("<tr>", "<td>1", ""), ("", "1 & ", r"2 \\"), ("", "12  ", "3")]
    {
        let line = format!("{before}{}{after}\n", cell.repeat(10_000));
        let text = line.repeat(3);
        let plain = plain(&text);
        let grids = grids(&plain);
        assert!(grids[0].columns >= 10_000, "{before}{cell}");
        assert_eq!(grids[0].rows.len(), 3);
    }
}

proptest::proptest! {
    #[test]
    fn nothing_that_is_pasted_panics(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        check(&pieces.concat());
    }
}

/// What tables are made of.
const PIECES: &[&str] = &[
    "|",
    "\n",
    " ",
    "  ",
    "\t",
    "a",
    "é",
    "3×3",
    "12",
    "-",
    "---",
    "+",
    "&",
    "\\\\",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "(",
    "%",
    "$",
    "\\hline",
    "\\multicolumn",
    "\\multirow",
    "\\makecell",
    "{2}",
    "\\begin{tabular}",
    "\\end{tabular}",
    "\\begin{bmatrix}",
    "\\end{bmatrix}",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "<td colspan=3>",
    "<th rowspan=2>",
    "</td>",
    "<",
    ">",
    "┃",
    "━━",
    "├",
    "*",
    "^",
    "\u{202e}",
    "→",
    "–",
];
