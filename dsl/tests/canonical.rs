//! Verbs, clauses and optimizers have one canonical form: whatever their spelling, one text, which means the same, is its
//! own form and has every comment.
#![allow(clippy::unwrap_used)]

mod spelling;

use fovea_dsl::editor::{Token, highlight, vocabulary};
use fovea_dsl::format::format;
use fovea_dsl::scope::{Scope, Value};
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::verb::command;
use fovea_dsl::{Source, parse};
use fovea_graph::SourceId;
use proptest::prelude::*;
use spelling::Dice;

/// Statements in their canonical form: every verb, and every clause of each.
const STATEMENTS: &[&str] = &[
    "data digits",
    "data digits size 28x28",
    "data pets = images \"Pets, # 1/\" size 28x28 split 80/20 skip broken",
    "data pets = split 75/25 npy \"X.npy\" labels \"y.npy\" shape 16x2",
    "data pets = npy \"X.npy\" labels \"y.npy\" as numbers",
    "data pets = images \"p/\" labels \"L.csv\" column \"Breed\" split 70/15/15",
    "data pets = images \"in/\" masks \"Masks/\"",
    "data pets = csv \"x.csv\" labels column 3",
    "data pets = csv \"x.csv\" labels column \"Price\", 3 as numbers split 70/30",
    "data pets = npy \"d.npz\" width labels rate",
    "data pets = digits.train[0..100] split 90/10",
    "data pets = images \"p/\" augment flip, crop 4, scale 0.8..1.2 normalize imagenet",
    "data digits augment rotate 15, jitter 0.2, noise 0.05, cutout 8, mixup 0.2 raw",
    "show digits.train[0..4] augmented",
    "data pets = digits part 0.1",
    "data mnist \"Folder/\" size 32x32",
    "train lenet on digits",
    "train lenet on digits for 10 epochs with sgd(lr 0.01, momentum 0.9), batch 64, schedule cosine",
    "train lenet further on digits for 1 epochs with adamw, warmup 5 epochs, checkpoint every 100 steps",
    "train lenet on digits resume run 3",
    "train lenet on digits for 500 steps, keep best, stop early 5",
    "train lenet on digits with sgd(lr 0.1, momentum 0.9, nesterov, decay 5e-4 weights), clip 1",
    "train lenet on digits, schedule step(at {30, 60, 90}, by 0.1), freeze conv1..pool2, fc1, lr 0.1 at fc2, 0.01 at fc3",
    "train lenet on digits with rmsprop(lr 0.001, alpha 0.9), schedule plateau(by 0.5, patience 3)",
    "find lr of lenet on digits batch 32 with adam seed 3",
    "train lenet on digits for 3 epochs sweep rate {0.1, 0.03}, width {2, 3}, batch {32, 64}, seed 3, seeds 5",
    "train lenet on digits sweep lr {rate, 1e-4}, batch 32",
    "train lenet on digits for width epochs, batch (2*width), resume run last",
    "train lenet on digits, seed 3, schedule step(every 10, by 0.5), with adam(lr rate, decay (rate/2)), warmup 5 steps",
    "train lenet on digits for 3 epochs toward itself, noise 0.2, loss huber, seed 3",
    "train lenet on digits for 5 epochs against fgsm(eps 0.1), share 0.3",
    "train lenet on digits against pgd(eps 0.1, steps 5, step 0.03), seed 3",
    "train lenet on digits, weights balanced, smooth 0.1, ignore 255, loss dice",
    "test lenet on digits",
    "predict lenet on digits[0..16] save \"Scores, # 1.npy\"",
    "show digits",
    "show digits.train[3]",
    "show run 3",
    "show run last",
    "summary vgg16 batch 32 train",
    "summary lenet on digits",
    "summary resnet50 all",
    "draw resnet50",
    "draw vgg16, alexnet, resnet50 all",
    "draw lenet on digits train batch 32 save \"Lenet, # 1.svg\"",
    "plot loss, accuracy of lenet, run 3, run last",
    "save lenet \"Lenet.safetensors\"",
    "save vgg16 \"Vgg.safetensors\" as torchvision",
    "load lenet \"Lenet.safetensors\"",
    "load lenet \"Lenet.safetensors\" raw",
    "load lenet \"Lenet.safetensors\" normalize imagenet",
    "load lenet run last best",
    "runs",
    "resume run 3 for 20 epochs, checkpoint every 5 steps",
    "export run 3 \"Run 3.csv\"",
    "remove run 3, run last",
    "prune runs keep 5",
    "seed 7",
    "seed width",
    "device",
    "device cpu",
    "device cuda:1",
    "theme dark",
    "explain lenet on digits",
    "bench lenet on digits train batch 64",
    "bench lenet infer",
    "compare lenet, vgg16, alexnet",
    "compare run 1, run 3, run last",
    "convolve [1 1 0; 0 1 -1; 0 1/9 (1 - rate)] with [1 0; 0 1] /2 pad 1",
    "convolve digits.train[3] with lenet.conv1[2] same dilate 2",
    "convolve digits[3] with [1 0] valid stride width dilate 2x1",
    "convolve [1 0; 0 1], [2 1; 0 1] with [1 0], [0 1] /2",
    "deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] /2 pad 1",
    "pool [0 1 4 9; 3 2 5 8] 3x3/1 avg",
    "pool [0 1 4 9; 3 2 5 8] 2 /1 max same",
    "pool [0 1 4 9; 3 2 5 8] size width ceil pad 1x0 /2x1",
    "filters lenet.conv1",
    "filters lenet.conv1[5]",
    "features lenet.conv1[0..8] on digits[3] save \"maps.npy\"",
    "saliency lenet on digits[0..4] class 7 save \"gradients.npy\"",
    "deconvnet lenet.conv2[5] on digits.train top 9 save \"Back.npy\"",
    "saliency lenet on digits[3] with guided, integrated, gradcam class 7",
    "saliency lenet on digits[3] with gradcam(conv1), gradcam(conv2) save \"Maps.png\"",
    "embed lenet on digits.train[0..500] with pca seed 3",
    "embed lenet.fc1[0..8] on digits with tsne(perplexity 30, steps 500, theta 0.2, random) save \"Points.npy\"",
    "segment lenet on scenes[0..4] save \"Masks.npy\"",
    "segment lenet on \"Photo, # 1.jpg\" size 480x640",
    "evolve lenet class 7 indirect for 200 generations seed 7 save \"rubbish.npy\"",
    "evolve lenet class all direct",
    "fool lenet on digits[3] with pgd(eps 0.1, steps 5, step 0.02) toward 7 save \"Fooled.png\"",
    "fool lenet on digits.train with deepfool",
    "maximize lenet.conv2[5] centre with fourier, jitter(pixels 2), octaves(count 3, by 1.4) for 200 steps seed 7 save \"Seen.png\"",
    "maximize lenet class all with plain",
    "maximize lenet.conv2[0..8] with blur(sigma 0.5, every 4), tv(weight 0.1), decay",
    "stylize \"Photo, # 1.jpg\" as \"Painting.jpg\" with vgg16 for 300 steps size 300x400 save \"Styled.png\"",
    "stylize scenes[3] as scenes.train[8] with lenet content conv1 style fc1, fc2 from noise seed 7",
    "stylize scenes[3] as \"P.png\" with lenet by adam(lr 0.05, beta1 0.8) weights(content 1, style 1000, variation 0)",
    "stylize scenes[3] as \"P.png\" with lenet by lbfgs(memory 5) from photo for width steps",
    "library",
    "library resnet50",
    "note \"From here on,  without dropout\"",
    "%who",
    "%reset",
];

/// What the only statement of a text does, spans aside.
fn meaning(text: &str) -> String {
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
    let [statement] = &program.statements[..] else { panic!("{text}\n{mistakes:?}") };
    let StatementKind::Verb(verb) = &statement.kind else { panic!("{text}") };
    let mut scope = Scope::default();
    scope.constants.insert("width".into(), Value::Number(16.0));
    scope.constants.insert("rate".into(), Value::Number(0.05));
    let mut said =
        std::format!("{:?}", command(verb, &scope).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:?}")));
    for (place, last) in [("Span {", '}'), (" before: ", ' ')] {
        while let Some(start) = said.find(place) {
            let end = start + place.len() + said[start + place.len()..].find(last).unwrap();
            said.replace_range(start..=end, "_");
        }
    }
    said
}

fn comments(text: &str) -> Vec<String> {
    let is_comment = |(_, token): &(std::ops::Range<usize>, Token)| *token == Token::Comment;
    highlight(text).into_iter().filter(is_comment).map(|(range, _)| text[range].trim_end().to_string()).collect()
}

/// Lines that a statement is broken into, as one.
fn one_line(text: &str) -> String {
    text.trim_end().replace("\n    ", " ")
}

#[test]
fn every_verb_and_every_clause_is_among_the_statements() {
    let words = |statement: &str| statement.split([' ', ',', '(', '/']).map(String::from).collect::<Vec<_>>();
    let vocabulary = vocabulary();
    let verbs = vocabulary.statements.iter().chain(&vocabulary.before_matrix);
    let is_absent = |word: &str| {
        let (program, mistakes) =
            parse(&Source { id: SourceId(0), name: String::new(), text: std::format!("{word} [1]") });
        let unknown = program.statements.first().is_none_or(|statement| match &statement.kind {
            StatementKind::Verb(verb) => {
                let mistakes = command(verb, &Scope::default()).err().unwrap_or_default();
                mistakes.iter().any(|mistake| mistake.message.contains("not among the statements"))
            }
            _ => false,
        });
        !mistakes.is_empty() || unknown
    };
    for verb in verbs.filter(|verb| !vocabulary.definitions.contains(verb) && !is_absent(verb)) {
        assert!(STATEMENTS.iter().any(|statement| words(statement)[0] == *verb), "no statement begins with `{verb}`");
    }
    for (verb, clauses) in &vocabulary.verbs {
        let of_verb: Vec<_> = STATEMENTS.iter().filter(|statement| words(statement)[0] == *verb).collect();
        for clause in clauses {
            let has = |statement: &str| {
                words(statement)[1..].iter().any(|word| word == clause)
                    || *clause == "stride" && statement.contains('/')
            };
            assert!(of_verb.iter().any(|statement| has(statement)), "`{verb}` never takes `{clause}`");
        }
    }
}

#[test]
fn canonical_statements_stay() {
    for statement in STATEMENTS {
        assert_eq!(one_line(&format(statement).unwrap()), *statement);
        let quiet = std::format!("{statement};");
        assert_eq!(one_line(&format(&quiet).unwrap()), quiet);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_has_one_form(statement in proptest::sample::select(STATEMENTS), seed in any::<u64>()) {
        let spelled = spelling::of(statement, &mut Dice::new(seed));
        prop_assert_eq!(meaning(&spelled), meaning(statement), "{}", spelled);
        let form = format(&spelled).unwrap();
        prop_assert_eq!(one_line(&form), statement, "{}", spelled);
        prop_assert_eq!(format(&form).unwrap(), form);
    }

    #[test]
    fn comments_stay_in_their_order(statement in proptest::sample::select(STATEMENTS), seed in any::<u64>()) {
        let spelled = spelling::of(statement, &mut Dice::with_comments(seed));
        prop_assert_eq!(meaning(&spelled), meaning(statement), "{}", spelled);
        let form = format(&spelled).unwrap();
        prop_assert_eq!(meaning(&form), meaning(statement), "{}\n{}", spelled, form);
        prop_assert_eq!(comments(&form), comments(&spelled), "{}\n{}", spelled, form);
        let is_apart = |(at, _): (usize, &str)| at == 0 || form[..at].ends_with([' ', '\n']);
        prop_assert!(form.match_indices('#').all(is_apart), "{}", form);
        prop_assert_eq!(format(&form).unwrap(), form, "{}", spelled);
    }

    #[test]
    fn numbers_keep_every_bit(number in 0.0..3e38, power in -300i32..0) {
        for number in [number, 10f64.powi(power), number * 10f64.powi(power)] {
            let text = std::format!("train q on d with adam(lr={number:e}, decay {number})");
            prop_assume!(number > 0.0);
            prop_assert_eq!(meaning(&format(&text).unwrap()), meaning(&text));
        }
    }
}
