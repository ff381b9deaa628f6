//! Data for pictures, as they come and extreme, and every picture drawn from them.

#![allow(clippy::unwrap_used, missing_docs, dead_code)]

mod asked;
mod audits;
mod inside;

use asked::asked;
use audits::audits;
use fovea::display::number;
use fovea::picture::{
    Along, Grey, Image, Mapped, Mark, Measure, Mistake, Panel, Picture, Prediction, Sample, Series, SeriesKind, Theme,
    TileRow, Unit, Values, bars, confusion, curves, layer, maps, mistakes, panels, predictions, sheet, values,
};
use inside::{insides, numbers, plane, slid, slides, tile};

pub const HOSTILE: &str = "<script>alert('&\"')</script>\u{7}\u{1b}[0m";

/// Numbers that look like noise, −1 to 1, the same at every run.
pub fn noise(i: usize) -> f64 {
    let x = (i as f64 * 12.9898).sin() * 43758.5453;
    (x - x.floor()) * 2.0 - 1.0
}

pub fn series(label: &str, kind: SeriesKind, values: impl IntoIterator<Item = f64>) -> Series {
    let points = values.into_iter().enumerate().map(|(i, y)| (i as f64 + 1.0, y)).collect();
    Series { label: label.to_string(), points, kind }
}

/// The losses of a training and a test part over so many epochs.
pub fn losses(epochs: usize) -> Vec<Series> {
    let fall = |i: usize, floor: f64| floor + 2.2 * (-(i as f64) * 9.0 / (epochs as f64 + 4.0)).exp();
    let train = (0..epochs).map(|i| fall(i, 0.012) + 0.02 * noise(i).abs());
    let test = (0..epochs).map(|i| fall(i, 0.071) * 0.9 + 0.03 * noise(i + 500).abs() + 0.0002 * i as f64);
    vec![series("train", SeriesKind::Train, train), series("test", SeriesKind::Test, test)]
}

/// Losses that fall through five decades.
pub fn decades() -> Vec<Series> {
    let fall = |i: usize, floor: f64| floor + 2.3 * (-(i as f64) * 0.7).exp();
    let train = (0..24).map(|i| fall(i, 2e-5) * (1.0 + 0.3 * noise(i)));
    let test = (0..24).map(|i| fall(i, 0.03) * (1.0 + 0.1 * noise(i + 90)));
    vec![series("train", SeriesKind::Train, train), series("test", SeriesKind::Test, test)]
}

pub fn accuracies(epochs: usize) -> Vec<Series> {
    let rise = |i: usize, top: f64| top - 0.78 * (-(i as f64) * 12.0 / (epochs as f64 + 4.0)).exp();
    let train = (0..epochs).map(|i| rise(i, 0.998));
    let test = (0..epochs).map(|i| rise(i, 0.9861) - 0.004 * noise(i).abs());
    vec![series("train", SeriesKind::Train, train), series("test", SeriesKind::Test, test)]
}

/// Something like a handwritten digit: a ring, a stroke, or both, soft at the edges.
pub fn digit(kind: usize, size: usize) -> Image {
    let pixel = |y: usize, x: usize| {
        let (u, v) = ((x as f64 + 0.5) / size as f64 * 2.0 - 1.0, (y as f64 + 0.5) / size as f64 * 2.0 - 1.0);
        let ring = ((u * u * 1.9 + v * v).sqrt() - 0.6).abs();
        let stroke = (u - 0.25 * v).abs().max(v.abs() - 0.7);
        let bar = (v + 0.6).abs().max(u.abs() - 0.45);
        let distance = match kind % 4 {
            0 => ring,
            1 => stroke,
            2 => stroke.min(bar),
            _ => ring.min((v).abs().max(u.abs() - 0.4)),
        };
        (1.0 - (distance - 0.07) * 9.0).clamp(0.0, 1.0) as f32
    };
    let pixels = (0..size * size).map(|i| pixel(i / size, i % size)).collect();
    Image::new(size, size, 1, pixels).unwrap()
}

/// A photograph's stand-in: sky, hill, sun.
pub fn scene(height: usize, width: usize) -> Image {
    let pixel = |y: usize, x: usize| {
        let (u, v) = (x as f64 / width as f64, y as f64 / height as f64);
        let sun = ((u - 0.7).hypot(v - 0.25) < 0.12) as u8 as f64;
        let hill = (v > 0.65 - 0.2 * (u * 5.0).sin()) as u8 as f64;
        let sky = [0.45 + 0.4 * v, 0.65 + 0.25 * v, 0.95];
        let at = |c: usize| {
            let ground = [0.2, 0.5 - 0.3 * (v - 0.6), 0.25][c];
            let base = sky[c] * (1.0 - sun) + [1.0, 0.9, 0.4][c] * sun;
            (base * (1.0 - hill) + ground * hill) as f32
        };
        [at(0), at(1), at(2)]
    };
    Image::new(height, width, 3, (0..height * width).flat_map(|i| pixel(i / width, i % width)).collect()).unwrap()
}

pub fn matrix(classes: usize, each: u64) -> Vec<Vec<u64>> {
    let mut matrix = vec![vec![0; classes]; classes];
    for (truth, row) in matrix.iter_mut().enumerate() {
        let mut left = each;
        for predicted in (0..classes).filter(|&p| p != truth) {
            let errors = ((noise(truth * classes + predicted) - 0.8).max(0.0) * each as f64 * 0.4) as u64;
            row[predicted] = errors.min(left);
            left -= errors.min(left);
        }
        row[truth] = left;
    }
    matrix
}

pub fn names(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.to_string()).collect()
}

pub fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| i.to_string()).collect()
}

pub fn prediction(caption: &str, image: Image, truth: Option<&str>, classes: &[(&str, f64)]) -> Prediction {
    let classes = classes.iter().map(|(name, p)| (name.to_string(), *p)).collect();
    Prediction { image, caption: caption.to_string(), classes, truth: truth.map(str::to_string) }
}

pub fn plots(theme: Theme) -> Vec<(&'static str, Picture)> {
    let loss = |name, series: &[Series]| {
        (name, curves("lenet on digits", "epoch", "Loss", series, Unit::Plain, theme).unwrap())
    };
    let mut gap = losses(12);
    gap[0].points[4].1 = f64::NAN;
    gap[0].points[6].1 = f64::INFINITY;
    gap[1].points[11].1 = f64::NAN;
    let many = (0..6).flat_map(|run| {
        let mut pair = losses(20);
        for s in &mut pair {
            s.label = format!("run {} {}", run + 1, s.label);
            s.points.iter_mut().for_each(|p| p.1 *= 1.0 + run as f64 * 0.25);
        }
        pair
    });
    let step = |i: usize| (i as f64 / 5000.0, 2.3 * (-(i as f64) / 9000.0).exp() + 0.15 * noise(i).abs());
    let by_step = Series { label: "train".into(), points: (0..50_000).map(step).collect(), kind: SeriesKind::Train };
    let mut plots = vec![
        loss("loss-1", &losses(1)),
        loss("loss-2", &losses(2)),
        loss("loss-10", &losses(10)),
        loss("loss-300", &losses(300)),
        loss("loss-steps", &[by_step]),
        loss("loss-gaps", &gap),
        loss("loss-all-nan", &[series("train", SeriesKind::Train, [f64::NAN, f64::NAN])]),
        loss(
            "loss-constant",
            &[series("train", SeriesKind::Train, [2.3021; 8]), series("test", SeriesKind::Test, [2.3021; 8])],
        ),
        loss("loss-zero", &[series("train", SeriesKind::Train, [0.0; 5])]),
        loss("loss-tiny", &shifted(1e-7, 0.0)),
        loss("loss-huge", &shifted(3e12, 0.0)),
        loss("loss-negative", &shifted(1.0, -1.0)),
        loss("loss-offset", &shifted(1e-3, 1000.0)),
        loss("loss-extreme", &[series("train", SeriesKind::Train, [1e300, -1e300, f64::MAX, f64::MIN, 5e-324])]),
        loss("loss-many", &many.collect::<Vec<_>>()),
        loss("loss-decades", &decades()),
        loss(
            "loss-crowded",
            &(0..40).map(|run| series(&format!("run {run}"), SeriesKind::Train, [1.0, 0.5, 0.25])).collect::<Vec<_>>(),
        ),
    ];
    plots.extend(further_plots(theme));
    plots
}

/// The losses of twelve epochs, on another scale.
fn shifted(factor: f64, offset: f64) -> Vec<Series> {
    let mut all = losses(12);
    all.iter_mut().flat_map(|s| &mut s.points).for_each(|p| p.1 = p.1 * factor + offset);
    all
}

fn further_plots(theme: Theme) -> Vec<(&'static str, Picture)> {
    let pair = |epochs| {
        let panel = |title: &str, unit, series| Panel {
            title: title.into(),
            x_label: "epoch".into(),
            unit,
            along: Along::Evenly,
            series,
        };
        [panel("Loss", Unit::Plain, losses(epochs)), panel("Accuracy", Unit::Percent, accuracies(epochs))]
    };
    vec![
        ("loss-train-only", curves("", "epoch", "Loss", &losses(5)[..1], Unit::Plain, theme).unwrap()),
        ("accuracy-10", curves("lenet on digits", "epoch", "Accuracy", &accuracies(10), Unit::Percent, theme).unwrap()),
        (
            "accuracy-full",
            curves("lenet", "epoch", "Accuracy", &[series("train", SeriesKind::Train, [1.0; 4])], Unit::Percent, theme)
                .unwrap(),
        ),
        ("both-10", panels("lenet on digits", &pair(10), theme).unwrap()),
        ("both-300", panels("lenet on digits", &pair(300), theme).unwrap()),
        ("both-2", panels("", &pair(2), theme).unwrap()),
        ("both-30", panels("lenet on digits", &pair(30), theme).unwrap()),
        ("hostile-plot", {
            let mut all = shifted(1e-7, 0.0);
            all[0].label = HOSTILE.repeat(3);
            curves(&HOSTILE.repeat(8), HOSTILE, &HOSTILE.repeat(4), &all, Unit::Plain, theme).unwrap()
        }),
    ]
}

pub fn sheets(theme: Theme) -> Vec<(&'static str, Picture)> {
    let sample = |image: Image, caption: &str, mark| Sample { image, caption: caption.to_string(), mark };
    let digits = |count: usize, size| -> Vec<Sample> {
        (0..count).map(|i| sample(digit(i, size), &(i % 10).to_string(), Mark::None)).collect()
    };
    let mark = |i: usize| if i % 5 == 2 { Mark::Wrong } else { Mark::Right };
    let marked: Vec<Sample> =
        (0..16).map(|i| sample(digit(i, 28), &format!("{} → {}", i % 10, (i * 7) % 10), mark(i))).collect();
    let mistake = |i: usize| Mistake {
        image: digit(i, 8),
        truth: "7".into(),
        predicted: "1".into(),
        probability: 0.999 - 0.013 * i as f64,
    };
    let labels = ["ship", "a very long class name indeed", "猫", "frog"];
    let colours: Vec<Sample> = (0..8).map(|i| sample(scene(32, 32), labels[i % 4], Mark::None)).collect();
    let shapes = [(1, 1), (3, 200), (200, 3), (600, 400), (5, 7)];
    let odd: Vec<Sample> = shapes.iter().map(|&(h, w)| sample(scene(h, w), &format!("{h}×{w}"), Mark::None)).collect();
    let wrong: Vec<Mistake> = (0..9).map(mistake).collect();
    vec![
        ("sheet-1", sheet("digits", &digits(1, 8), Grey::Auto, theme).unwrap()),
        ("sheet-5", sheet("digits", &digits(5, 8), Grey::Auto, theme).unwrap()),
        ("sheet-20", sheet("digits", &digits(20, 28), Grey::Auto, theme).unwrap()),
        ("sheet-100", sheet("digits", &digits(360, 8), Grey::Auto, theme).unwrap()),
        ("sheet-marked", sheet("lenet on digits", &marked, Grey::Auto, theme).unwrap()),
        ("sheet-colour", sheet("scenes", &colours, Grey::Auto, theme).unwrap()),
        ("sheet-odd", sheet("odd shapes", &odd, Grey::Auto, theme).unwrap()),
        ("sheet-hostile", sheet(HOSTILE, &[sample(digit(0, 8), HOSTILE, Mark::Wrong)], Grey::Light, theme).unwrap()),
        ("mistakes", mistakes("lenet on digits: the worst mistakes", &wrong, Grey::Auto, theme).unwrap()),
        ("mistakes-long", {
            let long = |mistake: &Mistake| Mistake {
                truth: "great white shark".into(),
                predicted: "tiger shark of the deep".into(),
                ..mistake.clone()
            };
            mistakes("sharks", &wrong.iter().map(long).collect::<Vec<_>>(), Grey::Auto, theme).unwrap()
        }),
        ("mistakes-1", mistakes("lenet on digits: the worst mistakes", &wrong[..1], Grey::Auto, theme).unwrap()),
    ]
}

pub fn others(theme: Theme) -> Vec<(&'static str, Picture)> {
    let sure = [("7", 0.9991), ("1", 0.0006), ("9", 0.0002), ("4", 1e-6), ("0", 0.0)];
    let unsure = [("9", 0.41), ("4", 0.385), ("7", 0.1), ("8", 0.06), ("3", 0.03)];
    let pets = [("golden retriever", 0.61), ("Labrador retriever and friends", 0.2), ("cat", 0.1)];
    let digits: Vec<Prediction> = (0..7)
        .map(|i| {
            let (truth, classes) = if i % 3 == 1 { ("4", &unsure) } else { ("7", &sure) };
            prediction(&format!("digits[{i}]"), digit(i + 2, 8), Some(truth), classes)
        })
        .collect();
    let unknown = [prediction("photo.jpg", scene(224, 224), None, &pets)];
    let broken = [
        prediction(HOSTILE, digit(0, 28), Some(HOSTILE), &[(HOSTILE, f64::NAN), ("b", f64::INFINITY), ("c", -3.0)]),
        prediction("", digit(1, 28), None, &[]),
    ];
    let words = names(&["aeroplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]);
    let square = |title, classes: &[String], each, theme| {
        confusion(title, &matrix(classes.len(), each), classes, theme).unwrap()
    };
    vec![
        ("predictions-7", predictions("lenet on digits", &digits, Grey::Auto, theme).unwrap()),
        ("predictions-1", predictions("", &unknown, Grey::Auto, theme).unwrap()),
        ("predictions-broken", predictions(HOSTILE, &broken, Grey::Auto, theme).unwrap()),
        ("confusion-10", square("lenet on digits: 98.6 % right", &numbered(10), 36, theme)),
        ("confusion-words", square("allconv on cifar", &words, 1000, theme)),
        ("confusion-2", square("pets", &names(&["cat", HOSTILE]), 12_345_678, theme)),
        ("confusion-pixels", square("u on scenes", &names(&SCENES), 1_400_000, theme)),
        ("confusion-1", square("one", &numbered(1), 3, theme)),
        ("confusion-40", square("forty classes", &numbered(40), 100, theme)),
        ("confusion-200", square("two hundred classes", &numbered(200), 50, theme)),
        ("confusion-empty", confusion("nothing", &vec![vec![0; 3]; 3], &numbered(3), theme).unwrap()),
        ("compare-4", compared(&["alexnet", "vgg16", "googlenet", "resnet50"], &[6.2e7, 1.38e8, 6.9e6, 2.56e7], theme)),
        ("compare-1", compared(&["lenet"], &[61_706.0], theme)),
        ("compare-broken", compared(&[HOSTILE, "b", "c", "d"], &[f64::NAN, f64::INFINITY, -3.0, 0.0], theme)),
        ("maps-5", mapped(5, &["sky", "hill", "sun"], theme)),
        ("maps-scenes", mapped(2, &SCENES, theme)),
        ("maps-1", mapped(1, &[HOSTILE, "b", "c"], theme)),
        ("confusion-max", confusion("counts", &vec![vec![u64::MAX; 3]; 3], &numbered(3), theme).unwrap()),
    ]
}

/// The classes of the scenes that are built in.
const SCENES: [&str; 6] = ["sky", "sun", "land", "water", "tree", "house"];

/// Scenes with the map of their classes, and a wrong one of none beside it.
fn mapped(count: usize, classes: &[&str], theme: Theme) -> Picture {
    let map = |i: usize| (0..48 * 48).map(|at| ((at / 48 / (8 + i)) % (classes.len() + 1)) as u32).collect();
    let item = |i: usize| Mapped {
        caption: format!("scenes[{i}]"),
        image: scene(48, 48),
        maps: vec![("truth".into(), map(i)), (HOSTILE.into(), map(i + 3))],
        over: (i == 0).then(|| ("over".into(), map(i))),
    };
    let items: Vec<Mapped> = (0..count).map(item).collect();
    maps("u on scenes", &items, &names(classes), theme).unwrap()
}

fn compared(nets: &[&str], values: &[f64], theme: Theme) -> Picture {
    let measure = |title: &str, factor: f64| Measure {
        title: title.to_string(),
        values: values.iter().map(|value| value * factor).collect(),
        labels: values.iter().map(|value| number::si(value * factor, "")).collect(),
    };
    let measures = [measure("Parameters", 1.0), measure("MACs for one picture", 113.0)];
    bars(&nets.join(", "), &names(nets), &measures, theme).unwrap()
}

/// One of every kind, with `name` wherever a picture takes a text.
pub fn drawn(name: &str, theme: Theme) -> Vec<(&'static str, Picture)> {
    let owned = name.to_string();
    let lines = [series(name, SeriesKind::Train, [2.0, 1.0]), series(name, SeriesKind::Test, [2.5, 1.5])];
    let (title, x_label, along) = (owned.clone(), owned.clone(), Along::Decades);
    let panel = Panel { title, x_label, unit: Unit::Percent, along, series: lines.to_vec() };
    let classes = vec![owned.clone(); 3];
    let sample = Sample { image: digit(0, 8), caption: owned.clone(), mark: Mark::Wrong };
    let (truth, predicted) = (owned.clone(), owned.clone());
    let mistake = Mistake { image: digit(0, 8), truth, predicted, probability: 0.5 };
    let guess = prediction(name, digit(0, 8), Some(name), &[(name, 0.5), ("b", 0.2)]);
    let item = Mapped {
        caption: owned.clone(),
        image: scene(8, 8),
        maps: vec![(owned.clone(), vec![0; 64])],
        over: Some((owned.clone(), vec![1; 64])),
    };
    let measure = Measure { title: owned.clone(), values: vec![1.0; 3], labels: classes.clone() };
    let grey = Grey::Auto;
    vec![
        ("curves", curves(name, name, name, &lines, Unit::Plain, theme).unwrap()),
        ("panels", panels(name, &[panel.clone(), panel], theme).unwrap()),
        ("sheet", sheet(name, &[sample], grey, theme).unwrap()),
        ("mistakes", mistakes(name, &[mistake], grey, theme).unwrap()),
        ("predictions", predictions(name, &[guess], grey, theme).unwrap()),
        ("confusion", confusion(name, &[vec![1; 3], vec![2; 3], vec![3; 3]], &classes, theme).unwrap()),
        ("maps", maps(name, &[item], &classes, theme).unwrap()),
        ("bars", bars(name, &classes, &[measure], theme).unwrap()),
        (
            "layer",
            layer(
                name,
                name,
                name,
                &[TileRow { label: owned.clone(), tiles: vec![tile(owned.clone(), plane(3, 1, 0.0))] }],
                [1, 1],
                theme,
            )
            .unwrap(),
        ),
        ("values", values(name, &[Values { label: owned.clone(), values: vec![1.0, -1.0] }], &classes, theme).unwrap()),
        ("steps", slid(name, numbers(5, 5, 1, |i| i as f32), numbers(3, 3, 1, |i| i as f32), [1, 0, 1], theme)),
    ]
}

/// All of them in both themes, drawn once.
pub fn gallery() -> &'static [(String, Picture)] {
    static GALLERY: std::sync::OnceLock<Vec<(String, Picture)>> = std::sync::OnceLock::new();
    GALLERY.get_or_init(|| {
        let of = |theme: Theme| {
            let all = plots(theme).into_iter().chain(sheets(theme)).chain(others(theme));
            let all = all.chain(slides(theme)).chain(insides(theme)).chain(asked(theme)).chain(audits(theme));
            all.map(move |(name, picture)| (format!("{name}-{}", theme.word()), picture))
        };
        let all: Vec<_> = of(Theme::Light).chain(of(Theme::Dark)).collect();
        if let Some(folder) = std::env::var_os("FOVEA_GALLERY") {
            let folder = std::path::PathBuf::from(folder);
            for (name, picture) in &all {
                std::fs::write(folder.join(format!("{name}.png")), picture.png().unwrap()).unwrap();
                std::fs::write(folder.join(format!("{name}.svg")), &picture.svg).unwrap();
            }
        }
        all
    })
}
