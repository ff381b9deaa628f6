//! The options of layers, and what they mean for shapes.

use super::*;

/// The last layer of a net, every default filled in, and its output.
fn last(chain: &str) -> String {
    let net = net(&format!("net n = {chain}"));
    let layer = net.layers.last().unwrap();
    format!("{} → {}", layer.kind, fovea_graph::shape::join(&layer.output))
}

#[test]
fn windows_strides_and_paddings_of_convolutions() {
    for (chain, expected) in [
        ("28x28x1 - conv", "conv 32 3x3 stride 1 pad 1 → 28x28x32"),
        ("28x28x1 - conv 6 5x5", "conv 6 5x5 stride 1 pad 2 → 28x28x6"),
        ("28x28x1 - conv filters 6 size 5", "conv 6 5x5 stride 1 pad 2 → 28x28x6"),
        ("28x28x1 - conv5 6", "conv 6 5x5 stride 1 pad 2 → 28x28x6"),
        ("28x28x1 - conv5-6", "conv 6 5x5 stride 1 pad 2 → 28x28x6"),
        ("28x28x1 - conv 6 5x5 valid", "conv 6 5x5 stride 1 pad 0 → 24x24x6"),
        ("28x28x1 - conv 6 5x3 valid", "conv 6 5x3 stride 1 pad 0 → 24x26x6"),
        ("28x28x1 - conv 6 4x4", "conv 6 4x4 stride 1 pad 1 → 27x27x6"),
        ("28x28x1 - conv 6 4x4 same", "conv 6 4x4 stride 1 pad 1+2 → 28x28x6"),
        ("227x227x3 - conv 96 11x11/4", "conv 96 11x11 stride 4 pad 5 → 57x57x96"),
        ("227x227x3 - conv 96 11x11/4 valid", "conv 96 11x11 stride 4 pad 0 → 55x55x96"),
        ("224x224x3 - conv 64 7x7/2", "conv 64 7x7 stride 2 pad 3 → 112x112x64"),
        ("224x224x3 - conv 64 7x7 stride 2 same", "conv 64 7x7 stride 2 pad 2+3 → 112x112x64"),
        ("9x9x2 - conv 4 3x3 dilate 2", "conv 4 3x3 stride 1 pad 2 dilate 2 → 9x9x4"),
        ("9x9x4 - conv 8 groups 4 nobias", "conv 8 3x3 stride 1 pad 1 groups 4 nobias → 9x9x8"),
        ("9x9x4 - conv 8 bias pad 2", "conv 8 3x3 stride 1 pad 2 → 11x11x8"),
    ] {
        assert_eq!(last(chain), expected, "{chain}");
    }
}

#[test]
fn windows_strides_and_paddings_of_pools() {
    for (chain, expected) in [
        ("28x28x6 - pool", "pool max 2x2 stride 2 pad 0 → 14x14x6"),
        ("7x7x6 - pool", "pool max 2x2 stride 2 pad 0 → 3x3x6"),
        ("7x7x6 - pool ceil", "pool max 2x2 stride 2 pad 0 ceil → 4x4x6"),
        ("7x7x6 - pool same", "pool max 2x2 stride 2 pad 0+1 → 4x4x6"),
        ("28x28x6 - pool 4", "pool max 4x4 stride 4 pad 0 → 7x7x6"),
        ("28x28x6 - POOL2", "pool max 2x2 stride 2 pad 0 → 14x14x6"),
        ("55x55x96 - pool 3x3/2", "pool max 3x3 stride 2 pad 0 → 27x27x96"),
        ("55x55x96 - pool 3/2", "pool max 3x3 stride 2 pad 0 → 27x27x96"),
        ("112x112x64 - maxpool 3x3/2 pad 1", "pool max 3x3 stride 2 pad 1 → 56x56x64"),
        ("28x28x6 - pool 3x3/1 same", "pool max 3x3 stride 1 pad 1 → 28x28x6"),
        ("7x7x512 - pool avg global", "pool avg 7x7 stride 7 pad 0 → 1x1x512"),
        ("7x5x512 - avgpool global", "pool avg 7x5 stride 7x5 pad 0 → 1x1x512"),
    ] {
        assert_eq!(last(chain), expected, "{chain}");
    }
}

#[test]
fn vectors() {
    assert_eq!(last("784 - fc"), "fc 512 → 512");
    assert_eq!(last("8x8x1 - FC-4096"), "fc 4096 → 4096");
    assert_eq!(last("8x8x1 - fc4096 nobias"), "fc 4096 nobias → 4096");
    assert_eq!(last("8x8x2 - flatten"), "flatten → 128");
    assert_eq!(last("8x8x2 - dropout 0.2"), "dropout 0.2 → 8x8x2");
    // A sequence and a volume are as good as any map to `fc`.
    assert_eq!(outputs("net n = 128x1 - fc 4 - relu, softmax 2"), ["128x1", "4", "4", "2", "2"]);
    assert_eq!(parameters("net n = 4x4x4x3 - fc 2"), 4 * 4 * 4 * 3 * 2 + 2);
}

#[test]
fn the_classifier_adds_the_scores_that_are_missing() {
    assert_eq!(names("net n = 8x8x1 - conv, softmax 10")[1..], ["conv1", "fc1", "softmax1"]);
    assert_eq!(outputs("net n = 8x8x1 - fc 10, softmax 10")[1..], ["10", "10"]);
    assert_eq!(outputs("net n = 8x8x1 - (fc {64,10})^2, softmax")[1..], ["64", "10", "10"]);
    assert_eq!(outputs("net n = 8x8x1 - fc 10 - 10, softmax 10")[1..], ["10", "10"]);
    // A repetition of none leaves the layer before it as the last one.
    assert_eq!(outputs("net n = 8x8x1 - fc 10 - (relu)^0, softmax 10")[1..], ["10", "10"]);
    assert_eq!(outputs("net n = 8x8x1 - fc 64 - relu, softmax 10")[1..], ["64", "64", "10", "10"]);
}

#[test]
fn an_fc_that_says_no_units_before_the_softmax_has_the_classes() {
    let open = |text: &str| match resolved(text) {
        Ok(Resolved::Open(open)) => open.complete(Some(&[8, 8, 1]), Some(10)).unwrap(),
        other => panic!("{text}\n{other:#?}"),
    };
    let shapes = |net: &Net| net.layers.iter().map(|l| fovea_graph::shape::join(&l.output)).collect::<Vec<_>>();
    let written = open("net n = INPUT -> [[CONV -> RELU]*1 -> POOL]*1 -> FC -> RELU -> FC, SOFTMAX");
    assert_eq!(shapes(&written)[4..], ["512", "512", "10", "10"]);
    trains(&written);
    for text in ["net n = conv - fc as scores, softmax", "net n = conv - fc as scores - softmax"] {
        let net = open(text);
        assert_eq!((shapes(&net)[2..].join(" "), net.layers[2].name.as_str()), ("10 10".into(), "scores"), "{text}");
    }
    // Without data it has the classes that the softmax says, and keeps what else was said.
    assert_eq!(outputs("net n = 8x8x1 - fc - relu - fc, softmax 7")[1..], ["512", "512", "7", "7"]);
    let bare = net("net n = 8x8x1 - fc nobias, softmax 7");
    assert_eq!(bare.layers[1].kind, Kind::Fc { units: 7, bias: false });
    assert_eq!(outputs("net n = 8x8x1 - conv 4 - aux 0.3 (fc, softmax) - fc 6, softmax")[2..4], ["6", "6"]);
    // One with units is what it says, and one that is not the last is hidden.
    assert!(message("net n = 8x8x1 - fc 512, softmax 10", "softmax 10").contains("512 units"));
    assert_eq!(outputs("net n = 8x8x1 - fc - softmax - fc 3")[1..], ["512", "512", "3"]);
}

#[test]
fn what_the_text_leaves_open_comes_from_the_data() {
    let (def, scope) = program("net n = conv 4 - relu - pool, softmax");
    let Ok(Resolved::Open(open)) = resolve(&def, &scope, None, None) else { panic!("open") };
    assert!(open.needs_classes() && open.input().is_none() && open.name() == "n");
    let net = open.complete(Some(&[8, 8, 1]), Some(10)).unwrap();
    assert_eq!((net.input(), net.output()), (&[8, 8, 1][..], &[10][..]));
    assert_eq!(resolve(&def, &scope, Some(&[8, 8, 1]), Some(10)), Ok(Resolved::Net(net)));
    let error = &open.complete(Some(&[8, 8, 1]), None).unwrap_err()[0];
    assert!(error.message.contains("how many classes"), "{error:?}");
    // What the text says stands, whatever the data are.
    let (def, scope) = program("net n = 8x8x1 - conv 4, softmax 3");
    let Ok(Resolved::Net(net)) = resolve(&def, &scope, Some(&[28, 28, 1]), Some(10)) else { panic!("known") };
    assert_eq!((net.input(), net.output()), (&[8, 8, 1][..], &[3][..]));
}

#[test]
fn an_open_net_is_checked_as_far_as_it_goes() {
    assert!(matches!(resolved("net poly = conv 16 - 28x28x16 - pool"), Ok(Resolved::Open(_))));
    let text = "net poly = conv 16 - 14x14x16 - pool - 8x8x16 - fc 3";
    assert!(message(text, "8x8x16").contains("8x8x16 is stated here, but 7x7x16 flows"));
    assert!(message("net poly = conv wide - relu", "wide").contains("`wide`"));
    assert!(message("net poly = 8x8x1 - conv - 4x4x32, softmax", "4x4x32").contains("8x8x32 flows"));
}
