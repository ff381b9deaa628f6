//! A slide's text made plain in place: LaTeX, HTML entities and typographic signs become what a keyboard has. Every byte keeps
//! its position, so that a figure's place in the plain text is its place on the slide.
//!
//! What parts a table stays for [`super::grid`]: `|`, tabs, `&` and `\\` of LaTeX, the tags of HTML tables.

use crate::latex::TYPE;

/// `text`, made plain, byte for byte as long.
pub fn plain(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    signs(text, &mut bytes);
    commands(&mut bytes);
    tags(&mut bytes);
    // Whole characters were replaced by ASCII.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Puts `new` at the beginning of these bytes, and space behind it.
fn put(bytes: &mut [u8], new: &[u8]) {
    bytes.fill(b' ');
    bytes[..new.len()].copy_from_slice(new);
}

/// Signs that are not ASCII.
fn signs(text: &str, bytes: &mut [u8]) {
    let mut raised: Option<std::ops::Range<usize>> = None;
    let mut power = String::new();
    for (at, c) in text.char_indices() {
        let place = at..at + c.len_utf8();
        if let Some(digit) = superscript(c) {
            raised = Some(raised.map_or(at, |range| range.start)..place.end);
            power.push(digit);
            continue;
        }
        if let Some(range) = raised.take() {
            raise(&mut bytes[range], &std::mem::take(&mut power));
        }
        let sign = match c {
            '×' | '✕' | '✖' | '⨯' | '╳' => "x",
            '∗' | '·' | '⋅' | '•' => "*",
            '–' | '—' | '−' | '‐' | '‑' => "-",
            '→' => "->",
            '≤' => "<=",
            '≥' => ">=",
            '“' | '”' => "\"",
            '’' => "'",
            '│' | '┃' => "|",
            '\r' | '\u{b}' | '\u{c}' => " ",
            c if !c.is_ascii() && (c.is_whitespace() || crate::visible::is_unseen(c)) => " ",
            _ => continue,
        };
        put(&mut bytes[place], sign.as_bytes());
    }
    if let Some(range) = raised {
        raise(&mut bytes[range], &power);
    }
}

/// `⁹` as `^9`.
fn raise(bytes: &mut [u8], power: &str) {
    let text = format!("^{power}");
    if text.len() <= bytes.len() {
        put(bytes, text.as_bytes());
    }
}

fn superscript(c: char) -> Option<char> {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    RAISED.iter().zip('0'..='9').find(|(raised, _)| **raised == c).map(|(_, digit)| digit)
}

/// Commands of LaTeX and what stands for them; the longest of those that begin alike first.
const COMMANDS: &[(&str, &str)] = &[
    ("times", "x"),
    ("cdot", "*"),
    ("ast", "*"),
    ("rightarrow", "->"),
    ("to", "->"),
    ("leq", "<="),
    ("geq", ">="),
    ("le", "<="),
    ("ge", ">="),
    ("sim", "~"),
    ("approx", "~"),
    ("quad", " "),
    ("qquad", " "),
    ("left", " "),
    ("right", " "),
    ("displaystyle", " "),
    ("tiny", " "),
    ("scriptsize", " "),
    ("footnotesize", " "),
    ("small", " "),
    ("bf", " "),
    ("it", " "),
    ("centering", " "),
];

/// Environments that are a matrix: what stands in brackets on a slide.
const MATRICES: &[&str] = &["bmatrix", "matrix", "pmatrix", "array", "smallmatrix"];

/// LaTeX, Markdown's emphasis and its escapes.
fn commands(bytes: &mut [u8]) {
    let mut depth = 0usize;
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'$' | b'`' => bytes[at] = b' ',
            b'*' if bytes.get(at + 1) == Some(&b'*') => bytes[at..at + 2].fill(b' '),
            b'^' if bytes.get(at + 1) == Some(&b'{') => {
                bytes[at + 1] = b' ';
                braces.push(true);
                at += 1;
            }
            b'{' => braces.push(false),
            // A matrix's columns are no table's.
            b'&' if depth > 0 => bytes[at] = b',',
            b'}' if braces.pop() == Some(true) => bytes[at] = b' ',
            b'\n' if bytes.get(at + 1) == Some(&b'\n') => braces.clear(),
            b'\\' => {
                at = command(bytes, at, &mut depth, &mut braces);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Makes the command at the backslash `at` plain; returns where to go on.
fn command(bytes: &mut [u8], at: usize, depth: &mut usize, braces: &mut Vec<bool>) -> usize {
    let letters = bytes[at + 1..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let end = at + 1 + letters;
    let word = String::from_utf8_lossy(&bytes[at + 1..end]).into_owned();
    if word == "begin" || word == "end" {
        return environment(bytes, at, end, depth);
    }
    if let Some((_, sign)) = COMMANDS.iter().find(|(name, _)| *name == word) {
        put(&mut bytes[at..end], sign.as_bytes());
    } else if TYPE.contains(&word.as_str()) && bytes.get(end) == Some(&b'{') {
        bytes[at..=end].fill(b' ');
        braces.push(true);
        return end + 1;
    } else if word.is_empty() {
        match bytes.get(at + 1) {
            // A row of a matrix ends; that of a table stays.
            Some(b'\\') if *depth > 0 => put(&mut bytes[at..at + 2], b";"),
            Some(b'\\') | None => {}
            // An escaped sign that would part cells, or begin a comment.
            Some(b'&' | b'|' | b',' | b';' | b':' | b'!' | b' ' | b'(' | b')') => bytes[at..at + 2].fill(b' '),
            // `40\%` keeps its sign behind the digit, where no comment begins.
            Some(b'%') => put(&mut bytes[at..at + 2], b"%"),
            Some(_) => {
                bytes[at] = b' ';
                return at + 1;
            }
        }
        return (at + 2).min(bytes.len());
    }
    end
}

/// `\begin{bmatrix}` as `[`; other environments stay.
fn environment(bytes: &mut [u8], at: usize, end: usize, depth: &mut usize) -> usize {
    let Some(length) = bytes[end..].iter().take(40).position(|&b| b == b'}') else { return end };
    let begins = bytes[at + 1] == b'b';
    let name = String::from_utf8_lossy(&bytes[end..end + length]).trim_matches(['{', '*']).to_string();
    let mut close = end + length + 1;
    if !MATRICES.contains(&name.as_str()) {
        return close;
    }
    // The columns of an array: `{c}`.
    if begins && bytes.get(close) == Some(&b'{') {
        close += bytes[close..].iter().take(40).position(|&b| b == b'}').map_or(0, |more| more + 1);
    }
    put(&mut bytes[at..close], if begins { b"[" } else { b"]" });
    *depth = if begins { *depth + 1 } else { depth.saturating_sub(1) };
    close
}

/// Entities of HTML and what stands for them.
const ENTITIES: &[(&[u8], &[u8])] = &[
    (b"&times;", b"x"),
    (b"&#215;", b"x"),
    (b"&#xd7;", b"x"),
    (b"&nbsp;", b" "),
    (b"&#160;", b" "),
    (b"&thinsp;", b" "),
    (b"&minus;", b"-"),
    (b"&ndash;", b"-"),
    (b"&middot;", b"*"),
    (b"&lt;", b"<"),
    (b"&gt;", b">"),
    (b"&quot;", b"\""),
];

/// Tags that make a table of HTML.
const TABLE: &[&str] = &["table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"];

/// HTML: entities, and tags that make no table.
fn tags(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'&' => {
                let known = ENTITIES.iter().find(|(entity, _)| begins_alike(&bytes[at..], entity));
                if let Some((entity, sign)) = known {
                    put(&mut bytes[at..at + entity.len()], sign);
                }
            }
            b'<' => at = tag(bytes, at),
            _ => {}
        }
        at += 1;
    }
}

fn begins_alike(bytes: &[u8], with: &[u8]) -> bool {
    bytes.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with))
}

/// Blanks the tag that begins at `at`, but for a table's; returns its last byte, or `at` where none begins.
fn tag(bytes: &mut [u8], at: usize) -> usize {
    let behind = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'/'));
    let letters = bytes[behind..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let name = String::from_utf8_lossy(&bytes[behind..behind + letters]).to_ascii_lowercase();
    let is_tag = bytes.get(behind).is_some_and(u8::is_ascii_alphabetic);
    let length =
        bytes[at + 1..].iter().take(2_000).position(|&b| b == b'>' || b == b'<').map_or(0, |length| length + 1);
    if !is_tag || bytes.get(at + length) != Some(&b'>') {
        return at;
    }
    if !TABLE.contains(&name.as_str()) {
        let is_raised = name == "sup" && behind == at + 1;
        put(&mut bytes[at..=at + length], if is_raised { b"^" } else { b"" });
    }
    at + length
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` made plain, runs of space as one.
    fn squeezed(text: &str) -> String {
        let plain = plain(text);
        assert_eq!(plain.len(), text.len(), "{text}");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_slides_hold_becomes_what_a_keyboard_has() {
        let cell = r"$\begin{bmatrix} 1 \times 1, 64 \\ 3 \times 3, 64 \end{bmatrix} \times 3$";
        assert_eq!(squeezed(cell), "[ 1 x 1, 64 ; 3 x 3, 64 ] x 3");
        assert_eq!(
            squeezed(r"\left[\begin{array}{c} 3\times3, 64 \\ 3\times3, 64 \end{array}\right]"),
            "[[ 3x 3, 64 ; 3x 3, 64 ] ]"
        );
        assert_eq!(squeezed("patch size/<br>stride"), "patch size/ stride");
        assert_eq!(squeezed("1 <sub>x1</sub>"), "1 x1");
        assert_eq!(squeezed("10<sup>9</sup> 10⁹ 10¹²"), "10^ 9 10^9 10^12");
        assert_eq!(squeezed("**Max pool:** 7&times;7 \u{a0}–\u{200f}"), "Max pool: 7x 7 -");
        assert_eq!(squeezed(r"a & b \\ \hline"), r"a & b \\ \hline");
        assert_eq!(squeezed("<td>a <b>c</b></td>"), "<td>a c </td>");
    }

    #[test]
    fn every_byte_stays_where_it_is() {
        for text in
            [r"\begin{", r"\\", r"\", "a\\", "<", "</", "<b", "&", "$\\text{x", "⁹⁹⁹", "\\begin{bmatrix}", "^{", "é\\é"]
        {
            assert_eq!(plain(text).len(), text.len(), "{text}");
        }
    }
}
