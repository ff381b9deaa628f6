//! Resolving and lowering ask whether they are to end, the more often the larger the net.

use fovea_graph::Interrupted;
use fovea_graph::stop::looks;

use super::*;
use crate::lower::lower_unless;
use crate::resolve::resolve_unless;

/// How often resolving asks, for a net of so many layers written out.
fn asked(text: &str) -> usize {
    let (def, scope) = program(text);
    looks(|stop| resolve_unless(&def, &scope, None, None, stop).map(|resolved| drop(resolved.unwrap())))
}

#[test]
fn repetitions_blocks_and_branches_end_at_any_layer() {
    for net in [
        "net t = 8x8x3 - [conv 4 - relu]^TIMES, softmax 3",
        "net t = 8x8x3 - [add(conv 3 | id)]^TIMES, softmax 3",
        "block b(c) = conv c - relu\nnet t = 8x8x3 - b(4)^TIMES, softmax 3",
        "net u = 8x8x3 - [conv 4 - relu]^TIMES\nnet t = u - conv 4 - relu, softmax 3",
    ] {
        let [few, many] = ["4", "24"].map(|times| asked(&net.replace("TIMES", times)));
        // Each layer when it is written out, and again when its shape is found.
        assert!(few >= 8 && many >= few + 40, "{net}: {few} times for 4 turns, {many} for 24");
    }
}

#[test]
fn an_open_net_is_completed_until_it_is_broken_off() {
    let Resolved::Open(open) = resolved("net t = [conv 4 - relu]^10, softmax").unwrap() else { panic!("it is whole") };
    let complete = |stop: &dyn fovea_graph::Stop| open.complete_unless(Some(&[8, 8, 1]), Some(3), stop).map(drop);
    assert!(looks(complete) >= 20);
}

#[test]
fn a_net_with_its_channels_first_is_looked_at_twice_and_broken_off_in_either() {
    let (def, scope) = program("net t = 3x150x150 - conv 8 5x5 valid - conv 8 5x5 valid, softmax 3");
    let refused =
        |stop: &dyn fovea_graph::Stop| resolve_unless(&def, &scope, None, None, stop).map(|r| assert!(r.is_err()));
    assert!(looks(refused) >= 9);
}

#[test]
fn lowering_ends_at_any_layer() {
    for mode in [Mode::Train, Mode::Infer] {
        let [few, many] = [4, 24].map(|times| {
            let net = net(&format!("net t = 8x8x3 - [conv 4 - bn]^{times}, softmax 3"));
            looks(|stop| lower_unless(&net, 2, mode, stop).map(|graph| drop(graph.unwrap())))
        });
        assert!(few >= 8 && many >= few + 40, "{few} times for 8 layers, {many} for 48");
    }
    let nobody = lower_unless(&net("net t = 8x8x3 - conv 4"), 0, Mode::Train, &fovea_graph::Never).unwrap();
    assert!(nobody.is_err(), "a batch of no pictures is no interrupt");
    assert_eq!(Interrupted.to_string(), "interrupted");
}
