//! `library`: the networks that come with the language. `library resnet50`: the text of one.

use fovea_dsl::syntax::Name;
use fovea_dsl::verb::Library;
use fovea_dsl::{Diagnostic, Stage, library};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::Failure;
use crate::lookup::suggest;
use crate::world::{Names, World};

struct List;

struct Text {
    net: String,
    text: String,
}

/// Checks that the library has the net.
pub fn check(said: &Library, names: &Names) -> Checked {
    let Some(net) = &said.net else { return Ok(Box::new(List)) };
    match library::text(&net.text) {
        Some(text) => Ok(Box::new(Text { net: net.text.clone(), text })),
        None => Err(not_there(net, names).into()),
    }
}

fn not_there(net: &Name, names: &Names) -> Diagnostic {
    let mistake = Diagnostic::new(Stage::Names, net.span, format!("the library has no net `{}`", net.text));
    if names.nets.contains_key(&net.text) {
        let help = format!("`{0}` is the session's own: `explain {0}` shows it", net.text);
        return mistake.found(&net.text).help(help);
    }
    let known = library::list().into_iter().map(|(name, _)| name);
    suggest(mistake, (&net.text, net.span), known, "`library` lists those that are there".to_string())
}

impl Job for List {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let nets = library::list();
        let mut table = Table::new([Column::left("net"), Column::left("what it is").wrapped_at(57)]);
        nets.iter().for_each(|(name, about)| table.row([name, about]));
        let data: Vec<Value> = nets.iter().map(|(name, about)| json!({ "net": name, "about": about })).collect();
        Ok(Output::page("library", &Page::default().table(table), json!({ "nets": data })))
    }
}

impl Job for Text {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let page = Page::default().code(self.text.trim_end());
        Ok(Output::page("library", &page, json!({ "net": self.net, "text": self.text })))
    }
}
