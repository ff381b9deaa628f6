//! Tables, and pictures whose classes a table says.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use fovea_data::{
    Broken, Column, Counts, DataError, DataSpec, Dataset, FileLabels, Images, LabelKind, PictureLabels, ReadAs, Split,
    Table,
};
use fovea_graph::Never;
use support::{all, folder, grey, images, open, open_sized, save, says, unfit, write};

fn table(path: &Path, label: Column) -> Table {
    let split = Some(Split { test: 50, validation: 0, seed: 0 });
    Table { path: path.to_path_buf(), labels: vec![label], read_as: None, shape: None, split }
}

fn named(name: &str) -> Column {
    Column::Named(name.into())
}

#[test]
fn rows_are_samples_with_and_without_a_head() {
    let root = folder();
    let path = root.path().join("x.csv");
    let texts = [
        "a,class,b\n1,up,0.5\n2,down,-3e2\n3,up,4\n4,down,5\n",
        // A byte order mark, quotes, carriage returns, spaces, no line feed at the end.
        "\u{FEFF}\"a\", class ,b\r\n1,\"up\",0.5\r\n 2,down , -3e2\r\n3,up,4\r\n4,down,\"5\"",
        "a;class;b\n1;up;0.5\n2;down;-3e2\n3;up;4\n4;down;5\n",
        "a\tclass\tb\n1\tup\t0.5\n\n2\tdown\t-3e2\n3\tup\t4\n4\tdown\t5\n",
        "1,up,0.5\n2,down,-3e2\n3,up,4\n4,down,5\n",
    ];
    for (at, text) in texts.iter().enumerate() {
        write(&path, text.as_bytes());
        let columns = if at == 4 { vec![Column::Number(2)] } else { vec![named("class"), Column::Number(2)] };
        for column in columns {
            let spec = open(table(&path, column)).unwrap();
            assert_eq!((spec.shape(), spec.counts()), (vec![2], Counts { train: 2, validation: 0, test: 2 }), "{text}");
            assert_eq!(spec.class_names(), ["down", "up"]);
            let data = spec.load().unwrap();
            assert_eq!(all(&data).iter().copied().collect::<Vec<_>>(), [1.0, 0.5, 2.0, -300.0, 3.0, 4.0, 4.0, 5.0]);
            assert_eq!(data.labels.classes(), [1, 0, 1, 0]);
        }
    }
    write(&path, b"1,10,9,0\n2,2,8,0\n3,2,8,0\n4,10,8,0\n");
    let shaped = Table { shape: Some(vec![3, 1]), ..table(&path, Column::Number(2)) };
    let spec = open(shaped.clone()).unwrap();
    assert_eq!((spec.shape(), spec.class_names()), (vec![3, 1], &["2".to_string(), "10".to_string()][..]));
    let wrong = Table { shape: Some(vec![2, 2]), ..shaped };
    says(&unfit(open(wrong)), &["a row has 3 values besides its labels and cannot be 2x2"]);
}

#[test]
fn what_is_wrong_is_said_by_line_and_column() {
    let root = folder();
    let path = root.path().join("x.csv");
    let said = |text: &str, column: Column| {
        write(&path, text.as_bytes());
        unfit(open(table(&path, column)))
    };
    let cases: &[(&str, Column, &[&str])] = &[
        ("a,class\n1,up\n,down\n", named("class"), &["line 3, column 1 (`a`): it is empty", "a number"]),
        ("a,class\n1,up\nx,down\n", named("class"), &["line 3, column 1 (`a`): `x` is no number"]),
        ("a,class\n1,up\n2,\n", named("class"), &["line 3, column 2 (`class`): it is empty"]),
        ("1,up\nnan,down\n", Column::Number(2), &["line 2, column 1: `nan` is no finite number"]),
        ("1,up\n1e99,down\n", Column::Number(2), &["line 2, column 1: `1e99` is no finite number of 32 bits"]),
        ("a;class\n1,5;up\n", named("class"), &["`1,5` is no number", "decimals stand behind a point"]),
        ("1,up\n2,down,3\n", Column::Number(2), &["line 2 has 3 cells, and the first has 2"]),
        ("a,class\n1,\"up\nup\"\n,down\n", named("class"), &["line 4, column 1"]),
        ("a,class\n1,up\n", named("kind"), &["no column `kind`", "its columns are `a`, `class`"]),
        ("a,a\n1,up\n", named("a"), &["its columns 1 and 2 are both `a`", "`column 1`"]),
        ("a,class\n1,up\n", Column::Number(3), &["it has 2 columns, and none with number 3"]),
        ("a,class\n", named("class"), &["it has a head and no rows"]),
        ("", named("class"), &["the file is empty"]),
        ("PK\u{3}\u{4}", named("class"), &["this is no text", "saved as csv"]),
        ("class\nup\ndown\n", named("class"), &["it has no column but those of the labels"]),
        ("1,up\n2,up\n", Column::Number(2), &["all its labels are `up`"]),
        ("1,0.5\n2,up\n", Column::Number(2), &["line 2, column 2: its labels are numbers, and `up` is none"]),
        ("1,0.5\n2,nan\n", Column::Number(2), &["line 2, column 2: `nan` is no finite number"]),
        ("1,up\n2,down\n", Column::Number(2), &["each class has one row"]),
    ];
    for (text, column, words) in cases {
        says(&said(text, column.clone()), words);
    }
    says(&unfit(open(table(&root.path().join("none.csv"), named("a")))), &["there is no such file"]);
    says(&unfit(open(table(root.path(), named("a")))), &["this is no file"]);
    write(&path, b"1,up\n2,down\n3,up\n4,down\n");
    says(&unfit(open_sized(table(&path, Column::Number(2)), Some([2, 2]))), &["keep the size they have"]);
    let spec = open(table(&path, Column::Number(2))).unwrap();
    write(&path, b"1,up\n2,down\n3,up\n4,down\n5,up\n");
    says(&unfit(spec.load()), &["it has changed since the data were declared"]);
}

/// Four rows of `x,y,p,q,word`, with these columns as labels.
fn labelled(path: &Path, columns: &[&str], read_as: Option<ReadAs>) -> Result<DataSpec, DataError> {
    write(path, b"x,y,p,q,n\n1,2.5,1,0,3\n2,-0.5,0,1,4\n3,1e2,1,0,3\n4,7,0,1,5\n");
    let labels = columns.iter().map(|name| named(name)).collect();
    open(Table { labels, read_as, ..table(path, named("x")) })
}

/// By the rule that arrays have: floats are numbers, whole numbers classes, columns of 0 and 1 several classes at once.
#[test]
fn label_columns_are_classes_or_numbers_as_those_of_arrays() {
    let root = folder();
    let path = root.path().join("x.csv");
    let kind = |columns: &[&str], read_as| labelled(&path, columns, read_as).unwrap().labels();
    assert_eq!(kind(&["y"], None), LabelKind::Numbers(vec![1]));
    assert_eq!(kind(&["n"], Some(ReadAs::Numbers)), LabelKind::Numbers(vec![1]));
    assert_eq!(kind(&["p"], None), LabelKind::Classes);
    assert_eq!(kind(&["y", "n"], None), LabelKind::Numbers(vec![2]));
    assert_eq!(kind(&["p", "q"], None), LabelKind::Several(2));
    assert_eq!(kind(&["p", "q"], Some(ReadAs::Numbers)), LabelKind::Numbers(vec![2]));
    assert_eq!(kind(&[], None), LabelKind::Nothing);
    let numbers = labelled(&path, &["y", "n"], None).unwrap();
    assert_eq!((numbers.shape(), numbers.classes(), numbers.counts().all()), (vec![3], 0, 4));
    let data = numbers.load().unwrap();
    let of = |data: &Dataset, at| data.labels.get(at, &Never).unwrap();
    assert_eq!((of(&data, 0), of(&data, 2)), (vec![2.5, 3.0], vec![100.0, 3.0]));
    assert_eq!(all(&data).iter().take(3).copied().collect::<Vec<_>>(), [1.0, 1.0, 0.0]);
    // What the columns are called is what the classes are.
    let several = labelled(&path, &["q", "p"], None).unwrap();
    assert_eq!(several.class_names(), ["q", "p"]);
    assert_eq!(of(&several.load().unwrap(), 0), [0.0, 1.0]);
    let one = labelled(&path, &["q", "p"], Some(ReadAs::Classes)).unwrap();
    assert_eq!((one.labels(), one.class_names()), (LabelKind::Classes, &["q".to_string(), "p".to_string()][..]));
    assert_eq!(one.load().unwrap().labels.classes(), [1, 0, 1, 0]);
    // Nothing labelled is one part, unless it is to be split.
    let whole = Table { labels: Vec::new(), split: None, ..table(&path, named("x")) };
    let spec = open(whole.clone()).unwrap();
    assert_eq!((spec.counts(), spec.shape()), (Counts { train: 4, validation: 0, test: 0 }, vec![5]));
    assert!(spec.load().unwrap().labels.is_empty());
    assert_eq!(open(Table { split: Some(Split::default()), ..whole }).unwrap().counts().test, 1);
}

#[test]
fn label_columns_that_are_neither_say_it() {
    let root = folder();
    let path = root.path().join("x.csv");
    let said = |columns: &[&str], read_as| unfit(labelled(&path, columns, read_as));
    says(
        &said(&["p", "n"], None),
        &["line 2, column 5: several label columns are 0 and 1", "`3` is neither", "`as numbers`"],
    );
    says(&said(&["p", "n"], Some(ReadAs::Classes)), &["line 3: of its 2 label columns exactly one is 1"]);
    says(&said(&["p", "p"], None), &["column 3 is named twice"]);
    says(&said(&["p", "z"], None), &["no column `z`"]);
}

/// Six pictures in a folder, two of them in a folder within.
fn six(root: &Path) -> Images {
    for (n, name) in ["1.png", "2.png", "10.png", "more/1.png", "more/2.png", "Ö ü.png"].iter().enumerate() {
        save(&root.join("in").join(name), &grey(4, 4, 20 * n as u8));
    }
    write(&root.join("in/notes.txt"), b"none of ours");
    let labels = FileLabels { path: root.join("in/labels.csv"), column: None };
    Images {
        labels: PictureLabels::Table(labels),
        split: Some(Split { test: 50, validation: 0, seed: 0 }),
        ..images(&root.join("in"))
    }
}

const ROWS: &str = "1.png,cat\n./2.png,dog\n10.png,cat\nmore\\1.png,dog\nmore/2,cat\nÖ ü.png,dog\n";

#[test]
fn a_table_says_the_classes_of_pictures() {
    let root = folder();
    let images = six(root.path());
    let path = root.path().join("in/labels.csv");
    let read = |images: &Images| {
        let spec: DataSpec = open(images.clone()).unwrap();
        assert_eq!(
            (spec.class_names(), spec.counts()),
            (&["cat".to_string(), "dog".to_string()][..], Counts { train: 3, validation: 0, test: 3 })
        );
        let data = spec.load().unwrap();
        // In the order of names; what tells them apart is their grey.
        let levels: Vec<f32> = (0..6).map(|n| (all(&data)[[n, 0, 0, 0]] * 255.0).round() / 20.0).collect();
        assert_eq!(levels, [0.0, 1.0, 2.0, 5.0, 3.0, 4.0]);
        assert_eq!(data.labels.classes(), [0, 1, 0, 1, 1, 0]);
    };
    write(&path, ROWS.as_bytes());
    read(&images);
    write(&path, format!("file,class\n{ROWS}").as_bytes());
    read(&images);
    let wide = ROWS.replace(",", ",x,");
    write(&path, format!("id,age,breed\n{wide}").as_bytes());
    says(&unfit(open(images.clone())), &["it has 3 columns: which has the classes?", "`age`", "`column 2`"]);
    let labels = FileLabels { path, column: Some(named("breed")) };
    read(&Images { labels: PictureLabels::Table(labels), ..images });
}

#[test]
fn rows_without_files_and_files_without_rows_are_named() {
    let root = folder();
    let images = six(root.path());
    let path = root.path().join("in/labels.csv");
    let said = |text: String| {
        write(&path, text.as_bytes());
        unfit(open(images.clone()))
    };
    says(&said(format!("{ROWS}gone.png,cat\n")), &["1 row of it has no picture", "`gone.png` (line 7)", "skip broken"]);
    let fewer = ROWS.replace("10.png,cat\n", "").replace("./2.png,dog\n", "");
    says(&said(fewer.clone()), &["2 pictures of", "has no row in it", "2.png", "10.png", "a row for every picture"]);
    says(&said(format!("{ROWS}1.png,dog\n")), &["line 7, column 2: `1.png` is `dog`, and `cat` in line 1"]);
    says(&said(ROWS.replace("dog", "cat")), &["all its labels are `cat`"]);
    says(&said("a.png,x\nb.png,y\n".into()), &["2 rows of it"]);
    write(&path, format!("{fewer}gone.png,cat\nnotes.txt,dog\n").as_bytes());
    let spec = open(Images { broken: Broken::Skip, ..images.clone() }).unwrap();
    assert_eq!(spec.counts(), Counts { train: 2, validation: 0, test: 2 });
    let left_out = spec.load().unwrap().left_out;
    assert_eq!(left_out.len(), 4, "{left_out:?}");
    for name in ["gone.png", "notes.txt", "in/2.png", "10.png"] {
        assert!(left_out.iter().any(|line| line.contains(name)), "{name}: {left_out:?}");
    }
    let nothing = FileLabels { path: root.path().join("none.csv"), column: None };
    says(&unfit(open(Images { labels: PictureLabels::Table(nothing), ..images })), &["there is no such file"]);
}
