//! What the verbs answer in text: tables, figures, bars, small charts for terminals.
//!
//! Functions from data to text. Nothing is printed here, nothing is asked of the terminal; whether there is colour, and how wide a line may be, is the
//! front end's affair.

mod chart;
mod compare;
pub mod number;
pub mod progress;
mod report;
mod summary;
mod table;

pub use chart::{Curve, bar, chart, sparkline};
pub use compare::{Compared, Comparison};
pub use report::{Confused, Device, Guess, TestReport, devices, guesses};
pub use summary::{Summary, SummaryRow, Totals};
pub use table::{Align, Column, Table};
