//! The lecture's networks. Parameters and multiply–accumulates are the papers' and torchvision's, or worked out by hand.

use super::*;

const A: &str = "net p = 32x32x3 - [(CONV-RELU)^N - POOL]^M - (FC-RELU)^K, SOFTMAX 10   where N=2, M=3, K=1";
const B: &str = "net p = 32x32x3 -> [[CONV -> RELU]*N -> POOL]*M -> [FC -> RELU]*K, SOFTMAX 10   where N=2, M=3, K=1";
const C: &str = r"net p = 32x32x3 - $$[(\text{CONV-RELU})^N - \text{POOL}]^M - (\text{FC-RELU})^K, \text{SOFTMAX}$$ 10   where N=2, M=3, K=1";

/// The graph without the places of its words.
fn placeless(text: &str) -> Graph {
    let mut graph = graph(text);
    graph.layers.iter_mut().for_each(|layer| layer.span = Default::default());
    graph
}

#[test]
fn the_summary_slide_in_three_spellings_is_one_graph() {
    let written_out = "\
input     input                              32x32x3
conv1     conv 32 3x3 stride 1 pad 1         32x32x3 → 32x32x32
relu1     relu                               32x32x32 → 32x32x32
conv2     conv 32 3x3 stride 1 pad 1         32x32x32 → 32x32x32
relu2     relu                               32x32x32 → 32x32x32
pool1     pool max 2x2 stride 2 pad 0        32x32x32 → 16x16x32
conv3     conv 64 3x3 stride 1 pad 1         16x16x32 → 16x16x64
relu3     relu                               16x16x64 → 16x16x64
conv4     conv 64 3x3 stride 1 pad 1         16x16x64 → 16x16x64
relu4     relu                               16x16x64 → 16x16x64
pool2     pool max 2x2 stride 2 pad 0        16x16x64 → 8x8x64
conv5     conv 128 3x3 stride 1 pad 1        8x8x64 → 8x8x128
relu5     relu                               8x8x128 → 8x8x128
conv6     conv 128 3x3 stride 1 pad 1        8x8x128 → 8x8x128
relu6     relu                               8x8x128 → 8x8x128
pool3     pool max 2x2 stride 2 pad 0        8x8x128 → 4x4x128
fc1       fc 512                             4x4x128 → 512
relu7     relu                               512 → 512
fc2       fc 10                              512 → 10
softmax1  softmax                            10 → 10
";
    let squeeze =
        |text: String| text.split('\n').map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>();
    for text in [A, B, C] {
        assert_eq!(squeeze(net(text).to_string()), squeeze(written_out.to_string()), "{text}");
        // 896 + 9,248 + 18,496 + 36,928 + 73,856 + 147,584 + 1,049,088 + 5,130
        assert_eq!(parameters(text), 1_341_226, "{text}");
    }
    assert_eq!(placeless(A), placeless(B));
    assert_eq!(placeless(A), placeless(C));
}

#[test]
fn the_small_pattern_has_the_parameters_worked_out_by_hand() {
    // 320 + 9,248 + 18,496 + 36,928, the map then 2x2x64; 131,584 + 5,130.
    assert_eq!(parameters("net p = 8x8x1 - [(CONV-RELU)^2 - POOL]^2 - (FC-RELU)^1, SOFTMAX 10"), 201_706);
}

#[test]
fn cs231n_writes_input_first() {
    let (def, scope) = program(
        "net p = INPUT -> [[CONV -> RELU]*N -> POOL]*M -> [FC -> RELU]*K -> FC 10, SOFTMAX where N=2, M=3, K=1",
    );
    let Ok(Resolved::Open(open)) = resolve(&def, &scope, None, None) else { panic!("its input comes from the data") };
    assert_eq!((open.input(), open.needs_classes()), (None, false));
    assert!(open.complete(None, None).unwrap_err()[0].message.contains("no input shape"));
    let net = open.complete(Some(&[32, 32, 3]), None).unwrap();
    assert_eq!(lower(&net, 1, Mode::Infer).unwrap().parameter_count(), 1_341_226);
}

#[test]
fn lenet() {
    let text = "net lenet = 32x32x1 - conv 6 5x5 valid - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10";
    assert_eq!(figures(text), (61_706, 416_520));
    let same = text.replace("32x32x1 - conv 6 5x5 valid", "28x28x1 - conv 6 5x5");
    assert_eq!(figures(&same), (61_706, 416_520));
    let caffe = "net l = 28x28x1 - conv 20 5x5 valid - pool - conv 50 5x5 valid - pool - fc 500 - relu, softmax 10";
    assert_eq!(figures(caffe), (431_080, 2_293_000));
}

#[test]
fn alexnet() {
    let slide = |first: &str, second: &str| {
        format!(
            "net alex = 227x227x3 - conv 96 11x11/4 pad {first} - relu - pool 3x3/2 - conv 256 5x5 pad {second} - relu
                - pool 3x3/2 - (conv 384 - relu)^2 - conv 256 - relu - pool 3x3/2
                - (fc 4096 - relu - dropout)^2, softmax 1000"
        )
    };
    assert_eq!(figures(&slide("1", "1")), (50_844_008, 982_409_760));
    assert_eq!(figures(&slide("0", "2")), (62_378_344, 1_135_256_096));
    let torchvision =
        "net torch = 224x224x3 - conv 64 11x11/4 pad 2 - relu - pool 3x3/2 - conv 192 5x5 - relu - pool 3x3/2
        - conv 384 - relu - (conv 256 - relu)^2 - pool 3x3/2 - (dropout - fc 4096 - relu)^2, softmax 1000";
    assert_eq!(figures(torchvision), (61_100_840, 714_188_480));
}

#[test]
fn vgg() {
    let sixteen = "net v = 224x224x3 - [(conv {64,128,256,512,512} - relu)^{2,2,3,3,3} - pool]^5 - (fc 4096 - relu - dropout)^2, softmax 1000";
    assert_eq!(figures(sixteen), (138_357_544, 15_470_264_320));
    let table =
        "net v = 224x224x3-[(CONV3-{64,128,256,512,512}-RELU)^{2,2,3,3,3}-POOL]^5-(FC4096-RELU)^2-FC1000,SOFTMAX";
    assert_eq!(figures(table), (138_357_544, 15_470_264_320));
    let thirteen = "net v = 224x224x3 - [(conv {64,128,256,512,512} - relu)^2 - pool]^5 - (fc 4096 - relu - dropout)^2, softmax 1000";
    assert_eq!(parameters(thirteen), 133_047_848);
    let bare = "net v = 224x224x3 - [(conv {64,128,256,512,512} nobias - relu)^{2,2,3,3,3} - pool]^5
        - (fc 4096 nobias - relu)^2 - fc 1000 nobias, softmax";
    assert_eq!(parameters(bare), 138_344_128);
}

#[test]
fn defaults_double_with_poolings_and_strides() {
    let text = "net bare = 32x32x3 - conv - pool 3x3/1 same - conv - pool - conv 10 - pool - conv, softmax 10";
    assert_eq!(filters(text), [32, 32, 10, 128]);
    assert_eq!(filters("net s = 64x64x3 - conv /2 - conv - [pool - conv]^5"), [32, 64, 128, 256, 512, 512, 512]);
}

#[test]
fn both_modes_declare_the_same_parameters_and_only_training_drops() {
    let net = net("net v = 8x8x1 - conv 4 - dropout 0.2 - relu - flatten - (fc 16 - dropout)^2, softmax 3");
    let (train, infer) = (lower(&net, 4, Mode::Train).unwrap(), lower(&net, 4, Mode::Infer).unwrap());
    assert_eq!(train.states, infer.states);
    let names: Vec<&str> = train.states.iter().map(|s| s.name.as_str()).collect();
    let expected =
        ["conv1.filter", "conv1.bias", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"];
    assert_eq!(names, expected);
    let streams = |graph: &Graph| -> Vec<(u32, f64)> {
        let dropout =
            |op: &fovea_graph::Op| if let fovea_graph::Op::Dropout(d) = op { Some((d.stream, d.rate)) } else { None };
        graph.nodes.iter().filter_map(|n| dropout(&n.op)).collect()
    };
    assert_eq!(streams(&train), [(0, 0.2), (1, 0.5), (2, 0.5)]);
    assert!(streams(&infer).is_empty());
    let logits = infer.find_output("logits").unwrap();
    assert_eq!(infer.shape(logits).dims(), [4, 3]);
    assert_eq!(infer.nodes[logits.index()].layer.map(|id| infer.layers[id.index()].name.as_str()), Some("fc3"));
    assert!(lower(&net, 0, Mode::Infer).unwrap_err().to_string().contains("at least one image"));
    assert!(lower(&net, 1 << 50, Mode::Infer).is_err());
}

#[test]
fn a_softmax_behind_a_dash_goes_over_the_channels() {
    let net = net("net seg = 8x8x3 - conv 4 - softmax");
    assert_eq!(net.output(), [8, 8, 4]);
    let graph = lower(&net, 2, Mode::Train).unwrap();
    assert_eq!(graph.shape(graph.find_output("logits").unwrap()).dims(), [2, 8, 8, 4]);
}
