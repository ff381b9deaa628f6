//! What the label columns of a table say: classes, several of them at once, or numbers.

use fovea_graph::{Stop, Tensor, counted};

use super::classes::Classes;
use super::rows::{Row, Rows};
use crate::error::DataError;
use crate::labels::{LabelKind, Labels};
use crate::source::ReadAs;

/// What label columns mean, by the rule that arrays have: whole numbers and words are classes, numbers with a point are
/// numbers; several columns of 0 and 1 are several classes at once. `as` decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing is labelled.
    Nothing,
    /// A class a sample: of the column's cells, or of several columns that which is 1.
    Classes(Vec<u32>),
    /// Any of so many classes at once, a column each.
    Several(usize),
    /// So many numbers.
    Numbers(usize),
}

impl Meaning {
    /// The kind of labels.
    pub fn kind(&self) -> LabelKind {
        match self {
            Meaning::Nothing => LabelKind::Nothing,
            Meaning::Classes(_) => LabelKind::Classes,
            Meaning::Several(classes) => LabelKind::Several(*classes),
            Meaning::Numbers(count) => LabelKind::Numbers(vec![*count]),
        }
    }

    /// The class of each sample, where it has one.
    pub fn classes(&self) -> &[u32] {
        if let Meaning::Classes(of) = self { of } else { &[] }
    }
}

/// What is seen of label columns, row by row.
pub(super) struct Look<'c> {
    columns: &'c [usize],
    said: Option<ReadAs>,
    rows: usize,
    /// The words of a single column, as long as they may be classes.
    classes: Classes,
    /// The first cell with a fraction or a power, the first that is no number, the first number that is neither 0 nor 1.
    point: Option<String>,
    word: Option<Odd>,
    other: Option<Odd>,
    /// Of several columns: which one is 1, as long as it is one in each row; else the first row that it is not.
    one_of: Result<Vec<u32>, u64>,
}

/// A cell that decides what columns cannot be.
struct Odd {
    line: u64,
    column: usize,
    cell: String,
}

impl<'c> Look<'c> {
    pub fn of(columns: &'c [usize], said: Option<ReadAs>) -> Self {
        let classes = Classes::default();
        Self { columns, said, rows: 0, classes, point: None, word: None, other: None, one_of: Ok(Vec::new()) }
    }

    /// The next row.
    pub fn add(&mut self, row: &Row<'_>) -> Result<(), DataError> {
        self.rows += 1;
        let (mut set, mut count) = (0, 0);
        for (place, &column) in self.columns.iter().enumerate() {
            let cell = row.word(column)?;
            let odd = |cell: String| Odd { line: row.line, column, cell };
            match cell.parse::<f64>() {
                Ok(number) if is_pointed(&cell) => {
                    // Not a number is one of numbers, too, and said where they are read.
                    self.point.get_or_insert(cell);
                    count += usize::from(number == 1.0);
                    set = if number == 1.0 { place } else { set };
                    if number != 0.0 && number != 1.0 {
                        self.other.get_or_insert(odd(number.to_string()));
                    }
                    continue;
                }
                Ok(number) => {
                    count += usize::from(number == 1.0);
                    set = if number == 1.0 { place } else { set };
                    if number != 0.0 && number != 1.0 {
                        self.other.get_or_insert(odd(cell));
                    }
                }
                Err(_) => drop(self.word.get_or_insert(odd(cell))),
            }
        }
        if let Ok(of) = &mut self.one_of {
            of.push(set as u32);
            if count != 1 {
                self.one_of = Err(row.line);
            }
        }
        // Of numbers there may be as many as rows: they are no classes, and none is kept.
        if let (&[column], false) = (self.columns, self.are_numbers()) {
            self.classes.add(row.word(column)?);
        }
        Ok(())
    }

    /// Whether what was seen of a single column is numbers, and no classes.
    fn are_numbers(&self) -> bool {
        match self.said {
            Some(ReadAs::Numbers) => true,
            Some(ReadAs::Classes) => false,
            None => self.point.is_some() && self.word.is_none(),
        }
    }

    /// What the columns mean, and the names of their classes.
    pub fn meaning(self, rows: &Rows) -> Result<(Vec<String>, Meaning), DataError> {
        let count = self.columns.len();
        match (self.columns, self.said) {
            ([], _) => Ok((Vec::new(), Meaning::Nothing)),
            (_, Some(ReadAs::Numbers)) => self.numbers(rows),
            (&[_], _) if self.are_numbers() => self.numbers(rows),
            (&[_], None) if self.point.is_some() => self.numbers(rows),
            (&[_], _) => {
                let (names, of) = self.classes.told(rows)?;
                Ok((names, Meaning::Classes(of)))
            }
            (columns, Some(ReadAs::Classes)) => {
                let of = self.one_of.map_err(|line| {
                    let message =
                        format!("line {line}: of its {count} label columns exactly one is 1, where they are one class");
                    let unfit = rows.unfit(message).expected("0 in all columns but one, and 1 in that");
                    DataError::from(unfit.help("without `as classes` a sample may have several classes at once"))
                })?;
                Ok((names(columns, rows), Meaning::Classes(of)))
            }
            // Only 0 and 1, with a point or without.
            (columns, None) if self.word.is_none() && self.other.is_none() => {
                Ok((names(columns, rows), Meaning::Several(count)))
            }
            (_, None) if self.point.is_some() => self.numbers(rows),
            (_, None) => self.no_classes(rows),
        }
    }

    fn numbers(self, rows: &Rows) -> Result<(Vec<String>, Meaning), DataError> {
        match &self.word {
            None => Ok((Vec::new(), Meaning::Numbers(self.columns.len()))),
            Some(Odd { line, column, cell }) => {
                let column = column + 1;
                let unfit =
                    rows.unfit(format!("line {line}, column {column}: its labels are numbers, and `{cell}` is none"));
                let unfit = unfit.found(cell.clone()).expected("a number");
                let help = "leave such rows out, or put a number there; `as classes` takes every word for a class";
                Err(unfit.help(help).into())
            }
        }
    }

    /// The mistake of several columns that are neither 0 and 1 nor numbers with a point.
    fn no_classes(self, rows: &Rows) -> Result<(Vec<String>, Meaning), DataError> {
        let odd = self.word.or(self.other);
        let (place, cell) = odd
            .map_or_else(Default::default, |odd| (format!("line {}, column {}: ", odd.line, odd.column + 1), odd.cell));
        let message =
            format!("{place}several label columns are 0 and 1, a class each, or numbers, and `{cell}` is neither");
        let unfit = rows.unfit(message).found(cell).expected("0 and 1, or numbers with a point");
        Err(unfit.help("`as numbers` takes whole numbers as numbers to come near to").into())
    }
}

/// What columns are called, by the head or by their numbers.
fn names(columns: &[usize], rows: &Rows) -> Vec<String> {
    let name = |&column: &usize| match rows.first().get(column) {
        Some(head) if rows.is_headed() && !head.is_empty() => head.clone(),
        _ => format!("column {}", column + 1),
    };
    columns.iter().map(name).collect()
}

/// The labels of so many rows, read anew.
pub(super) fn read(
    meaning: &Meaning,
    columns: &[usize],
    rows: &Rows,
    count: usize,
    stop: &dyn Stop,
) -> Result<Labels, DataError> {
    let several = match meaning {
        Meaning::Nothing => return Ok(Labels::Class(Vec::new())),
        Meaning::Classes(of) => return Ok(Labels::Class(of.clone())),
        Meaning::Several(_) => true,
        Meaning::Numbers(_) => false,
    };
    let mut values = Vec::with_capacity(count * columns.len());
    rows.each(stop, |row| {
        columns.iter().try_for_each(|&column| row_number(row, column).map(|value| values.push(value)))
    })?;
    let values = Tensor::from_shape_vec(vec![count, columns.len()], values).map_err(|_| rows.changed())?;
    Ok(if several { Labels::Several(values.into()) } else { Labels::Numbers(values.into()) })
}

/// A label that is a finite number.
pub(super) fn row_number(row: &Row<'_>, column: usize) -> Result<f32, DataError> {
    row.number(column).ok_or_else(|| {
        let cell = row.cell(column);
        let unfit = row.wrong(column, format!("`{cell}` is no finite number of 32 bits")).found(cell);
        unfit.expected("a number").help("leave such rows out, or put a number there").into()
    })
}

/// The mistake of a table whose every row is for training.
pub(super) fn none_to_test(rows: &Rows, meaning: &Meaning, count: usize) -> DataError {
    let (message, expected) = match meaning {
        Meaning::Classes(_) => ("each class has one row, to train on: none is left to test", "two or more of a class"),
        _ => ("it has one row, to train on: none is left to test", "two or more"),
    };
    rows.unfit(message).found(counted(count, "row")).expected(expected).into()
}

/// Whether a number is written with a point or a power, and no word that happens to stand for a number.
fn is_pointed(cell: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit();
    cell.bytes().any(is_digit) && cell.bytes().any(|byte| !is_digit(byte) && byte != b'-' && byte != b'+')
}
