//! `data`: what is read of it, and what is said where it is wrong, at which words.
#![allow(clippy::unwrap_used)]

use fovea_dsl::editor::{Context, complete};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::verb::{Column, Data, Shares, Side};
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
fn how_data_are_seen_is_read() {
    let of = |text: &str| read(text).unwrap();
    let data = of(
        "data digits augment flip, CROP 4, rotate 15, scale 0.8..1.2, jitter 0.2, noise .05, cutout 8, mixup .2 raw",
    );
    use fovea_dsl::verb::Change::{Crop, Cutout, Flip, Jitter, Mixup, Noise, Rotate, Scale};
    let all = [Flip, Crop(4), Rotate(15.0), Scale(0.8, 1.2), Jitter(0.2), Noise(0.05), Cutout(8), Mixup(0.2)];
    assert_eq!(data.augment.unwrap().value, all);
    assert!(data.raw.is_some() && data.normalize.is_none());
    // A clause may stand behind the list, with a comma or without.
    for text in ["data digits augment crop 2, size 12x12", "data digits augment crop 2 size 12x12"] {
        let data = of(text);
        assert_eq!((data.augment.unwrap().value, data.size.unwrap().value), (vec![Crop(2)], [12, 12]));
    }
    assert!(of("data digits normalize imagenet").normalize.is_some());
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
        assert_eq!(data.split.unwrap().value, Shares { train: 80, validation: 0, test: 20 });
        assert!(data.skip.is_some() && data.npy.is_none() && data.labels.is_none());
    }
    let data = read("data x = npy \"x.npy\" labels \"y.npy\"").unwrap();
    assert_eq!(data.npy.unwrap().value.file.text, "x.npy");
    assert_eq!(data.labels.unwrap().value.file.unwrap().text, "y.npy");
    assert!(data.split.is_none() && data.images.is_none() && data.shape.is_none());
    let shape = |text: &str| read(&format!("data x = npy \"x\" labels \"y\" {text}")).unwrap().shape.unwrap().value;
    assert_eq!((shape("shape 4x4x2x1"), shape("shape 784")), (vec![4, 4, 2, 1], vec![784]));
    assert!(read("data digits").unwrap().images.is_none());
}

#[test]
fn tables_archives_masks_and_labels_of_their_own() {
    let data = read("data d = npy \"d.npz\" x labels y split 70/15/15").unwrap();
    let (npy, labels) = (data.npy.unwrap().value, data.labels.unwrap().value);
    assert_eq!((npy.file.text.as_str(), npy.member.unwrap().text.as_str()), ("d.npz", "x"));
    assert_eq!((labels.file, labels.member.unwrap().text.as_str(), labels.columns), (None, "y", Vec::new()));
    assert_eq!(data.split.unwrap().value, Shares { train: 70, validation: 15, test: 15 });
    let labels = |text: &str| read(text).unwrap().labels.unwrap().value;
    let other = labels("data d = npy \"d.npz\" \"train images\" labels \"e.npz\" \"column\"");
    assert_eq!((other.file.unwrap().text.as_str(), other.member.unwrap().text.as_str()), ("e.npz", "column"));
    let named = labels("data w = csv \"w.csv\" labels column \"class\" shape 128x1");
    assert!(named.file.is_none() && matches!(&named.columns[..], [Column::Named(name)] if name.text == "class"));
    assert!(matches!(labels("data w = csv \"w.csv\" labels column 5").columns[..], [Column::Number(5, _)]));
    let two = labels("data h = csv \"h.csv\" labels columns \"x\", 3 as numbers, split 90/10").columns;
    assert!(matches!(&two[..], [Column::Named(name), Column::Number(3, _)] if name.text == "x"));
    let table = labels("data p = images \"p\" labels \"l.csv\" column \"breed\"");
    assert!(table.file.is_some() && table.columns.len() == 1);
    let cells = read("data c = images \"in\" masks \"masks\" size 8x8").unwrap();
    assert_eq!(cells.masks.unwrap().value.file.text, "masks");
    assert!(read("data c = npy \"x.npy\" masks \"m.npz\" m").unwrap().masks.unwrap().value.member.is_some());
}

#[test]
fn other_data_and_folders_of_classic_sets() {
    let basis = |text: &str| read(text).unwrap().basis;
    let few = basis("data few = digits.train[0..100]").data.unwrap();
    assert_eq!((few.data.text.as_str(), few.side, few.range), ("digits", Side::Train, Some((0, 100))));
    let data = read("data few = digits part 0.1").unwrap();
    assert_eq!((data.basis.data.unwrap().range, data.part.unwrap().value), (None, 0.1));
    assert_eq!(read("data small = shapes size 16x16").unwrap().size.unwrap().value, [16, 16]);
    assert_eq!(basis("data mnist \"mnist/\"").folder.unwrap().text, "mnist/");
    let named = basis("data m = fashion \"mnist/\" size 32x32");
    assert_eq!((named.data.unwrap().data.text, named.folder.unwrap().text), ("fashion".into(), "mnist/".into()));
    assert!(basis("data mnist size 32x32").folder.is_none() && basis("data digits").data.is_none());
}

/// Each text with the words that its only mistake points at, and what is said there.
const WRONG: &[(&str, &str, &str)] = &[
    ("data pets = \"pets/\"", "\"pets/\"", "`images` is missing before the name"),
    ("data pets = folder \"pets/\"", "folder", "`folder` is called `images` here"),
    ("data pets = hdf \"x.csv\"", "hdf", "`hdf` is nothing that data comes from"),
    ("data pets images \"pets/\"", "images", "`=` is missing before `images`"),
    ("data pets \"pets/\"", "\"pets/\"", "what `pets` is stands behind `=`"),
    ("data pets = pets/", "pets/", "a file's name stands in quotes"),
    ("data pets = images pets/ size 64x64", "pets/", "the folder's name stands in quotes"),
    ("data pets = images size 64x64", "", "the folder's name is missing"),
    ("data pets =", "=", "what the data comes from is missing"),
    ("data few = 3", "3", "`data` takes files or other data behind `=`"),
    ("data few = digits.npy", "digits.npy", "`npy` is missing before the name, which stands in quotes"),
    ("data few = digits images \"p\"", "images", "`digits` and `images` stand together"),
    ("data few = digits[0..9] part 0.1", "part", "`[…]` and `part` both say which samples"),
    ("data few = digits part 3", "3", "a part is a share of the whole"),
    ("data few = digits labels \"y.npy\"", "labels", "`labels` belongs to `images`, `npy` and `csv`"),
    ("data digits part 0.1", "part", "`part` belongs to other data: `data few = digits part 0.1`"),
    ("data few = digits \"folder/\"", "digits", "`digits` is nothing that data comes from"),
    ("data conv = images \"p\"", "conv", "`conv` is a word of the language, so no data can be called so"),
    ("data size = images \"p\"", "size", "`size` is a word of the language, so no data can be called so"),
    ("data my.pets = images \"p\"", "my.pets", "`my.pets` cannot be a name"),
    ("data pets = images \"p\" labels column 2", "column 2", "the labels of pictures are a table of its own"),
    (
        "data pets = images \"p\" labels \"l.csv\" x",
        "x",
        "the labels of pictures are a table, and no array of an archive",
    ),
    ("data pets = images \"p\" masks \"m\" x", "x", "the masks of pictures are a folder, and no array of an archive"),
    (
        "data pets = images \"p\" labels \"l.csv\" masks \"m\"",
        "masks",
        "`labels` are a class a sample, `masks` a class a pixel",
    ),
    ("data w = csv \"w.csv\" labels \"class\"", "\"class\"", "a table's labels are one of its columns"),
    ("data w = csv \"w.csv\" labels column", "", "`column` lacks its name"),
    ("data w = csv \"w.csv\" labels column class", "class", "a column's name stands in quotes"),
    ("data w = csv \"w.csv\" labels column 0", "0", "a column's number must be at least 1, not 0"),
    (
        "data w = csv \"w.csv\" labels column 1 masks \"m\"",
        "masks",
        "a table has no masks: `masks` belongs to `images` and `npy`",
    ),
    ("data x = npy \"x.npy\" labels y", "y", "the file's name stands in quotes"),
    ("data x = npy \"x.npy\" labels column 2", "2", "an array has no columns of its own: `column` belongs to `csv`"),
    (
        "data x = npy \"x.npy\" labels \"y.npy\" size 8x8",
        "size",
        "an array's samples have their size: `size` belongs to `images`",
    ),
    (
        "data pets = images \"p\" shape 8x8",
        "shape",
        "pictures are brought to a `size`: `shape` belongs to `npy` and `csv`",
    ),
    ("data x = npy \"x\" labels \"y\" shape", "", "`shape` lacks its sides"),
    ("data x = npy \"x.npy\" as numbers", "as", "`as` says what labels are taken for, and there are none"),
    ("data w = csv \"w.csv\" as numbers", "as", "`as` says what labels are taken for, and there are none"),
    ("data p = images \"p\" labels \"l.csv\" column 1, 2", "2", "a picture has one class, of one column"),
    ("data x = npy \"x.npy\" labels \"y.npy\" images \"p\"", "images", "`images` and `npy` stand together"),
    ("data digits split 80/20", "split", "`split` belongs to `images`, `npy`, `csv` and to a part of other data"),
    ("data pets = images \"p\" skip", "", "`skip` lacks `broken`"),
    ("data pets = images \"p\" split 0.2", "0.2", "a split says both its parts: to train on and to test"),
    ("data pets = images \"p\" split 80%", "80%", "a split is two whole numbers with `/` between them"),
    ("data pets = images \"p\" split 80/30", "80/30", "the parts of a split sum to 100, and these to 110"),
    ("data pets = images \"p\" split 100/0", "100/0", "no part of a split is empty or a fraction"),
    ("data pets = images \"p\" split 70/15/20", "70/15/20", "the parts of a split sum to 100, and these to 105"),
    (
        "data pets = images \"p\" split 40/30/20/10",
        "40/30/20/10",
        "a split has two parts, to train on and to test, or a third between them, to validate with",
    ),
    ("data pets = images \"p\" split 80 20", "80 20", "the parts of a split have `/` between them"),
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
    let all = [
        "images",
        "npy",
        "csv",
        "labels",
        "as",
        "masks",
        "shape",
        "size",
        "split",
        "part",
        "augment",
        "normalize",
        "raw",
        "skip",
        "digits",
        "pets",
    ];
    assert_eq!(offered("data pets = "), all);
    assert_eq!(offered("data few = digits p"), ["part"]);
    assert_eq!(offered("data w = csv \"w.csv\" labels c"), ["column"]);
    assert_eq!(offered("data pets = images \"p\" s"), ["shape", "size", "split", "skip"]);
    assert_eq!(offered("data pets = images \"p\" skip "), ["broken"]);
}
