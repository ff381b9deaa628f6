//! What a person sees of results: text in tables and charts, and pictures.
//!
//! Functions from data to text, HTML and SVG: no file is read or written, no clock and no terminal is asked, and no session
//! is known.

pub mod architecture;
pub mod display;
pub mod markup;
pub mod picture;
