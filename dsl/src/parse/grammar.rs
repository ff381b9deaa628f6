//! The parser that `grammar.pest` generates.
#![allow(missing_docs)]

/// `grammar.pest`
#[derive(pest_derive::Parser)]
#[grammar = "grammar.pest"]
pub(super) struct Grammar;
