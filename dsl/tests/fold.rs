//! What repeats in nets is found, whatever their layers are called.
#![allow(clippy::unwrap_used, missing_docs)]

mod nets;

use fovea_dsl::library;
use fovea_dsl::net::Net;
use fovea_dsl::net::fold::{Part, Repeat, Role};
use nets::{known, net};

/// `conv relu`: blocks in braces, repeats in parentheses with their count, the other first one before a bar.
fn shown(net: &Net, parts: &[Part]) -> String {
    let each = parts.iter().map(|part| match &part.role {
        Role::Layer => net.layers[part.layers.start].kind.word().to_string(),
        Role::Block(inner) => format!("{{{}}}", shown(net, inner)),
        Role::Repeat(Repeat { times, lead, body }) => {
            let lead = lead.iter().map(|lead| format!("{} | ", shown(net, lead))).collect::<String>();
            format!("({lead}{})×{}", shown(net, body), times.len())
        }
    });
    each.collect::<Vec<_>>().join(" ")
}

fn folded(net: &Net) -> String {
    shown(net, &net.parts())
}

fn of(name: &str) -> String {
    folded(&known(name))
}

#[test]
fn layers_that_repeat_fold_in_chains() {
    assert_eq!(of("lenet"), "input conv relu pool conv relu pool fc relu fc relu fc softmax");
    let vgg = "input (conv relu)×2 pool (conv relu)×2 pool (conv relu)×3 pool (conv relu)×3 pool (conv relu)×3 pool \
               (fc relu dropout)×2 fc softmax";
    assert_eq!(of("vgg16"), vgg);
    let plain = "input conv bn relu pool (conv bn relu)×6 (conv bn relu | conv bn relu)×8 (conv bn relu | conv bn relu)×12 \
                 (conv bn relu | conv bn relu)×6 pool fc softmax";
    assert_eq!(of("plain34"), plain);
    // The pattern begins at its convolution, where it can.
    let text = "net q = 8x8x1 - conv 4 - relu - conv 8 - relu - conv 8 - relu - conv 8 - relu - pool";
    assert_eq!(folded(&net(text)), "input conv relu (conv relu)×3 pool");
}

#[test]
fn a_stages_first_block_folds_with_the_others() {
    let (lead, body) =
        ("{conv bn relu conv bn relu conv bn conv bn add relu}", "{conv bn relu conv bn relu conv bn add relu}");
    let stage = |count: usize| format!("({lead} | {body})×{count}");
    let stages = [3, 8, 36, 3].map(stage).join(" ");
    assert_eq!(of("resnet152"), format!("input conv bn relu pool {stages} pool fc softmax"));
    let basic = "({conv bn relu conv bn add relu})×3 ({conv bn relu conv bn conv bn add relu} | {conv bn relu conv bn add relu})×4";
    assert!(of("resnet34").contains(basic), "{}", of("resnet34"));
}

#[test]
fn branches_that_meet_again_are_blocks() {
    let branches = "{conv relu conv relu conv relu conv relu conv relu pool conv relu concat}";
    assert_eq!(of("googlenet").matches(branches).count(), 9);
    let unet = "input (conv relu)×2 {pool (conv relu)×2 {pool (conv relu)×2 {pool (conv relu)×2 {pool (conv relu)×2 deconv \
                concat} (conv relu)×2 deconv concat} (conv relu)×2 deconv concat} (conv relu)×2 deconv concat} \
                (conv relu)×2 conv softmax";
    assert_eq!(of("unet"), unet);
}

#[test]
fn names_play_no_part() {
    let named = "block b(c) = add(conv c - relu - conv c | id) - relu\nnet q = 8x8x4 - conv 4 - b(4)^3, softmax 2";
    let bare = "net q = 8x8x4 - conv 4 - [add(conv 4 - relu - conv 4 | id) - relu]^3, softmax 2";
    let apart = "net q = 8x8x4 - conv 4 - add(conv 4 - relu - conv 4 | id) - relu - add(conv 4 as x - relu - conv 4 | id) - relu \
                 - add(conv 4 - relu - conv 4 as y | id) - relu, softmax 2";
    let parts = "input conv ({conv relu conv add relu})×3 flatten fc softmax";
    let one = folded(&net(named)).replace(" flatten", "");
    assert_eq!(one, parts.replace(" flatten", ""));
    assert_eq!(
        (folded(&net(bare)).replace(" flatten", ""), folded(&net(apart)).replace(" flatten", "")),
        (one.clone(), one)
    );
}

#[test]
fn repeats_within_repeats_fold() {
    let text = "net q = 8x8x4 - [(conv 4 - bn - relu)^2 - add(conv 4 - relu | id)^3 - pool 3x3/1 same]^4, softmax 2";
    let inner = "((conv bn relu)×2 ({conv relu add})×3 pool)×4";
    assert!(folded(&net(text)).contains(inner), "{}", folded(&net(text)));
}

/// What differs in anything but the channels that it is given is not the same.
#[test]
fn what_differs_does_not_fold() {
    for text in [
        "net q = 8x8x4 - conv 4 - relu - conv 4 size 5x5 - relu",
        "net q = 8x8x4 - conv 4 - relu - conv 8 - relu",
        "net q = 8x8x4 - conv 4 - relu - conv 4 nobias - relu",
        "net q = 16x16x4 - conv 4 /2 - relu - conv 4 /2 - relu",
        "net q = 8x8x4 - conv 4 - relu - conv 4 - tanh",
    ] {
        let text = text.replace(" size 5x5", " 5x5");
        assert!(!folded(&net(&text)).contains('×'), "{text}: {}", folded(&net(&text)));
    }
    // A map that is read again later leaves its stretch.
    let text = "net q = 8x8x4 - conv 4 - relu as e - conv 4 - relu - conv 4 - relu - concat(conv 4 | e)";
    assert!(!folded(&net(text)).contains("×3"), "{}", folded(&net(text)));
}

/// Every layer stands in exactly one part, in order, and times of a repeat follow one another.
#[test]
fn parts_cover_every_net() {
    fn covers(parts: &[Part], from: usize) -> usize {
        parts.iter().fold(from, |at, part| {
            assert_eq!(part.layers.start, at);
            match &part.role {
                Role::Layer => assert_eq!(part.layers.len(), 1),
                Role::Block(inner) => assert_eq!(covers(inner, at), part.layers.end),
                Role::Repeat(Repeat { times, lead, body }) => {
                    let end = times.iter().fold(at, |at, time| {
                        assert_eq!(time.start, at);
                        time.end
                    });
                    assert_eq!(end, part.layers.end);
                    let last = times.last().unwrap();
                    assert_eq!(covers(body, last.start), last.end);
                    lead.iter().for_each(|lead| assert_eq!(covers(lead, at), times[0].end));
                }
            }
            part.layers.end
        })
    }
    for (name, _) in library::list() {
        let net = known(name);
        assert_eq!(covers(&net.parts(), 0), net.layers.len(), "{name}");
    }
}
