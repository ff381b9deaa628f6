//! A matrix written out: `[1 0 1; 0 1 0]`.

use fovea_graph::Span;

use super::super::about::{Behind, Offer};
use super::super::form::AS_WRITTEN;
use super::super::read::Parts;
use crate::diagnostic::quoted;
use crate::syntax::{Expr, Part, PartKind};

/// `[1 0 1; 0 1 0]`
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Its rows, at least one, all of one length, which is at least 1.
    pub rows: Vec<Vec<f32>>,
    /// All of it.
    pub span: Span,
}

impl Matrix {
    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        [self.rows.len(), self.rows.first().map_or(0, Vec::len)]
    }
}

/// The matrix that a verb is applied to.
pub(in crate::verb) const MATRIX: Behind<Matrix> = Behind {
    offer: Offer::Nothing,
    read: |parts| {
        let (part, verb) = (parts.next(), parts.verb.word);
        if let Some((PartKind::Matrix(rows), span)) = part.map(|part| (&part.kind, part.span)) {
            return parts.matrix(rows, span);
        }
        let found = part.map_or("the end".to_string(), |part| quoted(&part.to_string()));
        let place = part.map_or(parts.here(), |part| part.span);
        let error = parts.error(place, format!("`{verb}` lacks its matrix")).found(found);
        parts.wrong(error.expected("a matrix").help(format!("`{}` shows how it reads", parts.verb.example)));
        None
    },
    form: AS_WRITTEN,
};

impl Parts<'_> {
    /// `[1 0; 0 1], [0 1; 1 0]`: the matrix that was met, and those behind commas: a channel each, of one size.
    pub(in crate::verb) fn planes(&mut self, rows: &[Vec<Expr>], span: Span) -> Option<Vec<Matrix>> {
        let mut planes = vec![self.matrix(rows, span)?];
        while let [Part { kind: PartKind::Comma, .. }, Part { kind: PartKind::Matrix(rows), span }, ..] =
            self.parts.get(self.at..).unwrap_or_default()
        {
            self.at += 2;
            let plane = self.matrix(rows, *span)?;
            let ([first_rows, first_columns], [rows, columns]) = (planes[0].size(), plane.size());
            if planes[0].size() != plane.size() {
                let error = self.error(*span, "the channels of an image or a filter are of one size");
                let error = error.here(format!("{rows}x{columns}")).found(format!("{rows}x{columns}"));
                let first = format!("{first_rows}x{first_columns}");
                self.wrong(error.also(planes[0].span, first.clone()).expected(first));
                return None;
            }
            planes.push(plane);
        }
        Some(planes)
    }

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
