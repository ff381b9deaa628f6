//! Repetitions, the lists that step with them, and the names that count their turns.

use super::*;

#[test]
fn a_list_steps_with_the_repetition_that_has_as_many_turns() {
    assert_eq!(filters("net q = 32x32x3 - [(conv {64,128} - relu)^{2,3} - pool]^2"), [64, 64, 128, 128, 128]);
    assert_eq!(filters("net q = 32x32x3 - [(conv {16,32,64} - relu)^2 - pool]^3"), [16, 16, 32, 32, 64, 64]);
    // Two lists of two lengths in one product step with two repetitions.
    assert_eq!(filters("net q = 8x8x1 - [(conv {1,10}*{1,2,3})^2]^3"), [1, 10, 2, 20, 3, 30]);
}

#[test]
fn a_list_that_fits_two_repetitions_is_refused_with_both_mends() {
    let text = "net two = 32x32x3 - [(conv {64,128} - relu)^2 - pool]^2, softmax 10";
    let error = mistake(text, "{64,128}");
    assert_eq!(error.message, "the list {64,128} could step with 2 repetitions");
    let places: Vec<&str> = error.labels[1..].iter().map(|(span, _)| &text[span.range()]).collect();
    assert_eq!(places, ["^2", "^2"]);
    let help = error.help.unwrap();
    assert!(help.contains("`^{2,2}`") && help.contains("`{64,128}[i]`") && help.contains("`^i=2`"), "{help}");
    assert_eq!(filters(&text.replace("relu)^2", "relu)^{2,2}")), [64, 64, 128, 128]);
    assert_eq!(filters(&text.replace("relu)^2", "relu)^i=2").replace("{64,128}", "{64,128}[i]")), [64, 128, 64, 128]);
    for text in [
        "net deep = 32x32x3 - [(conv {16,32,64} - relu)^3 - pool]^3, softmax 10",
        "net stack = 32x32x3 - ((conv {8,16,32} - relu)^3)^3, softmax 10",
    ] {
        assert!(mistakes(text)[0].1.message.contains("could step with 2"), "{text}");
    }
}

#[test]
fn a_sweep_over_a_count_never_changes_which_repetition_is_meant() {
    let text = |n: usize| format!("net s = 32x32x3 - [(conv {{64,128}} - relu)^N - pool]^2, softmax 10 where N={n}");
    assert!(filters(&text(0)).is_empty());
    assert_eq!(filters(&text(1)), [64, 128]);
    assert_eq!(filters(&text(3)), [64, 64, 64, 128, 128, 128]);
    assert!(message(&text(2), "{64,128}").contains("could step with 2"));
}

#[test]
fn a_list_without_a_repetition_of_its_length_is_refused() {
    let text = "net k = 8x8x1 - (fc {120,84} - relu)^K, softmax 10 where K=1";
    let error = mistake(text, "{120,84}");
    assert_eq!(error.message, "the list {120,84} has no repetition to step with");
    assert_eq!(error.labels[1].1, "1 turn");
    assert!(mend("net k = 8x8x1 - fc {120,84}", "{120,84}").contains("( … )^2"));
    // Its own list as a count takes the repetition away from every other list.
    let text = "net k = 8x8x1 - [(conv {1,2})^{2,2} - conv]^2 - [(conv {1,2})^{2,2}]^3";
    let mistakes = mistakes(text);
    assert_eq!(mistakes[0].0, "{2,2}");
    assert!(mistakes[0].1.message.contains("no repetition"), "{mistakes:#?}");
    // The zeroth turn drops the group, list and all.
    assert_eq!(filters("net k = 8x8x1 - (conv {120,84} - relu)^K - conv 3 where K=0"), [3]);
}

#[test]
fn counts_step_with_the_repetition_outside() {
    assert_eq!(
        names("net c = 8x8x1 - [(relu)^{0,2,1} - fc 4]^3"),
        ["input", "fc1", "relu1", "relu2", "fc2", "relu3", "fc3"]
    );
    let stranded = "net c = 8x8x1 - (relu)^{1,2}";
    assert!(message(stranded, "{1,2}").contains("no repetition"), "a count's list needs a repetition outside");
}

#[test]
fn a_list_of_one_is_a_plain_value() {
    assert_eq!(filters("net p = 8x8x1 - (conv {10})^{N} where N=2"), [10, 10]);
    assert_eq!(filters("net p = 8x8x1 - (conv {10,20})^{N} where N=2"), [10, 20]);
}

#[test]
fn a_turn_has_a_name() {
    assert_eq!(filters("net q = 32x32x3 - [conv (16*2^i) - relu - pool]^i=3"), [16, 32, 64]);
    assert_eq!(filters("net q = 32x32x3 - [conv 4*c 1x1]^2 where c=8"), [32, 32]);
    assert_eq!(filters("net q = 32x32x3 - [(conv (10*i+j+1))^j=2]^i=2"), [1, 2, 11, 12]);
    // A count that depends on a turn takes no list: its turns differ.
    assert_eq!(filters("net q = 8x8x1 - [(conv {1,2,3})^(i+1)]^i=3"), [1, 2, 2, 3, 3, 3]);
    let twice = "net q = 8x8x1 - [(conv (i+1))^i=2]^i=2";
    assert!(message(twice, "^i=2").contains("two repetitions"));
}

#[test]
fn where_shadows_let() {
    let text = "let width = 16\nnet q = 8x8x1 - conv width";
    assert_eq!(filters(text), [16]);
    assert_eq!(filters(&format!("{text} where width = 4")), [4]);
    assert_eq!(filters(&format!("{text} where width = 2*width")), [32]);
    assert_eq!(filters("let w = {4, 8}\nnet q = 8x8x1 - (conv 2*w)^2"), [8, 16]);
    assert!(message("net q = 8x8x1 - conv N where N=1, N=2", "N").contains("two values"));
    assert!(mend("net q = 8x8x1 - conv 4 kxk where k=3", "kxk").contains("`(k)x(k)`"));
    assert_eq!(outputs("net q = 8x8x1 - conv 4 (k)x(k) valid where k=3")[1], "6x6x4");
    assert!(mend("let width = 16\nnet q = 8x8x1 - conv widht", "widht").contains("`width`"));
}

#[test]
fn huge_repetitions_are_refused_before_they_are_written_out() {
    for (text, place) in [
        ("net h = 8x8x1 - (relu)^1000000000", "^1000000000"),
        ("net h = 8x8x1 - (((relu)^1000)^1000)^1000", "^1000"),
        ("net h = 8x8x1 - [(relu)^{1,1000000}]^2", "^{1,1000000}"),
        ("net h = 8x8x1 - ((relu)^0)^1000000000", "^1000000000"),
        ("net h = 8x8x1 - [[(relu)^(1000*i)]^1000]^i=90", "^(1000*i)"),
    ] {
        let error = mistakes(text).into_iter().next().unwrap();
        assert_eq!(error.0, place, "{:#?}", error.1);
        assert!(error.1.message.contains("at most 100000"), "{}", error.1.message);
    }
    assert_eq!(net("net h = 8x8x1 - (relu)^50000").layers.len(), 50_001);
}

#[test]
fn as_names_layers_and_numbers_them_inside_repetitions() {
    let text = "net n = 16x16x3 - conv 4 as first - relu - [(conv {4,8} - relu)^{1,2} as e - pool]^2, softmax 10";
    assert_eq!(names(text)[1..9], ["first", "relu1", "conv2", "e1", "pool1", "conv3", "relu3", "conv4"]);
    assert_eq!(names(text)[9..], ["e2", "pool2", "fc1", "softmax1"]);
    let twice = "net n = 8x8x1 - conv 4 as a - conv 4 as a";
    let error = mistake(twice, "a");
    assert!(error.message.contains("two layers are called `a`"));
    assert!(message("net n = 8x8x1 - (conv as e)^2 - conv as e2", "e2").contains("two layers are called `e2`"));
    assert!(message("net n = 8x8x1 - (conv as a) as b", "b").contains("two names"));
}
