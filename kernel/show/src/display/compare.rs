//! The answer to `compare`.

use super::number;
use super::page::Page;
use super::table::{Column, Table};
use serde::Serialize;

/// Nets side by side. As data it is `{"verb":"compare","nets":[{"net":…,"params":…,…}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verb", rename = "compare")]
pub struct Comparison {
    /// A row a net, in the order asked for.
    pub nets: Vec<Compared>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The net's name.
    pub net: String,
    /// The shape of one picture.
    pub input: Vec<usize>,
    /// How many layers with weights lie on the longest way through it: what ResNet-50 counts 50 of.
    pub depth: usize,
    /// Parameters.
    pub params: u64,
    /// Multiplications whose product is added, for one picture.
    pub macs: u64,
    /// Floating-point operations for one picture; a MAC is two.
    pub flops: u64,
    /// Memory of all layers' outputs for one picture, in bytes.
    pub activation_bytes: u64,
}

impl Comparison {
    /// The table, and what its figures are.
    pub fn page(&self) -> Page {
        let mut table = Table::new([
            Column::left("net").at_most(40),
            Column::left("input"),
            Column::right("depth"),
            Column::right("parameters"),
            Column::right("MACs"),
            Column::right("FLOPs"),
            Column::right("memory"),
        ]);
        for net in &self.nets {
            table.row([
                net.net.clone(),
                number::shape(&net.input),
                net.depth.to_string(),
                number::count(net.params),
                number::si(net.macs as f64, ""),
                number::si(net.flops as f64, ""),
                number::bytes(net.activation_bytes),
            ]);
        }
        let note = "MACs, FLOPs and the memory of all outputs for one picture; depth counts layers with weights";
        Page::default().table(table).text(note)
    }
}
