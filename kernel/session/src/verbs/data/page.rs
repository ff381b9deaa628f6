//! What is said of data: how many, of which class, and what was left out.

use fovea_data::{Dataset, Labels};
use fovea_graph::counted;
use fovea_graph::shape::join;
use serde_json::{Value, json};

use crate::display::{Column, Page, Table, number};
use crate::samples::labelled;

/// So many classes, or files that were left out, are listed.
const LISTED: usize = 40;

/// A class, and how many of it there are.
pub(super) struct Class<'a> {
    name: &'a str,
    train: usize,
    validation: usize,
    test: usize,
}

impl Class<'_> {
    pub fn as_data(&self) -> Value {
        json!({ "class": self.name, "train": self.train, "validation": self.validation, "test": self.test })
    }
}

/// How many there are of each class; none where a class is not a sample's.
pub(super) fn by_class(data: &Dataset) -> Vec<Class<'_>> {
    if !matches!(data.labels, Labels::Class(_)) {
        return Vec::new();
    }
    let mut counts = vec![[0; 3]; data.classes.len()];
    for (part, indices) in [&data.train, &data.validation, &data.test].into_iter().enumerate() {
        let classes = indices.iter().filter_map(|&index| data.labels.class(index));
        classes.for_each(|class| counts[class as usize][part] += 1);
    }
    let counted = data.classes.iter().zip(counts);
    counted.map(|(name, [train, validation, test])| Class { name, train, validation, test }).collect()
}

/// How many samples there are, of what shape, and of how many classes.
pub(super) fn head(name: &str, data: &Dataset) -> String {
    let (train, shape) = (data.train.len(), data.shape());
    let what = if shape.len() == 3 { "picture" } else { "sample" };
    let watched = match data.validation.len() {
        0 => String::new(),
        count => format!(", {count} to validate with"),
    };
    format!(
        "{name}: {} to train on{watched} and {} to test, {}, {}",
        counted(train, what),
        data.test.len(),
        join(shape),
        labelled(data)
    )
}

/// What is said of people's own data: how many, of which class, and what was left out.
pub(super) fn page(head: String, data: &Dataset, by_class: &[Class<'_>]) -> Page {
    let is_watched = !data.validation.is_empty();
    let heads = ["train", "validation", "test"].into_iter().filter(|&part| part != "validation" || is_watched);
    let mut table = Table::new([Column::left("class").at_most(40)].into_iter().chain(heads.map(Column::right)));
    for class in by_class.iter().take(LISTED) {
        let count = |count: usize| number::count(count as u64);
        let watched = is_watched.then(|| count(class.validation));
        let counts = [Some(count(class.train)), watched, Some(count(class.test))].into_iter().flatten();
        table.row([class.name.to_string()].into_iter().chain(counts));
    }
    let mut page = Page::default().text(head);
    if !by_class.is_empty() {
        page = page.table(table);
    }
    if by_class.len() > LISTED {
        page = page.text(format!("… and {} more", counted(by_class.len() - LISTED, "class")));
    }
    if !data.left_out.is_empty() {
        let mut lines = data.left_out.iter().take(LISTED).cloned().collect::<Vec<_>>();
        if data.left_out.len() > LISTED {
            lines.push(format!("… and {} more", data.left_out.len() - LISTED));
        }
        page = page.section(
            format!("{} left out:", counted(data.left_out.len(), "file")),
            Page::default().code(lines.join("\n")),
        );
    }
    data.remarks.iter().fold(page, |page, remark| page.text(remark))
}
