//! The numbers of a row.

use super::rows::Row;
use crate::error::DataError;

/// Values, one row's behind the other's.
#[derive(Default)]
pub(super) struct Values(Vec<f32>);

impl Values {
    pub fn with_room(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Whether all cells are numbers but those of the labels.
    pub fn check(&mut self, row: &Row<'_>, labels: &[usize]) -> Result<(), DataError> {
        self.0.clear();
        self.keep(row, labels)
    }

    /// Keeps all cells but those of the labels.
    pub fn keep(&mut self, row: &Row<'_>, labels: &[usize]) -> Result<(), DataError> {
        for column in (0..row.len()).filter(|column| !labels.contains(column)) {
            if let Some(value) = row.number(column) {
                self.0.push(value);
                continue;
            }
            let cell = row.cell(column);
            match cell.parse::<f32>() {
                Ok(_) => {
                    let unfit = row.wrong(column, format!("`{cell}` is no finite number of 32 bits")).found(cell);
                    return Err(unfit.expected("a number").help("leave such rows out, or put a number there").into());
                }
                Err(_) if cell.is_empty() => {
                    let unfit = row.wrong(column, "it is empty, and a number belongs there").found("nothing");
                    return Err(unfit.expected("a number").help("leave such rows out, or put a number there").into());
                }
                Err(_) => {
                    let unfit = row.wrong(column, format!("`{cell}` is no number")).found(cell.clone());
                    let help = if cell.contains(',') && is_number(&cell.replace(',', ".")) {
                        "decimals stand behind a point"
                    } else {
                        "all columns but those of the labels are numbers: leave others out of the table"
                    };
                    return Err(unfit.expected("a number").help(help).into());
                }
            }
        }
        Ok(())
    }

    pub fn kept(self) -> Vec<f32> {
        self.0
    }
}

/// Whether a cell is a number.
pub(super) fn is_number(cell: &str) -> bool {
    cell.parse::<f32>().is_ok()
}
