//! LaTeX in a pasted formula, blanked in place: every byte keeps its position, so spans stay true.

/// Commands that mean something here. What stands for them is never longer than they are.
const SIGNS: &[(&str, &str)] = &[
    ("times", "×"),
    ("cdot", "*"),
    ("to", "->"),
    ("rightarrow", "->"),
    ("longrightarrow", "->"),
    ("Rightarrow", "->"),
    ("mid", "|"),
    ("vert", "|"),
];

/// Commands whose braces only set the type.
pub(crate) const TYPE: &[&str] = &[
    "text",
    "textrm",
    "textbf",
    "textit",
    "texttt",
    "textsf",
    "textsc",
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "emph",
    "underline",
    "operatorname",
    "bm",
    "boldsymbol",
];

/// Commands that only move or size things.
const LAYOUT: &[&str] = &[
    "left",
    "right",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "bigl",
    "bigr",
    "Bigl",
    "Bigr",
    "quad",
    "qquad",
    "displaystyle",
    "textstyle",
    "limits",
    "nolimits",
];

/// Blanks LaTeX in `text`, whose strings and comments are blank already.
pub(crate) fn blank(text: &mut [u8]) {
    // For every open brace: whether it belongs to \text and its like.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'$' => text[at] = b' ',
            b'{' => braces.push(false),
            b'}' if braces.pop() == Some(true) => text[at] = b' ',
            b'\\' => {
                at = command(text, at, &mut braces);
                continue;
            }
            // A brace that was never closed ends with its formula's paragraph.
            b'\n' if is_blank_line(&text[at + 1..]) => braces.clear(),
            _ => {}
        }
        at += 1;
    }
}

/// Whether the first line of `text` has nothing on it, and is not the last.
fn is_blank_line(text: &[u8]) -> bool {
    text.iter().find(|&&b| b != b' ' && b != b'\t') == Some(&b'\n')
}

/// Blanks the command at the backslash `at`; returns where to go on.
fn command(text: &mut [u8], at: usize, braces: &mut Vec<bool>) -> usize {
    let letters = text[at + 1..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let end = at + 1 + letters;
    let word = text[at + 1..end].to_vec();
    if let Some((_, sign)) = SIGNS.iter().find(|(name, _)| name.as_bytes() == word) {
        text[at..end].fill(b' ');
        text[at..at + sign.len()].copy_from_slice(sign.as_bytes());
    } else if TYPE.iter().any(|name| name.as_bytes() == word) && text.get(end) == Some(&b'{') {
        text[at..=end].fill(b' ');
        braces.push(true);
        return end + 1;
    } else if LAYOUT.iter().any(|name| name.as_bytes() == word) {
        text[at..end].fill(b' ');
    } else if word.is_empty() {
        return escape(text, at);
    }
    end
}

/// `\{` and `\}` are braces; `\,`, `\;`, `\(`, `\]` and their like are space.
fn escape(text: &mut [u8], at: usize) -> usize {
    match text.get(at + 1) {
        Some(b'{' | b'}') => {
            text[at] = b' ';
            at + 1
        }
        Some(b',' | b';' | b':' | b'!' | b' ' | b'\\' | b'(' | b')' | b'[' | b']') => {
            text[at..at + 2].fill(b' ');
            at + 2
        }
        _ => at + 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn blanked(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        blank(&mut bytes);
        assert_eq!(bytes.len(), text.len());
        String::from_utf8(bytes).unwrap()
    }

    fn squeezed(text: &str) -> String {
        blanked(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_summary_slide() {
        let slide = r"$$[(\text{CONV-RELU})^N - \text{POOL}]^M - (\text{FC-RELU})^K, \text{SOFTMAX}$$ 10";
        assert_eq!(squeezed(slide), "[( CONV-RELU )^N - POOL ]^M - ( FC-RELU )^K, SOFTMAX 10");
    }

    #[test]
    fn signs_braces_and_layout() {
        assert_eq!(squeezed(r"\left[ a \to b \right]^{N} \rightarrow c"), "[ a -> b ]^{N} -> c");
        assert_eq!(squeezed(r"224 \times 224\times3"), "224 × 224× 3");
        assert_eq!(squeezed(r"\mathrm{FC}\{120,84\}\, \quad x"), "FC {120,84 } x");
        assert_eq!(blanked(r"\foo{a} \"), r"\foo{a} \");
    }

    #[test]
    fn any_end_is_safe() {
        for end in [r"\", r"\text", r"\text{", r"\times", "$", "}", "{", r"\{", r"\é"] {
            blanked(end);
        }
    }
}
