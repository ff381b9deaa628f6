//! Every kind of picture, with data as they come and with extreme data: well-formed, of the right size, nothing unescaped, nothing blank.
//!
//! `FOVEA_GALLERY=folder cargo test -p fovea-lang --test pictures` also writes them all into a folder, to be looked at.

#![allow(clippy::unwrap_used, missing_docs)]

mod gallery;

use fovea::picture::{
    Error, Face, Grey, Image, Mapped, Mark, Mistake, Picture, Sample, SeriesKind, Theme, Tile, TileRow, Unit,
    confusion, curves, layer, maps, mistakes, panels, predictions, sheet,
};
use gallery::{digit, gallery, losses, names, numbered, prediction, series};

/// Reads a document as XML: tags that nest and close, quoted attributes, no `<` or bare `&` in text. Returns the texts.
fn texts(xml: &str) -> Result<Vec<String>, String> {
    let (mut open, mut texts, mut rest) = (Vec::new(), Vec::new(), xml);
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        check_text(text)?;
        texts.push(text.trim().to_string());
        let end = rest[start..].find('>').ok_or("a tag does not end")? + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let opened: Option<String> = open.pop();
            if opened.as_deref() != Some(name) {
                return Err(format!("</{name}> closes {opened:?}"));
            }
            continue;
        }
        let (body, closed) = tag.strip_suffix('/').map_or((tag, false), |body| (body, true));
        let name = check_attributes(body)?;
        if !closed {
            open.push(name);
        }
    }
    if !open.is_empty() || !rest.trim().is_empty() {
        return Err(format!("left open: {open:?}, left over: {rest:?}"));
    }
    Ok(texts)
}

fn check_text(text: &str) -> Result<(), String> {
    if let Some(c) = text.chars().find(|&c| c == '>' || (c.is_control() && c != '\n')) {
        return Err(format!("{c:?} in {text:?}"));
    }
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    match text.split('&').skip(1).find(|after| !known.iter().any(|entity| after.starts_with(entity))) {
        Some(after) => Err(format!("a bare & before {after:?}")),
        None => Ok(()),
    }
}

/// The tag's name, if its attributes are `name="value"` each.
fn check_attributes(tag: &str) -> Result<String, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("a tag is called {name:?}"));
    }
    while !rest.trim().is_empty() {
        let (key, after) = rest.split_once("=\"").ok_or_else(|| format!("no value in {rest:?}"))?;
        let (value, after) = after.split_once('"').ok_or_else(|| format!("{key} does not end"))?;
        if !key.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(format!("an attribute is called {key:?}"));
        }
        check_text(value)?;
        rest = after;
    }
    Ok(name.to_string())
}

#[test]
fn every_picture_is_sound() {
    for (name, picture) in gallery() {
        let texts = texts(&picture.svg).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!picture.alt.is_empty() && !picture.name.is_empty(), "{name}");
        for gap in [", ,", " .", ",,", "  "] {
            assert!(!picture.alt.contains(gap), "{name}: {:?}", picture.alt);
        }
        assert!(!picture.alt.chars().any(char::is_control), "{name}: {:?}", picture.alt);
        for text in texts.iter().chain([&picture.alt]) {
            assert!(!text.contains("NaN") && !text.contains("inf"), "{name}: {text}");
        }
        // The pixels of an image may spell anything.
        let mut parts = picture.svg.split("data:image/png;base64,");
        let first = parts.next().unwrap().to_string();
        let drawn = parts.fold(first, |drawn, part| drawn + part.split_once('"').unwrap().1);
        assert!(!drawn.contains("NaN") && !picture.svg.contains("<script"), "{name}");
        let image = image::load_from_memory(&picture.png().unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .to_rgb8();
        assert_eq!(image.dimensions(), (picture.width * 2, picture.height * 2), "{name}");
        assert_eq!(
            image.get_pixel(0, 0),
            image.get_pixel(image.width() - 1, image.height() - 1),
            "{name}: the margin is not paper"
        );
        let paper = *image.get_pixel(0, 0);
        let drawn = image.pixels().filter(|&&pixel| pixel != paper).count();
        assert!(drawn > 500, "{name}: only {drawn} pixels are drawn");
        assert!(picture.width <= 960 && picture.height <= 1200, "{name}: {}×{}", picture.width, picture.height);
    }
}

#[test]
fn nothing_touches_the_edge() {
    for (name, picture) in gallery() {
        let image = image::load_from_memory(&picture.png().unwrap()).unwrap().to_rgb8();
        let paper = *image.get_pixel(0, 0);
        let (width, height) = image.dimensions();
        let touches = |x: u32, y: u32| *image.get_pixel(x, y) != paper;
        let across = (0..width).any(|x| (0..8).any(|d| touches(x, d) || touches(x, height - 1 - d)));
        let down = (0..height).any(|y| (0..8).any(|d| touches(d, y) || touches(width - 1 - d, y)));
        assert!(!across && !down, "{name}: something is drawn within 4 pixels of the edge");
    }
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_says_why() {
    let empty = |error: Error| assert!(matches!(error, Error::Empty { .. }), "{error}");
    empty(curves("", "epoch", "Loss", &[], Unit::Plain, Theme::Light).unwrap_err());
    empty(panels("", &[], Theme::Light).unwrap_err());
    empty(sheet("", &[], Grey::Auto, Theme::Light).unwrap_err());
    empty(mistakes("", &[], Grey::Auto, Theme::Light).unwrap_err());
    empty(predictions("", &[], Grey::Auto, Theme::Light).unwrap_err());
    empty(confusion("", &[], &[], Theme::Light).unwrap_err());
    let ragged = confusion("", &[vec![1, 2], vec![3]], &numbered(2), Theme::Light).unwrap_err();
    assert_eq!(ragged.to_string(), "a confusion matrix of 2 classes needs 2 rows of as many counts; row 1 has 1");
    let short = Image::new(2, 2, 3, vec![0.0; 4]).unwrap_err();
    assert_eq!(short.to_string(), "an image of 2×2×3 does not have 4 values");
    assert!(Image::new(usize::MAX, 2, 3, vec![]).is_err() && Image::new(0, 0, 1, vec![]).is_err());
}

#[test]
fn epochs_have_whole_ticks() {
    for epochs in [1, 2, 3, 7, 10, 17, 300] {
        let svg = curves("", "epoch", "Loss", &losses(epochs), Unit::Plain, Theme::Light).unwrap().svg;
        // The ticks' labels are the only texts that are centred, with the axis's label behind them.
        let centred = svg.lines().filter(|line| line.contains("text-anchor=\"middle\""));
        let labels: Vec<String> =
            centred.flat_map(|line| texts(line).unwrap()).filter(|text| !text.is_empty() && text != "epoch").collect();
        assert!(
            !labels.is_empty() && labels.iter().all(|label| label.parse::<usize>().is_ok_and(|n| n <= epochs)),
            "{epochs}: {labels:?}"
        );
    }
}

#[test]
fn the_pixels_of_a_sample_are_crisp() {
    let checks = Image::new(2, 2, 1, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
    let sample = Sample { image: checks, caption: String::new(), mark: Mark::None };
    let picture = sheet("", &[sample], Grey::Light, Theme::Light).unwrap();
    let image = image::load_from_memory(&picture.png().unwrap()).unwrap().to_rgb8();
    let (middle_x, middle_y) = (image.width() / 2, image.height() / 2);
    let at = |x: u32, y: u32| image.get_pixel(x, y).0;
    // A pixel beside the border between two pixels has the one's value or the other's, not a mixture.
    let near = [at(middle_x - 2, middle_y - 8), at(middle_x + 1, middle_y - 8)];
    assert_eq!(near, [[0, 0, 0], [255, 255, 255]]);
}

#[test]
fn grey_and_line_style_tell_train_from_test() {
    let picture = curves("", "epoch", "Loss", &losses(40), Unit::Plain, Theme::Light).unwrap();
    let lines: Vec<&str> = picture.svg.lines().filter(|line| line.contains("stroke-width=\"2.2\"")).collect();
    assert_eq!(lines.len(), 2);
    // A dash is a line of its own within the curve's element.
    let dashes = |line: &str| line.matches(['M']).count();
    assert!(dashes(lines[0]) == 1 && dashes(lines[1]) > 20, "{lines:?}");
}

/// The texts of the lines that hold a text element.
fn written(picture: &Picture) -> Vec<String> {
    texts(&picture.svg).unwrap().into_iter().filter(|text| !text.is_empty()).collect()
}

#[test]
fn points_lie_on_the_grid_lines_of_their_values() {
    let values = [2.0, 1.0, 0.5];
    let svg = curves("", "epoch", "Loss", &[series("train", SeriesKind::Train, values)], Unit::Plain, Theme::Light)
        .unwrap()
        .svg;
    let path = |mark: &str| -> Vec<(f64, f64)> {
        let line = svg.lines().find(|line| line.contains(mark)).unwrap();
        let d = line.split("d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        d.split(['M', 'L'])
            .filter_map(|point| point.split_once(' '))
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect()
    };
    // The grid is the first element that is one pixel wide, its lines in the order of their labels.
    let grid: Vec<f64> = path("stroke-width=\"1\"").chunks(2).map(|ends| ends[0].1).collect();
    let labels: Vec<String> = svg
        .lines()
        .filter(|line| line.contains("text-anchor=\"end\""))
        .map(|line| texts(line).unwrap().concat())
        .collect();
    assert_eq!(grid.len(), labels.len());
    let grid_line = |value: f64| grid[labels.iter().position(|label| *label == format!("{value:.1}")).unwrap()];
    let curve = path("stroke-width=\"2.2\"");
    assert_eq!(curve.iter().map(|point| point.1).collect::<Vec<_>>(), values.map(grid_line));
    assert!((curve[1].0 * 2.0 - curve[0].0 - curve[2].0).abs() < 0.02, "the second epoch lies midway: {curve:?}");
}

#[test]
fn captions_say_what_was_taken_for_what() {
    let image = digit(0, 8);
    let mistake = Mistake { image: image.clone(), truth: "7".into(), predicted: "1".into(), probability: 0.976 };
    let picture = mistakes("worst", &[mistake], Grey::Auto, Theme::Light).unwrap();
    assert!(written(&picture).contains(&"7 → 1 (98 %)".to_string()) && picture.alt.contains("7 → 1 (98 %)"));

    let guess = prediction("digits[3]", image, Some("4"), &[("9", 0.5), ("4", 0.25)]);
    let words = written(&predictions("", &[guess], Grey::Auto, Theme::Light).unwrap());
    assert!(
        ["digits[3], is 4", "9", "50.0 %", "4", "25.0 %"].iter().all(|word| words.contains(&word.to_string())),
        "{words:?}"
    );
}

/// All letters that a picture draws, without the spaces at which lines may be broken.
fn letters(picture: &Picture) -> String {
    let drawn = picture.svg.lines().filter(|line| line.contains("<text"));
    drawn
        .flat_map(|line| texts(line).unwrap())
        .flat_map(|text| text.chars().collect::<Vec<_>>())
        .filter(|c| !c.is_whitespace())
        .collect()
}

#[test]
fn no_caption_is_cut() {
    let image = || digit(0, 8);
    let (truth, predicted) = ("great white shark", "Carcharodon_carcharias_of_the_southern_seas");
    let theme = Theme::Light;
    let mistake = Mistake { image: image(), truth: truth.into(), predicted: predicted.into(), probability: 0.976 };
    let sheet = mistakes("worst", &vec![mistake; 10], Grey::Auto, theme).unwrap();
    assert_eq!(letters(&sheet).matches(&format!("greatwhiteshark→{predicted}(98%)")).count(), 10);
    let guess = prediction("a photograph of the harbour at night.jpg", image(), Some(truth), &[(predicted, 0.5)]);
    let shown = letters(&predictions("", &[guess], Grey::Auto, theme).unwrap());
    assert!(
        shown.contains("aphotographoftheharbouratnight.jpg,isgreatwhiteshark") && shown.contains(predicted),
        "{shown}"
    );
    let map = (format!("{predicted}, 98 % right"), vec![0; 64]);
    let item = Mapped { caption: "a photograph of the harbour".into(), image: image(), maps: vec![map], over: None };
    let shown = letters(&maps("", &[item], &names(&[predicted]), theme).unwrap());
    assert!(shown.contains("aphotographoftheharbour") && shown.contains(&format!("{predicted},98%right")), "{shown}");
    let tile = Tile { caption: predicted.into(), face: Face::Picture(image()), is_silent: false };
    let rows = [TileRow { label: String::new(), tiles: vec![tile; 3] }];
    let shown = letters(&layer("filters", "", &format!("{truth} and ").repeat(20), &rows, [1, 3], theme).unwrap());
    assert_eq!((shown.matches(predicted).count(), shown.matches("greatwhitesharkand").count()), (3, 20), "{shown}");
    assert!(!shown.contains('…'));
}

#[test]
fn counts_are_written_whole() {
    let counts = vec![vec![1_234_567, 10_000], vec![3, 98_765]];
    let words = written(&confusion("pixels", &counts, &names(&["sky", "sun"]), Theme::Light).unwrap());
    assert!(["1,234,567", "10,000", "3", "98,765"].iter().all(|count| words.contains(&count.to_string())), "{words:?}");
}

#[test]
fn a_loss_that_spans_decades_has_a_logarithmic_axis() {
    let loss = |values: [f64; 4]| {
        let series = [series("train", SeriesKind::Train, values)];
        written(&curves("", "epoch", "Loss", &series, Unit::Plain, Theme::Light).unwrap())
    };
    let words = loss([2.0, 0.2, 0.002, 0.0003]);
    let all = ["log scale", "0.0001", "0.001", "0.01", "0.1", "1", "train 0.0003"];
    assert!(all.iter().all(|word| words.iter().any(|text| text.contains(word))), "{words:?}");
    assert!(!loss([2.0, 0.9, 0.3, 0.1]).contains(&"log scale".to_string()));
    assert!(!loss([2.0, 0.2, 0.002, 0.0]).contains(&"log scale".to_string()), "0 has no logarithm");
}

#[test]
fn a_confusion_matrix_shows_its_counts_and_the_share_of_each_row() {
    let picture = confusion("pets", &[vec![5, 1], vec![0, 7]], &names(&["cat", "dog"]), Theme::Light).unwrap();
    let words = written(&picture);
    assert!(
        ["cat", "dog", "5", "1", "7", "83.3 %", "100 %"].iter().all(|word| words.contains(&word.to_string())),
        "{words:?}"
    );
    assert!(!words.contains(&"0".to_string()), "an empty cell has no count");
    assert_eq!(picture.alt, "Confusion matrix of 2 classes: 92.3 % right. Most often cat taken for dog (once).");
}

#[test]
fn handwriting_is_ink_on_paper_and_photographs_stay_as_they_are() {
    let middle = |image: Image| {
        let sample = Sample { image, caption: String::new(), mark: Mark::None };
        let picture = sheet("", &[sample], Grey::Auto, Theme::Light).unwrap();
        let drawn = image::load_from_memory(&picture.png().unwrap()).unwrap().to_luma8();
        drawn.get_pixel(drawn.width() / 2, drawn.height() / 2).0[0]
    };
    let mut written = vec![0.0; 49];
    written[24] = 1.0;
    assert!(middle(Image::new(7, 7, 1, written.clone()).unwrap()) < 60);
    let photograph = written.iter().map(|ink| 0.5 + ink / 2.0).collect();
    assert_eq!(middle(Image::new(7, 7, 1, photograph).unwrap()), 255);
}
