//! Text inside HTML, SVG and terminals.

pub use fovea_dsl::is_unseen;

/// A text as HTML and XML may hold it, in an element or a quoted attribute: marks escaped, [`is_unseen`] characters
/// replaced by spaces.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if is_unseen(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_escaped_and_unseen_characters_are_spaces() {
        assert_eq!(escape("<b a=\"1\" c='2'>&amp;"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
        assert_eq!(escape("a\u{202e}b\u{2066}c\u{0}d\ne\u{85}f\u{ffff}"), "a b c d e f ");
        assert_eq!(escape("猫 é 👩‍🔬"), "猫 é 👩‍🔬");
    }
}
