//! Characters of a text as print shows them: LaTeX and HTML inside tables as what they stand for.

use std::ops::Range;

use crate::markup::is_unseen;

/// Whether a stretch of text is shown as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tidy {
    /// As it stands.
    No,
    /// LaTeX and HTML as what they stand for.
    Yes,
}

impl Tidy {
    /// For a line that is no table's: what has a formula or a command in it.
    pub fn of_line(line: &str) -> Self {
        let has_formula =
            line.contains('$') && line.matches('$').count().is_multiple_of(2) && line.contains(['*', '^', '=', '\\']);
        let has_command = COMMANDS.iter().any(|(word, sign)| !sign.is_empty() && line.contains(&format!("\\{word}")));
        if has_formula || line.contains('\\') && has_command { Tidy::Yes } else { Tidy::No }
    }
}

/// What is shown of a few bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Text(String),
    /// A line ends here.
    Break,
}

/// Commands of LaTeX, and what print shows.
const COMMANDS: &[(&str, &str)] = &[
    ("times", "×"),
    ("cdot", "·"),
    ("to", "→"),
    ("rightarrow", "→"),
    ("leq", "≤"),
    ("geq", "≥"),
    ("le", "≤"),
    ("ge", "≥"),
    ("sim", "~"),
    ("approx", "≈"),
    ("quad", " "),
    ("left", ""),
    ("right", ""),
    ("displaystyle", ""),
    ("hline", ""),
    ("toprule", ""),
    ("midrule", ""),
    ("bottomrule", ""),
];

/// Commands whose braces only set the type.
const TYPE: [&str; 9] = ["text", "textrm", "textbf", "textit", "texttt", "mathrm", "mathbf", "mathit", "operatorname"];

const ENTITIES: &[(&str, &str)] = &[
    ("&times;", "×"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&middot;", "·"),
    ("&ndash;", "–"),
];

/// Each few bytes of `place`, and what is shown of them; nothing of those that print does not show.
pub(super) fn glyphs(text: &str, place: Range<usize>, tidy: Tidy) -> Vec<(Range<usize>, Shown)> {
    // The sign that opens a cell's formula is not always part of the cell.
    let formula = text[..place.start].trim_end_matches([' ', '\t']).ends_with('$');
    let mut reader = Reader { at: place.start, braces: Vec::new(), formula, raised: false, last: ' ' };
    let mut found = Vec::new();
    while reader.at < place.end {
        let Some(rest) = text.get(reader.at..place.end) else { break };
        let Some(c) = rest.chars().next() else { break };
        let start = reader.at;
        let shown = match tidy {
            Tidy::Yes => reader.tidied(rest, c),
            Tidy::No => {
                reader.at += c.len_utf8();
                Shown::Text(seen(c))
            }
        };
        // What is cut off in the middle of a command is what is left of it.
        reader.at = reader.at.clamp(start + 1, place.end);
        while !text.is_char_boundary(reader.at) {
            reader.at += 1;
        }
        if let Shown::Text(shown) = &shown {
            reader.last = shown.chars().last().unwrap_or(reader.last);
        }
        if shown != Shown::Text(String::new()) {
            found.push((start..reader.at, shown));
        }
    }
    found
}

fn seen(c: char) -> String {
    match c {
        // What marks a file as UTF-8, and a space of no width.
        '\u{feff}' | '\u{200b}' => String::new(),
        c if is_unseen(c) => " ".to_string(),
        c => c.to_string(),
    }
}

struct Reader {
    at: usize,
    /// For every open brace, whether it is shown.
    braces: Vec<bool>,
    /// This is inside of `$…$`, where braces are not printed.
    formula: bool,
    /// What follows is a power.
    raised: bool,
    /// What was shown last.
    last: char,
}

impl Reader {
    /// Goes over a character, or a command.
    fn tidied(&mut self, rest: &str, c: char) -> Shown {
        let text = |text: &str| Shown::Text(text.to_string());
        if c == '\\' {
            return self.command(rest);
        }
        let lower = rest.get(..4).map(str::to_ascii_lowercase);
        if c == '<'
            && let Some(end) =
                rest.find('>').filter(|_| rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'))
        {
            self.at += end + 1;
            return if lower.is_some_and(|tag| tag.starts_with("<br")) { Shown::Break } else { text("") };
        }
        if let Some((entity, sign)) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            self.at += entity.len();
            return text(sign);
        }
        let is_power = rest[c.len_utf8()..].trim_start_matches('{').starts_with(|c: char| c.is_ascii_digit());
        self.at += c.len_utf8();
        match c {
            '$' => {
                self.formula = !self.formula;
                text("")
            }
            '\n' => Shown::Break,
            '*' if rest.starts_with("**") => {
                self.at += 1;
                text("")
            }
            '^' if is_power => {
                self.raised = true;
                text("")
            }
            '{' => {
                let is_shown = !self.raised && !self.formula;
                self.braces.push(is_shown);
                text(if is_shown { "{" } else { "" })
            }
            '}' => {
                self.raised = false;
                text(if self.braces.pop().unwrap_or(true) { "}" } else { "" })
            }
            c if self.raised && c.is_ascii_digit() => {
                let power = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
                Shown::Text(power[c as usize - '0' as usize].to_string())
            }
            // Where a formula has space, its signs say.
            ' ' | '\t' if self.formula && self.braces.is_empty() && self.last != ',' => text(""),
            c => {
                self.raised = false;
                Shown::Text(seen(c))
            }
        }
    }

    /// Goes over a command of LaTeX; what print shows of it.
    fn command(&mut self, rest: &str) -> Shown {
        let text = |text: &str| Shown::Text(text.to_string());
        let letters = rest[1..].find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len() - 1);
        let (word, behind) = (&rest[1..1 + letters], &rest[1 + letters..]);
        self.at += 1 + letters;
        if word.is_empty() {
            let next = behind.chars().next();
            self.at += next.map_or(0, char::len_utf8);
            return match next {
                Some('\\') => Shown::Break,
                Some(',' | ';' | ':' | '!' | ' ') => text(" "),
                Some(sign @ ('%' | '&' | '#' | '_' | '{' | '}' | '$')) => text(&sign.to_string()),
                _ => text("\\"),
            };
        }
        if word == "begin" || word == "end" {
            let end = behind.find('}').map_or(0, |end| end + 1);
            self.at += end;
            let is_matrix = behind[..end].contains("matrix") || behind[..end].contains("{array");
            let columns = &behind[end..];
            if word == "begin" && behind[..end].contains("array") && columns.starts_with('{') {
                self.at += columns.find('}').map_or(0, |end| end + 1);
            }
            return text(if !is_matrix {
                ""
            } else if word == "begin" {
                "["
            } else {
                "]"
            });
        }
        if TYPE.contains(&word) && behind.starts_with('{') {
            self.at += 1;
            self.braces.push(false);
            return text("");
        }
        match COMMANDS.iter().find(|(known, _)| *known == word) {
            Some((_, sign)) => text(sign),
            None => text(&rest[..1 + letters]),
        }
    }
}
