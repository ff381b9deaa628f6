//! The answer to `summary`.

use super::number;
use super::page::Page;
use super::table::{Column, Table};
use serde::Serialize;
use std::ops::Range;

/// What a net is made of. As data it is `{"verb":"summary","net":…,"layers":[…],"totals":{…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verb", rename = "summary")]
pub struct Summary {
    /// The net's name.
    pub net: String,
    /// A row a layer, in order.
    pub layers: Vec<SummaryRow>,
    /// The sums.
    pub totals: Totals,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SummaryRow {
    /// Its name: `conv1`.
    pub name: String,
    /// The language's word for what it does: `conv`.
    pub kind: String,
    /// The shape of its output for one picture, without the batch.
    pub output: Vec<usize>,
    /// Parameters: weights and biases.
    pub params: u64,
    /// Multiplications whose product is added, for one picture.
    pub macs: u64,
    /// Floating-point operations, for one picture; a MAC is two.
    pub flops: u64,
    /// Memory of its output for one picture, in bytes.
    pub bytes: u64,
    /// How many elements of the input one element of its output sees along each spatial axis, those beyond its edges
    /// included; empty where it has no axes left, and each sees all.
    pub receptive_field: Vec<usize>,
}

/// A net's sums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Parameters.
    pub params: u64,
    /// MACs for one picture.
    pub macs: u64,
    /// Floating-point operations for one picture.
    pub flops: u64,
    /// Memory of all outputs for one picture, in bytes.
    pub activation_bytes: u64,
    /// Memory of a training run as planned, in bytes: of its steps, of a smaller last batch, of its tests, and of the data.
    pub train_bytes: u64,
    /// How much of that is the data's; 0 where none are named, or where they are not in the device's memory.
    pub data_bytes: u64,
}

impl Summary {
    /// The table and the sums, a row a layer; a training run is one of steps of `batch` pictures.
    pub fn page(&self, batch: usize) -> Page {
        self.page_of(batch, &[])
    }

    /// The same with rows that each stand for several layers.
    pub(super) fn page_of(&self, batch: usize, folds: &[Fold]) -> Page {
        let mut table = Table::new([
            Column::path(if self.net.is_empty() { "layer" } else { &self.net }).at_most(40),
            Column::left("output"),
            Column::right("memory"),
            Column::right("parameters"),
            Column::right("MACs"),
            Column::right("FLOPs"),
            Column::right("receptive field"),
        ]);
        for (title, layer) in self.rows(folds) {
            table.row([
                title,
                number::shape(&layer.output),
                number::bytes(layer.bytes),
                dash(layer.params, number::count),
                dash(layer.macs, si),
                dash(layer.flops, si),
                layer.sees(),
            ]);
        }
        let totals = &self.totals;
        table.rule();
        table.row([
            "total".to_string(),
            String::new(),
            number::bytes(totals.activation_bytes),
            number::count(totals.params),
            si(totals.macs),
            si(totals.flops),
            String::new(),
        ]);
        // A parameter is an f32.
        let weights = number::bytes(totals.params.saturating_mul(4));
        let mut sums = format!("{} ({weights})", number::of(totals.params as usize, "parameter"));
        if totals.train_bytes > 0 {
            let data = match totals.data_bytes {
                0 => "data apart".to_string(),
                data => format!("{} of it the data", number::bytes(data)),
            };
            sums += &format!(" · training takes {} (batch {batch}; {data})", number::bytes(totals.train_bytes));
        }
        Page::default().table(table).text(sums)
    }
}

/// Layers that share a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fold {
    /// Which rows they are, by position.
    pub rows: Range<usize>,
    /// What stands there in place of a name.
    pub title: String,
}

impl Summary {
    /// The rows with their titles; a fold's has the sums of its layers, and the last one's output and receptive field.
    fn rows(&self, folds: &[Fold]) -> Vec<(String, SummaryRow)> {
        let mut rows = Vec::with_capacity(self.layers.len());
        let mut at = 0;
        while let Some(layer) = self.layers.get(at) {
            let fold = folds.iter().find(|fold| fold.rows.start == at && fold.rows.end <= self.layers.len());
            let Some((fold, (last, others))) =
                fold.and_then(|fold| Some((fold, self.layers[fold.rows.clone()].split_last()?)))
            else {
                rows.push((layer.title(), layer.clone()));
                at += 1;
                continue;
            };
            let mut sum = last.clone();
            for layer in others {
                sum.params = sum.params.saturating_add(layer.params);
                sum.macs = sum.macs.saturating_add(layer.macs);
                sum.flops = sum.flops.saturating_add(layer.flops);
                sum.bytes = sum.bytes.saturating_add(layer.bytes);
            }
            rows.push((fold.title.clone(), sum));
            at = fold.rows.end;
        }
        rows
    }
}

impl SummaryRow {
    /// The name, with the kind behind it where the name's last part does not begin with it.
    fn title(&self) -> String {
        let own = self.name.rsplit('.').next().unwrap_or_default();
        if own.starts_with(&self.kind) { self.name.clone() } else { format!("{} ({})", self.name, self.kind) }
    }
}

impl SummaryRow {
    /// The receptive field, `all` where nothing of the input's axes is left.
    fn sees(&self) -> String {
        if self.receptive_field.is_empty() { "all".to_string() } else { number::shape(&self.receptive_field) }
    }
}

fn si(number: u64) -> String {
    number::si(number as f64, "")
}

/// A number, or a dash for 0: a column of zeros hides the rest.
fn dash(number: u64, write: impl Fn(u64) -> String) -> String {
    if number == 0 { "–".to_string() } else { write(number) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lenet() -> Summary {
        let row = |name: &str, kind: &str, output: &[usize], params, macs, bytes, sees: &[usize]| SummaryRow {
            receptive_field: sees.into(),
            name: name.into(),
            kind: kind.into(),
            output: output.into(),
            params,
            macs,
            flops: macs * 2,
            bytes,
        };
        Summary {
            net: "small".into(),
            layers: vec![
                row("conv1", "conv", &[28, 28, 6], 156, 117_600, 18_816, &[5, 5]),
                row("scores", "fc", &[10], 47_050, 47_040, 40, &[]),
            ],
            totals: Totals {
                params: 47_206,
                macs: 164_640,
                flops: 329_280,
                activation_bytes: 18_856,
                train_bytes: 1_250_000,
                data_bytes: 0,
            },
        }
    }

    #[test]
    fn reads_as_a_table() {
        assert_eq!(
            lenet().page(2).to_string(),
            "\
small        output    memory  parameters    MACs   FLOPs  receptive field
───────────  ───────  ───────  ──────────  ──────  ──────  ───────────────
conv1        28×28×6  18.8 kB         156   118 k   235 k              5×5
scores (fc)  10          40 B      47,050  47.0 k  94.1 k              all
───────────  ───────  ───────  ──────────  ──────  ──────  ───────────────
total                 18.9 kB      47,206   165 k   329 k

47,206 parameters (189 kB) · training takes 1.2 MB (batch 2; data apart)"
        );
    }

    #[test]
    fn says_how_much_of_the_memory_is_the_datas() {
        let mut summary = lenet();
        summary.totals.data_bytes = 200_000;
        let text = summary.page(2).to_string();
        assert!(text.ends_with(" · training takes 1.2 MB (batch 2; 200 kB of it the\ndata)"), "{text}");
    }

    #[test]
    fn has_the_keys_that_scripts_read() {
        let json = serde_json::to_string(&lenet()).unwrap();
        assert!(
            json.starts_with(r#"{"verb":"summary","net":"small","layers":[{"name":"conv1","kind":"conv","output":[28,28,6],"params":156,"macs":117600,"flops":235200,"bytes":18816,"receptive_field":[5,5]}"#),
            "{json}"
        );
        assert!(json.ends_with(r#""totals":{"params":47206,"macs":164640,"flops":329280,"activation_bytes":18856,"train_bytes":1250000,"data_bytes":0}}"#), "{json}");
    }
}
