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
        "conv2 _x |  | [ 3 , 3 ; 3 , 3 ] | R D 5",
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
