//! What the verbs answer in words: tables, figures, bars, small charts for terminals.
//!
//! Functions from data to text and HTML. Nothing is printed here, nothing is asked of the terminal; whether there is colour, and how wide a line may be, is the
//! front end's affair.

mod audit;
mod chart;
mod compare;
mod convolution;
mod diagram;
mod folded;
pub(crate) mod marked;
pub mod number;
mod page;
mod report;
mod summary;
mod table;
mod transposed;
mod wrap;

pub use audit::{Tally, audit, lecture, part};
pub use chart::{Curve, bar, chart, sparkline};
pub use compare::{Compared, Comparison};
pub use convolution::{Makes, SlidingWindow};
pub use page::Page;
pub use report::{Confused, Device, Guess, TestFigures, TestReport, WORST, devices, guesses};
pub use summary::{Summary, SummaryRow, Totals};
pub use table::{Align, Column, Table, clean, matrix};
pub use transposed::{Resized, Transposed};
