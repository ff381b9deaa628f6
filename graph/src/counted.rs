//! Numbers of things, in messages.

use std::fmt::Display;

/// `1 channel`, `3 channels`, `2 classes`
pub fn counted(number: impl Display, thing: &str) -> String {
    let number = number.to_string();
    format!("{number} {}", noun(&number, thing))
}

/// The word for so many of a thing: `channel` for 1, else `channels`.
pub fn noun(number: impl Display, thing: &str) -> String {
    let is_one = number.to_string() == "1";
    match thing.strip_suffix("is") {
        _ if is_one => thing.to_string(),
        Some(stem) => format!("{stem}es"),
        None if thing.ends_with("epoch") => format!("{thing}s"),
        None if thing.ends_with("ss") || thing.ends_with("ch") => format!("{thing}es"),
        None => format!("{thing}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_thing_is_no_plural() {
        assert_eq!((counted(1, "channel"), counted(0, "channel")), ("1 channel".into(), "0 channels".into()));
        assert_eq!((counted(1, "class"), counted(10, "class")), ("1 class".into(), "10 classes".into()));
        assert_eq!((counted(1, "branch"), counted(2, "branch")), ("1 branch".into(), "2 branches".into()));
        assert_eq!((counted(1, "axis"), counted(2, "axis")), ("1 axis".into(), "2 axes".into()));
        assert_eq!((counted("1,437", "batch"), counted(2, "epoch")), ("1,437 batches".into(), "2 epochs".into()));
    }
}
