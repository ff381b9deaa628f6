//! Branches, names, blocks, side classifiers, and nets that begin inside another.

use super::*;

const BASIC: &str = "block basic(c, s=1) = add(conv c /s - bn - relu - conv c - bn | shortcut) - relu\n";

/// The inputs of the layer of this name, by name.
fn reads(net: &Net, name: &str) -> Vec<String> {
    let layer = &net.layers[net.find(name).unwrap()];
    layer.inputs.iter().map(|&input| net.layers[input].name.clone()).collect()
}

#[test]
fn branches_join_along_the_channels_and_by_sum() {
    let text =
        "net n = 28x28x192 - concat(conv 64 1x1 - relu | conv 96 1x1 - relu - conv 128 | pool 3x3/1 same - conv 32 1x1)
        - relu, softmax 5";
    let net = net(text);
    assert_eq!(reads(&net, "concat1"), ["relu1", "conv3", "conv4"]);
    assert_eq!(net.layers[net.find("concat1").unwrap()].output, [28, 28, 224]);
    assert_eq!(reads(&net, "conv2"), ["input"]);
    trains(&net);
    let three = super::net("net n = 8x8x4 - conv 4 - add(id | conv 4 | conv 4 - relu)");
    assert_eq!(reads(&three, "add1"), ["conv1", "conv2", "relu1"]);
    trains(&three);
    let repeated = super::net("net n = 8x8x4 - concat(conv {2,3} | id)^2");
    assert_eq!(repeated.output(), [8, 8, 9]);
}

#[test]
fn branches_that_cannot_join_show_both_shapes_both_places_and_the_axis() {
    let text = "net n = 8x8x3 - concat(conv 4 | conv 8 valid)";
    let error = mistake(text, "concat(conv 4 | conv 8 valid)");
    assert_eq!(error.message, "8x8x4 and 6x6x8 cannot be joined along the channels");
    assert_eq!(error.labels[0].1, "the height is 8 and 6; the width is 8 and 6");
    let places: Vec<&str> = error.labels[1..].iter().map(|(span, _)| &text[span.range()]).collect();
    assert_eq!(places, ["conv 4", "conv 8 valid"]);
    assert_eq!(error.labels[2].1, "conv2 gives 6x6x8");
    let error = mistake("net n = 8x8x3 - add(conv 4 | conv 8)", "add(conv 4 | conv 8)");
    assert!(error.labels[0].1.contains("the channels are 4 and 8") && error.help.unwrap().contains("conv 4 1x1"));
    let error = mistake("net n = 8x8x3 - add(conv 4 | fc 4)", "add(conv 4 | fc 4)");
    assert_eq!(error.labels[0].1, "3 sizes and 1");
    let error = mistake("net n = 8x8x3 - add(conv 4 pad 0 | id)", "add(conv 4 pad 0 | id)");
    assert_eq!(error.labels[2].1, "input gives 8x8x3");
}

#[test]
fn shortcuts() {
    let text = format!("{BASIC}net n = 16x16x8 - basic(8) - basic(16, 2) - basic(16), softmax 5");
    let net = net(&text);
    let expected = [
        "basic1.conv1",
        "basic1.bn1",
        "basic1.relu1",
        "basic1.conv2",
        "basic1.bn2",
        "basic1.add1",
        "basic1.relu2",
        "basic2.conv1",
        "basic2.bn1",
        "basic2.relu1",
        "basic2.conv2",
        "basic2.bn2",
        "basic2.shortcut",
        "basic2.shortcut.bn",
        "basic2.add1",
        "basic2.relu2",
        "basic3.conv1",
    ];
    assert_eq!(names(&text)[1..18], expected);
    assert_eq!(reads(&net, "basic1.add1"), ["basic1.bn2", "input"]);
    assert_eq!(reads(&net, "basic2.add1"), ["basic2.bn2", "basic2.shortcut.bn"]);
    let shortcut = &net.layers[net.find("basic2.shortcut").unwrap()];
    assert_eq!(shortcut.kind.to_string(), "conv 16 1x1 stride 2 pad 0 nobias");
    trains(&net);
    // The stride is the product of those of the branch.
    let product = super::net("net n = 16x16x8 - add(shortcut | conv 8 /2 - pool 3x3/2 pad 1)");
    let shortcut = &product.layers[product.find("shortcut").unwrap()];
    assert_eq!(shortcut.kind.to_string(), "conv 8 1x1 stride 4 pad 0 nobias");
    assert_eq!(reads(&product, "add1"), ["shortcut.bn", "pool1"]);
    for chain in ["16x8 - add(conv 16 /2 | shortcut)", "8x8x4x2 - add(conv 4 /2 | shortcut)"] {
        trains(&super::net(&format!("net n = {chain}")));
    }
    let vectors = "net n = 16 - add(fc 8 | shortcut)";
    assert!(message(vectors, "shortcut").contains("no shortcut leads from 16 to 8"));
    let shrunk = "net n = 16x16x8 - add(conv 8 valid | shortcut)";
    assert!(message(shrunk, "add(conv 8 valid | shortcut)").contains("cannot be added"));
}

#[test]
fn shortcuts_without_weights() {
    let text = "net n = 16x16x8 - add(conv 12 /2 - bn | shortcut zeros) - relu";
    let net = net(text);
    assert_eq!(names(text)[3..6], ["shortcut.pool", "shortcut", "add1"]);
    assert_eq!(net.layers[3].kind.to_string(), "pool max 1x1 stride 2 pad 0");
    assert_eq!(net.layers[4].kind.to_string(), "zeros 4");
    assert_eq!(parameters(text), 9 * 8 * 12 + 24);
    trains(&net);
    assert!(message("net n = 16x16x8 - add(conv 4 | shortcut zeros)", "shortcut zeros").contains("8 become 4"));
}

#[test]
fn branches_begin_at_names() {
    let text = "net u = 16x16x1 - [(conv {4,8} - relu)^{2,2} as e - pool]^2 - conv 16
        - [concat(deconv {8,4} 2x2/2 | e{2,1}) - conv {8,4}]^2 - conv 2 1x1 - softmax";
    let net = net(text);
    assert_eq!(
        (reads(&net, "concat1"), reads(&net, "concat2")),
        (vec!["deconv1".to_string(), "e2".to_string()], vec!["deconv2".to_string(), "e1".to_string()])
    );
    assert_eq!(net.output(), [16, 16, 2]);
    trains(&net);
    let text = "net n = 8x8x3 - conv 4 as c - relu - add(conv 4 | c - conv 4 1x1)";
    assert_eq!(reads(&super::net(text), "conv3"), ["c"]);
    assert_eq!(reads(&super::net("net n = 8x8x3 as start - conv 3 - add(id | start)"), "add1"), ["conv1", "start"]);
    let error = mistake("net n = 8x8x3 - add(id | later) - conv 3 as later", "later");
    assert!(error.message.contains("`later` is named only further on"), "{error:#?}");
    let error = mistake("net n = 8x8x3 - (conv 3 as e)^2 - add(id | e)", "e");
    assert!(error.help.unwrap().contains("`e1`"));
    let error = mistake("net n = 8x8x3 - conv 3 as c - relu - c - relu", "c");
    assert!(error.help.unwrap().contains("concat(id | c)"));
    assert!(mend("net n = 8x8x3 - conv 3 as skip - add(id | skp)", "skp").contains("`skip`"));
}

#[test]
fn blocks_see_their_parameters_only() {
    let text = "let w = 4\nblock b(c, k=3, d=2*c) = conv c (k)x(k) - relu - conv d\n";
    let shapes = |rest: &str| filters(&format!("{text}net n = 8x8x3 - {rest}"));
    assert_eq!(shapes("b(w)"), [4, 8]);
    assert_eq!(shapes("b(w, 5, 6) - b(c=3, d=1)"), [4, 6, 3, 1]);
    assert_eq!(shapes("[b({4,8}, {1,3})]^2"), [4, 8, 8, 16]);
    assert_eq!(shapes("b({4,8})^2"), [4, 8, 8, 16]);
    assert_eq!(shapes("b(2^i)^i=3"), [1, 2, 2, 4, 4, 8]);
    let blind = "let w = 4\nblock b() = conv w\nnet n = 8x8x3 - b()";
    let error = mistake(blind, "w");
    assert!(error.labels[0].1.contains("its own parameters only") && error.help.unwrap().contains("a parameter `w`"));
    assert_eq!(&blind[error.labels[1].0.range()], "b()");
    let lists = "block b() = conv {4,8}\nnet n = 8x8x3 - b()^2";
    assert!(message(lists, "{4,8}").contains("no repetition to step with"), "a list does not step outside its block");
    let inside = "block b(n) = (conv (n*{1,2}) - relu)^2\nnet n = 8x8x3 - b(3)^2";
    assert_eq!(filters(inside), [3, 6, 3, 6]);
}

#[test]
fn wrong_arguments() {
    let wrong = |rest: &str, place: &str| {
        let error = mistake(&format!("block b(c, s=1) = conv c /s\nnet n = 8x8x3 - {rest}"), place);
        format!("{} {}", error.message, error.help.unwrap_or_default())
    };
    assert!(wrong("b()", "b").contains("`b` needs `c`"));
    assert!(wrong("b()", "b").contains("`b(c, s=1)`"));
    assert!(wrong("b(1, 2, 3)", "3").contains("one more"));
    assert!(wrong("b(1, t=2)", "t").contains("no parameter `t`"));
    assert!(wrong("b(1, c=2)", "2").contains("twice"));
    assert!(wrong("b({1,2})", "{1,2}").contains("no repetition"));
    assert!(wrong("bb(1)", "bb").contains("`b` is the nearest block"));
}

#[test]
fn a_block_that_uses_itself() {
    let error = mistake("block b(c) = conv c - b(c)\nnet n = 8x8x3 - b(1)", "b");
    assert_eq!(error.message, "the block `b` uses itself");
    let mutual = "block b(c) = conv c - d(c)\nblock d(c) = b(c) - relu\nnet n = 8x8x3 - b(1)";
    assert_eq!(message(mutual, "b"), "the block `b` uses itself, by way of `d`");
    // Doubling blocks are refused before they fill the memory.
    let mut text = String::from("block b0() = relu\n");
    (1..=40).for_each(|i| text += &format!("block b{i}() = b{} () - b{} ()\n", i - 1, i - 1).replace(" ()", "()"));
    let text = text + "net n = 8x8x3 - b40()";
    assert!(mistakes(&text)[0].1.message.contains("at most 100000"));
}

#[test]
fn mistakes_inside_a_block_show_the_use_too() {
    let text = "block b(c) = conv c 9x9 valid\nblock outer(c) = relu - b(c)\nnet n = 4x4x3 - conv 2 - outer(4) - b(2)";
    let error = mistakes(text).into_iter().next().unwrap();
    assert_eq!(error.0, "conv c 9x9 valid");
    let uses: Vec<(&str, &str)> =
        error.1.labels.iter().map(|(span, words)| (&text[span.range()], words.as_str())).collect();
    assert!(uses.contains(&("b(c)", "in this use of `b`")), "{uses:?}");
    assert!(uses.contains(&("outer(4)", "in this use of `outer`")), "{uses:?}");
}

#[test]
fn names_of_blocks() {
    let text =
        "block b(c) = conv c as first - relu\nnet n = 8x8x3 - b(4) - b(4) as mine - [b(4) as e]^2 - add(id | e1)";
    let net = net(text);
    assert_eq!(
        names(text)[1..9],
        ["b1.first", "b1.relu1", "mine.first", "mine.relu1", "e1.first", "e1.relu1", "e2.first", "e2.relu1"]
    );
    assert_eq!(reads(&net, "add1"), ["e2.relu1", "e1.relu1"]);
    assert_eq!(net.find("b1"), Some(2));
    assert_eq!(net.find("mine"), net.find("mine.relu1"));
}

#[test]
fn side_classifiers() {
    let text =
        "net n = 16x16x3 - conv 4 - relu - aux 0.3 (pool avg global - fc 8 - relu, softmax) - conv 4 /2, softmax 7";
    let net = net(text);
    assert_eq!(net.layers[net.find("fc2").unwrap()].output, [7]);
    assert_eq!(reads(&net, "conv2"), ["relu1"]);
    let (train, infer) = (lower(&net, 2, Mode::Train).unwrap(), lower(&net, 2, Mode::Infer).unwrap());
    assert_eq!(train.states, infer.states);
    assert_eq!((train.sides.len(), infer.sides.len()), (1, 0));
    assert_eq!(train.sides[0].0, 0.3);
    trains(&net);
    let wrong = |aux: &str, rest: &str| {
        let text = format!("net n = 16x16x3 - conv 4 - {aux}{rest}");
        message(&text, aux)
    };
    assert!(wrong("aux 0.3 (fc 5)", " - fc 5 - softmax").contains("ends in softmax"));
    assert!(wrong("aux 0.3 (fc 4, softmax)", ", softmax 5").contains("a side classifier of 4 in a net of 5"));
    assert!(wrong("aux 0.3 (fc 4, softmax)", " - fc 4").contains("needs a net that ends in softmax"));
    assert!(
        mistakes("net n = 8x8x3 - conv 4 - softmax - aux 1 (id - softmax)")
            .iter()
            .any(|(_, error)| error.message.contains("ends with a side classifier"))
    );
}

#[test]
fn nets_without_an_input_shape() {
    let text = format!("{BASIC}net n = conv 8 - basic(8) - basic(16, 2) - concat(conv 4 | pool 3/1 same), softmax");
    let Ok(Resolved::Open(open)) = resolved(&text) else { panic!("its input comes from the data") };
    let net = open.complete(Some(&[16, 16, 3]), Some(4)).unwrap();
    assert_eq!((net.output(), net.layers.iter().filter(|l| l.name.contains("shortcut")).count()), (&[4][..], 2));
    trains(&net);
    let other = open.complete(Some(&[32, 2]), Some(4)).unwrap();
    trains(&other);
}

#[test]
fn deep_towers_of_blocks_and_nets_are_refused() {
    let mut text = String::from("block b0() = relu\n");
    (1..=5000).for_each(|i| text += &format!("block b{i}() = (b{}())^1\n", i - 1));
    let error = mistakes(&(text + "net n = 8x8x3 - b5000()")).remove(0).1;
    assert!(error.message.contains("deep in one another"), "{}", error.message);
    let mut text = String::from("net n0 = 8x8x3 - relu\n");
    (1..=500).for_each(|i| text += &format!("net n{i} = n{} - relu\n", i - 1));
    let error = mistakes(&text).remove(0).1;
    assert!(error.message.contains("deep in one another"), "{}", error.message);
}
