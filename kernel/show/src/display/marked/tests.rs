//! Texts with marks made by hand: what a terminal shows, with colours and without, and what a page shows.

use fovea_dsl::slide::{Correction, Figure, Unread, Verdict, What, tables};
use unicode_width::UnicodeWidthStr;

use super::{Extent, Ink, Marked, Marks};

/// A figure of a text, at the `nth` place where its words stand.
fn figure(text: &str, (printed, nth): (&str, usize), computed: &str, verdict: Verdict) -> Figure {
    let at = text.match_indices(printed).nth(nth).map_or(0, |(at, _)| at);
    Figure {
        line: text[..at].matches('\n').count() + 1,
        place: at..at + printed.len(),
        net: None,
        layer: None,
        what: What::Output,
        printed: printed.to_string(),
        computed: computed.to_string(),
        verdict,
        because: Some("<so>".to_string()),
        mend: None,
    }
}

fn mended(figure: Figure, text: &str, old: &str, new: &str) -> Figure {
    let at = text.find(old).unwrap_or_default();
    Figure { mend: Some(Correction { place: at..at + old.len(), text: new.to_string() }), ..figure }
}

fn marked(text: &str, figures: &[Figure]) -> Marked {
    Marked::new(text, 0..text.len(), Extent::Whole, &tables(text), &Marks::new(figures, &[]))
}

const LISTING: &str = "[8x8] CONV1: pad 1\n\n[4x4] CONV2: pad 0\n[2x2] POOL\nend";

fn listing() -> Vec<Figure> {
    let wrong = figure(LISTING, ("4x4", 0), "6x6", Verdict::Disagrees);
    vec![
        figure(LISTING, ("8x8", 0), "8x8", Verdict::Agrees),
        mended(wrong, LISTING, "pad 0", "pad 7"),
        figure(LISTING, ("2x2", 0), "3x3", Verdict::Follows),
    ]
}

#[test]
fn without_colours_signs_and_lines_below_tell() {
    let text = marked(LISTING, &listing()).text(Ink::Plain);
    let expected = "\
✓ 1 │ [8x8] CONV1: pad 1
✗ 3 │ [4x4] CONV2: pad 0
    │  ━━━ 6x6     ━━━━━ → pad 7
↳ 4 │ [2x2] POOL
    │  ━━━ 3x3
  5 │ end";
    assert_eq!(text, expected);
}

#[test]
fn with_colours_what_would_be_right_stands_behind_what_is_struck() {
    let text = marked(LISTING, &listing()).text(Ink::Colour);
    let second = text.lines().nth(1).unwrap_or_default();
    assert!(
        second.ends_with(
            "[\x1b[1;31m4x4\x1b[0m\x1b[90m ≠ 6x6\x1b[0m] CONV2: \x1b[9;31mpad 0\x1b[0m \x1b[1;32mpad 7\x1b[0m"
        ),
        "{second:?}"
    );
    assert!(text.contains("[\x1b[32m8x8\x1b[0m]") && text.contains("[\x1b[33m2x2\x1b[0m"), "{text:?}");
}

#[test]
fn a_page_shows_the_same() {
    let html = marked(LISTING, &listing()).html();
    assert_eq!(html.matches("<tr>").count(), 4, "a row a line, empty ones aside");
    assert!(
        html.contains("line-through\" title=\"disagrees: 6x6; &lt;so&gt;\">pad 0</del>")
            || html.contains(">pad 0</del>")
    );
    assert!(html.contains(">pad 7</ins>") && html.contains(">≠ 6x6</span>"), "{html}");
}

#[test]
fn cells_stand_side_by_side_as_they_are_printed() {
    let text = "| a | $b$ |\n|---|---|\n| $\\begin{bmatrix} 3 \\times 3, 64 \\\\ 1 \\times 1, 64 \\end{bmatrix} \\times 2$ | $1.8 \\times 10^{9}$ |\n| max pool | |\n";
    let wrong = figure(text, ("1.8 \\times 10^{9}", 0), "3.6 × 10^9", Verdict::Disagrees);
    let wrong = Figure { mend: Some(Correction { place: wrong.place.clone(), text: wrong.computed.clone() }), ..wrong };
    let marked = marked(text, &[wrong]);
    let expected = "  1 │ a           b
    │ ──────────  ─────────────────
✗ 3 │ [3×3, 64    1.8×10⁹
    │ 1×1, 64]×2  ━━━━━━━ → 3.6×10⁹
  4 │ max pool";
    assert_eq!(marked.text(Ink::Plain), expected);
    assert!(marked.html().contains("[3×3, 64<br/>1×1, 64]×2"), "{}", marked.html());
}

#[test]
fn what_steers_a_terminal_or_a_page_does_not() {
    let text = "[4x4\u{1b}[31m] \u{202e}CONV <b>&\u{7}x\r\n\n| \u{5d0}\u{5d1} | 4x4 |\n|--|--|\n| <i>q | \u{5d0} |\n";
    let mut hostile = figure(text, ("4x4", 0), "\u{1b}[2J<script>", Verdict::Disagrees);
    hostile.mend = Some(Correction { place: hostile.place.clone(), text: "\u{9b}2J<x>".to_string() });
    hostile.because = Some("\u{1b}\"><script>".to_string());
    let marked = marked(text, &[hostile]);
    for shown in [marked.text(Ink::Plain), marked.text(Ink::Colour)] {
        let own = ["\x1b[0m", "\x1b[90m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[1;32m", "\x1b[9;31m"];
        let rest = own.iter().fold(shown, |shown, code| shown.replace(code, ""));
        assert!(!rest.chars().any(|c| crate::markup::is_unseen(c) && c != '\n'), "{rest:?}");
    }
    let html = marked.html();
    assert!(!html.contains("<script") && !html.contains("<x>") && !html.contains("<i>") && !html.contains('\u{202e}'));
    assert!(html.contains("<bdi>\u{5d0}\u{5d1}</bdi>"), "{html}");
}

#[test]
fn long_texts_and_long_lines_are_cut_around_what_is_said() {
    let text = "x\n".repeat(5000) + &"word ".repeat(400_000) + "\n4x4\n" + &"x\n".repeat(5000);
    let wrong = figure(&text, ("4x4", 0), "6x6", Verdict::Disagrees);
    let right = figure(&text, ("x", 0), "x", Verdict::Agrees);
    let inside = Figure { place: 1_000_005..1_000_009, ..figure(&text, ("word", 0), "words", Verdict::Disagrees) };
    let shown = marked(&text, &[right, inside, wrong]).text(Ink::Plain);
    assert!(shown.len() < 2_000 && shown.contains("⋯ 5,000 lines left out"), "{shown}");
    assert!(shown.contains("✗ 5002 │ 4x4\n") && shown.contains("words"), "{shown}");
    let wide = "| a ".repeat(10_000) + "|\n" + &"|--".repeat(10_000) + "|\n" + &"| 4x4 ".repeat(10_000) + "|\n";
    let shown = marked(&wide, &[figure(&wide, ("4x4", 7000), "6x6", Verdict::Disagrees)]).text(Ink::Plain);
    assert!(shown.len() < 3_000 && shown.contains("6x6"), "{shown}");
}

#[test]
fn lines_fit_a_terminal() {
    let text = "CONV3-64: [224x224x64] memory:  $224*224*64=3.2M$  params:  $(3*3*3)*64 = 1,728$ and so on, word by word, to the end";
    let shown = marked(text, &[figure(text, ("1,728", 0), "1,729", Verdict::Disagrees)]).text(Ink::Plain);
    assert!(shown.lines().count() > 2 && shown.lines().all(|line| line.width() <= 80), "{shown}");
    assert!(shown.contains("(3*3*3)*64=1,728"), "{shown}");
}

#[test]
fn whatever_the_places_are_nothing_breaks() {
    let text = "| é\\times$ | {^{9}}<br | \\begin{ | 3×3\n|--|--|--|--|\n\\text{\\ &amp; – \\\\";
    for start in 0..=text.len() + 2 {
        for end in [start, start + 1, start + 7, text.len(), usize::MAX / 4] {
            let odd = Figure { place: start..end, ..figure(text, ("3×3", 0), "4×4", Verdict::Disagrees) };
            let mend = Some(Correction { place: start..end, text: "\\frac".to_string() });
            let unread = Unread {
                line: 1,
                place: start..end,
                found: String::new(),
                expected: String::new(),
                read: String::new(),
            };
            let marks = Marks::new(&[odd.clone(), Figure { mend, ..odd }], &[unread]);
            let marked = Marked::new(text, 0..text.len(), Extent::Whole, &tables(text), &marks);
            assert!(!marked.text(Ink::Colour).is_empty() && !marked.html().is_empty());
        }
    }
}

#[test]
fn tables_in_boxes_are_tables_too_and_signs_stay_whole() {
    let text = "┏━━━┳━━━━━┓\n┃ a ┃ b   ┃\n┡━━━╇━━━━━┩\n│ x │ 10⁹ │\n├───┼─────┤\n│ y │ 3×  │\n└───┴─────┘\nend";
    let shown = marked(text, &[figure(text, ("10⁹", 0), "10⁸", Verdict::Disagrees)]).text(Ink::Plain);
    let expected = "  2 │ a  b\n    │ ─  ───────\n✗ 4 │ x  10⁹\n    │    ━━━ 10⁸\n  6 │ y  3×\n  8 │ end";
    assert_eq!(shown, expected);
}
