//! Pictures whose classes a table says: which files there are, which rows, and whether each has the other.

use std::collections::BTreeMap;
use std::path::Path;

use fovea_graph::{Stop, counted};

use super::listing::{Listed, Listing};
use super::pairs::{Alone, plain, stem, without};
use super::walk::{self, Item};
use crate::error::{Clause, DataError};
use crate::source::{Column, FileLabels, Images};
use crate::table::classes::Classes;
use crate::table::rows::Rows;

/// The pictures of a folder, by the names that a table has for them.
struct Pictures {
    items: Vec<Item>,
    /// Places in `items`, by the way from the folder; and by that without its ending, where only one has it.
    by_name: BTreeMap<String, usize>,
    by_stem: BTreeMap<String, Option<usize>>,
}

/// What a row says of a picture.
struct Told {
    line: u64,
    word: String,
}

/// Looks at names, and at the table.
pub(super) fn list(images: &Images, labels: &FileLabels, stop: &dyn Stop) -> Result<Listing, DataError> {
    let pictures = Pictures::of(&images.folder, stop)?;
    let mut rows = Rows::open(Clause::Labels, &labels.path)?;
    let column = class_column(&mut rows, labels.column.as_ref())?;
    let first = rows.first().first().cloned().unwrap_or_default();
    if !rows.is_headed() && pictures.find(&first).is_none() && !walk::is_named_as_picture(Path::new(&first)) {
        rows.skip_head();
    }
    let (mut told, mut lost): (BTreeMap<usize, Told>, Vec<Alone>) = (BTreeMap::new(), Vec::new());
    rows.each(stop, |row| {
        let (name, line) = (row.word(0)?, row.line);
        let Some(at) = pictures.find(&name) else {
            let why = format!("line {line} of `{}` names it, and it is not there", labels.path.display());
            lost.push(Alone { name: format!("`{name}` (line {line})"), why });
            return Ok(());
        };
        let word = row.word(column)?;
        match told.get(&at) {
            Some(earlier) if earlier.word != word => {
                let message = format!("`{name}` is `{word}`, and `{}` in line {}", earlier.word, earlier.line);
                Err(row.wrong(column, message).expected("one class a file").into())
            }
            Some(_) => Ok(()),
            None => {
                told.insert(at, Told { line, word });
                Ok(())
            }
        }
    })?;
    let mut left_out = Vec::new();
    let (table, folder) = (rows.path().display(), images.folder.display());
    without(images.broken, &lost, &mut left_out, |count, names| {
        let message = format!("{} of it has no picture in `{folder}`: {names}", counted(count, "row"));
        rows.unfit(message).expected("a picture for every row")
    })?;
    let alone: Vec<Alone> = pictures
        .unnamed(&told)
        .map(|item| Alone { name: format!("`{}`", item.path.display()), why: format!("no row of `{table}` names it") })
        .collect();
    without(images.broken, &alone, &mut left_out, |count, names| {
        let message = format!("{} of `{folder}` has no row in it: {names}", counted(count, "picture"));
        rows.unfit(message).expected("a row for every picture")
    })?;
    if told.is_empty() {
        let message = format!("none of its rows names a picture in `{}`", images.folder.display());
        return Err(rows
            .unfit(message)
            .help("a file's name stands in the first column, the way from that folder")
            .into());
    }
    let mut classes = Classes::default();
    told.values().for_each(|told| classes.add(told.word.clone()));
    let (classes, of) = classes.told(&rows)?;
    let mut of = told.keys().copied().zip(of).collect::<BTreeMap<_, _>>();
    let listed = pictures.items.into_iter().enumerate();
    let files =
        listed.filter_map(|(at, item)| Some(Listed { item, class: of.remove(&at)?, is_test: false, mask: None }));
    Ok(Listing { classes, files: files.collect(), is_parted: false, remarks: Vec::new(), left_out })
}

/// Which column has the classes.
fn class_column(rows: &mut Rows, said: Option<&Column>) -> Result<usize, DataError> {
    let count = rows.first().len();
    match said {
        Some(column) => rows.column(column),
        None if count == 2 => Ok(1),
        None => {
            let columns: Vec<String> = rows.first().iter().map(|cell| format!("`{cell}`")).collect();
            let unfit = rows.unfit(format!("it has {}: which has the classes?", counted(count, "column")));
            let unfit = unfit.found(columns.join(", ")).expected("a file's name and its class");
            Err(unfit.help("`column \"breed\"` says it behind the table, or `column 2` by its number").into())
        }
    }
}

impl Pictures {
    fn of(folder: &Path, stop: &dyn Stop) -> Result<Self, DataError> {
        let items = walk::files(folder, stop)?;
        let (mut by_name, mut by_stem) = (BTreeMap::new(), BTreeMap::new());
        for (at, item) in items.iter().enumerate() {
            let name = plain(&item.path.strip_prefix(folder).unwrap_or(&item.path).to_string_lossy());
            if item.is_named_as_picture() {
                by_stem.entry(stem(&name).to_string()).and_modify(|place| *place = None).or_insert(Some(at));
            }
            by_name.insert(name, at);
        }
        Ok(Self { items, by_name, by_stem })
    }

    /// Those that no row names.
    fn unnamed(&self, told: &BTreeMap<usize, Told>) -> impl Iterator<Item = &Item> {
        let is_unnamed = |&(at, item): &(usize, &Item)| item.is_named_as_picture() && !told.contains_key(&at);
        self.items.iter().enumerate().filter(is_unnamed).map(|(_, item)| item)
    }

    /// The picture of this name; its ending may be left out.
    fn find(&self, name: &str) -> Option<usize> {
        let name = plain(name);
        self.by_name.get(&name).copied().or_else(|| self.by_stem.get(&name).copied().flatten())
    }
}
