//! The lecture's networks, as the library has them.

use fovea_graph::cost;

use super::*;
use crate::library;
use crate::syntax::{Expr, ExprKind, ItemKind};

/// Parameters and multiply–accumulates of a net of the library, counted independently; totals agree with torchvision's
/// where it has the net.
const FIGURES: [(&str, usize, u64); 31] = [
    ("lenet", 61_706, 416_520),
    ("alexnet", 62_378_344, 1_135_256_096),
    ("alexnet.grouped", 60_965_224, 724_406_816),
    ("alexnet.torchvision", 61_100_840, 714_188_480),
    ("vgg11", 132_863_336, 7_609_090_048),
    ("vgg13", 133_047_848, 11_308_466_176),
    ("vgg16", 138_357_544, 15_470_264_320),
    ("vgg19", 143_667_240, 19_632_062_464),
    ("vgg.B", 133_047_848, 11_308_466_176),
    ("vgg.C", 133_638_952, 11_770_888_192),
    ("vgg.D", 138_357_544, 15_470_264_320),
    ("googlenet", 6_998_552, 1_582_671_872),
    ("googlenet.torchvision", 6_624_904, 1_498_376_192),
    ("resnet18", 11_689_512, 1_814_073_344),
    ("resnet34", 21_797_672, 3_663_761_408),
    ("resnet50", 25_557_032, 4_089_184_256),
    ("resnet101", 44_549_160, 7_801_405_440),
    ("resnet152", 60_192_808, 11_513_626_624),
    ("resnet50.paper", 25_557_032, 3_857_973_248),
    ("resnet101.paper", 44_549_160, 7_570_194_432),
    ("resnet152.paper", 60_192_808, 11_282_415_616),
    ("resnet18.identity", 11_515_688, 1_794_805_760),
    ("resnet34.identity", 21_623_848, 3_644_493_824),
    ("plain18", 11_515_688, 1_794_805_760),
    ("plain34", 21_623_848, 3_644_493_824),
    ("allconv", 1_369_738, 270_798_336),
    ("fcn32", 136_152_917, 21_296_701_440),
    ("fcn16", 134_815_994, 21_299_154_576),
    ("fcn8", 134_489_759, 21_304_752_336),
    ("deconvnet", 251_788_949, 32_745_979_904),
    ("unet", 31_030_658, 48_096_083_968),
];

#[test]
fn the_library_lists_every_net_with_a_line() {
    let list = library::list();
    let names: Vec<&str> = list.iter().map(|&(name, _)| name).collect();
    let expected: Vec<&str> = FIGURES.iter().map(|&(name, ..)| name).collect();
    assert_eq!(names, expected);
    for (name, about) in list {
        assert!(about.len() > 20 && about.ends_with(['.', ';']) || about.contains(':'), "{name}: {about}");
    }
    assert!(library::find("nothing").is_none());
    let source = library::source(library::find("vgg16").unwrap().name.span.source).unwrap();
    assert_eq!(source.name, "library/vgg.fov");
    assert!(library::source(SourceId(0)).is_none());
}

#[test]
fn parameters_and_multiply_accumulates() {
    for (name, parameters, macs) in FIGURES {
        let graph = lower(&library_net(name), 1, Mode::Infer).unwrap();
        assert_eq!((graph.parameter_count(), graph.total_cost().macs), (parameters, macs), "{name}");
    }
}

#[test]
fn the_rows_of_googlenet() {
    let graph = lower(&library_net("googlenet"), 1, Mode::Infer).unwrap();
    let layers = cost::layers(&graph);
    // Weights without biases, and multiply–accumulates, of the layers whose names these are or begin with.
    let row = |names: &[&str]| {
        let of_row = |name: &str| names.iter().any(|n| name == *n || n.ends_with('.') && name.starts_with(n));
        let rows = layers.iter().filter(|cost| of_row(&graph.layers[cost.layer.index()].name));
        rows.fold((0, 0), |(weights, macs), cost| {
            let biases = if cost.work.macs > 0 { cost.output.channels() } else { 0 };
            (weights + cost.parameters - biases, macs + cost.work.macs)
        })
    };
    assert_eq!(row(&["conv1"]), (9_408, 118_013_952));
    assert_eq!(row(&["conv2", "conv3"]), (114_688, 359_661_568));
    assert_eq!(row(&["inception1."]), (163_328, 128_049_152));
    assert_eq!(row(&["inception2."]), (388_096, 304_267_264));
    assert_eq!(row(&["inception3."]), (375_552, 73_608_192));
}

#[test]
fn outputs_of_the_lecture() {
    let output = |net: &str, layer: &str| {
        let net = library_net(net);
        fovea_graph::shape::join(&net.layers[net.find(layer).unwrap()].output)
    };
    for (net, layer, shape) in [
        ("alexnet", "conv1", "55x55x96"),
        ("alexnet", "pool3", "6x6x256"),
        ("googlenet", "pool2", "28x28x192"),
        ("googlenet", "inception1", "28x28x256"),
        ("googlenet", "inception2", "28x28x480"),
        ("googlenet", "inception9", "7x7x1024"),
        ("googlenet.torchvision", "inceptionbn9", "7x7x1024"),
        ("resnet50", "bottleneck16", "7x7x2048"),
        ("resnet152", "bottleneck50", "7x7x2048"),
        ("fcn8", "add2", "28x28x21"),
        ("fcn32", "softmax1", "224x224x21"),
        ("deconvnet", "unpool1", "14x14x512"),
        ("deconvnet", "softmax1", "224x224x21"),
        ("unet", "conv9", "16x16x1024"),
        ("unet", "softmax1", "256x256x2"),
        ("allconv", "softmax1", "10"),
    ] {
        assert_eq!(output(net, layer), shape, "{net}.{layer}");
    }
}

/// The net on a smaller input, of its own rank and channels.
fn reduced(name: &str) -> Option<Net> {
    let mut def = library::find(name).unwrap().clone();
    let ItemKind::Shape(sizes) = &mut def.chain.items[0].kind else { return None };
    let size = match name {
        "alexnet" | "alexnet.grouped" | "alexnet.torchvision" => 67.0,
        "googlenet" | "googlenet.torchvision" => 96.0,
        // Its 7x7 convolution is not padded.
        "deconvnet" => 224.0,
        _ => 32.0,
    };
    for size_expr in &mut sizes[..2] {
        *size_expr = Expr { kind: ExprKind::Number(size), span: size_expr.span };
    }
    match resolve(&def, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => Some(net),
        other => panic!("{name}: {other:#?}"),
    }
}

#[test]
fn every_net_can_be_trained_at_a_smaller_input() {
    for (name, ..) in FIGURES {
        trains(&reduced(name).unwrap_or_else(|| library_net(name)));
    }
}

#[test]
fn a_session_does_not_change_the_library() {
    let text = "let s = 5\nblock basic(c, s=1) = conv 1\nblock bottleneck() = conv 2\nnet n = resnet18.basic2 - relu";
    assert_eq!(net(text).output(), [56, 56, 64]);
    assert_eq!(filters("block basic(c) = conv 7\nnet n = 8x8x3 - basic(1)"), [7]);
    assert_eq!(net("net n = 32x32x3 - bottleneck(16, 2)").output(), [16, 16, 64]);
    let blind = "net n = 784 - bottleneck(64)";
    let (def, scope) = program(blind);
    let error = resolve(&def, &scope, None, None).unwrap_err().remove(0);
    assert_eq!(
        (&blind[error.span().range()], error.labels[0].1.as_str()),
        ("bottleneck(64)", "in this use of `bottleneck`")
    );
    let block = error.labels[1].0;
    let source = library::source(block.source).unwrap();
    assert_eq!((source.name.as_str(), &source.text[block.range()]), ("library/resnet.fov", "conv c 1x1"));
}

#[test]
fn a_net_in_words_shows_every_default_and_where_branches_come_from() {
    let text = library_net("resnet18").to_string();
    let squeezed: Vec<String> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "input input 224x224x3",
        "conv1 conv 64 7x7 stride 2 pad 3 nobias 224x224x3 → 112x112x64",
        "bn1 bn momentum 0.1 eps 0.00001 112x112x64 → 112x112x64",
        "basic3.shortcut conv 128 1x1 stride 2 pad 0 nobias basic2.relu2 56x56x64 → 28x28x128",
        "basic3.add1 add basic3.bn2 28x28x128, basic3.shortcut.bn 28x28x128 → 28x28x128",
        "pool2 pool avg 7x7 stride 7 pad 0 7x7x512 → 1x1x512",
    ] {
        assert!(squeezed.iter().any(|l| l == line), "{line}\n{text}");
    }
}
