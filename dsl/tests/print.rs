//! Any tree prints to text that parses to the same tree, and no text at all makes the parser panic.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::{Token, highlight};
use fovea_dsl::format::format;
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::*;
use fovea_dsl::verb::command;
use fovea_dsl::{Source, Stage, Style, is_complete, parse, render};
use fovea_graph::{SourceId, Span};
use proptest::prelude::*;

fn source(text: &str) -> Source {
    Source { id: SourceId(0), name: "text.fov".into(), text: text.into() }
}

fn span() -> Span {
    Span::default()
}

fn names() -> impl Strategy<Value = Name> {
    let words = ["c", "N", "width", "k1", "_a", "Depth", "xs", "e", "fcn"];
    proptest::sample::select(words.to_vec()).prop_map(|text| Name { text: text.into(), span: span() })
}

fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![
        (0u32..5000).prop_map(f64::from),
        (0.0..1.0).prop_map(|x: f64| x),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(f64::abs),
    ]
}

fn exprs() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![numbers().prop_map(ExprKind::Number), names().prop_map(|name| ExprKind::Name(name.text)),];
    let operators = [Operator::Add, Operator::Subtract, Operator::Multiply, Operator::Divide, Operator::Power];
    leaf.prop_recursive(5, 24, 3, move |inner| {
        let e = inner.prop_map(|kind| Expr { kind, span: span() }).boxed();
        let operator = proptest::sample::select(operators.to_vec());
        prop_oneof![
            proptest::collection::vec(e.clone(), 2..4).prop_map(ExprKind::List),
            (e.clone(), e.clone()).prop_map(|(a, b)| ExprKind::Index(Box::new(a), Box::new(b))),
            e.clone().prop_map(|a| ExprKind::Negate(Box::new(a))),
            (operator, e.clone(), e).prop_map(|(o, a, b)| ExprKind::Binary(o, Box::new(a), Box::new(b))),
        ]
    })
    .prop_map(|kind| Expr { kind, span: span() })
    // A number has no index: `64[i]` is nothing.
    .boxed()
}

fn sizes() -> impl Strategy<Value = Vec<Expr>> {
    proptest::collection::vec(exprs(), 1..4)
}

fn options() -> impl Strategy<Value = LayerOption> {
    let keys = ["pad", "dilate", "groups", "filters", "size"];
    let flags = ["same", "valid", "nobias", "bias", "max", "avg", "ceil", "global", "bilinear", "nearest"];
    let target = prop_oneof![
        sizes().prop_map(Target::Size),
        Just(Target::Input),
        (names(), proptest::option::of(exprs())).prop_map(|(name, step)| Target::Layer(name, step)),
    ];
    prop_oneof![
        exprs().prop_map(OptionKind::Value),
        proptest::collection::vec(exprs(), 2..4).prop_map(OptionKind::Size),
        sizes().prop_map(OptionKind::Stride),
        target.prop_map(OptionKind::To),
        (proptest::sample::select(keys.to_vec()), sizes()).prop_map(|(key, s)| OptionKind::Keyed(key.into(), s)),
        proptest::sample::select(flags.to_vec()).prop_map(|flag| OptionKind::Flag(flag.into())),
    ]
    .prop_map(|kind| LayerOption { kind, span: span() })
}

fn layers() -> impl Strategy<Value = Layer> {
    let words = [
        LayerWord::Conv,
        LayerWord::Pool,
        LayerWord::MaxPool,
        LayerWord::AvgPool,
        LayerWord::Fc,
        LayerWord::Relu,
        LayerWord::Flatten,
        LayerWord::Dropout,
        LayerWord::Softmax,
        LayerWord::Deconv,
        LayerWord::Unpool,
        LayerWord::Upsample,
        LayerWord::Leaky,
        LayerWord::Sigmoid,
        LayerWord::Tanh,
        LayerWord::Elu,
        LayerWord::Gelu,
        LayerWord::Bn,
        LayerWord::Lrn,
        LayerWord::Crop,
        LayerWord::Pad,
    ];
    let own = [(LayerWord::Bn, "eps"), (LayerWord::Bn, "momentum"), (LayerWord::Lrn, "alpha"), (LayerWord::Lrn, "k")];
    // Windows and units that hardly number layers.
    let glued = proptest::option::of(proptest::collection::vec(8u32..12, 1..3));
    let options = proptest::collection::vec(options(), 0..4);
    (proptest::sample::select(words.to_vec()), glued, options, (names(), proptest::option::of(exprs())), sizes())
        .prop_map(move |(word, glued, mut options, (name, step), sizes)| {
            let takes = matches!(
                word,
                LayerWord::Conv | LayerWord::Deconv | LayerWord::Pool | LayerWord::MaxPool | LayerWord::AvgPool
            );
            if word == LayerWord::Unpool {
                options.insert(0, LayerOption { kind: OptionKind::Of(name, step), span: span() });
            }
            for (_, key) in own.iter().filter(|(layer, _)| *layer == word) {
                options.push(LayerOption { kind: OptionKind::Keyed((*key).into(), sizes.clone()), span: span() });
            }
            if let Some(glued) = glued.filter(|glued| takes || word == LayerWord::Fc && glued.len() == 1) {
                let scale = if word == LayerWord::Fc { 100 } else { 1 };
                let number = |n: u32| Expr { kind: ExprKind::Number((n * scale).into()), span: span() };
                // No option says the same again.
                options.retain(|option| match &option.kind {
                    OptionKind::Value(_) => word != LayerWord::Fc,
                    OptionKind::Size(_) => word == LayerWord::Fc,
                    OptionKind::Keyed(key, _) => key != "size",
                    _ => true,
                });
                let kind = OptionKind::Glued(glued.into_iter().map(number).collect());
                options.insert(0, LayerOption { kind, span: span() });
            }
            Layer { word, word_span: span(), options }
        })
}

fn heads() -> impl Strategy<Value = Option<Head>> {
    proptest::option::of(proptest::option::of(exprs()).prop_map(|classes| Head { classes, span: span() }))
}

fn times() -> impl Strategy<Value = Vec<Times>> {
    let times = (proptest::option::of(names()), exprs())
        // A repetition is not negative, and this can be seen without computing it.
        .prop_filter("no sign", |(_, count)| !matches!(count.kind, ExprKind::Negate(_)))
        .prop_map(|(variable, count)| Times { variable, count, span: span() });
    proptest::collection::vec(times, 0..3)
}

fn arguments() -> impl Strategy<Value = Vec<Argument>> {
    let argument =
        (proptest::option::of(names()), exprs()).prop_map(|(key, value)| Argument { key, value, unit: None });
    proptest::collection::vec(argument, 0..3)
}

/// `decay 5e-4 weights`
fn with_unit(mut arguments: Vec<Argument>, of_weights: bool) -> Vec<Argument> {
    if let Some(argument) = arguments.last_mut().filter(|argument| of_weights && argument.key.is_some()) {
        argument.unit = Some(Name { text: "weights".into(), span: span() });
    }
    arguments
}

fn chains() -> impl Strategy<Value = Chain> {
    let dotted = proptest::sample::select(vec!["c1", "e", "vgg16.pool5", "resnet.50", "dense", "b3"])
        .prop_map(|text| Name { text: text.into(), span: span() });
    let call = (names(), arguments()).prop_map(|(block, arguments)| Call { block, arguments });
    let leaf = prop_oneof![
        4 => layers().prop_map(ItemKind::Layer),
        1 => sizes().prop_map(ItemKind::Shape),
        1 => Just(ItemKind::Input),
        1 => Just(ItemKind::Identity),
        1 => (dotted, proptest::option::of(exprs())).prop_map(|(name, step)| ItemKind::Reference(name, step)),
        1 => (call, times()).prop_map(|(call, times)| ItemKind::Call(call, times)),
    ];
    let item = leaf.prop_recursive(3, 12, 4, |inner| {
        let item =
            (inner, proptest::option::of(names())).prop_map(|(kind, alias)| Item { kind, alias, span: span() }).boxed();
        let chain = (proptest::collection::vec(item, 1..4), heads())
            .prop_map(|(items, head)| Chain { items, head, span: span() })
            .boxed();
        let shortcut = proptest::sample::select(vec![None, Some(Shortcut::Projection), Some(Shortcut::Zeros)]);
        let branches = (proptest::collection::vec(chain.clone(), 2..4), any::<bool>(), shortcut, times());
        let join = branches.prop_map(|(mut branches, is_add, shortcut, times)| {
            if let Some(shortcut) = shortcut.filter(|_| is_add) {
                let items = vec![Item { kind: ItemKind::Shortcut(shortcut), alias: None, span: span() }];
                branches.push(Chain { items, head: None, span: span() });
            }
            let word = if is_add { JoinWord::Add } else { JoinWord::Concat };
            ItemKind::Join(Join { word, word_span: span(), branches }, times)
        });
        let group = (chain.clone(), times())
            .prop_filter("a bracketed shape is the shape", |(chain, times)| {
                !(times.is_empty() && chain.head.is_none() && chain.items.len() == 1)
            })
            .prop_map(|(chain, times)| ItemKind::Group(chain, times));
        let aux = (proptest::option::of(exprs()), chain).prop_map(|(weight, chain)| ItemKind::Aux(weight, chain));
        prop_oneof![3 => group, 2 => join, 1 => aux]
    });
    let item = (item, proptest::option::of(names())).prop_map(|(kind, alias)| Item { kind, alias, span: span() });
    (proptest::collection::vec(item, 1..5), heads()).prop_map(|(items, head)| Chain { items, head, span: span() })
}

fn bindings(least: usize) -> impl Strategy<Value = Vec<Binding>> {
    proptest::collection::vec((names(), exprs()).prop_map(|(name, value)| Binding { name, value }), least..3)
}

fn parts() -> impl Strategy<Value = Part> {
    let words = ["digits", "on", "for", "epochs", "lenet.conv1", "cuda:1", "_", "further"];
    let word = proptest::sample::select(words.to_vec()).prop_map(String::from).boxed();
    prop_oneof![
        word.clone().prop_map(PartKind::Word),
        (word, exprs(), proptest::option::of(exprs())).prop_map(|(w, a, b)| PartKind::Select(w, a, b)),
        exprs().prop_map(PartKind::Value),
        proptest::collection::vec(exprs(), 2..4).prop_map(PartKind::Size),
        prop::collection::vec(numbers(), 2..=4).prop_map(PartKind::Ratio),
        (names(), names()).prop_map(|(a, b)| PartKind::Stretch(a, b)),
        "[ !#-~é→]{0,12}".prop_map(PartKind::Text),
        (names(), arguments(), any::<bool>())
            .prop_map(|(w, a, of_weights)| PartKind::Call(w.text, with_unit(a, of_weights))),
        matrices().prop_map(PartKind::Matrix),
        Just(PartKind::Comma),
        Just(PartKind::Equals),
    ]
    .prop_map(|kind| Part { kind, span: span() })
}

fn matrices() -> impl Strategy<Value = Vec<Vec<Expr>>> {
    let rows = |width: usize| proptest::collection::vec(proptest::collection::vec(exprs(), width), 1..4);
    (1usize..4).prop_flat_map(rows)
}

fn statements() -> impl Strategy<Value = Statement> {
    let verbs = ["train", "Test", "data", "show", "convolve", "%who", "frobnicate"];
    let verb = (proptest::sample::select(verbs.to_vec()), proptest::collection::vec(parts(), 0..6))
        .prop_map(|(word, parts)| Verb { word: Name { text: word.into(), span: span() }, parts })
        // A line that ends in `,` or `=` goes on.
        .prop_filter("an open end", |verb| {
            !verb.parts.last().is_some_and(|part| matches!(part.kind, PartKind::Comma | PartKind::Equals))
        })
        // `digits [3]` is a sample: a matrix stands behind `with`, or behind no word.
        .prop_filter("a sample", |verb| {
            !verb
                .parts
                .windows(2)
                .any(|pair| matches!((&pair[0].kind, &pair[1].kind), (PartKind::Word(_), PartKind::Matrix(_))))
        })
        // `NAME =` asks for `net` or `let`.
        .prop_filter("a definition", |verb| {
            verb.word.text != "frobnicate" || !verb.parts.iter().take(2).any(|part| part.kind == PartKind::Equals)
        });
    let net = (names(), chains(), bindings(0)).prop_map(|(name, chain, bindings)| NetDef { name, chain, bindings });
    let parameter = (names(), proptest::option::of(exprs())).prop_map(|(name, default)| Parameter { name, default });
    let block = (names(), proptest::collection::vec(parameter, 0..4), chains())
        .prop_filter("each parameter once", |(_, parameters, _)| {
            let texts: std::collections::BTreeSet<_> = parameters.iter().map(|p| &p.name.text).collect();
            texts.len() == parameters.len()
        })
        .prop_map(|(name, parameters, chain)| BlockDef { name, parameters, chain });
    let kind = prop_oneof![
        3 => net.prop_map(StatementKind::Net),
        1 => block.prop_map(StatementKind::Block),
        1 => bindings(1).prop_map(StatementKind::Let),
        2 => verb.prop_map(StatementKind::Verb),
    ];
    (kind, any::<bool>()).prop_map(|(kind, silent)| Statement { kind, span: span(), silent })
}

/// A program whose debug form is its text: a failure is then short enough to read.
struct Printed(Program);

impl std::fmt::Debug for Printed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn programs() -> impl Strategy<Value = Printed> {
    proptest::collection::vec(statements(), 0..3).prop_map(|statements| Printed(Program { statements }))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_tree_parses_to_the_same_tree(program in programs()) {

        let Printed(program) = program;
        let text = program.to_string();
        let (parsed, mistakes) = parse(&source(&text));
        prop_assert!(mistakes.is_empty(), "{text}\n{}", render(&mistakes, &[source(&text)], Style::Plain));
        prop_assert!(parsed.clone().without_spans() == program, "{text}\nreads as\n{parsed}");
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn the_canonical_form_means_the_same_keeps_comments_and_is_its_own(program in programs(), marks in proptest::collection::vec(0u8..6, 0..40)) {
        prop_assume!(!program.0.statements.iter().any(is_right));
        let text = commented(&program.0, &marks);
        let formatted = format(&text);
        prop_assert!(formatted.is_ok(), "{text}\n{formatted:?}");
        let once = formatted.unwrap();
        prop_assert_eq!(&format(&once).unwrap_or_default(), &once, "{}", text);
        let meaning = |text: &str| parse(&source(text)).0.without_spans();
        prop_assert!(meaning(&once) == program.0, "{text}\n{once}");
        prop_assert_eq!(comments(&once), comments(&text), "{}\n{}", text, once);
    }

    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        answers(&text);
    }

    #[test]
    fn text_of_the_languages_own_signs_gets_an_answer(text in "(net |block |q|q\\(|concat\\(|add\\(|aux |shortcut|id| \\| |e\\{|to |unpool|=|conv|relu|pool|fc|POOL2|CONV3-| - |->|–|→|\\(|\\)|\\[|\\]|\\{|\\}|\\^|\\*|x|×|,|\n|    |where|as|/2|64|3x3|0.5|\\?|\\$|\\\\times|\\\\text\\{|\"|#|;|train|let|softmax|on|é|\t|\r|=>|\u{a0}|\\.\\.){0,40}") {
        answers(&text);
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (source, mistake) = Source::from_bytes(SourceId(0), "bytes", &bytes);
        prop_assert_eq!(mistake.is_none(), std::str::from_utf8(&bytes).is_ok());
        answers(&source.text);
        render(&Vec::from_iter(mistake), &[source], Style::Coloured);
    }
}

/// Whether a verb's statement is right, which gives it a form of its own: `canonical.rs` looks at those.
fn is_right(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Verb(verb) => match command(verb, &Scope::default()) {
            Ok(_) => true,
            Err(mistakes) => mistakes.iter().all(|mistake| mistake.stage == Stage::Names),
        },
        _ => false,
    }
}

/// The program as text, with comments and lines of its own where `marks` says so.
fn commented(program: &Program, marks: &[u8]) -> String {
    let mut marks = marks.iter().copied().chain(std::iter::repeat(0));
    let mut number = 0;
    let mut comment = || {
        number += 1;
        std::format!("# {number} - (")
    };
    let mut text = String::new();
    for statement in &program.statements {
        let line = statement.to_string();
        match marks.next() {
            Some(1) => text.push_str(&std::format!("{}\n\n\n", comment())),
            Some(2) => text.push_str(&std::format!("\n{}\n", comment())),
            _ => {}
        }
        if matches!(statement.kind, StatementKind::Verb(_)) {
            text.push_str(&line);
        } else {
            for (index, piece) in line.split(" - ").enumerate() {
                match marks.next().filter(|_| index > 0) {
                    Some(1) => text.push_str(&std::format!(" - {}\n  ", comment())),
                    Some(2) => text.push_str(&std::format!("{}\n  {}\n   - ", comment(), comment())),
                    Some(3) => text.push_str("\n\n  - "),
                    _ => text.push_str(if index == 0 { "" } else { " - " }),
                }
                text.push_str(piece);
            }
        }
        match marks.next() {
            Some(1) => text.push_str(&comment()),
            Some(2) => text.push_str(&std::format!("\n\n{}\n", comment())),
            _ => {}
        }
        text.push('\n');
    }
    text
}

/// The comments of a text whose strings have none.
fn comments(text: &str) -> Vec<String> {
    let is_comment = |(_, token): &(std::ops::Range<usize>, Token)| *token == Token::Comment;
    highlight(text).into_iter().filter(is_comment).map(|(range, _)| text[range].trim_end().to_string()).collect()
}

/// Parses, renders, and looks at every span.
fn answers(text: &str) {
    let source = source(text);
    let (program, mistakes) = parse(&source);
    is_complete(text);
    let mut spans: Vec<Span> =
        mistakes.iter().flat_map(|mistake| mistake.labels.iter().map(|(span, _)| *span)).collect();
    program.clone().map_spans(&mut |span| {
        spans.push(span);
        span
    });
    for span in spans {
        assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
    }
    render(&mistakes, &[source], Style::Plain);
}
