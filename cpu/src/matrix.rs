//! Matrices in memory that is borrowed, and their product.

use std::marker::PhantomData;
use std::ops::Range;

use gemm::Parallelism;

/// A matrix to read: any two strides.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// The first `rows · columns` elements of `data`, row by row.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { data: &data[..rows * columns], rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// Rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Some of its rows and columns.
    pub fn block(self, rows: Range<usize>, columns: Range<usize>) -> Self {
        assert!(rows.end <= self.rows && columns.end <= self.columns, "a block lies in its matrix");
        let first = rows.start * self.row_stride + columns.start * self.column_stride;
        let data = if rows.is_empty() || columns.is_empty() { &[] } else { &self.data[first..] };
        Self { data, rows: rows.len(), columns: columns.len(), ..self }
    }

    /// Some of its rows.
    pub fn rows(self, rows: Range<usize>) -> Self {
        self.block(rows, 0..self.columns)
    }

    /// Some of its columns.
    pub fn columns(self, columns: Range<usize>) -> Self {
        self.block(0..self.rows, columns)
    }
}

/// A matrix to write: rows lie apart, the elements of a row together.
pub struct MatrixMut<'a> {
    data: *mut f32,
    rows: usize,
    columns: usize,
    row_stride: usize,
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is a mutable borrow of the elements of its rows, which nothing else reaches meanwhile; f32 is `Send`.
unsafe impl Send for MatrixMut<'_> {}

/// A part of a matrix, and where in it.
pub struct Tile<'a> {
    /// Which rows of the whole.
    pub rows: Range<usize>,
    /// Which columns of the whole.
    pub columns: Range<usize>,
    /// The part.
    pub matrix: MatrixMut<'a>,
}

/// How a product meets what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// It replaces it.
    Set,
    /// It is added.
    Add,
}

impl<'a> MatrixMut<'a> {
    /// The first `rows · columns` elements of `data`, row by row.
    pub fn new(data: &'a mut [f32], rows: usize, columns: usize) -> Self {
        let data = data[..rows * columns].as_mut_ptr();
        Self { data, rows, columns, row_stride: columns, borrow: PhantomData }
    }

    /// Cuts it into tiles of at most this size, row of tiles by row of tiles.
    pub fn tiles(self, rows: usize, columns: usize) -> impl ExactSizeIterator<Item = Tile<'a>> + Send + use<'a> {
        let (rows, columns) = (rows.clamp(1, self.rows.max(1)), columns.clamp(1, self.columns.max(1)));
        let across = self.columns.div_ceil(columns);
        (0..self.rows.div_ceil(rows) * across).map(move |i| {
            let (r, c) = (i / across * rows, i % across * columns);
            let (rows, columns) = (r..(r + rows).min(self.rows), c..(c + columns).min(self.columns));
            // SAFETY: tiles of different `i` share no element and each `i` comes once, so no two of them reach the same
            // element; `self` is consumed.
            let matrix = unsafe { self.part(&rows, &columns) };
            Tile { rows, columns, matrix }
        })
    }

    /// Some of its rows and columns.
    ///
    /// # Safety
    /// Nothing else may reach these elements while the part lives.
    unsafe fn part(&self, rows: &Range<usize>, columns: &Range<usize>) -> MatrixMut<'a> {
        assert!(rows.start < self.rows && rows.end <= self.rows, "rows of the matrix");
        assert!(columns.start < self.columns && columns.end <= self.columns, "columns of the matrix");
        // SAFETY: the first row and the first column exist, so the offset lies inside the borrowed elements.
        let data = unsafe { self.data.add(rows.start * self.row_stride + columns.start) };
        MatrixMut { data, rows: rows.len(), columns: columns.len(), ..*self }
    }

    /// One row.
    pub fn row(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.rows, "a row of the matrix");
        // SAFETY: row `row` exists and its `columns` elements lie together inside the borrowed memory, which `self`
        // has alone; the slice borrows `self` mutably.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(row * self.row_stride), self.columns) }
    }

    /// `self = a · b`, or `self += a · b`. On one thread: the sums' order follows from the sizes.
    pub fn product(&mut self, store: Store, a: Matrix<'_>, b: Matrix<'_>) {
        let (m, n, k) = (self.rows, self.columns, a.columns);
        assert!(a.rows == m && b.columns == n && b.rows == k, "the sizes of a product agree");
        for factor in [&a, &b] {
            let last = factor.rows.saturating_sub(1) * factor.row_stride
                + factor.columns.saturating_sub(1) * factor.column_stride;
            assert!(factor.rows * factor.columns == 0 || last < factor.data.len(), "a factor lies in its memory");
        }
        // SAFETY: the assertions say that every element of both factors lies in its slice; the rows of `self` lie in
        // memory that it has alone (`new` and `tiles`). Strides are those of slices, so they fit an isize.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                self.data,
                1,
                self.row_stride as isize,
                store == Store::Add,
                a.data.as_ptr(),
                a.column_stride as isize,
                a.row_stride as isize,
                b.data.as_ptr(),
                b.column_stride as isize,
                b.row_stride as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }
}

/// How many f32 a thread packs at most for [`MatrixMut::product`] of these rows, columns and common length: parts of both
/// factors, as long as the crate makes them.
pub fn packed([rows, columns, depth]: [usize; 3]) -> usize {
    const LONGEST: usize = 1024;
    (rows + columns) * depth.min(LONGEST)
}

/// Into tiles of how many rows and columns a product is cut so that every thread has work: into 16 or more, as long as
/// each is worth handing over. Follows from the sizes alone.
pub fn cut([rows, columns, depth]: [usize; 3]) -> [usize; 2] {
    const TASKS: usize = 16;
    const WORTH: usize = 1 << 20;
    let (mut r, mut c) = (rows, columns);
    while rows.div_ceil(r.max(1)) * columns.div_ceil(c.max(1)) < TASKS && r * c * depth > 2 * WORTH {
        if r >= c && r > 32 {
            r = halve(r);
        } else if c > 32 {
            c = halve(c);
        } else {
            break;
        }
    }
    [r, c]
}

/// Half, rounded up to a multiple of 16.
pub fn halve(n: usize) -> usize {
    n.div_ceil(2).next_multiple_of(16)
}
