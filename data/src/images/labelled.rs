//! Pictures whose classes a table says: which files there are, which rows, and whether each has the other.

use std::collections::BTreeMap;
use std::path::Path;

use fovea_graph::{Stop, counted};

use super::listing::{Listed, Listing};
use super::walk::{self, Item};
use crate::error::{Clause, DataError};
use crate::source::{Broken, Column, FileLabels, Images};
use crate::table::classes::Classes;
use crate::table::rows::Rows;

/// So many files or rows are named in a message.
const NAMED: usize = 3;

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
    let (mut told, mut lost): (BTreeMap<usize, Told>, Vec<(u64, String)>) = (BTreeMap::new(), Vec::new());
    rows.each(stop, |row| {
        let (name, line) = (row.word(0)?, row.line);
        let Some(at) = pictures.find(&name) else {
            lost.push((line, name));
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
    without_file(images, &rows, &lost, &mut left_out)?;
    without_row(images, &rows, &pictures, &told, &mut left_out)?;
    if told.is_empty() {
        let message = format!("none of its rows names a picture in `{}`", images.folder.display());
        return Err(rows.unfit(message).help("a file's name stands in the first column, the way from that folder").into());
    }
    let mut classes = Classes::default();
    told.values().for_each(|told| classes.add(told.word.clone()));
    let (classes, of) = classes.told(&rows)?;
    let mut of = told.keys().copied().zip(of).collect::<BTreeMap<_, _>>();
    let listed = pictures.items.into_iter().enumerate();
    let files = listed.filter_map(|(at, item)| Some(Listed { item, class: of.remove(&at)?, is_test: false }));
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

/// Says which rows name no file, or leaves them out.
fn without_file(
    images: &Images,
    rows: &Rows,
    lost: &[(u64, String)],
    left_out: &mut Vec<String>,
) -> Result<(), DataError> {
    let table = rows.path().display();
    match images.broken {
        Broken::Skip => {
            left_out.extend(lost.iter().map(|(line, name)| format!("`{name}`: line {line} of `{table}` names it, and it is not there")));
        }
        Broken::Refuse if !lost.is_empty() => {
            let names = some(lost.iter().map(|(line, name)| format!("`{name}` (line {line})")), lost.len());
            let message = format!("{} of it has no picture in `{}`: {names}", counted(lost.len(), "row"), images.folder.display());
            let unfit = rows.unfit(message).expected("a picture for every row");
            return Err(unfit.help("`skip broken` leaves such rows out and says how many").into());
        }
        Broken::Refuse => {}
    }
    Ok(())
}

/// Says which pictures no row names, or leaves them out.
fn without_row(
    images: &Images,
    rows: &Rows,
    pictures: &Pictures,
    told: &BTreeMap<usize, Told>,
    left_out: &mut Vec<String>,
) -> Result<(), DataError> {
    let is_unlabelled = |&(at, item): &(usize, &Item)| item.is_named_as_picture() && !told.contains_key(&at);
    let unlabelled: Vec<&Item> =
        pictures.items.iter().enumerate().filter(is_unlabelled).map(|(_, item)| item).collect();
    match images.broken {
        Broken::Skip => {
            let why = format!("no row of `{}` names it", rows.path().display());
            left_out.extend(unlabelled.iter().map(|item| format!("`{}`: {why}", item.path.display())));
        }
        Broken::Refuse if !unlabelled.is_empty() => {
            let names = some(unlabelled.iter().map(|item| format!("`{}`", item.path.display())), unlabelled.len());
            let count = counted(unlabelled.len(), "picture");
            let message = format!("{count} of `{}` has no row in it: {names}", images.folder.display());
            let unfit = rows.unfit(message).expected("a row for every picture");
            return Err(unfit.help("`skip broken` leaves such pictures out and says how many").into());
        }
        Broken::Refuse => {}
    }
    Ok(())
}

/// The first few of some names.
fn some(names: impl Iterator<Item = String>, count: usize) -> String {
    let named = names.take(NAMED).collect::<Vec<_>>().join(", ");
    if count > NAMED { format!("{named} and {} more", count - NAMED) } else { named }
}

impl Pictures {
    fn of(folder: &Path, stop: &dyn Stop) -> Result<Self, DataError> {
        let items = walk::files(folder, stop)?;
        let (mut by_name, mut by_stem) = (BTreeMap::new(), BTreeMap::new());
        for (at, item) in items.iter().enumerate() {
            let name = plain(&item.path.strip_prefix(folder).unwrap_or(&item.path).to_string_lossy());
            if item.is_named_as_picture() {
                let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_string();
                by_stem.entry(stem).and_modify(|place| *place = None).or_insert(Some(at));
            }
            by_name.insert(name, at);
        }
        Ok(Self { items, by_name, by_stem })
    }

    /// The picture of this name; its ending may be left out.
    fn find(&self, name: &str) -> Option<usize> {
        let name = plain(name);
        self.by_name.get(&name).copied().or_else(|| self.by_stem.get(&name).copied().flatten())
    }
}

/// A way in a folder, as every system writes it.
fn plain(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.strip_prefix("./").unwrap_or(&name).to_string()
}
