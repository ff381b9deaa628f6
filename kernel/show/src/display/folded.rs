//! A summary in which blocks, and long chains that repeat, are one row each.

use std::ops::Range;

use super::diagram::told_blocks;
use super::page::Page;
use super::summary::{Fold, Summary};
use crate::architecture::{Architecture, LayerBox};

/// A chain that repeats keeps its rows, where folding it saved fewer.
const FEWEST_SAVED: usize = 10;

impl Summary {
    /// The table with one row for each block and each long chain that repeats, and what stands in the blocks. `rows` gives
    /// the row of a layer, by its position in the net.
    pub fn folded_page(&self, batch: usize, net: &Architecture, row: impl Fn(usize) -> Option<usize>) -> Page {
        let folds: Vec<Fold> = net.diagram.boxes.iter().flat_map(|one| self.folds(one, &row)).collect();
        let page = self.page_of(batch, &folds);
        if folds.is_empty() {
            return page;
        }
        let several = "A row of several layers has the sums of their figures, and the output and the receptive field of the last.";
        let page = page.text(format!("{several} `summary {} all` has a row a layer.", self.net));
        told_blocks(page, &net.blocks, None)
    }

    /// The rows that share one in a box.
    fn folds(&self, one: &LayerBox, row: &impl Fn(usize) -> Option<usize>) -> Vec<Fold> {
        let rows = |layers: Range<usize>| {
            let mut rows = layers.filter_map(row);
            let first = rows.next()?;
            Some(first..rows.last().unwrap_or(first) + 1)
        };
        let saved = one.layers.len().saturating_sub(1);
        if one.block.is_none() && (one.count < 2 || saved < FEWEST_SAVED) {
            return Vec::new();
        }
        let behind = one.layers.start + one.lead_layers;
        let lead = rows(one.layers.start..behind).map(|rows| (rows, 1));
        let rest = rows(behind..one.layers.end).map(|rows| (rows, one.count - usize::from(one.lead_layers > 0)));
        let folds = lead.into_iter().chain(rest);
        // Layers of blocks that fold by themselves say which they are.
        let word = one.label.split(' ').next().filter(|_| one.block.is_none());
        folds.map(|(rows, count)| Fold { title: self.title(&rows, word, count), rows }).collect()
    }

    /// `bottleneck1`, `bottleneck2–3 ×2`, `basicplain1–3: conv ×6`, `conv2 … relu7 ×6`
    fn title(&self, rows: &Range<usize>, word: Option<&str>, count: usize) -> String {
        let names = [rows.start, rows.end - 1].map(|at| self.layers[at].name.as_str());
        let said = word.map(|word| format!(": {word}")).unwrap_or_default();
        let title = match within(names) {
            Some(block) => format!("{block}{said}"),
            None => format!("{} … {}", names[0], names[1]),
        };
        if count > 1 { format!("{title} ×{count}") } else { title }
    }
}

/// The block that two layers are in, or the range of blocks from the one's to the other's: `inception1`, `bottleneck2–3`.
fn within(names: [&str; 2]) -> Option<String> {
    let [first, last] = names.map(|name| name.split('.').collect::<Vec<_>>());
    let deep = first.len().min(last.len()) - 1;
    let same = (0..deep).take_while(|&at| first[at] == last[at]).count();
    let outer = first[..same].join(".");
    match (first.get(same), last.get(same)) {
        (Some(one), Some(other)) if same < deep && stem(one) == stem(other) => {
            let dot = if same > 0 { "." } else { "" };
            Some(format!("{outer}{dot}{one}–{}", &other[stem(other).len()..]))
        }
        _ => (same > 0).then_some(outer),
    }
}

/// A name without its number.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::summary::{SummaryRow, Totals};
    use super::*;
    use crate::architecture::{BlockKind, Diagram, Family};

    fn row(name: &str, output: &[usize], figure: u64) -> SummaryRow {
        let kind = stem(name.rsplit('.').next().unwrap_or_default()).to_string();
        let (name, output, receptive_field) = (name.to_string(), output.to_vec(), vec![figure as usize; 2]);
        SummaryRow {
            name,
            kind,
            output,
            params: figure,
            macs: figure,
            flops: 2 * figure,
            bytes: figure,
            receptive_field,
        }
    }

    fn one(label: &str, layers: Range<usize>, block: Option<usize>, count: usize, lead_layers: usize) -> LayerBox {
        LayerBox {
            family: Family::Convolution,
            label: label.into(),
            then: Vec::new(),
            channels: Vec::new(),
            output: Vec::new(),
            values: [0; 2],
            count,
            first: None,
            block,
            lead: None,
            layers,
            lead_layers,
            names: Default::default(),
        }
    }

    #[test]
    fn a_folds_row_has_the_sums_of_its_layers() {
        let names = ["conv1", "b1.conv1", "b1.add1", "b2.conv1", "b2.add1", "b3.conv1", "b3.add1", "fc1"];
        let layers = names.iter().zip(1..).map(|(name, figure)| row(name, &[8, 8, 4], figure)).collect();
        let summary = Summary { net: "q".into(), layers, totals: Totals::default() };
        let boxes = vec![
            one("input", 0..1, None, 1, 0),
            one("conv 4 3×3", 1..2, None, 1, 0),
            one("b", 2..8, Some(0), 3, 2),
            one("fc 2", 8..9, None, 1, 0),
        ];
        let blocks = vec![BlockKind { name: "b".into(), uses: 2, diagram: Diagram::default() }];
        let net = Architecture { net: "q".into(), diagram: Diagram { boxes, links: Vec::new() }, blocks };
        let text = summary.folded_page(1, &net, |layer| layer.checked_sub(1)).to_string();
        let rows: Vec<&str> = text.lines().skip(2).take(4).collect();
        assert_eq!(
            rows,
            [
                "conv1    8×8×4      1 B           1     1      2              1×1",
                "b1       8×8×4      5 B           5     5     10              3×3",
                "b2–3 ×2  8×8×4     22 B          22    22     44              7×7",
                "fc1      8×8×4      8 B           8     8     16              8×8",
            ]
        );
        assert!(text.contains("`summary q all` has a row a layer") && text.contains("\nb, 2 times:"), "{text}");
    }

    #[test]
    fn a_fold_is_called_as_its_blocks() {
        let title = |first, last| within([first, last]).unwrap_or_default();
        assert_eq!(title("b1.conv1", "b1.add1"), "b1");
        assert_eq!(title("b1.c1.conv1", "b1.concat1"), "b1");
        assert_eq!(title("b1.c1.conv1", "b3.concat1"), "b1–3");
        assert_eq!(title("a1.b2.conv1", "a1.b4.conv1"), "a1.b2–4");
        assert_eq!([title("conv1", "relu8"), title("a1.conv1", "b1.conv1")], ["", ""]);
    }

    #[test]
    fn chains_fold_where_that_saves_much() {
        let layers =
            (1..=8).flat_map(|n| [row(&format!("conv{n}"), &[4, 4, 2], 1), row(&format!("relu{n}"), &[4, 4, 2], 1)]);
        let summary = Summary { net: "q".into(), layers: layers.collect(), totals: Totals::default() };
        let text = |layers: Range<usize>, count| {
            let diagram = Diagram { boxes: vec![one("conv 2 3×3", layers, None, count, 0)], links: Vec::new() };
            let net = Architecture { net: "q".into(), diagram, blocks: Vec::new() };
            summary.folded_page(1, &net, Some).to_string()
        };
        assert!(text(0..16, 8).contains("\nconv1 … relu8 ×8  4×4×2"), "{}", text(0..16, 8));
        assert_eq!(text(0..6, 3), summary.page(1).to_string());
    }
}
