//! Completion, colours and the reference's examples.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::{CompletionKind, Context, Token, complete, examples, highlight, topic};
use fovea_dsl::scope::Scope;
use fovea_dsl::slide::audit;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Source, Style, command, parse, render, resolve};
use fovea_graph::SourceId;
use proptest::prelude::*;

fn context() -> Context {
    let all = |words: &[&str]| words.iter().map(|word| word.to_string()).collect();
    Context {
        nets: all(&["lenet", "vgg16"]),
        blocks: all(&["basic", "bottleneck"]),
        data: all(&["digits", "scenes"]),
        constants: all(&["width", "depth"]),
        layers: all(&["lenet.conv1", "lenet.pool1"]),
    }
}

/// What fits where `text` has its `|`… which branches have too, so the cursor is `¦`.
fn fits(text: &str) -> Vec<String> {
    let cursor = text.find('¦').unwrap();
    let found = complete(&text.replace('¦', ""), cursor, &context());
    found.into_iter().map(|completion| completion.text).collect()
}

#[track_caller]
fn fit(text: &str, there: &[&str], not_there: &[&str]) {
    let found = fits(text);
    there.iter().for_each(|word| assert!(found.iter().any(|f| f == word), "{text}: no {word} in {found:?}"));
    not_there.iter().for_each(|word| assert!(!found.iter().any(|f| f == word), "{text}: {word} in {found:?}"));
}

#[test]
fn statements() {
    fit("¦", &["net", "block", "let", "train", "library", "compare"], &["conv", "on"]);
    assert_eq!(fits("tr¦"), ["train"]);
    assert_eq!(fits("net q = conv\nSU¦"), ["summary"]);
    fit("net q = conv -\n  ¦", &["relu"], &["train"]);
    fit("net q = [conv\n¦", &["where"], &["train"]);
}

#[test]
fn weights_of_other_people() {
    fit("load lenet \"x.safetensors\" ¦", &["normalize", "raw"], &["digits"]);
    assert_eq!(fits("save lenet \"x.safetensors\" ¦"), ["as"]);
    assert_eq!(fits("save lenet \"x.safetensors\" as ¦"), ["torchvision"]);
}

#[test]
fn layers_options_and_names() {
    fit("net q = ¦", &["conv", "input", "vgg16", "concat", "basic"], &["train", "shortcut", "width"]);
    fit("net q = conv - ¦", &["relu", "deconv", "basic"], &["vgg16"]);
    assert_eq!(fits("net q = conv - le¦"), ["leaky"]);
    fit("net q = conv 64 ¦", &["stride", "same", "groups", "dilate", "width", "as"], &["global", "relu"]);
    fit("net q = conv 64 - pool ¦", &["global", "ceil", "avg"], &["groups", "filters"]);
    fit("net q = conv stride ¦", &["width"], &["same"]);
    fit("net q = conv (¦", &["width"], &["relu"]);
    fit("net q = [¦", &["conv"], &["width"]);
    fit("net q = conv as c1 - add(¦", &["shortcut", "c1", "conv"], &[]);
    fit("net q = conv as c1 - concat(id | ¦", &["c1", "conv"], &["shortcut"]);
    fit("net q = conv as c1 - deconv to ¦", &["c1", "input"], &["conv"]);
    fit("net q = basic(¦", &["width"], &["relu"]);
    fit("net q = basic(64, s=¦", &["width"], &["relu"]);
    fit("net q = (conv)^¦", &["width"], &["relu"]);
    fit("net q = (conv)^2 ¦", &["as", "where"], &["relu"]);
    fit("net q = conv - relu, ¦", &["softmax"], &["relu"]);
    fit("net q = (conv)^N where N=¦", &["width"], &["conv"]);
    fit("block w(c, s=1) = conv ¦", &["c", "s", "stride"], &[]);
    fit("net q = bn ¦", &["eps", "momentum"], &["stride"]);
}

#[test]
fn clauses_of_this_verb_that_are_not_there_yet() {
    fit("train ¦", &["lenet", "vgg16"], &["digits", "on"]);
    fit("train lenet ¦", &["on", "for", "with", "warmup", "resume"], &["size", "of"]);
    fit("train lenet on ¦", &["digits", "scenes"], &["lenet"]);
    fit("train lenet on digits, batch 8, ¦", &["for", "schedule"], &["batch", "on"]);
    assert_eq!(fits("train lenet on digits for 5 ¦"), ["epochs", "steps"]);
    assert_eq!(fits("train lenet on digits keep ¦"), ["best"]);
    assert_eq!(fits("train lenet on digits stop ¦"), ["early"]);
    fit("train lenet on digits sweep ¦", &["width", "lr", "batch"], &["lenet"]);
    fit("train lenet on digits sweep lr {0.1, 0.03}, ¦", &["width", "seeds", "batch"], &["on"]);
    assert_eq!(fits("remove ¦"), ["run"]);
    assert_eq!(fits("remove run ¦"), ["last"]);
    assert_eq!(fits("prune ¦"), ["runs"]);
    assert_eq!(fits("prune runs ¦"), ["keep"]);
    fit("load lenet ¦", &["run"], &["digits"]);
    fit("load lenet run 3 ¦", &["best"], &["digits"]);
    fit("resume run 3 ¦", &["for", "checkpoint"], &["on"]);
    fit("compare run 1, ¦", &["run", "lenet"], &["digits"]);
    assert_eq!(fits("train lenet on digits warmup 5 s¦"), ["steps"]);
    assert_eq!(fits("train lenet on digits checkpoint ¦"), ["every"]);
    assert_eq!(fits("train lenet on digits checkpoint every 5 ¦"), ["steps", "epochs"]);
    assert_eq!(fits("train lenet on digits with ¦"), ["sgd", "adam", "adamw", "rmsprop"]);
    assert_eq!(fits("train lenet on digits with adam(¦"), ["lr", "beta1", "beta2", "eps", "decay"]);
    fit("train lenet on digits with sgd(lr 0.1), ¦", &["batch"], &["with"]);
    assert_eq!(fits("embed lenet.fc1 on digits with ¦"), ["tsne", "pca"]);
    assert_eq!(fits("embed lenet on digits with tsne(¦"), ["perplexity", "steps", "theta", "random"]);
    fit("embed lenet on digits ¦", &["with", "seed", "save"], &["batch"]);
    fit("segment lenet on \"photo.jpg\" ¦", &["size", "save"], &["with"]);
    fit("deconv [1 2] with [1] ¦", &["stride", "pad"], &["dilate"]);
    assert_eq!(fits("train lenet on digits schedule ¦"), ["constant", "cosine", "step", "poly", "plateau"]);
    let layers = ["conv1", "pool1"];
    fit("train lenet on digits freeze ¦", &layers, &["lenet", "batch"]);
    fit("train lenet on digits freeze conv1..¦", &layers, &["batch"]);
    fit("train lenet on digits freeze conv1, ¦", &layers, &["lenet"]);
    assert_eq!(fits("train lenet on digits lr 0.1 ¦"), ["at"]);
    fit("train lenet on digits lr 0.1 at ¦", &layers, &["lenet", "batch"]);
    assert_eq!(fits("train lenet on digits schedule plateau(¦"), ["by", "patience", "threshold"]);
    assert_eq!(fits("find ¦"), ["lr"]);
    fit("save ¦", &["lenet", "digits"], &["on"]);
    fit("find lr of ¦", &["lenet", "vgg16"], &["digits"]);
    assert_eq!(fits("show run ¦"), ["last"]);
    assert_eq!(fits("plot loss, ¦"), ["loss", "accuracy"]);
    assert_eq!(fits("plot loss ¦"), ["of"]);
    fit("compare lenet, ¦", &["vgg16"], &["digits"]);
    assert_eq!(fits("device ¦"), ["cpu", "cuda"]);
    assert_eq!(fits("%w¦"), ["%who"]);
    assert_eq!(fits("seed 7\n%¦"), ["%who", "%reset"]);
    fit("features lenet.c¦", &["lenet.conv1"], &["lenet.pool1", "digits"]);
    fit("features lenet.conv1 ¦", &["on", "save"], &["with"]);
    fit("convolve ¦", &["digits"], &["lenet"]);
    fit("convolve [1 0; 0 1] ¦", &["with", "stride", "pad", "same", "dilate"], &["on"]);
    fit("convolve digits[3] with ¦", &["lenet.conv1"], &["sgd", "digits"]);
    fit("convolve digits[3] with [1 0] same, ¦", &["stride"], &["same", "with"]);
    fit("plot loss of lenet, ¦", &["vgg16", "run"], &["loss", "of"]);
    assert_eq!(fits("theme ¦"), ["light", "dark"]);
    assert_eq!(fits("theme d¦"), ["dark"]);
    assert_eq!(fits("note \"tr¦"), [""; 0]);
    assert_eq!(fits("# tr¦"), [""; 0]);
}

#[test]
fn what_a_net_is_asked_beyond_its_answer() {
    fit("fool lenet on digits ¦", &["with", "toward", "save"], &["class"]);
    assert_eq!(fits("fool lenet on digits with ¦"), ["fgsm", "pgd", "deepfool"]);
    assert_eq!(fits("fool lenet on digits with pgd(¦"), ["eps", "steps", "step"]);
    fit("stylize ¦", &["digits"], &["lenet"]);
    fit("stylize digits[3] ¦", &["as", "with", "content", "style", "from", "by", "weights"], &["on", "class"]);
    fit("stylize digits[3] as digits[4] with ¦", &["lenet"], &["adam"]);
    assert_eq!(fits("stylize digits[3] as digits[4] with lenet by ¦"), ["lbfgs", "adam"]);
    assert_eq!(fits("stylize digits[3] as digits[4] with lenet by lbfgs(¦"), ["memory"]);
    assert_eq!(fits("stylize digits[3] as digits[4] with lenet from ¦"), ["noise", "photo"]);
    assert_eq!(fits("stylize digits[3] as digits[4] with lenet weights(¦"), ["content", "style", "variation"]);
    fit("deconvnet lenet.c¦", &["lenet.conv1"], &["digits"]);
    fit("deconvnet lenet.conv1[5] on digits ¦", &["top", "save"], &["on", "with"]);
    fit("saliency lenet on digits with ¦", &["gradient", "guided", "integrated", "gradcam"], &["adam", "class"]);
    fit("saliency lenet on digits with guided, ¦", &["gradcam"], &["adam"]);
    assert_eq!(fits("saliency lenet on digits with guided, gradcam(¦"), ["conv1", "pool1"]);
    assert_eq!(fits("saliency lenet on digits with integrated(¦"), ["steps"]);
    fit("evolve ¦", &["lenet"], &["digits"]);
    fit("evolve lenet class ¦", &["all", "width"], &["direct"]);
    fit("evolve lenet class all ¦", &["direct", "indirect", "for"], &["class"]);
    assert_eq!(fits("evolve lenet class all for 20 ¦"), ["generations"]);
    fit("maximize ¦", &["lenet", "lenet.conv1"], &["digits"]);
    fit("maximize lenet.conv1 ¦", &["class", "centre", "with", "for", "seed", "save"], &["on", "direct"]);
    assert_eq!(fits("maximize lenet class 7 with ¦"), ["fourier", "jitter", "octaves", "blur", "tv", "decay", "plain"]);
    fit("maximize lenet class 7 with tv, ¦", &["jitter", "blur"], &["adam"]);
    assert_eq!(fits("maximize lenet class 7 with blur(¦"), ["sigma", "every"]);
    assert_eq!(fits("maximize lenet class 7 for 20 ¦"), ["steps"]);
}

#[test]
fn a_completion_says_what_it_replaces_and_what_it_means() {
    let all = complete("net q = é - co", 15, &context());
    assert_eq!(all[0].text, "conv");
    assert_eq!((all[0].start, all[0].kind), (13, CompletionKind::Layer));
    assert_eq!(all[0].doc, "Convolution");
}

/// `momentum` is a number of `bn`, `sgd` and `rmsprop`, `decay` of optimizers and of `step`.
#[test]
fn a_number_is_explained_by_what_it_is_a_number_of() {
    let doc = |text: &str| {
        let found = complete(text, text.len(), &context());
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found[0].doc.clone()
    };
    assert_eq!(doc("train q on d with sgd(lr 0.1, mom"), "Stochastic gradient descent");
    assert_eq!(doc("train q on d with rmsprop(mom"), "Gradients divided by the root of their running mean square");
    assert_ne!(doc("net q = conv - bn mom"), "Stochastic gradient descent");
    for (before, word, expected) in [
        ("train q on d with sgd(lr 0.1, ", "momentum", "sgd"),
        ("train q on d with SGD(", "lr", "SGD"),
        ("train q on d with sgd(lr 0.1), ", "momentum", "momentum"),
        ("net q = conv - bn ", "momentum", "momentum"),
        ("net q = (conv - ", "relu", "relu"),
        ("", "sgd", "sgd"),
    ] {
        assert_eq!(topic(before, word), expected, "{before}{word}");
    }
}

#[test]
fn colours() {
    let text = "Train q on digits # so\nnet q = 28x28x1 - conv 64 pad 2 - pad 2 as c1 where N=2";
    let found: Vec<_> = highlight(text).into_iter().map(|(range, token)| (&text[range], token)).collect();
    assert_eq!(
        found[..8],
        [
            ("Train", Token::Statement),
            ("q", Token::Name),
            ("on", Token::Clause),
            ("digits", Token::Name),
            ("# so", Token::Comment),
            ("net", Token::Statement),
            ("q", Token::Name),
            ("=", Token::Sign),
        ]
    );
    let words = |word: &str| found.iter().filter(|(w, _)| *w == word).map(|(_, token)| *token).collect::<Vec<_>>();
    assert_eq!(words("pad"), [Token::Option, Token::Layer]);
    assert_eq!(
        (words("conv"), words("where"), words("N")),
        (vec![Token::Layer], vec![Token::Clause], vec![Token::Name])
    );
    let sizes = "net q = 28X28x1 - conv 3xN /2 - x5";
    let numbers = highlight(sizes).into_iter().filter(|(_, token)| *token == Token::Number);
    assert_eq!(numbers.map(|(at, _)| &sizes[at]).collect::<Vec<_>>(), ["28", "X28x1", "3", "2"]);
    let text = "note \"a # b\" with";
    assert_eq!(&text[highlight(text)[1].0.clone()], "\"a # b\"");
}

#[test]
fn every_example_of_the_reference_is_right() {
    let mut count = 0;
    for (text, _) in examples() {
        let source = Source { id: SourceId(0), name: "example".into(), text: text.into() };
        let (program, mut mistakes) = parse(&source);
        let mut scope = Scope::default();
        for statement in &program.statements {
            match &statement.kind {
                StatementKind::Net(net) => {
                    mistakes.extend(resolve(net, &scope, None, None).err().unwrap_or_default());
                    scope.nets.insert(net.name.text.clone(), net.clone());
                }
                StatementKind::Block(block) => scope.blocks.insert(block.name.text.clone(), block.clone()),
                StatementKind::Let(bindings) => {
                    mistakes.extend(bindings.iter().filter_map(|binding| scope.bind(binding).err()));
                }
                StatementKind::Slide(slide) => {
                    let nets = audit(&slide.name.text, &slide.text).nets;
                    nets.into_iter().for_each(|net| scope.nets.insert(net.name, net.definition));
                }
                StatementKind::Verb(verb) => mistakes.extend(command(verb, &scope).err().unwrap_or_default()),
            }
        }
        assert!(
            mistakes.is_empty() && !program.statements.is_empty(),
            "{text}\n{}",
            render(&mistakes, &[source], Style::Plain)
        );
        count += 1;
    }
    assert!(count > 60, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "(net |block |q|q\\(|add\\(| \\| |=|conv|pool|bn| - |\\(|\\)|\\{|\\}|\\^|,|\n|    |where|as|64|3x3|\"|#|train|on|with|sgd|é|1e-|0..| ){0,30}", cursor in 0usize..200) {
        complete(&text, cursor, &context());
        let mut end = 0;
        for (range, _) in highlight(&text) {
            prop_assert!(range.start >= end && range.end > range.start && text.get(range.clone()).is_some());
            prop_assert!(text[end..range.start].chars().all(char::is_whitespace) || text.contains("slide"));
            end = range.end;
        }
    }
}
