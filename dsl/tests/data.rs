//! `data`: what is read of it, and what is said where it is wrong, at which words.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::{Context, complete};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::verb::{Data, Shares};
use fovea_dsl::{Command, Diagnostic, Source, command, parse};
use fovea_graph::SourceId;

fn read(text: &str) -> Result<Data, Vec<Diagnostic>> {
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: String::new(), text: text.into() });
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let StatementKind::Verb(verb) = &program.statements[0].kind else { panic!("{text} is no verb") };
    match command(verb, &Scope::default())? {
        Command::Data(data) => Ok(data),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_source_and_its_clauses_in_any_order() {
    for text in [
        "data pets = images \"my pets/\" size 64x32 split 80/20 skip broken",
        "DATA pets = Skip Broken, SPLIT 80/20, SIZE 64x32, IMAGES \"my pets/\"",
    ] {
        let data = read(text).unwrap();
        let images = data.images.unwrap();
        assert_eq!((data.name.text.as_str(), images.value.text.as_str()), ("pets", "my pets/"), "{text}");
        assert_eq!(&text[images.value.span.range()], "\"my pets/\"");
        assert_eq!(data.size.unwrap().value, [64, 32]);
        assert_eq!(data.split.unwrap().value, Shares { train: 80, test: 20 });
        assert!(data.skip.is_some() && data.npy.is_none() && data.labels.is_none());
    }
    let data = read("data x = npy \"x.npy\" labels \"y.npy\"").unwrap();
    assert_eq!(data.npy.unwrap().value.text, "x.npy");
    assert_eq!(data.labels.unwrap().value.text, "y.npy");
    assert!(data.split.is_none() && data.images.is_none() && data.shape.is_none());
    let shape = |text: &str| read(&format!("data x = npy \"x\" labels \"y\" {text}")).unwrap().shape.unwrap().value;
    assert_eq!((shape("shape 4x4x2x1"), shape("shape 784")), (vec![4, 4, 2, 1], vec![784]));
    assert!(read("data digits").unwrap().images.is_none());
}

/// Each text with the words that its only mistake points at, and what is said there.
const WRONG: &[(&str, &str, &str)] = &[
    ("data pets = \"pets/\"", "\"pets/\"", "`images` is missing before the name"),
    ("data pets = folder \"pets/\"", "folder", "`folder` is called `images` here"),
    ("data pets = csv \"x.csv\"", "csv", "`csv` is nothing that data comes from"),
    ("data pets images \"pets/\"", "images", "`=` is missing before `images`"),
    ("data pets \"pets/\"", "\"pets/\"", "what `pets` is stands behind `=`"),
    ("data pets = pets/", "pets/", "a file's name stands in quotes"),
    ("data pets = images pets/ size 64x64", "pets/", "the folder's name stands in quotes"),
    ("data pets = images size 64x64", "", "the folder's name is missing"),
    ("data pets =", "=", "what the data comes from is missing"),
    ("data few = digits[0..100]", "digits[0..100]", "`data` takes a folder of pictures or an array behind `=`"),
    ("data conv = images \"p\"", "conv", "`conv` is a word of the language, so no data can be called so"),
    ("data size = images \"p\"", "size", "`size` is a word of the language, so no data can be called so"),
    ("data my.pets = images \"p\"", "my.pets", "`my.pets` cannot be a name"),
    (
        "data pets = images \"p\" labels \"y.npy\"",
        "labels",
        "a picture's class is its folder's name: `labels` belongs to `npy`",
    ),
    (
        "data x = npy \"x.npy\" labels \"y.npy\" size 8x8",
        "size",
        "an array's samples have their size: `size` belongs to `images`",
    ),
    ("data pets = images \"p\" shape 8x8", "shape", "pictures are brought to a `size`: `shape` belongs to `npy`"),
    ("data x = npy \"x\" labels \"y\" shape", "", "`shape` lacks its sides"),
    ("data x = npy \"x.npy\"", "npy \"x.npy\"", "`npy` lacks its labels"),
    ("data x = npy \"x.npy\" labels \"y.npy\" images \"p\"", "images", "`images` and `npy` stand together"),
    ("data digits split 80/20", "split", "`split` belongs to `images` and `npy`"),
    ("data pets = images \"p\" skip", "", "`skip` lacks `broken`"),
    ("data pets = images \"p\" split 0.2", "0.2", "a split says both its parts: to train on and to test"),
    ("data pets = images \"p\" split 80%", "80%", "a split is two whole numbers with `/` between them"),
    ("data pets = images \"p\" split 80/30", "80/30", "the parts of a split sum to 100, and these to 110"),
    ("data pets = images \"p\" split 100/0", "100/0", "no part of a split is empty or a fraction"),
    ("data pets = images \"p\" split 70/15/15", "70/15/15", "a split has two parts here: to train on and to test"),
    ("data pets = images \"p\" split 80 20", "80 20", "the two parts of a split have `/` between them"),
];

#[test]
fn what_is_wrong_is_said_at_its_words() {
    for (text, words, message) in WRONG {
        let mistakes = read(text).unwrap_err();
        let said: Vec<_> = mistakes.iter().map(|m| (&text[m.span().range()], m.message.as_str())).collect();
        assert_eq!(said, [(*words, *message)], "{text}");
    }
}

#[test]
fn an_editor_offers_what_can_follow() {
    let context = Context { data: vec!["digits".into(), "pets".into()], ..Context::default() };
    let offered = |text: &str| complete(text, text.len(), &context).into_iter().map(|c| c.text).collect::<Vec<_>>();
    assert_eq!(offered("data p"), ["pets"]);
    assert_eq!(offered("data pets = "), ["images", "npy", "labels", "shape", "size", "split", "skip"]);
    assert_eq!(offered("data pets = images \"p\" s"), ["shape", "size", "split", "skip"]);
    assert_eq!(offered("data pets = images \"p\" skip "), ["broken"]);
}
