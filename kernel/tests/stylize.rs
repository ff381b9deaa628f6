//! `stylize`: a photograph in the style of a painting.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use fovea::event::{Event, Output};
use ndarray::ArrayD;
use ndarray_npy::ReadNpyExt;
use serde_json::{Value, json};
use support::bench::Bench;

/// A small net, which no data has trained.
const NET: &str = "net q = 32x32x3 - [conv {6,8} - relu - pool]^2 - fc 8 - relu, softmax 10";

fn last(bench: &mut Bench, text: &str) -> Output {
    bench.ok(text).pop().unwrap()
}

fn totals(data: &Value) -> Vec<f64> {
    data["loss"].as_array().unwrap().iter().map(|step| step["total"].as_f64().unwrap()).collect()
}

/// A bench with the net, and two pictures of scenes in files: of 48x64 and of 40x40.
fn with_pictures() -> (Bench, [String; 2]) {
    let mut bench = Bench::new();
    bench.ok(NET);
    let files = ["photo.png", "painting.png"].map(|name| bench.path(name));
    for (file, (height, width)) in files.iter().zip([(48, 64), (40, 40)]) {
        let pixels = (0..height * width * 3).map(|at| ((at * at / 7) % 256) as u8).collect();
        image::RgbImage::from_raw(width, height, pixels).unwrap().save(file).unwrap();
    }
    (bench, files)
}

#[test]
fn a_picture_comes_close_to_both_and_its_losses_are_data() {
    let (mut bench, [photo, painting]) = with_pictures();
    let output = last(&mut bench, &format!("stylize \"{photo}\" as \"{painting}\" with q for 8 steps"));
    let data = &output.data;
    assert_eq!((&data["verb"], &data["net"], &data["steps"]), (&json!("stylize"), &json!("q"), &json!(8)));
    assert_eq!((&data["size"], &data["weights"]), (&json!([48, 64]), &json!("random")));
    assert_eq!((&data["content"], &data["style"]), (&json!(["relu2"]), &json!(["relu1", "relu2"])));
    assert_eq!(data["loss"][0]["content"], json!(0.0), "it begins as the photograph");
    let all = totals(data);
    assert!(all.len() == 9 && all.windows(2).all(|pair| pair[1] < pair[0]) && all[8] < 0.5 * all[0], "{all:?}");
    let text = output.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("with q (random filters): 8 steps; content by relu2; style by relu1, relu2"), "{text}");
    let svg = &output.pictures[0].svg;
    assert_eq!(svg.matches("<image").count(), 3, "the photograph, the painting, the result");
    assert!(svg.contains("step") && svg.contains("content") && output.pictures[0].alt.contains("Losses: all: from"));
}

#[test]
fn the_same_seed_gives_the_same_bits_and_what_is_kept_is_the_result() {
    let (mut bench, [photo, painting]) = with_pictures();
    let [npy, png] = ["kept.npy", "kept.png"].map(|name| bench.path(name));
    let mut run = |seed: u64, file: &str| {
        let text =
            format!("stylize \"{photo}\" as \"{painting}\" with q from noise for 4 steps seed {seed} save \"{file}\"");
        let output = last(&mut bench, &text);
        assert_eq!(output.as_data()["files"], json!([file]));
        output.data
    };
    let first = run(3, &npy);
    let kept = ArrayD::<f32>::read_npy(std::fs::File::open(&npy).unwrap()).unwrap();
    assert_eq!(kept.shape(), [1, 48, 64, 3]);
    assert!(kept.iter().all(|value| (0.0..=1.0).contains(value)));
    assert_eq!(run(3, &png), first);
    let seen = image::open(&png).unwrap().to_rgb8();
    assert_eq!(seen.dimensions(), (64, 48), "at its full size");
    assert!(seen.iter().zip(&kept).all(|(&byte, value)| byte == (value * 255.0).round() as u8));
    assert_ne!(totals(&run(4, &npy)), totals(&first));
}

#[test]
fn layers_weights_descent_and_size_are_what_is_said() {
    let (mut bench, [photo, painting]) = with_pictures();
    let mut run =
        |rest: &str| last(&mut bench, &format!("stylize \"{photo}\" as \"{painting}\" with q {rest} for 3 steps")).data;
    let data = run("content conv1 style pool1, conv2 weights(content 2, style 7, variation 0) by adam(lr 0.05)");
    assert_eq!((&data["content"], &data["style"]), (&json!(["conv1"]), &json!(["pool1", "conv2"])));
    let step = &data["loss"][3];
    let part = |name: &str| step[name].as_f64().unwrap();
    assert!(step["variation"].is_null());
    assert!((part("total") - 2.0 * part("content") - 7.0 * part("style")).abs() < 1e-5 * part("total"));
    let texture = run("weights(content 0)");
    assert_eq!((&texture["content"], &texture["loss"][0]["content"]), (&json!([]), &Value::Null));
    assert_eq!(run("size 20x28")["size"], json!([20, 28]));
}

/// A long photograph is brought down to 256 pixels, its form kept; the painting is no longer than that.
#[test]
fn a_large_photograph_is_brought_to_size() {
    let (mut bench, [_, painting]) = with_pictures();
    let large = bench.path("large.png");
    image::RgbImage::from_fn(640, 427, |x, y| image::Rgb([x as u8, y as u8, 7])).save(&large).unwrap();
    let small = "net s = 8x8x3 - conv 2 - relu, softmax 2";
    let output = last(&mut bench, &format!("{small}\nstylize \"{large}\" as \"{painting}\" with s for 1 steps"));
    assert_eq!(output.data["size"], json!([171, 256]));
    let output = last(&mut bench, &format!("stylize \"{painting}\" as \"{large}\" with s for 1 steps"));
    assert_eq!(output.data["size"], json!([40, 40]));
}

#[test]
fn samples_of_data_are_pictures_too_and_a_trained_net_says_so() {
    let mut bench = Bench::new();
    let net = "net g = 8x8x1 - conv 4 - relu - pool, softmax 10\ntrain g on digits for 1 epochs with sgd(lr 0.03)";
    bench.ok(net);
    let output = last(&mut bench, "stylize digits[3] as digits.train[4] with g for 3 steps");
    assert_eq!((&output.data["weights"], &output.data["size"]), (&json!({ "run": 1 }), &json!([8, 8])));
    assert!(output.text.contains("(the weights of run 1)"), "{}", output.text);
    assert_eq!((&output.data["photo"], &output.data["painting"]), (&json!("digits[3]"), &json!("digits.train[4]")));
    // A coloured picture is grey to a net of one channel, as it is to `predict`.
    let colours = bench.path("colours.png");
    image::RgbImage::from_fn(12, 10, |x, y| image::Rgb([20 * x as u8, 20 * y as u8, 7])).save(&colours).unwrap();
    let npy = bench.path("grey.npy");
    bench.ok(&format!("stylize \"{colours}\" as digits[4] with g for 1 steps save \"{npy}\""));
    let kept = ArrayD::<f32>::read_npy(std::fs::File::open(&npy).unwrap()).unwrap();
    assert_eq!(kept.shape(), [1, 10, 12, 1]);
}

#[test]
fn what_it_takes_is_said_before_it_starts() {
    let (mut bench, [photo, painting]) = with_pictures();
    let mut told = Vec::new();
    let text = format!("stylize \"{photo}\" as \"{painting}\" with q for 2 steps");
    let ended = bench.session.run("cell", &text, &mut |event| match event {
        Event::Text(text) => told.push(text),
        Event::Progress(progress) => told.push(format!("{} {}/{}", progress.unit, progress.done, progress.of)),
        _ => {}
    });
    ended.unwrap();
    assert_eq!(told[0], "`q` has its first weights: nothing has trained it");
    assert!(told[1].starts_with("`q` up to `relu2` at 48x64 takes "), "{told:?}");
    assert_eq!(&told[2..], ["step 0/2", "step 1/2", "step 2/2"]);
}

#[test]
fn what_is_broken_off_keeps_the_picture_so_far() {
    let (mut bench, [photo, painting]) = with_pictures();
    let file = bench.path("kept.png");
    let text = format!("stylize \"{photo}\" as \"{painting}\" with q for 100000 steps save \"{file}\"");
    let output = bench.broken_off(&text, 3);
    assert!(output.interrupted && output.text.contains("broken off after 3 of"), "{}", output.text);
    assert_eq!((&output.data["steps"], totals(&output.data).len()), (&json!(3), 4));
    assert!(std::fs::read(&file).unwrap().starts_with(b"\x89PNG"));
}

/// The plan knows what it would take: it is refused before anything is read, with a size that fits.
#[test]
fn what_does_not_fit_is_refused_with_a_size_that_does() {
    let (mut bench, [photo, painting]) = with_pictures();
    let refused = &bench.mistakes(&format!("stylize \"{photo}\" as \"{painting}\" with vgg19 size 9000x12000"))[0];
    assert_eq!(refused.stage, fovea_dsl::Stage::Memory);
    assert!(refused.message.starts_with("`vgg19` up to `relu13` at 9000x12000 needs "), "{}", refused.message);
    let (height, width) = refused.mends[0].text.strip_prefix("size ").unwrap().split_once('x').unwrap();
    let [height, width] = [height, width].map(|side| side.parse::<usize>().unwrap());
    assert!(height < 9000 && (height as f64 / width as f64 - 0.75).abs() < 0.01, "{height}x{width}");
}

#[test]
fn what_cannot_be_stylized_is_named() {
    let (mut bench, [photo, painting]) = with_pictures();
    let (text, dot) = (bench.path("notes.png"), bench.path("dot.png"));
    std::fs::write(&text, "no picture").unwrap();
    image::RgbImage::from_pixel(1, 1, image::Rgb([9, 9, 9])).save(&dot).unwrap();
    let mut first = |text: &str| bench.mistakes(text)[0].clone();
    let of = |photo: &str, painting: &str, rest: &str| format!("stylize \"{photo}\" as \"{painting}\" {rest}");
    let missing = first(&of("nowhere.jpg", &painting, "with q"));
    assert!(missing.message.contains("nowhere.jpg"), "{}", missing.message);
    let no_picture = first(&of(&photo, &text, "with q"));
    assert!(no_picture.message.contains("notes.png"), "{}", no_picture.message);
    let single = first(&of(&photo, &dot, "with q"));
    assert!(single.message.starts_with("`q` does not take pictures of 1x1: `"), "{}", single.message);
    let single = first(
        "net c = 8x8x3 - conv 2 - relu, softmax 2\nstylize scenes[3] as \"DOT\" with c".replace("DOT", &dot).as_str(),
    );
    assert_eq!(single.message, "`c` does not take pictures of 1x1: `relu1` would have a single position");
    let small = first(&of(&photo, &painting, "with vgg19 size 8x8"));
    assert!(small.message.starts_with("`vgg19` does not take pictures of 8x8: "), "{}", small.message);
    assert_eq!(small.mends[0].text, "size 32x32");
    let none = first(&of(&photo, &painting, "with q content conv9"));
    assert_eq!(none.message, "`q` has no layer `conv9`");
    assert_eq!(first(&of(&photo, &painting, "with q style fc1")).message, "`fc1` gives 8, and no maps");
    let vectors = first(&format!("net v = 8x8x3 - fc 4 - relu, softmax 2\n{}", of(&photo, &painting, "with v")));
    assert_eq!(vectors.message, "`v` has no convolution whose maps could compare pictures");
    let wave = first(&format!("net w = 16x2 - conv 4 - relu, softmax 2\n{}", of(&photo, &painting, "with w")));
    assert!(wave.message.contains("16x2"), "{}", wave.message);
    let channels = first("stylize digits[3] as digits[4] with q");
    assert_eq!(channels.message, "`q` takes 3 channels, and this picture has 1 channel");
    assert_eq!(
        first(&of(&photo, &painting, "with q for 0 steps")).message,
        "the number of steps must be at least 1, not 0"
    );
    let nothing = first(&of(&photo, &painting, "with q weights(content 0, style 0)"));
    assert_eq!(nothing.message, "neither content nor style counts: there is nothing to come close to");
    assert!(
        first(&of(&photo, &painting, "with q weights(style (0-1))")).message.contains("must be a number of at least 0")
    );
    let size = first("stylize scenes[3] as scenes[4] with q size 20x20");
    assert_eq!(size.message, "`size` brings files to size, and these are samples of data");
    let several = first("stylize scenes as scenes[4] with q");
    assert!(several.message.starts_with("`scenes` has ") && several.mends[0].text == "[0]", "{}", several.message);
}
