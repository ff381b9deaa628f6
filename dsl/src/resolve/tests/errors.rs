//! What is refused, where, and with which mend.

use super::*;

/// The mistake's message and mend in one.
fn said(text: &str, place: &str) -> String {
    let error = mistake(text, place);
    let labels: Vec<&str> = error.labels.iter().map(|(_, words)| words.as_str()).collect();
    format!("{} · {} · {}", error.message, labels.join(" · "), error.help.unwrap_or_default())
}

#[test]
fn a_stated_shape_that_does_not_flow_shows_both_and_what_would_fit() {
    let text = "net s = 28x28x1 - conv 6 5x5 - 24x24x6 - relu";
    let error = mistake(text, "24x24x6");
    assert_eq!(error.message, "24x24x6 is stated here, but 28x28x6 flows");
    assert_eq!(error.labels[0].1, "the height is 28, not 24; the width is 28, not 24");
    assert_eq!(&text[error.labels[1].0.range()], "conv 6 5x5");
    assert_eq!(error.labels[1].1, "conv1 gives 28x28x6");
    assert!(error.help.unwrap().contains("`valid` at conv1"));
    // Each mend, written down, makes the statement true.
    for (text, place, mends) in [
        ("net s = 28x28x1 - conv 6 5x5 - 14x14x6", "14x14x6", &["`/2` at conv1"][..]),
        ("net s = 7x7x1 - pool - 4x4x1", "4x4x1", &["`same` at pool1", "`pad 1` at pool1"]),
        ("net s = 28x28x1 - conv 6 - 28x28x16", "28x28x16", &["`filters 16` at conv1"]),
        // AlexNet's second convolution: the slide's pad 1 leaves 25, pad 2 gives the 27 that it prints.
        (
            "net s = 27x27x96 - conv 256 5x5 pad 1 - relu - 27x27x256",
            "27x27x256",
            &["`same` at conv1", "`pad 2` at conv1"],
        ),
        ("net s = 227x227x3 - conv 96 11x11 - relu - pool 3x3/2 - 27x27x96", "27x27x96", &["`/4 valid` at conv1"]),
    ] {
        let help = mend(text, place);
        for mend in mends {
            assert!(help.contains(mend), "{text}: {help}");
        }
    }
    assert!(mend("net s = 8x8x1 - conv 16 - 3x3", "3x3").contains("`conv 3x3`"));
    assert!(mend("net s = 8x8x1 - conv 4 - 256", "256").contains("`flatten`"));
    assert!(mend("net s = 8x8x1 - conv - 64", "64").contains("`conv 64`"));
    assert!(mend("net s = 8x8x1 - FC - 4096 - relu", "4096").contains("`fc 4096`"));
    assert!(mend("net s = 7x7x2 - 98 - fc 2", "98").contains("`flatten`"));
    assert!(said("net s = 8x8x1 - conv 4 - 8x8x4x4", "8x8x4x4").contains("4 sizes, where 3 sizes flow"));
}

/// Whatever mends are offered, writing one of them down makes the statement true.
#[test]
fn mends_mend() {
    let mut tried = 0;
    for n in 5..14 {
        for (layer, size) in [("conv 4", 3), ("conv 4", 4), ("conv 4", 5), ("pool", 2), ("pool", 3)] {
            for target in 1..=n {
                let channels = if layer == "pool" { 1 } else { 4 };
                let text = |mend: &str| {
                    format!("net m = {n}x{n}x1 - {layer} {size}x{size} {mend} - relu - {target}x{target}x{channels}")
                };
                let Err(errors) = resolved(&text("")) else { continue };
                for mend in errors[0].help.iter().flat_map(|help| help.split('`').skip(1).step_by(2)) {
                    assert_eq!(net(&text(mend)).output(), [target, target, channels], "{}", text(mend));
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 200, "only {tried} mends were offered");
}

#[test]
fn a_wrong_shape_does_not_hide_the_mistakes_behind_it() {
    let text = "net s = 28x28x1 - conv 6 - 14x14x6 - conv 16 20x20 valid - 3x3x16 - pool 5";
    let places: Vec<String> = mistakes(text).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["14x14x6", "conv 16 20x20 valid", "pool 5"]);
}

#[test]
fn independent_mistakes_come_together_and_each_once() {
    let text = "net s = 8x8x1 - (conv 4 ceil - relu)^3 - pool groups 2 - dropout 3 - conv a - conv b";
    let places: Vec<String> = mistakes(text).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["ceil", "groups 2", "3", "a", "b"]);
    // Behind a mistake the shapes are not known, until the text states one.
    let text = "net s = 8x8x1 - pool 9 - (conv 4)^n - pool 3x3 - conv 4 ceil - 4x4x4 - pool 5";
    let places: Vec<String> = mistakes(text).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, ["pool 9", "n", "ceil", "pool 5"]);
}

#[test]
fn windows_larger_than_the_map() {
    let text = "net big = 32x32x3 - [(CONV-RELU)^N - POOL]^M, SOFTMAX 10 where N=2, M=6";
    let words = said(text, "POOL");
    assert!(words.contains("the window of pool6 is larger than its map"), "{words}");
    assert!(words.contains("along the height the window covers 2, and the map has 1"), "{words}");
    assert!(words.contains("gives 1x1x512"), "{words}");
    assert_eq!(net(&text.replace("M=6", "M=5")).output(), [10]);
    let words = said("net w = 8x3x1 - conv 4 5x5 valid", "conv 4 5x5 valid");
    assert!(words.contains("along the width the window covers 5, and the map has 3"), "{words}");
    assert!(words.contains("`pad 1`"), "{words}");
    let words = said("net w = 8x8x1 - conv 4 3x3 pad 3", "conv 4 3x3 pad 3");
    assert!(words.contains("as wide as its window") && words.contains("the padding is 3"), "{words}");
    let words = said("net w = 8x8x1 - conv 4 3x3 dilate 9 valid", "conv 4 3x3 dilate 9 valid");
    assert!(words.contains("covers 19"), "{words}");
}

#[test]
fn layers_on_the_wrong_kind_of_shape() {
    let words = said("net v = 8x8x1 - fc 10 - conv 4", "conv 4");
    assert!(words.contains("10 is a vector") && words.contains("before fc1"), "{words}");
    let words = said("net v = 784 - pool", "pool");
    assert!(words.contains("784 is a vector") && words.contains("28x28x1"), "{words}");
    let words = said("net sh = 8x8 - conv 6 5x5", "5x5");
    assert!(words.contains("2 sizes over a map of 1 axis") && words.contains("8x8x1"), "{words}");
    assert!(said("net v = 2x2x2x2x2 - fc", "2x2x2x2x2").contains("5 sizes"));
    assert!(said("net v = 8x8x1 - conv 4 3x3x3", "3x3x3").contains("window of 3 sizes over a map of 2 axes"));
    assert!(said("net v = 8x8x3 - conv 4 groups 2", "groups 2").contains("3 channels cannot be divided into 2 groups"));
    assert!(said("net v = 8x8x1 - conv 4 groups 2", "groups 2").contains("1 channel cannot be divided into 2 groups"));
    assert!(said("net v = 8x8x4 - conv 3 groups 2", "groups 2").contains("3 filters cannot be divided into 2 groups"));
    assert!(said("net v = 8x8x1 - conv - INPUT", "INPUT").contains("stands first"));
    assert!(said("net v = 8x8x1", "8x8x1").contains("no layer"));
    assert!(said("net v = 8x8x1 - fc 10 - softmax - dropout", "dropout").contains("behind the last softmax"));
    assert!(said("net v = 8x8x1 - softmax - flatten - dropout", "dropout").contains("behind the last softmax"));
    assert_eq!(message("net v = 0x8x1 - 4x4x4 - conv", "0"), "a size must be at least 1, not 0");
}

#[test]
fn options_that_contradict_one_another_show_both_places() {
    for (text, second, first) in [
        ("net o = 8x8x1 - conv same valid", "valid", "same"),
        ("net o = 8x8x1 - conv pad 1 same", "same", "pad 1"),
        ("net o = 8x8x1 - conv 4 /2 stride 2", "stride 2", "/2"),
        ("net o = 8x8x1 - conv 4 3x3 5x5", "5x5", "3x3"),
        ("net o = 8x8x1 - conv bias nobias", "nobias", "bias"),
        ("net o = 8x8x1 - maxpool avg", "avg", "maxpool"),
        ("net o = 8x8x1 - pool max avg", "avg", "max"),
        ("net o = 8x8x1 - pool global 2x2", "2x2", "global"),
        ("net o = 8x8x1 - pool 2 3", "3", "2"),
        ("net o = 8x8x1 - conv 4 filters 8", "filters 8", "4"),
    ] {
        let error = mistake(text, second);
        assert_eq!(&text[error.labels[1].0.range()], first, "{text}\n{error:#?}");
    }
}

#[test]
fn numbers_that_are_not_what_they_stand_for() {
    assert!(said("net o = 8x8x1 - conv 4 5", "5").contains("two bare numbers"));
    assert!(said("net o = 8x8x1 - conv 4 5", "5").contains("`5x5`"));
    assert!(said("net o = 8x8x1 - conv 2.5", "2.5").contains("must be a whole number, not 2.5"));
    assert!(said("net o = 8x8x1 - conv 0", "0").contains("must be at least 1"));
    assert!(said("net o = 8x8x1 - conv (1/0)", "1/0").contains("infinite"));
    assert!(
        said("net o = 8x8x1 - (conv)^(1/2)", "1/2")
            .contains("a repetition's count must be a whole number, not `1/2`, which is 0.5")
    );
    assert!(said("net o = 8x8x1 - conv filters 8 4", "4").contains("said twice"));
    assert!(said("net o = 8x8x1 - conv groups 2x2", "groups 2x2").contains("one number"));
    assert!(said("net o = 8x8x1 - dropout 50", "50").contains("`dropout 0.5`"));
    assert!(said("net o = 8x8x1 - fc 10, softmax 3", "softmax 3").contains("10 units, and the softmax 3 classes"));
    assert!(said("net o = 8x8x1 - fc 10 - softmax 10", "10").contains("takes no number"));
    assert!(said("net o = 8x8x1 - (conv, softmax 10)^2 - fc", "softmax 10").contains("group"));
}

#[test]
fn numbers_too_large_to_be_counted_are_refused_and_nothing_overflows() {
    for text in [
        "net h = 1000000x1000000x1000000 - fc 1",
        "net h = 1000000x1000000x1 - fc 1000000000000",
        "net h = 8x8x1 - conv 1e12 - conv 1e12",
        "net h = 8x8x1 - conv 1e30",
        "net h = 8x8x1 - conv 1 3x3 dilate 1e12",
        "net h = 8x8x1 - conv 1 3x3 pad 1e12",
        "net h = 1000000x1000000x1 - conv 1 1000001x1000001",
        "net h = 8x8x1 - pool 1099511627776x1099511627776 pad 1099511627775",
        "net h = 8x8x1 - (conv (10^i))^i=400",
    ] {
        mistakes(text);
    }
}

#[test]
fn words_that_an_option_or_a_name_must_not_be() {
    assert!(said("net o = 8x8x1 - pool groups 2", "groups 2").contains("`pool` takes no `groups`"));
    assert!(said("net o = 8x8x1 - relu 3", "3").contains("`relu` has no options"));
}
