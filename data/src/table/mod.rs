//! Tables of comma-separated values: a row a sample, of which some cells may be what it is labelled with; and tables of labels.

pub(crate) mod classes;
mod labels;
pub(crate) mod rows;
mod values;

use fovea_graph::shape::join;
use fovea_graph::{Stop, Tensor, counted};

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::LabelKind;
use crate::part::Dealt;
use crate::source::Table;
use crate::split::Parts;
use labels::{Look, Meaning};
use rows::Rows;
use values::Values;

/// A table, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    rows: Rows,
    /// Which columns are the labels, and what they mean.
    columns: Vec<usize>,
    meaning: Meaning,
    count: usize,
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
    let columns = label_columns(table, &mut rows)?;
    let is_word = |(at, cell): (usize, &String)| !columns.contains(&at) && !values::is_number(cell);
    if !rows.is_headed() && rows.first().iter().enumerate().any(is_word) {
        rows.skip_head();
    }
    let (mut look, mut values, mut count) = (Look::of(&columns, table.read_as), Values::default(), 0);
    rows.each(stop, |row| {
        look.add(row)?;
        values.check(row, &columns)?;
        count += 1;
        Ok(())
    })?;
    let size = rows.first().len() - columns.len();
    if size == 0 {
        return Err(rows.unfit("it has no column but those of the labels").into());
    }
    let (names, meaning) = look.meaning(&rows)?;
    if let Meaning::Numbers(_) | Meaning::Several(_) = meaning {
        rows.each(stop, |row| columns.iter().try_for_each(|&column| labels::row_number(row, column).map(drop)))?;
    }
    let shape = shape(table, size)?;
    let parts = match (&meaning, table.split) {
        // Without labels they are one part, unless a split is asked for.
        (Meaning::Nothing, None) => Parts { train: (0..count).collect(), ..Parts::default() },
        (Meaning::Classes(of), split) => split.unwrap_or_default().deal(of, names.len()),
        (_, split) => split.unwrap_or_default().deal(&vec![0; count], 1),
    };
    if parts.test.is_empty() && !(meaning == Meaning::Nothing && table.split.is_none()) {
        return Err(labels::none_to_test(&rows, &meaning, count));
    }
    let description = Description { shape, positions: Vec::new(), classes: names, counts: parts.counts() };
    Ok((description, Read { rows, columns, meaning, count, size, parts }))
}

/// Which columns are the labels; none twice.
fn label_columns(table: &Table, rows: &mut Rows) -> Result<Vec<usize>, DataError> {
    let mut columns = Vec::new();
    for column in &table.labels {
        let at = rows.column(column)?;
        if columns.contains(&at) {
            let message = format!("column {} is named twice among its labels", at + 1);
            return Err(Unfit::new(Clause::Labels, &table.path, message).expected("each column once").into());
        }
        columns.push(at);
    }
    Ok(columns)
}

/// The shape that a row's values are given.
fn shape(table: &Table, size: usize) -> Result<Vec<usize>, DataError> {
    let Some(said) = &table.shape else { return Ok(vec![size]) };
    if said.iter().try_fold(1usize, |product, &side| product.checked_mul(side)) == Some(size) {
        return Ok(said.clone());
    }
    let values = counted(size, "value");
    let message = format!("a row has {values} besides its labels and cannot be {}", join(said));
    Err(Unfit::new(Clause::Shape, &table.path, message).found(join(said)).expected(values).into())
}

impl Read {
    /// How the rows are dealt out.
    pub(crate) fn dealt(&self) -> Dealt {
        Dealt { parts: self.parts.clone(), labels: self.meaning.classes().to_vec() }
    }

    /// What kind of labels the rows have.
    pub(crate) fn kind(&self) -> LabelKind {
        self.meaning.kind()
    }

    /// Reads the samples.
    pub(crate) fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let mut values = Values::with_room(self.count * self.size);
        self.rows.each(stop, |row| values.keep(row, &self.columns))?;
        let shape = [&[self.count], &known.shape[..]].concat();
        let images = Tensor::from_shape_vec(shape, values.kept()).map_err(|_| self.rows.changed())?;
        let labels = labels::read(&self.meaning, &self.columns, &self.rows, self.count, stop)?;
        let data = Dataset::new(name, images.into(), labels, known.classes.clone()).dealt(self.parts.clone());
        Ok(Dataset { attribution: format!("rows of `{}`", self.rows.path().display()), ..data })
    }
}
