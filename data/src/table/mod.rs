//! Tables of comma-separated values: a row a sample, of which one cell is its class; and tables of labels.

pub(crate) mod classes;
pub(crate) mod rows;
mod values;

use fovea_graph::shape::join;
use fovea_graph::{Stop, Tensor, counted};

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::part::Dealt;
use crate::source::Table;
use crate::split::Parts;
use classes::Classes;
use rows::Rows;
use values::Values;

/// A table, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    rows: Rows,
    /// Which column is the class.
    label: usize,
    labels: Vec<u32>,
    /// How many values a sample has.
    size: usize,
    parts: Parts,
}

/// Looks at all cells: whether each is a number, and what the classes are.
pub(crate) fn open(table: &Table, size: Option<[usize; 2]>, stop: &dyn Stop) -> Result<(Description, Read), DataError> {
    if size.is_some() {
        let unfit = Unfit::new(Clause::Size, &table.path, "a table's samples keep the size they have");
        return Err(unfit.help("leave `size` out; `shape` says what a sample is").into());
    }
    let mut rows = Rows::open(Clause::Samples, &table.path)?;
    let label = rows.column(&table.label)?;
    if !rows.is_headed() && rows.first().iter().enumerate().any(|(at, cell)| at != label && !values::is_number(cell)) {
        rows.skip_head();
    }
    let (mut classes, mut size) = (Classes::default(), 0);
    let mut values = Values::default();
    rows.each(stop, |row| {
        classes.add(row.word(label)?);
        values.check(row, label)?;
        size = row.len() - 1;
        Ok(())
    })?;
    if size == 0 {
        return Err(rows.unfit("it has no column but that of the classes").into());
    }
    let (names, labels) = classes.told(&rows)?;
    let shape = shape(table, size)?;
    let parts = table.split.unwrap_or_default().deal(&labels, names.len());
    if parts.test.is_empty() {
        let unfit = rows.unfit("each class has one row, to train on: none is left to test");
        return Err(unfit.found(counted(labels.len(), "row")).expected("two or more of a class").into());
    }
    let description = Description { shape, positions: Vec::new(), classes: names, counts: parts.counts() };
    Ok((description, Read { rows, label, labels, size, parts }))
}

/// The shape that a row's values are given.
fn shape(table: &Table, size: usize) -> Result<Vec<usize>, DataError> {
    let Some(said) = &table.shape else { return Ok(vec![size]) };
    if said.iter().try_fold(1usize, |product, &side| product.checked_mul(side)) == Some(size) {
        return Ok(said.clone());
    }
    let values = counted(size, "value");
    let message = format!("a row has {values} besides its class and cannot be {}", join(said));
    Err(Unfit::new(Clause::Shape, &table.path, message).found(join(said)).expected(values).into())
}

impl Read {
    /// How the rows are dealt out.
    pub(crate) fn dealt(&self) -> Dealt {
        Dealt { parts: self.parts.clone(), labels: self.labels.clone() }
    }

    /// Reads the samples.
    pub(crate) fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let mut values = Values::with_room(self.labels.len() * self.size);
        self.rows.each(stop, |row| values.keep(row, self.label))?;
        let shape = [&[self.labels.len()], &known.shape[..]].concat();
        let images = Tensor::from_shape_vec(shape, values.kept()).map_err(|_| self.rows.changed())?;
        let labels = Labels::Class(self.labels.clone());
        let data = Dataset::new(name, images.into(), labels, known.classes.clone()).dealt(self.parts.clone());
        Ok(Dataset { attribution: format!("rows of `{}`", self.rows.path().display()), ..data })
    }
}
