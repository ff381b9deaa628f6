//! Graph to program.
