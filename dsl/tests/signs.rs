//! Signs of other languages, and characters that nobody sees: what they are called, and the mend.
#![allow(clippy::unwrap_used)]

use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Diagnostic, Source, command, parse};
use fovea_graph::SourceId;

fn mistakes(text: &str) -> Vec<Diagnostic> {
    parse(&Source { id: SourceId(0), name: "text.fov".into(), text: text.into() }).1
}

/// The only mistake of a text, whose mends are accepted.
fn mistake(text: &str, place: &str) -> Diagnostic {
    let mut all = mistakes(text);
    assert_eq!(all.len(), 1, "{text}: {all:#?}");
    let mistake = all.remove(0);
    assert_eq!(&text[mistake.span().range()], place, "{text}: {mistake:#?}");
    for mend in &mistake.mends {
        let mut mended = text.to_string();
        mended.replace_range(mend.span.range(), &mend.text);
        assert_eq!(mistakes(&mended), [], "{mended}");
    }
    mistake
}

#[test]
fn signs_of_other_languages_have_their_mend() {
    for (text, place, message, help) in [
        ("seed 7 // lucky", "//", "`//` begins no comment here", "write `#`"),
        ("// lucky\nseed 7", "//", "`//` begins no comment here", "write `#`"),
        ("net q = conv 8 // the first", "//", "`//` begins no comment here", "write `#`"),
        ("let n = 1_000", "1_000", "a number has no `_`", "write `1000`"),
        ("net q = 8x8x1 - fc 1_000", "1_000", "a number has no `_`", "write `1000`"),
        ("net q = fc 10 - dropout 50%", "50%", "`50%` is written as a fraction", "write `0.5`"),
        ("let share = 7%", "7%", "`7%` is written as a fraction", "write `0.07`"),
        ("net q = 8x8x1 - (conv 8 - relu)² - fc 3", "²", "`²` is written with `^`", "write `^2`"),
        ("let n = 2¹⁰", "¹⁰", "`¹⁰` is written with `^`", "write `^10`"),
    ] {
        let mistake = mistake(text, place);
        assert_eq!((mistake.message.as_str(), mistake.help.as_deref()), (message, Some(help)), "{text}");
        assert_eq!(mistake.mends.len(), 1, "{text}");
    }
    // In strings and comments they are free.
    for text in ["note \"50% of 1_000 // ²\"", "seed 7 # 50% of 1_000 // ²", "net q_1 = conv 8"] {
        assert_eq!(mistakes(text), [], "{text}");
    }
}

#[test]
fn a_power_or_a_repetition() {
    let error = mistake("net q = 8x8x1 - [conv 8*2^i - relu]^i=2", "8*2^i");
    assert_eq!(error.message, "`8*2^i` has two readings");
    assert_eq!(error.help.unwrap(), "write `(8*2^i)` for the arithmetic, `(conv 8*2)^i` for the repetition");
    assert_eq!(error.mends.len(), 2);
    assert!(mistake("net q = 8x8x1 - conv 64^2", "64^2").help.unwrap().contains("`(conv 64)^2`"));
}

#[test]
fn a_comma_between_what_an_optimizer_is_given() {
    let error = mistake("train q on digits with sgd(lr 0.1 momentum 0.9)", "momentum");
    assert_eq!(error.message, "`,` is missing before `momentum`");
    assert_eq!(error.mends.len(), 1);
    // Without parentheses the numbers that were said are in the mend.
    for (text, place, mend) in [
        ("for 5 epochs lr 0.1 momentum 0.9", "lr 0.1 momentum 0.9", "with sgd(lr 0.1, momentum 0.9)"),
        ("with adam lr 0.1, decay 0.01, batch 8", "adam lr 0.1, decay 0.01", "adam(lr 0.1, decay 0.01)"),
    ] {
        let text = format!("train q on digits {text}");
        let (program, _) = parse(&Source { id: SourceId(0), name: "text.fov".into(), text: text.clone() });
        let StatementKind::Verb(verb) = &program.statements[0].kind else { panic!() };
        let first = command(verb, &Scope::default()).unwrap_err().remove(0);
        let [only] = &first.mends[..] else { panic!("{first:#?}") };
        assert_eq!((&text[only.span.range()], only.text.as_str()), (place, mend), "{first:#?}");
        assert!(first.message.ends_with("belongs to the optimizer"));
    }
}

#[test]
fn a_misspelled_statement_is_told_first() {
    let rest_is_right = mistake("naet a = 8x8x1 - conv 4, softmax 10", "naet");
    // What follows has a mistake of its own, which is told next.
    let rest_is_wrong = mistakes("naet a = 8x8x1 - conv 8 // a").remove(0);
    for error in [rest_is_right, rest_is_wrong] {
        assert_eq!(
            (error.message.as_str(), error.expected.as_deref()),
            ("no statement begins with `naet`", Some("net"))
        );
    }
}

#[test]
fn a_word_behind_a_dash_that_is_longer_than_a_byte() {
    for dash in ["-", "–", "—"] {
        let count = mistake(&format!("net n = CONV3{dash}q"), "q");
        assert_eq!(count.message, "a name glued to `CONV3-` could be a layer or a count");
        let none = mistakes(&format!("net n = softmax{dash}64{dash}q"));
        assert!(none.iter().all(|mistake| !mistake.message.contains("count")), "{none:#?}");
    }
    for text in ["softmax–64–where64\t#", "softmax→64–a", "→64–a", "é–a"] {
        assert!(!mistakes(text).is_empty(), "{text}");
    }
}

#[test]
fn characters_that_nobody_sees_are_named() {
    for (text, place, name) in [
        ("net q = conv 8 - rel\u{ad}u", "\u{ad}", "U+00AD, soft hyphen"),
        ("net q = co\u{200b}nv 8", "\u{200b}", "U+200B, zero width space"),
        ("no\u{feff}te \"x\"", "\u{feff}", "U+FEFF, byte order mark"),
        ("seed 7 \u{2067}", "\u{2067}", "U+2067, directional isolate"),
        ("train q\u{200d} on digits", "\u{200d}", "U+200D, zero width joiner"),
        ("seed\u{0} 7", "\u{0}", "U+0000, null"),
        ("seed 7\u{1b}", "\u{1b}", "U+001B, escape"),
    ] {
        let mistake = mistake(text, place);
        assert_eq!(mistake.message, format!("an invisible character: {name}"));
        assert_eq!((mistake.found.as_deref(), mistake.help.as_deref()), (Some(name), Some("remove it")));
        assert_eq!(mistake.mends.len(), 1);
    }
    // Between words they part them, as a blank does; in comments and strings they are free.
    for text in ["\u{feff}seed\u{a0}7\u{200b}", "note \"a\u{200d}b\" # \u{ad}c\u{200b}d", "net q =\u{3000}conv 8"] {
        assert_eq!(mistakes(text), [], "{text:?}");
    }
}
