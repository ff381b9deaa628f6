//! The language's networks through the session: the design's examples, the library, blocks, nets inside others.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use support::bench::Bench;

/// The text's nets, each with its parameters, as `compare` counts them.
fn parameters(text: &str, nets: &[&str]) -> Vec<u64> {
    let mut bench = Bench::new();
    bench.ok(text);
    let compared = &bench.ok(&format!("compare {}", nets.join(", ")))[0].data;
    compared["nets"].as_array().unwrap().iter().map(|net| net["params"].as_u64().unwrap()).collect()
}

#[test]
fn the_three_spellings_of_the_summary_slide_are_one_net() {
    let text = r"
net a = 32x32x3 - [(CONV-RELU)^N - POOL]^M - (FC-RELU)^K, SOFTMAX 10   where N=2, M=3, K=1
net b = 32x32x3 -> [[CONV -> RELU]*N -> POOL]*M -> [FC -> RELU]*K, SOFTMAX 10   where N=2, M=3, K=1
net c = 32x32x3 - $$[(\text{CONV-RELU})^N - \text{POOL}]^M - (\text{FC-RELU})^K, \text{SOFTMAX}$$ 10   where N=2, M=3, K=1
net d = 224x224x3-[(CONV3-{64,128,256,512,512}-RELU)^{2,2,3,3,3}-POOL]^5-(FC4096-RELU)^2-FC1000,SOFTMAX
";
    let found = parameters(text, &["a", "b", "c", "d"]);
    assert_eq!((found[0], found[1], found[3]), (found[1], found[2], 138_357_544));
}

#[test]
fn the_examples_of_the_design_run() {
    let text = "
net lenet = 28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10
net turns = 32x32x3 - [conv (16*2^i) - relu - pool]^i=3, softmax 10
net steps = 32x32x3 - [(conv {64,128} - relu)^{2,3} - pool]^2, softmax 10
net picked = 32x32x3 - [(conv {64,128}[i] - relu)^2 - pool]^i=2, softmax 10
net sequence = 128x1 - conv 16 size 5 - relu - pool - conv 32 size 3 - relu - pool avg global, softmax 4
net volume = 16x16x8x1 - conv 8 3x3x3 - relu - pool - conv 16 - relu, softmax 3
net vector = 784 - fc 100 - relu, softmax 10

block inception(a, b3, b, c5, c, p) = concat(
      conv a 1x1 - relu
    | conv b3 1x1 - relu - conv b 3x3 - relu
    | conv c5 1x1 - relu - conv c 5x5 - relu
    | pool 3x3/1 same - conv p 1x1 - relu)
net inside = 28x28x192 - inception(64, 96, 128, 16, 32, 32), softmax 10

block basic(c, s=1) = add(conv c /s - bn - relu - conv c - bn | shortcut) - relu
net residual = 32x32x3 - conv 16 - bn - relu - basic(16)^2 - basic(32, 2) - basic(32), softmax 10

block bottleneck(c, s=1) = add(conv c 1x1 - bn - relu - conv c 3x3 /s - bn - relu - conv 4*c 1x1 - bn | shortcut) - relu
net fifty = 224x224x3 - conv 64 7x7/2 - bn - relu - pool 3x3/2 pad 1
    - [bottleneck({64,128,256,512}, {1,2,2,2}) - bottleneck({64,128,256,512})^{2,3,5,2}]^4 - pool avg global, softmax 1000

net u = 256x256x1 - [(conv {64,128,256,512} - relu)^{2,2,2,2} as e - pool]^4 - (conv 1024 - relu)^2
    - [concat(deconv {512,256,128,64} 2x2/2 | e{4,3,2,1}) - (conv {512,256,128,64} - relu)^{2,2,2,2}]^4 - conv 2 1x1 - softmax

net skip = 32x32x3 - conv 64 as c1 - pool - conv 64 - concat(deconv 64 2x2/2 | c1) - conv 10 1x1 - softmax
net mine = vgg16.pool5 - fc 256 - relu, softmax 10
";
    let nets = ["lenet", "inside", "fifty", "u", "sequence", "volume"];
    let found = parameters(text, &nets);
    // LeNet, ResNet-50 and U-Net are published; inception (3a) is 163,696 and its classifier 28·28·256·10 + 10.
    assert_eq!(found[..4], [61_706, 163_696 + 2_007_050, 25_557_032, 31_030_658]);
    // 16·5 + 16, 32·16·3 + 32, 4·32 + 4; 27·8 + 8, 27·8·16 + 16, 8·8·4·16·3 + 3.
    assert_eq!(found[4..], [96 + 1_568 + 132, 224 + 3_472 + 12_291]);
}

#[test]
fn every_layer_of_the_table_runs() {
    let layers = [
        "conv 8 5x5 pad 1",
        "conv 8 /2",
        "conv 8 same",
        "conv 8 valid",
        "conv 8 dilate 2",
        "conv 8 groups 2",
        "conv 8 nobias",
        "conv filters 8 size 5 stride 2",
        "deconv 8",
        "deconv 8 3x3/2 pad 1",
        "deconv 8 to 32x32",
        "pool - deconv 8 to input",
        "pool - deconv 8 to c1",
        "transposed conv 8",
        "fractional conv 8",
        "pool",
        "maxpool",
        "avgpool",
        "pool avg",
        "pool max",
        "pool 3x3/2",
        "pool 3/2",
        "pool 3x3/2 pad 1",
        "pool 3x3/2 same",
        "pool 3x3/2 ceil",
        "pool avg global",
        "pool - unpool pool1",
        "upsample 2",
        "upsample 2 bilinear",
        "fc - relu",
        "fc 10 nobias",
        "relu",
        "leaky 0.1",
        "sigmoid",
        "tanh",
        "elu",
        "gelu",
        "bn",
        "bn momentum 0.2 eps 0.001",
        "lrn",
        "norm",
        "lrn size 3 alpha 1e-3 beta 0.5 k 1",
        "dropout",
        "dropout 0.2",
        "flatten",
        "crop 8x8",
        "pad 2 - crop to c1",
        "pad 2",
    ];
    let mut bench = Bench::new();
    for layer in layers {
        bench.ok(&format!("net n = 16x16x3 - conv 4 as c1 - {layer}, softmax 10\nsummary n\nexplain n"));
    }
    bench.ok("net n = 16x16x3 - conv 4 - aux 0.3 (pool avg global, softmax 10) - pool, softmax 10\nsummary n");
}

#[test]
fn the_whole_library_can_be_used_without_being_declared() {
    let mut bench = Bench::new();
    let list = bench.ok("library")[0].data["nets"].clone();
    let nets: Vec<&str> = list.as_array().unwrap().iter().map(|net| net["net"].as_str().unwrap()).collect();
    assert!(nets.len() >= 25, "{nets:?}");
    assert!(list.as_array().unwrap().iter().all(|net| !net["about"].as_str().unwrap().is_empty()), "{list}");
    let compared = bench.ok(&format!("compare {}", nets.join(", ")));
    assert_eq!(compared[0].data["nets"].as_array().unwrap().len(), nets.len());
    assert_eq!(compared[0].pictures.len(), 1);
    let depth = |name: &str| {
        let nets = compared[0].data["nets"].as_array().unwrap();
        nets.iter().find(|net| net["net"] == name).unwrap()["depth"].as_u64().unwrap()
    };
    assert_eq!(["alexnet", "vgg16", "googlenet", "resnet50", "resnet152"].map(depth), [8, 16, 22, 50, 152]);
    let vgg = &bench.ok("summary vgg16")[0].data;
    assert_eq!((&vgg["totals"]["params"], &vgg["totals"]["macs"]), (&138_357_544.into(), &15_470_264_320u64.into()));
    let pool5 = vgg["layers"].as_array().unwrap().iter().find(|row| row["name"] == "pool5").unwrap();
    assert_eq!(pool5["receptive_field"], serde_json::json!([212, 212]));
}

#[test]
fn a_net_of_ones_own_stands_before_the_librarys_and_its_block_too() {
    let mut bench = Bench::new();
    bench.ok("block basic(c) = conv c - relu\nnet lenet = 8x8x1 - basic(4), softmax 10");
    assert_eq!(bench.ok("summary lenet")[0].data["layers"][0]["output"], serde_json::json!([8, 8, 4]));
    // The library's nets keep the library's blocks.
    assert_eq!(bench.ok("summary resnet18")[0].data["totals"]["params"], 11_689_512);
    let missing = bench.mistakes("summary lennet");
    assert_eq!(missing[0].expected.as_deref(), Some("lenet"));
}

#[test]
fn a_block_that_changes_later_does_not_reach_a_net() {
    let mut bench = Bench::new();
    bench.ok("block two(c) = conv c - conv c\nnet n = 8x8x1 - two(4), softmax 10\nblock two(c) = conv c");
    assert_eq!(bench.ok("summary n")[0].data["layers"].as_array().unwrap().len(), 4);
    bench.ok("net n = 8x8x1 - two(4), softmax 10");
    assert_eq!(bench.ok("summary n")[0].data["layers"].as_array().unwrap().len(), 3);
    bench.ok("note \"a constant is not seen inside\"\nlet width = 4");
    assert_eq!(bench.mistakes("block b() = conv width\nnet m = 8x8x1 - b(), softmax 10").len(), 1);
}

#[test]
fn a_net_that_begins_inside_another_takes_its_weights_along() {
    let mut bench = Bench::new();
    bench.ok("net base = 8x8x1 - conv 4 - relu - pool, softmax 10\ntrain base on digits for 1 epochs");
    bench.ok("net mine = base.pool1 - fc 16 - relu, softmax 10");
    let (base, mine) = (bench.path("base.safetensors"), bench.path("mine.safetensors"));
    bench.ok(&format!("save base \"{base}\"\nsave mine \"{mine}\""));
    let filter = |file: &str| fovea_train::Weights::load(file).unwrap().tensors[0].clone();
    assert_eq!(filter(&base), filter(&mine));
    bench.ok("train mine on digits for 1 epochs with sgd(lr 1e-12, momentum 0, decay 0)");
    bench.ok(&format!("save mine \"{mine}\""));
    let (before, after) = (filter(&base), filter(&mine));
    assert!(before.1.iter().zip(&after.1).all(|(a, b)| (a - b).abs() < 1e-9));
}

/// What every terminal has room for.
#[test]
fn a_summary_has_lines_of_at_most_80_columns() {
    let mut bench = Bench::new();
    let library = bench.ok("library")[0].data["nets"].clone();
    let nets: Vec<&str> = library.as_array().unwrap().iter().map(|net| net["net"].as_str().unwrap()).collect();
    assert!(nets.len() > 25, "{nets:?}");
    for net in nets {
        let text = &bench.ok(&format!("summary {net}"))[0].text;
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{net}: {wide:#?}");
    }
}
