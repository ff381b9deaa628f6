//! Pages of the reference, which are Markdown, on the terminal.

use super::helper::paint;

/// What inline code is drawn in.
const CODE: &str = "36";

/// The width that a page has where the terminal is wider.
const WIDEST: usize = 80;

/// How a page is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Code in colours.
    Coloured,
    /// Code in its backquotes.
    Plain,
}

/// A page, its paragraphs wrapped at words, its examples indented.
pub fn page(text: &str, columns: usize, ink: Ink) -> String {
    let width = columns.clamp(20, WIDEST);
    let (mut lines, mut paragraph, mut example): (Vec<String>, Vec<&str>, bool) = (Vec::new(), Vec::new(), false);
    for line in text.lines() {
        let fence = line.starts_with("```");
        if example && !fence {
            let line = if ink == Ink::Coloured { paint(line, usize::MAX) } else { line.to_string() };
            lines.push(format!("  {line}").trim_end().to_string());
            continue;
        }
        if fence || line.trim().is_empty() {
            lines.extend(wrapped(&paragraph.join(" "), width, ink));
            paragraph.clear();
        }
        match line.trim() {
            _ if fence => example = !example,
            "" => lines.push(String::new()),
            _ => paragraph.push(line),
        }
    }
    lines.extend(wrapped(&paragraph.join(" "), width, ink));
    lines.join("\n")
}

/// A paragraph in lines of at most so many characters, but for longer words.
fn wrapped(paragraph: &str, width: usize, ink: Ink) -> Vec<String> {
    let (mut lines, mut line, mut used, mut code) = (Vec::new(), String::new(), 0, false);
    for word in paragraph.split_whitespace() {
        let (drawn, length) = drawn(word, &mut code, ink);
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line += &drawn;
        used += length;
    }
    if used > 0 {
        lines.push(line);
    }
    lines
}

/// A word as it is drawn, and its width; `code` is whether it begins inside of backquotes, and then whether it ends there.
fn drawn(word: &str, code: &mut bool, ink: Ink) -> (String, usize) {
    if ink == Ink::Plain {
        return (word.to_string(), word.chars().count());
    }
    let (mut drawn, mut length) = (String::new(), 0);
    for (at, piece) in word.split('`').enumerate() {
        *code ^= at > 0;
        length += piece.chars().count();
        match piece {
            "" => {}
            piece if *code => drawn += &format!("\x1b[{CODE}m{piece}\x1b[0m"),
            piece => drawn += piece,
        }
    }
    (drawn, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_wrapped_at_words_and_code_is_coloured() {
        let text = "One `two three` four,\n`five`-six.\n\n```fovea\nnet a = 8x8x1 - conv 4\n```\n";
        assert_eq!(page(text, 20, Ink::Plain), "One `two three`\nfour, `five`-six.\n\n  net a = 8x8x1 - conv 4");
        let drawn = page(text, 80, Ink::Coloured);
        let first =
            "One \x1b[36mtwo\x1b[0m \x1b[36mthree\x1b[0m four, \x1b[36mfive\x1b[0m-six.\n\n  \x1b[1;35mnet\x1b[0m a";
        assert!(drawn.starts_with(first), "{drawn:?}");
    }

    #[test]
    fn every_page_of_the_reference_fits() {
        for word in fovea_dsl::editor::words() {
            let Some(text) = fovea_dsl::editor::inspect(word) else { continue };
            let drawn = page(text, 200, Ink::Plain);
            assert!(drawn.lines().all(|line| line.chars().count() <= WIDEST), "{drawn}");
            assert!(!page(text, 200, Ink::Coloured).contains('`'), "{drawn}");
        }
    }
}
