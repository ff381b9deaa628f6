//! `library`: the networks that come with the language.

use fovea_dsl::library;
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::Failure;
use crate::world::World;

struct List;

/// Nothing can be wrong with it.
pub fn check() -> Checked {
    Ok(Box::new(List))
}

impl Job for List {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let nets = library::list();
        let mut table = Table::new([Column::left("net"), Column::left("what it is")]);
        nets.iter().for_each(|(name, about)| table.row([name, about]));
        let data: Vec<Value> = nets.iter().map(|(name, about)| json!({ "net": name, "about": about })).collect();
        Ok(Output::page("library", &Page::default().table(table), json!({ "nets": data })))
    }
}
