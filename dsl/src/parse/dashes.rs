//! The signs that join layers. Slides and word processors write many a dash where a keyboard has `-`.

/// Every dash, `-` first; the grammar's rule `dash` takes the same.
pub(crate) const DASHES: [char; 6] = ['-', '–', '—', '−', '‐', '‑'];

/// Arrows that stand between layers. `=>` is refused later, with its mend.
const ARROWS: [&str; 3] = ["->", "→", "=>"];

pub(crate) fn is_dash(c: char) -> bool {
    DASHES.contains(&c)
}

/// Whether a text that begins with `c` begins with a dash or an arrow.
pub(crate) fn is_link(c: char) -> bool {
    is_dash(c) || c == '→'
}

/// Whether a chain goes on behind `text`.
pub(crate) fn ends_in_link(text: &str) -> bool {
    text.ends_with(is_dash) || ARROWS.iter().any(|arrow| text.ends_with(arrow))
}

#[cfg(test)]
mod tests {
    use pest::Parser;

    use super::*;
    use crate::parse::{Grammar, Rule};

    #[test]
    fn the_grammar_knows_the_same_dashes() {
        let taken = |c: &char| Grammar::parse(Rule::dash, &c.to_string()).is_ok();
        let all: Vec<char> = ('\0'..='\u{ffff}').filter(taken).collect();
        let mut dashes = DASHES.to_vec();
        dashes.sort_unstable();
        assert_eq!(all, dashes);
        assert!(ends_in_link("conv ->") && ends_in_link("conv ‑") && ends_in_link("a =>") && !ends_in_link("conv >"));
    }
}
