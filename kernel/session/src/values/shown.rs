//! Results as text and as HTML, and how evcxr takes both.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::event::Output;
use crate::markup::escape;
use crate::picture::Picture;

/// The line that ends a content in evcxr's stream.
const END: &str = "EVCXR_END_CONTENT";

/// Results as a terminal would print them, pictures left out.
pub fn text(outputs: &[Output]) -> String {
    shown(outputs).flat_map(Output::lines).collect::<Vec<_>>().join("\n")
}

/// Prints results as evcxr's kernel wants them: each form between two lines of its own. It keeps one of a form a cell,
/// so that all results share one HTML.
pub fn evcxr(outputs: &[Output]) {
    let blocks = block("text/html", &html(outputs)) + &block("text/plain", &text(outputs));
    let mut stdout = std::io::stdout().lock();
    // Whoever would read it is gone.
    drop(stdout.write_all(blocks.as_bytes()).and_then(|()| stdout.flush()));
}

/// A content; a line of it that would end it is moved by a space.
fn block(mime: &str, content: &str) -> String {
    let moved = |line: &str| if line == END { format!(" {line}") } else { line.to_string() };
    let content: Vec<String> = content.lines().map(moved).collect();
    format!("EVCXR_BEGIN_CONTENT {mime}\n{}\n{END}\n", content.join("\n"))
}

/// Texts, tables and pictures, in order.
fn html(outputs: &[Output]) -> String {
    let parts = shown(outputs).flat_map(|output| {
        let plain = || format!("<pre>{}</pre>", escape_lines(&output.text));
        let words = match &output.html {
            Some(html) => Some(html.clone()),
            None if output.text.is_empty() => None,
            None => Some(plain()),
        };
        words.into_iter().chain(output.pictures.iter().map(image))
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// A picture that needs no file beside it, and that notebooks show whether they are trusted or not.
fn image(picture: &Picture) -> String {
    format!(
        r#"<img src="data:image/svg+xml;base64,{}" width="{}" height="{}" alt="{}">"#,
        STANDARD.encode(&picture.svg),
        picture.width,
        picture.height,
        escape(&picture.alt)
    )
}

/// A text of several lines, escaped.
fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

/// Those that a `;` does not silence.
fn shown(outputs: &[Output]) -> impl Iterator<Item = &Output> {
    outputs.iter().filter(|output| !output.silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_cannot_end_itself() {
        let text = "one\nEVCXR_END_CONTENT\ntwo";
        assert_eq!(
            block("text/plain", text),
            "EVCXR_BEGIN_CONTENT text/plain\none\n EVCXR_END_CONTENT\ntwo\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn names_are_escaped_and_silenced_results_left_out() {
        let picture =
            Picture { name: "p".into(), svg: "\u{1}\u{2}\u{3}".into(), width: 4, height: 5, alt: "\"><script>".into() };
        let loud = Output::new("note", "<b>\n  indented", serde_json::json!({})).picture(picture);
        let silent = Output { silent: true, ..Output::new("note", "unseen", serde_json::json!({})) };
        let outputs = [loud, silent];
        let html = html(&outputs);
        assert_eq!(
            html,
            "<pre>&lt;b&gt;\n  indented</pre>\n<img src=\"data:image/svg+xml;base64,AQID\" width=\"4\" height=\"5\" \
             alt=\"&quot;&gt;&lt;script&gt;\">"
        );
        assert_eq!(text(&outputs), "<b>\n  indented");
    }
}
