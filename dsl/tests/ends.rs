//! A line feed, a carriage return and the two together end a line: whoever reads a text, these three say the same.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::{Token, highlight};
use fovea_dsl::format::format;
use fovea_dsl::{Completeness, Source, Style, is_complete, parse, render, to_json};
use fovea_graph::SourceId;
use proptest::prelude::*;

/// Lines of programs, right and wrong, whole and not.
const LINES: &[&str] = &[
    "",
    "  ",
    "net a = 8x8x1 - conv 4 - relu, softmax 3",
    "net b = 8x8x1 - conv 4 -",
    "    relu - # and on",
    "    fc 3",
    "block c(n) = (conv n",
    "  - relu)",
    "let n = 2, m = 3  # two",
    "# a comment",
    "# one that \u{b}holds\u{2028}what\u{85}ends\u{c}no line",
    "note \"a string\"",
    "note \"one that never ends",
    "convolve [1 2",
    "3 4] with [1]",
    "net $d = \\text{8x8x1 - conv 4",
    "} - relu, softmax 3",
    "rellu 3",
    "seed 7;",
];

fn source(text: &str) -> Source {
    Source { id: SourceId(0), name: "ends.fov".into(), text: text.into() }
}

/// All that is said of a text.
#[derive(Debug, PartialEq)]
struct Said {
    statements: String,
    mistakes: String,
    /// Their lines and columns.
    places: Vec<(usize, usize)>,
    form: Option<String>,
    completeness: Completeness,
    colours: Vec<(String, Token)>,
}

fn said(text: &str) -> Said {
    let source = source(text);
    let (program, mistakes) = parse(&source);
    let places = mistakes.iter().map(|mistake| to_json(mistake, std::slice::from_ref(&source)));
    let places = places.map(|report| (report.line, report.column)).collect();
    let shown = render(&mistakes, &[source], Style::Plain);
    Said {
        statements: format!("{:?}", program.without_spans()),
        // The blank before a line feed is the carriage return's.
        mistakes: shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"),
        places,
        form: format(text).ok(),
        completeness: is_complete(text),
        colours: highlight(text)
            .into_iter()
            .map(|(range, token)| (text[range].trim_end().to_string(), token))
            .collect(),
    }
}

#[test]
fn what_stands_behind_a_lone_carriage_return_is_on_its_own_line() {
    let text = "# quiet\rnote \"loud\"\r# again\r\nseed 7";
    assert_eq!(parse(&source(text)).0.statements.len(), 2);
    let form = format(text).unwrap();
    assert_eq!(form, "# quiet\nnote \"loud\"\n# again\nseed 7\n");
    assert_eq!(format(&form).unwrap(), form);
    let wrong = source("# quiet\rnote \"loud\"\rnet q = rellu 3");
    let shown = render(&parse(&wrong).1, &[wrong], Style::Plain);
    assert!(shown.contains("ends.fov:3:9\n") && shown.contains("3 │ net q = rellu 3\n"), "{shown}");
}

proptest! {
    #[test]
    fn however_lines_end(
        lines in prop::collection::vec((prop::sample::select(LINES), prop::sample::select(&["\n", "\r\n", "\r"][..])), 0..12)
    ) {
        let text: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        let plain = text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(said(&text), said(&plain));
        if let Ok(form) = format(&text) {
            prop_assert!(!form.contains('\r'));
            prop_assert_eq!(format(&form).unwrap(), form);
        }
    }
}
