//! What is legal, and the tree it stands for: every text beside the same program in the one canonical spelling.
#![allow(clippy::unwrap_used)]

use fovea_dsl::syntax::*;
use fovea_dsl::{Source, Style, parse, render};
use fovea_graph::SourceId;

fn program(text: &str) -> Program {
    let source = Source { id: SourceId(0), name: "text.fov".into(), text: text.into() };
    let (program, mistakes) = parse(&source);
    assert!(mistakes.is_empty(), "{text}\n{}", render(&mistakes, &[source], Style::Plain));
    program
}

fn reads(text: &str, canonical: &str) {
    assert_eq!(program(text).to_string().trim_end(), canonical, "{text}");
}

/// Texts of one net each: what stands behind `net q =`, and the canonical chain.
fn nets(cases: &[(&str, &str)]) {
    for (text, canonical) in cases {
        reads(&format!("net q = {text}"), &format!("net q = {canonical}"));
    }
}

#[test]
fn the_summary_slides_pattern_in_three_spellings_is_one_tree() {
    let expected = "32x32x3 - ((conv - relu)^N - pool)^M - (fc - relu)^K, softmax 10 where N = 2, M = 3, K = 1";
    nets(&[
        ("32x32x3 - [(CONV-RELU)^N - POOL]^M - (FC-RELU)^K, SOFTMAX 10   where N=2, M=3, K=1", expected),
        ("32x32x3 -> [[CONV -> RELU]*N -> POOL]*M -> [FC -> RELU]*K, SOFTMAX 10   where N=2, M=3, K=1", expected),
        (
            r"32x32x3 - $$[(\text{CONV-RELU})^N - \text{POOL}]^M - (\text{FC-RELU})^K, \text{SOFTMAX}$$ 10   where N=2, M=3, K=1",
            expected,
        ),
    ]);
    nets(&[
        (
            "[(CONV−RELU)^{N} − POOL]^{M} − (FC−RELU)^{K}, SOFTMAX 10 where N=1,M=1,K=1",
            "((conv - relu)^N - pool)^M - (fc - relu)^K, softmax 10 where N = 1, M = 1, K = 1",
        ),
        (
            r"\left[(\text{CONV-RELU})^{N} \to \text{POOL}\right]^{M} \rightarrow \text{FC} where N=1, M=1",
            "((conv - relu)^N - pool)^M - fc where N = 1, M = 1",
        ),
        (r"224 \times 224 \times 3 - conv 64 $7\times7$/2", "224x224x3 - conv 64 7x7/2"),
    ]);
}

#[test]
fn vgg_in_85_characters() {
    let behind_input = "[(CONV3-{64,128,256,512,512}-RELU)^{2,2,3,3,3}-POOL]^5-(FC4096-RELU)^2-FC1000,SOFTMAX";
    assert_eq!(behind_input.len(), 85);
    nets(&[(
        &format!("224x224x3-{behind_input}"),
        "224x224x3 - ((conv3 {64, 128, 256, 512, 512} - relu)^{2, 2, 3, 3, 3} - pool)^5 - (fc4096 - relu)^2 - fc1000, softmax",
    )]);
}

#[test]
fn numbers_glued_to_words() {
    nets(&[
        ("8x8x1-conv3-64-relu", "8x8x1 - conv3 64 - relu"),
        ("CONV-64", "conv 64"),
        ("FC-4096", "fc 4096"),
        ("FC4096", "fc4096"),
        ("CONV3-{64,128}", "conv3 {64, 128}"),
        ("CONV3–{F} where F=64", "conv3 F where F = 64"),
        ("conv3x3-64 /2", "conv3x3 64 /2"),
        ("conv3×3-64", "conv3x3 64"),
        ("conv3×3", "conv3x3"),
        ("POOL2 - conv1", "pool2 - conv1"),
        ("max pool2 - Max-Pool - MaxPool3", "maxpool2 - maxpool - maxpool3"),
        ("conv-relu-pool-conv-relu-pool-fc10-softmax", "conv - relu - pool - conv - relu - pool - fc10 - softmax"),
        ("FC - 4096 - relu", "fc - 4096 - relu"),
        ("FC -4096", "fc - 4096"),
        ("conv-3x3", "conv - 3x3"),
    ]);
}

#[test]
fn layers_and_options() {
    nets(&[
        ("conv 16-relu", "conv 16 - relu"),
        ("conv 16 -relu", "conv 16 - relu"),
        ("fc 10-softmax", "fc 10 - softmax"),
        (
            "conv 64 7x7 stride 2 pad 3 nobias - max pool 3x3/2 - average pool global, soft-max",
            "conv 64 7x7/2 pad 3 nobias - maxpool 3x3/2 - avgpool global, softmax",
        ),
        ("conv 64 stride=2 pad = 1", "conv 64 /2 pad 1"),
        ("conv 64 pad(1) stride(2) - fc(10)", "conv 64 pad 1 /2 - fc 10"),
        ("pool avg 5x5/3 - pool 3/2 - conv 64 /2x1", "pool avg 5x5/3 - pool 3 /2 - conv 64 /2x1"),
        ("28 x 28 x 1 - conv 6 5 x 5", "28x28x1 - conv 6 5x5"),
        ("224 × 224 × 3 → conv 64 7×7/2 → relu", "224x224x3 - conv 64 7x7/2 - relu"),
        ("224x224x3 – conv 64 — relu − pool", "224x224x3 - conv 64 - relu - pool"),
        ("conv 64 (k)x(k) - conv 64 {3,5}x{3,5}", "conv 64 (k)x(k) - conv 64 {3, 5}x{3, 5}"),
        ("conv 4*c 1x1 - conv (4*c) - (conv c)", "conv (4*c) 1x1 - conv (4*c) - (conv c)"),
        ("28x28xwidth - conv width", "28x28x{width} - conv width"),
        ("conv filters 64 size 5 groups 2 dilate 2 bias", "conv filters 64 size 5 groups 2 dilate 2 bias"),
        ("conv {64,128}[i] - conv widths[2*i]", "conv {64, 128}[i] - conv widths[2*i]"),
        ("conv 32 3", "conv 32 3"),
        ("dropout .5 - dropout 2e-1 - flatten", "dropout 0.5 - dropout 0.2 - flatten"),
        ("784 - fc 100 - 400 - fc 10", "784 - fc 100 - 400 - fc 10"),
        ("INPUT -> [CONV]", "input - (conv)"),
        ("[224x224x3] - conv", "224x224x3 - conv"),
        ("conv 64 as c1 - (conv - relu)^2 as e", "conv 64 as c1 - (conv - relu)^2 as e"),
    ]);
}

#[test]
fn every_layer() {
    nets(&[
        ("deconv 64 4x4/2 - Transposed Conv 8 - fractional conv3x3-8", "deconv 64 4x4/2 - deconv 8 - deconv3x3 8"),
        (
            "deconv to 28x28 - deconv 8 to input - deconv 2x2/2 to c1",
            "deconv to 28x28 - deconv 8 to input - deconv 2x2/2 to c1",
        ),
        (
            "unpool pool2 - unpool p{2,1} - deconv to e{2,1} 3x3",
            "unpool pool2 - unpool p{2, 1} - deconv to e{2, 1} 3x3",
        ),
        ("upsample 2 bilinear - upsample 2x2x1 nearest", "upsample 2 bilinear - upsample 2x2x1 nearest"),
        ("LEAKY 0.1 - sigmoid - tanh - elu - gelu", "leaky 0.1 - sigmoid - tanh - elu - gelu"),
        // Other programs' `a` is the slope; `_a` and `n_` are names like any other.
        ("leaky _a {0, 0} - fc n_ {1, 2} - conv _kernel 3", "leaky _a {0, 0} - fc n_ {1, 2} - conv _kernel 3"),
        ("bn eps 0.001 momentum=0.1 - bn", "bn eps 0.001 momentum 0.1 - bn"),
        ("lrn size 5 alpha 1e-4 beta .75 k 2 - norm", "lrn size 5 alpha 1e-4 beta 0.75 k 2 - lrn"),
        (
            "crop 24x24 - crop to c1 - crop to input - pad 2 - pad 1x2",
            "crop 24x24 - crop to c1 - crop to input - pad 2 - pad 1x2",
        ),
        (
            "pool avg global - avgpool global - pool 3x3/2 pad 1 ceil",
            "pool avg global - avgpool global - pool 3x3/2 pad 1 ceil",
        ),
        ("conv 64 5 - conv 64 size 5 - conv 64 3x3x3/1x2x2", "conv 64 5 - conv 64 size 5 - conv 64 3x3x3/1x2x2"),
        ("128x1 - conv k - conv c (k)x(k)/s", "128x1 - conv k - conv c (k)x(k)/s"),
        ("aux 0.3 (pool avg 5x5/3 - fc 1024 - relu, softmax)", "aux 0.3 (pool avg 5x5/3 - fc 1024 - relu, softmax)"),
        (
            "relu - aux (fc 10 - softmax) - aux (2*w) (fc, softmax 3)",
            "relu - aux (fc 10 - softmax) - aux (2*w) (fc, softmax 3)",
        ),
    ]);
}

#[test]
fn branches_and_references() {
    nets(&[
        ("conv - concat(conv 64 | id)", "conv - concat(conv 64 | id)"),
        ("CONCAT(\n  conv 64 1x1 - relu\n| pool 3x3/1 same)^2", "concat(conv 64 1x1 - relu | pool 3x3/1 same)^2"),
        ("add(conv 64 - bn | shortcut)*3 as e - relu", "add(conv 64 - bn | shortcut)^3 as e - relu"),
        ("[add(id | add(conv | id) - relu)^i=2]^3", "(add(id | add(conv | id) - relu)^i=2)^3"),
        ("concat(deconv {64,32} 2x2/2 | e{2,1})", "concat(deconv {64, 32} 2x2/2 | e{2, 1})"),
        ("concat(c1 - relu | e{ 3 } | e{i+1})", "concat(c1 - relu | e{3} | e{i + 1})"),
        ("vgg16.pool5 - fc 256 - relu, softmax 10", "vgg16.pool5 - fc 256 - relu, softmax 10"),
        ("resnet.50.conv2 - basic - basic^2", "resnet.50.conv2 - basic - basic()^2"),
        ("bottleneck(64, s=2)^3 - stem()", "bottleneck(64, s=2)^3 - stem()"),
        (
            "[bottleneck({64,128}, {1,2}) - b(4*c, s 2)×{2,3}]^2",
            "(bottleneck({64, 128}, {1, 2}) - b(4*c, s=2)^{2, 3})^2",
        ),
        ("b(\n  64,\n  s = 2\n) as out", "b(64, s=2) as out"),
        ("dense(12) - linear", "dense(12) - linear"),
        ("id - id as begin - add(conv | Shortcut Zeros)", "id - id as begin - add(conv | shortcut zeros)"),
    ]);
    reads(
        "block basic(c, s=1) = add(conv c /s - bn | shortcut) - relu",
        "block basic(c, s=1) = add(conv c /s - bn | shortcut) - relu",
    );
    reads("Block stem = conv 64 7x7/2", "block stem() = conv 64 7x7/2");
    reads("block stem() = conv 64\n    - relu", "block stem() = conv 64 - relu");
    reads("block inception(\n a, k = 3,\n p 2*a) = conv a", "block inception(a, k=3, p=2*a) = conv a");
}

#[test]
fn what_the_language_promises() {
    for text in [
        "net q = 64x64x3 - [(conv {64,128} - relu)^{2,3} - pool]^2",
        "net q = 64x64x3 - [(conv {64,128}[i] - relu)^2 - pool]^i=2",
        "net q = conv 64 as c1 - pool - concat(deconv 64 2x2/2 | c1)",
        "block basic(c, s=1) = add(conv c /s - bn - relu - conv c - bn | shortcut) - relu",
        "net mine = vgg16.pool5 - fc 256 - relu, softmax 10",
        "block bottleneck(c, s=1) = add(conv c 1x1 - bn - relu - conv c 3x3 /s - bn - relu - conv 4*c 1x1 - bn | shortcut) - relu
net resnet50 = 224x224x3 - conv 64 7x7/2 - bn - relu - pool 3x3/2 pad 1
    - [bottleneck({64,128,256,512}, {1,2,2,2}) - bottleneck({64,128,256,512})^{2,3,5,2}]^4 - pool avg global, softmax 1000",
        "net unet = 256x256x1 - [(conv {64,128,256,512} - relu)^{2,2,2,2} as e - pool]^4 - (conv 1024 - relu)^2
    - [concat(deconv {512,256,128,64} 2x2/2 | e{4,3,2,1}) - (conv {512,256,128,64} - relu)^{2,2,2,2}]^4 - conv 2 1x1 - softmax",
    ] {
        let read = program(text);
        assert_eq!(program(&read.to_string()).without_spans(), read.without_spans(), "{text}");
    }
}

#[test]
fn the_library() {
    for (name, text) in [
        ("lenet", include_str!("../library/lenet.fov")),
        ("alexnet", include_str!("../library/alexnet.fov")),
        ("vgg", include_str!("../library/vgg.fov")),
        ("googlenet", include_str!("../library/googlenet.fov")),
        ("resnet", include_str!("../library/resnet.fov")),
        ("allconv", include_str!("../library/allconv.fov")),
        ("fcn", include_str!("../library/fcn.fov")),
        ("deconvnet", include_str!("../library/deconvnet.fov")),
        ("unet", include_str!("../library/unet.fov")),
    ] {
        let read = program(text);
        assert_eq!(program(&read.to_string()).without_spans(), read.without_spans(), "{name}");
    }
}

#[test]
fn repetitions() {
    nets(&[
        ("(conv 16 - relu)×3", "(conv 16 - relu)^3"),
        ("(conv 16 - relu) x 3", "(conv 16 - relu)^3"),
        (r"(conv 16 - relu) \times 3", "(conv 16 - relu)^3"),
        ("[conv]*N - [conv]^0 - [conv]^{N} where N=2", "(conv)^N - (conv)^0 - (conv)^N where N = 2"),
        ("[conv]^2*3", "(conv)^2*3"),
        ("[conv]^(2*3)", "(conv)^(2*3)"),
        ("[conv]^ { 2 , 3 }", "(conv)^{2, 3}"),
        ("[conv (16*2^i) - relu - pool]^i=3", "(conv (16*2^i) - relu - pool)^i=3"),
        ("[conv (16*2^i)]^i=N, softmax where N=3", "(conv (16*2^i))^i=N, softmax where N = 3"),
        ("[(conv {64,128} - relu)^{2,3} - pool]^2", "((conv {64, 128} - relu)^{2, 3} - pool)^2"),
    ]);
}

#[test]
fn arithmetic_binds_as_it_does_on_paper() {
    let cases = [
        ("1+2*3-4", "1 + 2*3 - 4"),
        ("(1+2)*3", "(1 + 2)*3"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("8/4/2", "8/4/2"),
        ("8/(4/2)", "8/(4/2)"),
        ("2^3^2", "2^3^2"),
        ("(2^3)^2", "(2^3)^2"),
        ("-2^2", "-2^2"),
        ("(-2)^2", "(-2)^2"),
        ("2^-1", "2^-1"),
        ("3×4·5", "3*4*5"),
        ("{10}", "10"),
        ("{1e3, .5}", "{1000, 0.5}"),
    ];
    for (text, canonical) in cases {
        reads(&format!("let a = {text}"), &format!("let a = {canonical}"));
    }
    let StatementKind::Let(bindings) = &program("let a = -2^2").statements[0].kind else { panic!("not a let") };
    assert!(matches!(bindings[0].value.kind, ExprKind::Negate(_)), "the sign is looser than the power");
}

#[test]
fn lines_go_on_when_indented_or_open_or_ending_in_a_sign() {
    let chain = "net q = conv - relu";
    reads("net q = conv -\n    relu", chain);
    reads("net q = conv -\nrelu", chain);
    reads("net q = conv ->\n\n# why\nrelu", chain);
    reads("net q =\nconv\n  - relu", chain);
    reads("net q = conv # first\n    # encoder\n    - relu # last\n\n", chain);
    reads("net q = (\nconv\n- relu\n)^2\nshow q", "net q = (conv - relu)^2\nshow q");
    reads("net q = [CONV]^N\n    where N=2", "net q = (conv)^N where N = 2");
    reads("net q = [CONV]^N\nwhere N=2,\nM=3", "net q = (conv)^N where N = 2, M = 3");
    reads("    net q = conv\n    train q on digits", "net q = conv\ntrain q on digits");
    reads("\t# all indented\n\tnet q = conv\n\t\t- relu", chain);
    reads("  # indented first comment\n\nnet q = conv\n\n  - relu\n# end\nsummary q", "net q = conv - relu\nsummary q");
    reads("train q on digits,\nseed 7", "train q on digits, seed 7");
    reads(
        "train q on digits with sgd(\nlr 0.1,\nmomentum 0.9)\ntest q on digits",
        "train q on digits with sgd(lr 0.1, momentum 0.9)\ntest q on digits",
    );
}

#[test]
fn line_ends_tabs_and_odd_spaces() {
    reads("net q = conv 16\r\n\r\n    - relu\r\nshow q\r\n", "net q = conv 16 - relu\nshow q");
    reads("net q = conv 16\r    - relu\rshow q", "net q = conv 16 - relu\nshow q");
    reads("\u{feff}net q\u{a0}=\u{a0}conv\u{2009}16\n\u{a0}\u{a0}- relu", "net q = conv 16 - relu");
    reads("net q = conv 16\n\t- relu", "net q = conv 16 - relu");
    reads("", "");
    reads("# nothing\n\n", "");
}

#[test]
fn comments_end_where_the_line_does_and_are_not_in_strings() {
    reads("net q = conv 16 # with a \"quote and (bracket\ntrain q on digits", "net q = conv 16\ntrain q on digits");
    reads("load q \"a#b $x$ \\times.npy\" # c", "load q \"a#b $x$ \\times.npy\"");
    reads("data p = images \"C:\\temp\\a#b/\" size 64x64", "data p = images \"C:\\temp\\a#b/\" size 64x64");
}

#[test]
fn a_semicolon_at_the_end_makes_a_statement_silent() {
    let program = program("summary q;\nshow q ; # quiet\nnet q = conv;\nseed 7");
    assert_eq!(program.statements.iter().map(|s| s.silent).collect::<Vec<_>>(), [true, true, true, false]);
    assert_eq!(program.to_string(), "summary q;\nshow q;\nnet q = conv;\nseed 7\n");
}

#[test]
fn words_are_read_in_any_case_and_names_as_they_stand() {
    reads(
        "Net Q = Conv 64 3X3/2 - ReLU - MaxPool, SoftMax 10\nTRAIN Q ON digits FOR 5 EPOCHS",
        "net Q = conv 64 3x3/2 - relu - maxpool, softmax 10\nTRAIN Q ON digits FOR 5 EPOCHS",
    );
    reads("net alexnet.torchvision = conv\nsummary resnet.50", "net alexnet.torchvision = conv\nsummary resnet.50");
    reads("let widths = {64,128,256}, N = 3", "let widths = {64, 128, 256}, N = 3");
    reads("net x = conv\nsummary x", "net x = conv\nsummary x");
}

#[test]
fn verbs_are_read_loosely() {
    let cases = [
        "train lenet on digits for 10 epochs with sgd(lr 0.1, momentum 0.9, decay 5e-4), batch 64, schedule cosine, seed 7",
        "data pets = images \"pets/\" size 64x64 split 80/20 augment flip, crop 4, jitter 0.2",
        "predict lenet on digits[0..16] save \"logits.npy\"",
        "show digits.train[3]",
        "device cuda:1",
        "device",
        "train q on digits with sgd(lr (-0.1), nesterov, 0.5)",
        "train q on digits batch (16*2)",
    ];
    for case in cases {
        reads(case, case);
    }
    reads("train q with sgd (lr 0.1)", "train q with sgd(lr 0.1)");
}

#[test]
fn every_statements_word_begins_a_statement() {
    let verbs = "data train test predict summary compare draw explain plot show save seed note load export device bench \
                 convolve filters features deconvnet maximize saliency embed fool evolve stylize segment";
    for verb in verbs.split_whitespace() {
        let text = format!("net q = (conv -\n{verb} q\nseed 7");
        let source = Source { id: SourceId(0), name: String::new(), text };
        let (program, mistakes) = parse(&source);
        assert_eq!((program.statements.len(), mistakes.len()), (2, 1), "{verb}");
    }
}

#[test]
fn spans_point_at_the_words() {
    let text = "net q = 8x8x1 → $(CONV3-{16,32} /2 - relu)^{N}$, softmax 10 where N = 2 # end";
    let program = program(text);
    let StatementKind::Net(net) = &program.statements[0].kind else { panic!("not a net") };
    let written = |span: fovea_graph::Span| &text[span.range()];
    assert_eq!(written(net.name.span), "q");
    assert_eq!(written(net.chain.items[0].span), "8x8x1");
    assert_eq!(written(net.chain.head.as_ref().unwrap().span), "softmax 10");
    assert_eq!(written(net.bindings[0].value.span), "2");
    let ItemKind::Group(chain, times) = &net.chain.items[1].kind else { panic!("not a group") };
    assert_eq!(written(times[0].span), "^{N}");
    let ItemKind::Layer(layer) = &chain.items[0].kind else { panic!("not a layer") };
    assert_eq!(written(layer.options.last().unwrap().span), "/2");
    assert_eq!(written(chain.items[1].span), "relu");
}
