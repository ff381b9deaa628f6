//! A matrix written out: `[1 0 1; 0 1 0]`.

use fovea_graph::Span;

use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::Expr;

/// `[1 0 1; 0 1 0]`
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Its rows, at least one, all of one length, which is at least 1.
    pub rows: Vec<Vec<f32>>,
    /// All of it.
    pub span: Span,
}

impl Parts<'_> {
    /// The numbers of a matrix.
    pub(in crate::verb) fn matrix(&mut self, rows: &[Vec<Expr>], span: Span) -> Option<Matrix> {
        let row = |row: &Vec<Expr>| row.iter().map(|cell| self.cell(cell)).collect::<Option<Vec<f32>>>();
        let rows = rows.iter().map(row).collect::<Option<Vec<_>>>()?;
        Some(Matrix { rows, span })
    }

    /// A number that a device can hold.
    fn cell(&mut self, cell: &Expr) -> Option<f32> {
        let number = self.scope.number(cell, "a number of a matrix");
        let number = self.keep(number)?;
        if (number as f32).is_finite() {
            return Some(number as f32);
        }
        let error = self.error(cell.span, "devices compute with numbers up to 3.4e38").found(quoted(&cell.to_string()));
        self.wrong(error.expected("a number from -3.4e38 to 3.4e38"));
        None
    }
}
