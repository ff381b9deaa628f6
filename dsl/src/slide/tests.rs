//! Slides that are cut anywhere, and what nobody would paste.

use super::measure::Measurer;
use super::{Audit, Verdict, audit, audit_by};

const SLIDES: [&str; 5] = [
    include_str!("../../../tests/slides/alexnet.txt"),
    include_str!("../../../tests/slides/vgg-listing.txt"),
    include_str!("../../../tests/slides/vgg-configurations.md"),
    include_str!("../../../tests/slides/googlenet.md"),
    include_str!("../../../tests/slides/resnet.md"),
];

/// Every place lies in the text, at characters' edges.
fn check(text: &str, audit: &Audit) {
    for figure in &audit.figures {
        assert!(text.get(figure.place.clone()).is_some(), "{figure:?}");
        assert!(figure.mend.as_ref().is_none_or(|mend| text.get(mend.place.clone()).is_some()), "{figure:?}");
    }
    assert!(audit.unread.iter().all(|unread| text.get(unread.place.clone()).is_some()), "{:?}", audit.unread);
}

#[test]
fn a_slide_that_is_cut_at_any_byte_is_read_as_far_as_it_goes() {
    std::thread::scope(|scope| {
        SLIDES.map(|text| scope.spawn(|| cut(text))).map(|thread| thread.join().expect("no panic"))
    });
}

/// Cuts a text at every byte; one that takes long, of deep networks, at every fourth.
fn cut(text: &str) {
    let measurer = Measurer::default();
    let step = if text.contains("bmatrix") { 4 } else { 1 };
    for end in (0..text.len()).step_by(step).filter(|&end| text.is_char_boundary(end)) {
        check(&text[..end], &audit_by(&measurer, "cut", &text[..end]));
    }
    for start in (0..text.len()).step_by(37).filter(|&start| text.is_char_boundary(start)) {
        check(&text[start..], &audit_by(&measurer, "cut", &text[start..]));
    }
}

#[test]
fn a_listing_without_end_is_read_as_far_as_layers_are_counted() {
    let text = format!("[64x64x3] INPUT\n{}", "[64x64x8] CONV1: 8 3x3 filters at stride 1, pad 1\n".repeat(3_000));
    let audit = audit("long", &text);
    assert!(audit.unread.len() == 1 && audit.unread[0].line == 2_001, "{:?}", audit.unread);
    assert!(audit.unread[0].expected.contains("2000 layers") && audit.nets.is_empty());
}

#[test]
fn a_figure_with_more_digits_than_a_count_has_disagrees() {
    let listing = format!("INPUT: [8x8x3]\nCONV3-4: [8x8x4] params: {}\nFC: [1x1x2] params: 512\n", "9".repeat(60));
    let audit = audit("long", &listing);
    let found = audit.figures.iter().find(|figure| figure.line == 2 && figure.printed.starts_with("99"));
    assert!(found.is_some_and(|figure| figure.verdict == Verdict::Disagrees && figure.computed == "108"), "{found:?}");
}

#[test]
fn what_nobody_would_paste_is_refused_in_words() {
    let long = "[1x1x1] ".repeat(50_000);
    let wide = format!("|{}\n|{}\n", " a |".repeat(10_000), "---|".repeat(10_000));
    let deep = format!("[224x224x3] INPUT\n[1x1x1] CONV1: {}3x3 filters\n", "(".repeat(5_000));
    let huge =
        "[99999999999x99999999999x3] INPUT\n[1x1x1] CONV1: 99999999999999999999 3x3 filters\n[1] FC: 5 neurons\n";
    let zero =
        "[0x0x0] INPUT\n[0x0x0] CONV1: 0 0x0 filters at stride 0, pad 0\n[0x0x0] POOL1: 0x0 filters at stride 0\n";
    let turned = "\u{202e}[227x227x3] INPUT\u{202c}\n[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 0\nمرحبا [4096] FC6: 4096 neurons\n";
    for text in [
        "",
        "\n\n",
        "hello",
        "| a | b |",
        &long,
        &wide,
        &deep,
        huge,
        zero,
        turned,
        "slide",
        "[",
        "CONV",
        "\\begin{bmatrix}",
    ] {
        let audit = audit("odd", text);
        check(text, &audit);
        let is_clear = !audit.unread.is_empty() || !audit.figures.is_empty();
        assert!(is_clear, "{:?} is neither read nor refused", text.chars().take(40).collect::<String>());
    }
}
