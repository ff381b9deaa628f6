//! Diagnostics as text and as data, and whether a text can be run as it stands.
#![allow(clippy::unwrap_used)]

use fovea_dsl::{Completeness, Diagnostic, Source, Stage, Style, is_complete, is_unseen, parse, render, to_json};
use fovea_graph::{SourceId, Span};

fn source(name: &str, text: &str) -> Source {
    Source { id: SourceId(0), name: name.into(), text: text.into() }
}

#[test]
fn a_mistake_shows_its_line_its_place_and_its_mend() {
    let source = source("lenet.fov", "seed 7\nnet q = conv 64 relu\n");
    let (_, mistakes) = parse(&source);
    let expected = "\
error: `-` is missing before `relu`
  ╭▸ lenet.fov:2:17
  │
2 │ net q = conv 64 relu
  │                 ━━━━
  │
  ╰ help: put `-` before `relu`

";
    assert_eq!(render(&mistakes, &[source], Style::Plain), expected);
}

#[test]
fn what_was_expected_is_shown_beside_the_help_once() {
    let shown = |text: &str| {
        let source = source("q.fov", text);
        render(&parse(&source).1, &[source], Style::Plain)
    };
    let text = shown("net q = conv - rellu 3");
    assert!(text.contains("━━━━━ expected relu\n") && text.contains("help: write `relu`"), "{text}");
    let text = shown("net q = CONV3-F");
    assert!(text.contains("━ expected a number or a list\n") && text.contains("help: for a count"), "{text}");
    // The message says it already.
    assert!(!shown("net q = conv 64 relu").contains("expected"));
}

#[test]
fn both_sides_of_a_contradiction_are_shown_across_lines_and_sources() {
    let source = source("In[3]", "net q = (conv\n  - relu]");
    let (_, mistakes) = parse(&source);
    let expected = "\
error: `(` is closed by `]`
  ╭▸ In[3]:2:9
  │
1 │ net q = (conv
  │         ─ opened here
2 │   - relu]
  │         ━ expected `)`
  │
  ╰ help: write `)` here

";
    assert_eq!(render(&mistakes, std::slice::from_ref(&source), Style::Plain), expected);
    let other = Source { id: SourceId(1), name: "-e 1".into(), text: "let N = 2".into() };
    let error = Diagnostic::new(Stage::Names, Span::new(SourceId(1), 4, 5), "`N` is known already")
        .here("here again")
        .also(Span::new(SourceId(0), 4, 5), "here first");
    let text = render(&[error], &[source, other], Style::Plain);
    assert!(text.contains("-e 1:1:5") && text.contains("In[3]:1:5") && text.contains("here first"), "{text}");
}

#[test]
fn colours_only_where_they_are_asked_for() {
    let source = source("a.fov", "net q = rellu 3");
    let (_, mistakes) = parse(&source);
    assert!(render(&mistakes, std::slice::from_ref(&source), Style::Coloured).contains("\u{1b}["));
    assert!(!render(&mistakes, &[source], Style::Plain).contains('\u{1b}'));
}

#[test]
fn long_lines_are_cut_around_the_labels() {
    let filler = "é ".repeat(1_000_000);
    let text = format!("{filler}FIRST{filler}SECOND{filler}");
    let at = |word: &str| text.find(word).map(|at| Span::new(SourceId(0), at, at + word.len())).unwrap();
    let error = Diagnostic::new(Stage::Parse, at("SECOND"), "wrong").here("this").also(at("FIRST"), "that");
    let output = render(&[error], &[source("long", &text)], Style::Plain);
    assert!(output.len() < 3000, "{}", output.len());
    assert!(output.contains("FIRST") && output.contains("SECOND") && output.contains('…'), "{output}");
    let (line, marks) =
        (output.lines().find(|l| l.contains("SECOND")).unwrap(), output.lines().find(|l| l.contains('━')).unwrap());
    let column = |line: &str, sign: &str| line[..line.find(sign).unwrap()].chars().count();
    assert_eq!(column(line, "SECOND"), column(marks, "━"), "{output}");
}

#[test]
fn spans_out_of_place_and_control_characters_do_no_harm() {
    let text = "é\u{1b}[31m\u{7}\u{85}x\n";
    for (start, end) in [(0, 0), (1, 1), (0, 1), (1, 100), (90, 100), (5, 3), (0, 12)] {
        let span = Span { source: SourceId(0), start, end };
        let output = render(&[Diagnostic::new(Stage::Parse, span, "bell \u{7}")], &[source("s", text)], Style::Plain);
        assert!(!output.contains(['\u{1b}', '\u{7}']), "{output:?}");
        to_json(&Diagnostic::new(Stage::Parse, span, ""), &[source("s", text)]);
    }
    // Nothing is known of the source.
    assert!(render(&[Diagnostic::new(Stage::Parse, Span::default(), "wrong")], &[], Style::Plain).contains("wrong"));
}

#[test]
fn as_data_columns_count_characters() {
    let source = source("a.fov", "seed 7\nnet q = 8×8×1 → rellu 3");
    let (_, mistakes) = parse(&source);
    let report = to_json(&mistakes[0], &[source]);
    assert_eq!((report.file.as_str(), report.line, report.column), ("a.fov", 2, 17));
    assert_eq!((report.found.as_deref(), report.expected.as_deref()), (Some("rellu"), Some("relu")));
    assert_eq!(report.help.as_deref(), Some("write `relu`"));
}

#[test]
fn bytes_that_are_not_utf_8_are_pointed_at() {
    let (source, mistake) = Source::from_bytes(SourceId(0), "a.fov", b"seed 7\nnet \xff = conv");
    let report = to_json(&mistake.unwrap(), &[source]);
    assert_eq!((report.line, report.column, report.found.as_deref()), (2, 5, Some("the byte 0xff")));
}

#[test]
fn completeness() {
    use Completeness::{Complete, Incomplete, Invalid};
    let cases = [
        ("", Complete),
        ("# only a comment", Complete),
        ("net q = conv", Complete),
        ("net q = conv\nseed 7\n", Complete),
        ("net q = conv -", Incomplete),
        ("net q = conv ->  # on\n", Incomplete),
        ("net q =", Incomplete),
        ("net q = [conv", Incomplete),
        ("net q = [conv\n- relu\n", Incomplete),
        ("train q on digits,", Incomplete),
        ("train q on digits with sgd(lr 0.1,", Incomplete),
        ("net q = (conv]", Invalid),
        ("net q = (conv] - (", Invalid),
        ("net q = rellu 3", Invalid),
        ("net q = rellu 3\nnet p = (", Invalid),
        ("note \"abc", Invalid),
        ("net q = (conv\nseed 7", Invalid),
    ];
    for (text, expected) in cases {
        assert_eq!(is_complete(text), expected, "{text:?}");
    }
}

#[test]
fn columns_are_true_in_a_line_that_is_cut() {
    let filler = "relu - ".repeat(60);
    let text = format!("seed 7\nnet é = 8x8x1 - {filler}rellu 3 - {filler}fc 2");
    let source = source("long.fov", &text);
    let (_, mistakes) = parse(&source);
    let report = to_json(&mistakes[0], std::slice::from_ref(&source));
    let output = render(&mistakes, &[source], Style::Plain);
    let column = text.lines().nth(1).unwrap().find("rellu").unwrap();
    assert_eq!((report.line, report.column), (2, column), "`é` has two bytes");
    assert!(output.contains(&format!("long.fov:2:{column}\n")), "{output}");
    let place = |line: &str, sign: &str| line.find(sign).map(|at| line[..at].chars().count());
    let code = output.lines().find_map(|line| place(line, "rellu 3"));
    assert_eq!(output.lines().find_map(|line| place(line, "━")), code, "{output}");
}

#[test]
fn columns_are_true_in_every_source() {
    let filler = "relu - ".repeat(60);
    let [first, second] = [0, 1].map(|id| Source {
        id: SourceId(id),
        name: format!("{id}.fov"),
        text: format!("net q = {filler}HERE - {filler}THERE - {filler}relu"),
    });
    let at = |source: &Source, word: &str| {
        let at = source.text.find(word).unwrap();
        Span::new(source.id, at, at + word.len())
    };
    let error = Diagnostic::new(Stage::Names, at(&first, "THERE"), "twice").here("this");
    let error =
        error.also(at(&second, "THERE"), "that").also(at(&second, "HERE"), "those").also(at(&first, "HERE"), "");
    for style in [Style::Plain, Style::Coloured] {
        let output = render(std::slice::from_ref(&error), &[first.clone(), second.clone()], style);
        let column = |word: &str| first.text.find(word).unwrap() + 1;
        let headers = [format!("0.fov:1:{}", column("THERE")), format!("1.fov:1:{}", column("HERE"))];
        assert!(headers.iter().all(|header| output.contains(header)), "{output}");
    }
}

/// Whatever a program, its names and its file's name hold, nothing of it steers the terminal.
#[test]
fn characters_that_are_not_seen_are_written_out_or_spaces() {
    let hostile = "a\u{1b}[31m\u{202e}b\u{7f}\u{9b}2J";
    let name = format!("{hostile}.fov");
    let source = source(&name, &format!("net {hostile} = {hostile}"));
    let span = Span::new(SourceId(0), 4, 8);
    let diagnostic = Diagnostic::new(Stage::Names, span, format!("no `{hostile}`"))
        .expected(hostile)
        .help(format!("or `{hostile}`"));
    let text = render(&[diagnostic], &[source], Style::Plain);
    let shown = r"a\u{1b}[31m\u{202e}b\u{7f}\u{9b}2J";
    for words in [format!("no `{shown}`"), format!("{shown}.fov:1:5"), format!("or `{shown}`")] {
        assert!(text.contains(&words), "{text}");
    }
    assert!(!text.chars().any(|c| is_unseen(c) && c != '\n'), "{text:?}");
}
