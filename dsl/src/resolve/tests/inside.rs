//! Nets that begin inside another.

use super::*;

#[test]
fn a_net_begins_inside_another() {
    let vgg = "net mine = vgg16.pool5 - fc 256 - relu, softmax 10";
    let mine = net(vgg);
    let base = mine.base.clone().unwrap();
    // Five poolings, 13 convolutions and as many rectifiers, and the input.
    assert_eq!((base.net.as_str(), base.layers), ("vgg16", 5 + 26 + 1));
    assert_eq!(mine.layers[base.layers].name, "fc1");
    assert_eq!((mine.input(), mine.output()), (&[224, 224, 3][..], &[10][..]));
    let library = library_net("vgg16");
    let (ours, theirs) = (&mine.layers[..base.layers], &library.layers[..base.layers]);
    assert_eq!(ours, theirs);
    // Only what the layer needs is taken.
    let text = "net big = 8x8x3 - conv 4 - concat(conv 5 | conv 6 as c) - fc 10\nnet n = big.c - conv 2 - add(id | big.conv1 - conv 2)";
    assert_eq!(names(text), ["input", "conv1", "c", "conv2", "conv3", "add1"]);
    assert_eq!(net(text).base.unwrap().layers, 3);
    let block = net("net n = resnet18.basic2 - relu");
    assert_eq!(block.layers[block.base.unwrap().layers - 1].name, "basic2.relu2");
    assert!(mend("net n = vgg166.pool5 - relu", "vgg166.pool5").contains("`vgg16`"));
    assert!(message("net n = vgg16.pool9 - relu", "vgg16.pool9").contains("`vgg16` has no layer `pool9`"));
    let own = "net n = n.conv1 - relu";
    assert!(!mistakes(own).is_empty());
}

/// The layers of a net, but for the input: names and kinds.
fn layers(net: &Net) -> Vec<(String, Kind)> {
    net.layers[1..].iter().map(|layer| (layer.name.clone(), layer.kind.clone())).collect()
}

#[test]
fn a_net_stands_behind_another_input() {
    let mine = net("net mine = 32x32x3 - resnet18.pool2, softmax 10");
    let theirs = library_net("resnet18");
    let base = mine.base.clone().unwrap();
    assert_eq!((base.net.as_str(), base.layers), ("resnet18", theirs.find("pool2").unwrap() + 1));
    assert_eq!((mine.input(), mine.output()), (&[32, 32, 3][..], &[10][..]));
    assert_eq!(
        layers(&mine)[..base.layers - 2],
        layers(&theirs)[..base.layers - 2],
        "all but the global pool's window"
    );
    trains(&mine);
    // A whole net keeps its end, and its own stated sizes do not hold behind another input.
    let small = net("net small = 64x64x3 - resnet18");
    assert_eq!(
        (small.input(), small.output(), small.layers.len()),
        (&[64, 64, 3][..], &[1000][..], theirs.layers.len())
    );
    let stated = "net a = 8x8x1 - conv 4 - 8x8x4 - pool - 4x4x4 - fc 10, softmax 10\n";
    assert_eq!(outputs(&format!("{stated}net n = 16x16x1 - a")), ["16x16x1", "16x16x4", "8x8x4", "10", "10"]);
    assert!(message(&format!("{stated}net n = 16x16x1 - a.pool1 - 4x4x4"), "4x4x4").contains("8x8x4 flows"));
    // By way of another net, and behind an input that the data tell.
    let way = "net b = a.pool1 - relu\nnet n = 16x16x1 - b - fc 2";
    assert_eq!(outputs(&format!("{stated}{way}"))[1..], ["16x16x4", "8x8x4", "8x8x4", "2"]);
    let Ok(Resolved::Open(open)) = resolved(&format!("{stated}net n = INPUT - a.pool1, softmax")) else { panic!() };
    assert_eq!(open.complete(Some(&[12, 12, 1]), Some(3)).unwrap().layers[2].output, [6, 6, 4]);
    // What does not fit behind it is said at its name.
    let small = resolved("net n = 8x8x3 - vgg16.pool5 - relu").unwrap_err();
    assert_eq!((small.len(), small[0].labels[0].1.as_str()), (1, "in this use of `vgg16`"), "{small:#?}");
    assert_eq!(small[0].message, "the window of pool4 is larger than its map");
}

#[test]
fn a_classifier_behind_a_whole_net_is_refused() {
    for text in ["net n = resnet18, softmax 10", "net n = 32x32x3 - resnet18, softmax 10"] {
        let error = mistake(text, "softmax 10");
        assert_eq!(error.message, "`resnet18` ends in a classifier of its own, and this is a second one behind it");
        assert!(error.help.unwrap().starts_with("write `resnet18.pool2, softmax 10`"));
        net(&text.replace("resnet18,", "resnet18.pool2,"));
    }
    let mend = |text: &str| mend(text, "softmax");
    assert!(mend("net n = vgg16, softmax").contains("`vgg16.dropout2, softmax`"));
    assert!(mend("net n = vgg16.softmax1 - relu, softmax").contains("`vgg16.dropout2, softmax`"));
    assert!(mend("net a = 8x8x1 - fc 3, softmax\nnet n = a, softmax").starts_with("leave out `a`"));
    assert!(
        mend("net a = 8x8x1 - conv 4 - fc 3, softmax\nnet b = a\nnet n = b, softmax").contains("`b.conv1, softmax`")
    );
    assert!(message("net n = 8x8x1 - conv 4 - softmax, softmax 3", "softmax 3").contains("behind a softmax"));
    // A net without a classifier takes one.
    assert_eq!(outputs("net a = 8x8x1 - conv 4\nnet n = a, softmax 3")[2..], ["3", "3"]);
}
