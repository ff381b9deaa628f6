//! What is wrong, where the message points, and the mend it offers.
#![allow(clippy::unwrap_used)]

use fovea_dsl::{Diagnostic, Source, parse};
use fovea_graph::SourceId;

fn mistakes(text: &str) -> Vec<Diagnostic> {
    parse(&Source { id: SourceId(0), name: "text.fov".into(), text: text.into() }).1
}

/// The first mistake of each text: the words it points at, its message, its help (whose beginning is enough).
fn refused(cases: &[(&str, &str, &str, &str)]) {
    for (text, place, message, help) in cases {
        let all = mistakes(text);
        let Some(first) = all.first() else { panic!("no mistake in {text}") };
        assert_eq!(&text[first.span().range()], *place, "{text}: {}", first.message);
        assert_eq!(first.message, *message, "{text}");
        assert!(first.help.as_deref().unwrap_or_default().starts_with(help), "{text}: {:?}", first.help);
    }
}

/// Nets: what stands behind `net q = `.
fn nets(cases: &[(&str, &str, &str, &str)]) {
    for (text, place, message, help) in cases {
        refused(&[(&format!("net q = {text}"), place, message, help)]);
    }
}

#[test]
fn words_that_are_no_layers() {
    nets(&[
        ("conv 64 - rellu 5", "rellu", "there is no layer `rellu`", "write `relu`"),
        ("conv2d 64", "conv2d", "`conv2d` is called `conv` here", "write `conv 64`"),
        ("conv - Dense 10 - relu", "Dense", "`Dense` is called `fc` here", "write `fc 10`"),
        ("conv - batchnorm eps=1", "batchnorm", "`batchnorm` is called `bn` here", "write `bn eps 1`"),
        ("vgg16 3x3", "vgg16", "there is no layer `vgg16`", "the layers are conv, deconv, pool"),
        ("CONV3-F", "F", "a name glued to `CONV3-` could be a layer or a count", "for a count, write `CONV3-{F}`"),
        ("28x28x1 - conv1 - relu1", "relu1", "`relu` takes no number glued to it", "write `relu`"),
    ]);
}

#[test]
fn words_of_the_language_that_lack_what_belongs_to_them() {
    nets(&[
        ("conv - concat", "concat", "`concat` lacks its branches", "write `concat(conv 64 | id)`"),
        ("conv - add 3", "add", "`add` lacks its branches", "write `add(conv 64 | id)`"),
        ("aux 0.3", "aux", "`aux` lacks its chain in parentheses", "write `aux 0.3 ("),
        ("transposed - relu", "transposed", "`transposed` lacks its `conv`", "write `transposed conv 64`"),
        ("transposed pool", "transposed", "`transposed` lacks its `conv`", "write `transposed conv 64`"),
        ("deconv 8 to", "to", "`to` lacks its size", "write `deconv to 28x28`"),
        ("lrn beta - relu", "beta", "`beta` lacks its number", "write `beta 2`"),
        ("add(conv 8)", "add(conv 8)", "`add` joins at least two branches", "write `add(… | …)`"),
        ("concat()", "concat()", "`concat` joins at least two branches", "write `concat(… | …)`"),
        ("concat(conv 8 | )", ")", "an empty branch", "write `id`"),
        ("concat( | conv 8)", "|", "an empty branch", "write `id`"),
        ("add(conv 8, conv 8)", ",", "a comma between branches", "put `|` between branches"),
        (
            "concat(conv 8 | shortcut)",
            "shortcut",
            "`shortcut` is a branch of `add`, and of nothing else",
            "write `add(",
        ),
        ("conv 8 - shortcut", "shortcut", "`shortcut` is a branch of `add`, and of nothing else", "write `add("),
        (
            "add(conv 8 | shortcut - bn)",
            "shortcut",
            "a shortcut has no layers of its own",
            "`shortcut` is a whole branch",
        ),
        (
            "(conv 8 | conv 9)",
            "|",
            "`|` parts branches, and nothing joins these",
            "write `concat(… | …)` or `add(… | …)`",
        ),
        ("relu concat(conv | id)", "concat(conv | id)", "`-` is missing before `concat`", "put `-` before `concat`"),
        ("conv 64 basic(3)", "basic(3)", "`-` is missing before `basic`", "put `-` before `basic`"),
        ("basic (64) - relu", "(64)", "a space between `basic` and what it is given", "write `basic(64)` for a block"),
        ("bn2", "bn2", "`bn` takes no number glued to it", "write `bn`"),
        ("upsample2", "upsample2", "`upsample` takes no number glued to it", "write `upsample 2`"),
        ("crop24x24", "crop24x24", "`crop` takes no number glued to it", "write `crop 24x24`"),
        ("deconv 64/2", "64/2", "`64/2` has two readings", "write `(64/2)` for the quotient"),
        ("(conv)^2 as shortcut", "shortcut", "`shortcut` is a word for layers, so nothing else can be called so", ""),
    ]);
}

#[test]
fn blocks_out_of_shape() {
    refused(&[
        ("block = conv", "block", "a block without a name", "write `block NAME = …`"),
        ("block w(c) conv c", "w", "`=` is missing behind the name `w`", "write `block w = …`"),
        ("block conv(c) = relu", "conv", "`conv` is a word for layers, so nothing else can be called so", "`my_conv`"),
        ("block a.b(c) = conv c", "a.b", "a block's name has no dots", "`a_b` would do"),
        ("block w(c, c) = conv c", "c", "`c` stands twice", "every parameter"),
        ("block w(pool) = conv", "pool", "`pool` is a word for layers, so nothing else can be called so", ""),
        ("block w(x) = conv 3", "x", "`x` joins sizes, so no constant can be called so", ""),
        (
            "block w(c) = conv c where d=2",
            "where d=2",
            "`where` belongs to nets, and this is a block",
            "a parameter with",
        ),
        ("block w(x) = conv x", "", "a size is missing behind `x`", "write `5x5`, say"),
        ("block w(c) =", "", "the block is empty", ""),
        ("block w() = conv -", "", "the chain ends in a dash", ""),
        ("w(c) = conv c", "w", "`block` is missing before `w`", "write `block w(c) = conv c`"),
    ]);
}

#[test]
fn dashes_missing_and_too_many() {
    nets(&[
        ("conv 64 relu", "relu", "`-` is missing before `relu`", "put `-` before `relu`"),
        ("(conv 64 relu)^2", "relu", "`-` is missing before `relu`", "put `-` before `relu`"),
        ("(conv 64) (relu)", "(relu)", "`-` is missing before `(`", "put `-` before `(`"),
        ("conv 64 [relu]", "[", "`-` is missing before `[`", "put `-` before `[`"),
        ("conv - - relu", "-", "a layer is missing behind the dash", "remove the dash"),
        ("(conv -)", ")", "a layer is missing behind the dash", "remove the dash"),
        ("conv - relu -", "", "the chain ends in a dash", ""),
        ("conv 64 => relu", "=>", "`=>` does not join layers", "write `->` or `-`"),
        ("[conv 64, relu, pool]", ",", "a comma between layers", "put `-` before `relu`"),
        ("28x28x1 | conv", "|", "`|` parts branches, and there are none here", "put `-` between layers"),
    ]);
}

#[test]
fn two_readings() {
    nets(&[
        ("conv 64/2", "64/2", "`64/2` has two readings", "write `(64/2)` for the quotient, `64 /2` for the stride"),
        ("conv3-64/2", "64/2", "`64/2` has two readings", "write `(64/2)`"),
        ("conv c/4 1x1", "c/4", "`c/4` has two readings", "write `(c/4)`"),
        ("conv 3x3-64", "3x3-64", "`conv 3x3-64` has two readings", "write `conv 3x3 64` for an option"),
        ("conv 64-5x5", "64-5x5", "`conv 64-5x5` has two readings", "write `conv 64 5x5` for an option"),
        ("conv 16-64", "16-64", "`conv 16-64` has two readings", "write `(16-64)` for the difference"),
        ("(conv)^2^3", "^2^3", "`^2^3` has two readings", "write `^(2*3)` for 2 times 3 turns, `^(2^3)`"),
        (
            "INPUT -> [[CONV -> RELU]*N -> POOL?]*M",
            "POOL?",
            "`POOL?` stands for two nets, one with `POOL` and one without",
            "write `net q = INPUT -> [[CONV -> RELU]*N -> POOL]*M` or `net q = INPUT -> [[CONV -> RELU]*N]*M`",
        ),
    ]);
    let all = mistakes("INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC");
    assert_eq!(all.len(), 2, "the two nets, and the missing name");
    // A space makes one reading of it.
    assert!(mistakes("net q = conv 64 /2 - pool 3/2 - conv (64/2) - conv3 /2").is_empty());
}

#[test]
fn numbers_glued_where_none_belongs() {
    nets(&[
        ("POOL1", "POOL1", "`POOL1` would be a window of 1", "write `pool`"),
        ("POOL12", "POOL12", "`POOL12` would be a window of 12", "write `pool 12x12`"),
        ("conv64 - relu", "conv64", "`conv64` would be a window of 64", "write `conv 64` for that many filters"),
        ("conv0", "conv0", "`conv0` would be a window of 0", "write `conv`"),
        ("conv, softmax10", "softmax10", "`softmax` takes no number glued to it", "write `softmax 10`"),
    ]);
}

#[test]
fn repetitions_that_make_no_sense() {
    nets(&[
        ("conv 64^2", "64^2", "`64^2` has two readings", "write `(64^2)` for the arithmetic, `(conv 64)^2`"),
        (
            "conv (4*c)^2",
            "(4*c)^2",
            "`(4*c)^2` has two readings",
            "write `((4*c)^2)` for the arithmetic, `(conv (4*c))^2`",
        ),
        ("conv 64 3x3^2", "^2", "`^2` repeats groups, and `conv 64 3x3` is none", "write `(conv 64 3x3)^2`"),
        ("relu*2", "relu*2", "`relu*2` is neither a layer nor a shape", "to repeat a layer, write it as a group"),
        ("(conv 16 - relu)2", "2", "`2` does not belong here", "to repeat the group, write `^2`"),
        ("(conv)x3", "x3", "`x3` does not belong here", "to repeat the group, write `^3`"),
        (
            "3x(conv 16)",
            "x(conv 16)",
            "`x(conv 16)` does not belong here",
            "a repetition stands behind its group: `(conv 16)^3`",
        ),
        ("(conv)^-1", "-1", "a repetition cannot be negative", ""),
        ("(conv 16)**2", "*", "`**` repeats nothing", "write"),
        ("[conv]^pool=3", "pool", "`pool` is a word for layers, so nothing else can be called so", "`my_pool`"),
    ]);
}

#[test]
fn options_out_of_place() {
    nets(&[
        ("conv(64, 3)", "(64, 3)", "a layer's options stand without parentheses and commas", "write `conv 64 size 3`"),
        ("conv 3×3, 64", ",", "a comma between sizes or options", "options stand side by side"),
        ("[28,28,1] - conv", ",", "a comma between sizes or options", "options stand side by side"),
        ("conv 64 padding=1", "padding=1", "`padding=1` is written `pad 1` here", "write `pad 1`"),
        ("pool stride - relu", "stride", "`stride` lacks its number", "write `stride 2`"),
        ("conv pad same", "pad", "`pad` lacks its number", "`same` and `valid` stand by themselves"),
        ("conv 64 - 3x3/2", "3x3", "`3x3` with a stride, but without a layer before it", "write `conv 64 3x3 /2`"),
        ("conv 64 3x3 stride 2, pad 1", ",", "a comma between options", "options stand side by side"),
        ("28*28*1 - conv", "28*28*1", "`28*28*1` is a product, and sizes are joined by `x`", "write `28x28x1`"),
        ("conv 64 5 x5", "5 x5", "`x5` with a space before it is a name", "write `5x5`"),
        ("input 28x28x1", "28x28x1", "`28x28x1` does not belong here", "a shape alone declares the input"),
        ("conv - relu()", "()", "a layer's options stand without parentheses and commas", "write `relu`"),
        (
            "conv[64]",
            "conv[64]",
            "`conv[64]` is neither a layer nor a shape",
            "a layer's options stand without brackets",
        ),
        ("5x5 64", "64", "`64` does not belong here", ""),
        ("conv 64, softmax 10 20", "20", "the classifier takes the number of classes and nothing else", "write"),
        ("conv, softmax - relu", "relu", "the classifier after the comma ends its chain", "put what follows before"),
        ("conv {} - pool", "}", "an empty list", ""),
        ("conv (pool)", "pool", "`pool` is a word for layers and has no value", ""),
        ("conv 1e999", "1e999", "a number beyond 1.8e308, the largest there is", ""),
        ("()", "()", "an empty group", ""),
        ("conv 64 @ relu", "@", "`@` does not belong here", ""),
        ("conv \"a\"", "\"a\"", "words stand without quotes here", "write `a`"),
        (r"conv - \foo", r"\foo", r"`\foo` is not among the LaTeX that is read here", ""),
        ("conv; show q", ";", "`;` stands only at a statement's end", "begin the next statement"),
    ]);
}

#[test]
fn brackets() {
    refused(&[
        ("net q = (conv 64 - relu\ntrain q on digits", "(", "`(` is never closed", "put `)` where the group ends"),
        ("net q = (conv]^2", "]", "`(` is closed by `]`", "write `)` here"),
        ("net q = conv)^2", ")", "`)` closes nothing", "remove `)`"),
        ("data p = images \"abc", "\"abc", "a string without its closing quote", "put `\"` where it ends"),
    ]);
}

#[test]
fn names_that_cannot_be() {
    refused(&[
        ("net conv = conv", "conv", "`conv` is a word for layers, so nothing else can be called so", "`my_conv`"),
        ("net pool1 = conv", "pool1", "`pool1` is a word for layers, so nothing else can be called so", "`my_pool1`"),
        ("net fc6 = conv", "fc6", "`fc6` is a word for layers, so nothing else can be called so", ""),
        ("net 2net = conv", "2net", "`2net` cannot be a name", "`net2net` would do"),
        ("net my-net = conv", "my-net", "`my-net` cannot be a name", "`my_net` would do"),
        ("train my-net on digits", "my-net", "`my-net` cannot be a name", "`my_net` would do"),
        ("net q = conv as conv2", "conv2", "`conv2` is a word for layers, so nothing else can be called so", ""),
        ("let x = 2", "x", "`x` joins sizes, so no constant can be called so", ""),
        ("let same = 2", "same", "`same` is an option of layers, so no constant can be called so", ""),
        ("net = conv", "net", "a net without a name", "write `net NAME = …`"),
        ("net lenet 28x28x1 - conv", "lenet", "`=` is missing behind the name `lenet`", "write `net lenet = …`"),
    ]);
}

#[test]
fn statements_that_lack_their_beginning_or_end() {
    refused(&[
        ("lenet = 28x28x1 - conv", "lenet", "`net` is missing before `lenet`", "write `net lenet = 28x28x1 - conv`"),
        ("width = 16", "width", "`let` is missing before `width`", "write `let width = 16`"),
        ("N = 2, M = 3", "N", "`let` is missing before `N`", "write `let N = 2, M = 3`"),
        ("for i in 1..3", "for", "no statement begins with `for`", "groups of layers repeat with `^`"),
        ("conv 64 - relu", "conv", "a chain of layers without a name", "write `net NAME = ` before it"),
        ("net q = conv\n- relu", "-", "a statement cannot begin with `-`", "indent the line"),
        ("= = =", "=", "a statement cannot begin with `=`", "indent the line"),
        ("net q =", "", "the net is empty", ""),
        (
            "net q = conv\n\ttrain q on d",
            "train",
            "`train` begins a statement, and this line goes on with another",
            "begin",
        ),
        ("let a = 1,", "", "`let` ends in a comma", ""),
        ("let a =", "", "a value is missing behind `=`", ""),
        ("net q = [conv]^N where", "", "`where` breaks off", "write `where N = 2`"),
        ("net q = [conv]^N where N=2 M=3", "M=3", "`,` is missing before `M=3`", "put `,` between"),
        ("net q = conv where N=2 - pool", "pool", "`pool` is a word for layers and has no value", ""),
        ("train q for “x”", "“", "`“` is no quote of this language", "write `\"x\"`"),
    ]);
}

#[test]
fn several_mistakes_come_together_and_good_statements_come_out() {
    let text = "net a = conv 64 relu\nnet b = conv - rellu 3 - bn\nseed 7\nnet c = (conv\nshow digits\nnet d = conv 64 vald - rleu 3";
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
    assert_eq!(program.to_string(), "seed 7\nshow digits\n");
    assert_eq!(mistakes.len(), 4, "{mistakes:?}");
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = |open: &str, close: &str| format!("net q = {}conv{}", open.repeat(100_000), close.repeat(100_000));
    for (text, message) in [
        (deep("(", ")"), "brackets are nested more than 64 deep"),
        (deep("[", "]"), "brackets are nested more than 64 deep"),
        (format!("let a = {}1{}", "(".repeat(65), ")".repeat(65)), "brackets are nested more than 64 deep"),
        (format!("let a = {}1", "2^".repeat(1000)), "arithmetic of more than 100 steps"),
        (format!("let a = {}1", "-".repeat(1000)), "arithmetic of more than 100 steps"),
        (format!("let a = 1{}", "+1".repeat(1000)), "arithmetic of more than 100 steps"),
        (
            format!("net q = {}conv", "conv - ".repeat(100_000)),
            "a statement of 700012 bytes; the longest may have 262144",
        ),
    ] {
        let all = mistakes(&text);
        assert_eq!(all.len(), 1, "{}", all[0].message);
        assert_eq!(all[0].message, message);
    }
    let net = format!("net q = {}conv{}", "(".repeat(64), ")".repeat(64));
    assert!(mistakes(&net).is_empty());
    // As deep as brackets may go, of every kind, whole and broken: an answer, whatever it is.
    for opener in [
        "(",
        "[",
        "{",
        "a[",
        "1*(",
        "3x(",
        "concat(",
        "add(id | ",
        "aux 2 (",
        "b(",
        "b(s=",
        "conv (",
        "(conv)^(",
        "sgd(a (",
        "x({",
    ] {
        let closers: String = opener
            .repeat(64)
            .chars()
            .rev()
            .filter_map(|c| match c {
                '(' => Some(')'),
                '[' => Some(']'),
                '{' => Some('}'),
                _ => None,
            })
            .collect();
        for start in
            ["net q = ", "net q = conv ", "block w(c=", "block w(c) = ", "let a = ", "train q with ", "net q = (conv)^"]
        {
            for inside in ["1", "conv", "@", ""] {
                mistakes(&format!("{start}{}{inside}{closers}", opener.repeat(64)));
            }
        }
    }
    assert_eq!(mistakes(&"@\n".repeat(1000)).len(), 101, "after 100 mistakes the rest is not looked at");
}

#[test]
fn numbers_of_layers_have_two_readings() {
    let two = |text: &str| {
        let text = format!("net q = 227x227x3 - {text}");
        let all = mistakes(&text);
        assert_eq!(all.len(), 1, "{text}: {all:#?}");
        let first = all.into_iter().next().unwrap();
        assert!(first.message.ends_with("have two readings"), "{text}: {first:#?}");
        // Each way to mend it is accepted and means another net.
        let mended = first.mends.iter().map(|mend| {
            let mut text = text.clone();
            text.replace_range(mend.span.range(), &mend.text);
            assert_eq!(mistakes(&text), [], "{text}");
            text
        });
        (first.clone(), mended.collect::<Vec<_>>())
    };
    let (error, mended) = two("conv1 96 - relu - fc6 - relu - fc7 - relu - fc8, softmax");
    assert_eq!(error.message, "the numbers glued to `conv1` … `fc8` have two readings");
    assert_eq!(
        (&error.labels[0].1, &error.labels[1].1),
        (&"a window of 1, or the layer's number?".into(), &"8 units, or the layer's number?".into())
    );
    assert!(
        error.help.unwrap().ends_with("write `conv` and `fc`; for what the numbers say here, `conv 1x1` and `fc 8`")
    );
    assert!(mended[0].ends_with("conv 96 - relu - fc - relu - fc - relu - fc, softmax"), "{mended:?}");
    assert!(mended[1].ends_with("conv 1x1 96 - relu - fc 6 - relu - fc 7 - relu - fc 8, softmax"), "{mended:?}");
    for text in [
        "conv1 96 - relu - fc6 - relu - fc8, softmax",
        "conv1 96 11x11/4 - relu - conv2 256 5x5 pad 2 - relu - pool - fc3 4096, softmax 1000",
        "conv 96 - fc6 - relu - fc7 - relu - fc8, softmax",
        "conv1 6 - pool2 - conv3 16 - pool4 - fc5, softmax",
        "conv 6 - [conv2 16 - relu] - fc3, softmax",
        "conv1 20 - fc2, softmax",
    ] {
        two(text);
    }
    assert!(mistakes("block b(c) = conv1 c - conv2 c")[0].message.contains("two readings"));
    // What a lecture writes has one reading.
    for text in [
        "CONV3-64 - CONV3-64 - POOL2 - FC-4096 - FC-1000, SOFTMAX",
        "conv3-64 - conv1-64 - pool2 - fc4096 - fc4096 - fc1000, softmax",
        "conv1 8 - relu - fc10, softmax",
        "conv5 192 - conv1 160 - conv1 96 - pool3 /2 - FC10, SOFTMAX",
        "conv1 16 - concat(conv1 64 | conv3 64 | conv5 64) - pool2, softmax 10",
        "conv1 16 - pool2, softmax 10",
        "(fc120 - relu) - fc84 - fc10, softmax",
        "fc8, softmax",
    ] {
        assert_eq!(mistakes(&format!("net q = 227x227x3 - {text}")), [], "{text}");
    }
}

#[test]
fn a_number_beside_another_window_is_the_layers() {
    nets(&[
        (
            "conv1 96 11x11/4 - relu",
            "conv1",
            "`conv1` says a window of 1, and `11x11` something else",
            "write `conv`; a layer's",
        ),
        ("conv3 96 size 5 - relu", "conv3", "`conv3` says a window of 3, and `size 5` something else", "write `conv`"),
        ("conv 8 - pool5 3x3/2", "pool5", "`pool5` says a window of 5, and `3x3` something else", "write `pool`"),
        ("fc6 4096 - relu", "fc6", "`fc6` says 6 units, and `4096` something else", "write `fc`"),
    ]);
}
