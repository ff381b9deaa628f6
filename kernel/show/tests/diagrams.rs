//! Diagrams of nets: in text, and their geometry.
//!
//! `FOVEA_GALLERY=folder cargo test -p fovea-show --features png --test diagrams` also writes them into a folder, to be
//! looked at; `FOVEA_ONLY="lenet unet"` only some.
#![allow(clippy::unwrap_used, missing_docs)]

mod nets;

use fovea_dsl::net::Net;
use fovea_show::architecture::{Architecture, Depth, architecture};
use fovea_show::display::Page;
use fovea_show::picture::{Drawing, Footprint, Outline, Theme, Traffic, View, draw};
use nets::{DENSENET, OTHERS, by_chance, known, library_nets, net};

const THEMES: [(Theme, &str); 2] = [(Theme::Light, "light"), (Theme::Dark, "dark")];

fn folded(name: &str) -> String {
    architecture(&known(name), Depth::Folded).tell(Page::default(), "", None).to_string()
}

#[test]
fn lenet_in_text() {
    assert_eq!(
        folded("lenet"),
        "\
lenet
○  input              28×28×1
●  conv 6 5×5, relu   28×28×6
●  max pool 2×2/2     14×14×6
●  conv 16 5×5, relu  10×10×16
●  max pool 2×2/2     5×5×16
●  fc 120, relu       120
●  fc 84, relu        84
●  fc 10, softmax     10"
    );
}

#[test]
fn resnet50_in_text() {
    assert_eq!(
        folded("resnet50"),
        "\
resnet50
○  input                                   224×224×3
●  conv 64 7×7/2, bn, relu                 112×112×64
●  max pool 3×3/2                          56×56×64
■  bottleneck 64, 64, 256 ×3               56×56×256
■  bottleneck 128, 128, 512 ×4, first /2   28×28×512
■  bottleneck 256, 256, 1024 ×6, first /2  14×14×1024
■  bottleneck 512, 512, 2048 ×3, first /2  7×7×2048
●  avg pool global                         1×1×2048
●  fc 1000, softmax                        1000

bottleneck, 12 times:

○─╮  input                      h×w×256–2048
● │  conv 64–512 1×1, bn, relu  h×w×64–512
● │  conv 64–512 3×3, bn, relu  h×w×64–512
● │  conv 256–2048 1×1, bn      h×w×256–2048
●─╯  add, relu                  h×w×256–2048

bottleneck, the first of a stage, 4 times:

○─╮  input                          h×w×64–1024
● │  conv 64–512 1×1, bn, relu      h×w×64–512
● │  conv 64–512 3×3/1–2, bn, relu  h×w×64–512
● │  conv 256–2048 1×1, bn          h×w×256–2048
│ ●  conv 256–2048 1×1/1–2, bn      h×w×256–2048
●─╯  add, relu                      h×w×256–2048"
    );
}

#[test]
fn googlenet_in_text() {
    assert_eq!(
        folded("googlenet"),
        "\
googlenet
○  input                                  224×224×3
●  conv 64 7×7/2, relu                    112×112×64
●  max pool 3×3/2, lrn                    56×56×64
●  conv 64 1×1, relu                      56×56×64
●  conv 192 3×3, relu, lrn                56×56×192
●  max pool 3×3/2                         28×28×192
■  inception 64, 96, 128, 16, 32, 32      28×28×256
■  inception 128, 128, 192, 32, 96, 64    28×28×480
●  max pool 3×3/2                         14×14×480
■  inception 192, 96, 208, 16, 48, 64     14×14×512
■  inception 160, 112, 224, 24, 64, 64    14×14×512
■  inception 128, 128, 256, 24, 64, 64    14×14×512
■  inception 112, 144, 288, 32, 64, 64    14×14×528
■  inception 256, 160, 320, 32, 128, 128  14×14×832
●  max pool 3×3/2                         7×7×832
■  inception 256, 160, 320, 32, 128, 128  7×7×832
■  inception 384, 192, 384, 48, 128, 128  7×7×1024
●  avg pool global, dropout               1×1×1024
●  fc 1000, softmax                       1000

inception, 9 times:

○─┬─┬─╮  input                   h×w×192–832
● │ │ │  conv 64–384 1×1, relu   h×w×64–384
│ ● │ │  conv 96–192 1×1, relu   h×w×96–192
│ ● │ │  conv 128–384 3×3, relu  h×w×128–384
│ │ ● │  conv 16–48 1×1, relu    h×w×16–48
│ │ ● │  conv 32–128 5×5, relu   h×w×32–128
│ │ │ ●  max pool 3×3            h×w×192–832
│ │ │ ●  conv 32–128 1×1, relu   h×w×32–128
●─┴─┴─╯  concat                  h×w×256–1024"
    );
}

/// Blocks that differ in nothing but the channels they are given are one, with their count.
#[test]
fn a_densenets_blocks_fold() {
    let dense = architecture(&net(DENSENET), Depth::Folded);
    let counts: Vec<usize> = dense.diagram.boxes.iter().map(|one| one.count).filter(|&count| count > 1).collect();
    assert_eq!(counts, [6, 12, 8]);
    assert_eq!((dense.blocks.len(), dense.blocks[0].name.as_str(), dense.blocks[0].uses), (1, "layer", 26));
    let text = dense.tell(Page::default(), "", None).to_string();
    assert!(text.contains("■  layer ×12                  16×16×60–192\n"), "{text}");
    assert!(text.contains("○─╮  input                            h×w×24–180\n"), "{text}");
}

#[test]
fn deep_residual_nets_fold_to_their_stages() {
    let stages = |name: &str| {
        let boxes = architecture(&known(name), Depth::Folded).diagram.boxes;
        boxes.into_iter().filter(|one| one.block.is_some()).map(|one| one.count).collect::<Vec<_>>()
    };
    assert_eq!(stages("resnet34"), [3, 4, 6, 3]);
    assert_eq!(stages("resnet152"), [3, 8, 36, 3]);
    let whole = architecture(&known("resnet152"), Depth::All).diagram;
    let convolutions = whole.boxes.iter().filter(|one| one.label.starts_with("conv")).count();
    assert_eq!((whole.boxes.iter().all(|one| one.count == 1), convolutions), (true, 155));
}

/// The least map of a block has the most channels: no use takes more than its own.
#[test]
fn memory_is_that_of_the_largest_use() {
    let text = architecture(&known("resnet50"), Depth::Folded).tell(Page::default(), "", Some(64)).to_string();
    assert!(text.contains("●  conv 64 7×7/2, bn, relu                 112×112×64 · 206 MB\n"), "{text}");
    // 56·56·256 values of 4 bytes for 64 pictures.
    assert!(text.contains("●─╯  add, relu                  h×w×256–2048 · up to 206 MB\n"), "{text}");
}

#[test]
fn text_fits_a_terminal() {
    for net in library_nets().into_iter().chain(OTHERS.iter().map(|text| net(text))).chain(by_chance(200)) {
        for depth in [Depth::Folded, Depth::All] {
            for batch in [None, Some(64)] {
                let text = architecture(&net, depth).tell(Page::default(), "", batch).to_string();
                let long = text.lines().find(|line| line.chars().count() > 80);
                assert_eq!(long, None, "{}", net.name);
            }
        }
    }
}

/// All that is drawn of some nets: each alone, folded, whole and in training, and some beside each other.
fn drawings() -> Vec<(String, Drawing)> {
    let plain = |_: &Architecture| View::default();
    let train = |net: &Architecture| View {
        traffic: Some(Traffic { batch: 64 }),
        notes: vec![format!("a note on {} that is rather long and says what training takes", net.net)],
    };
    let mut drawings = Vec::new();
    let nets: Vec<Net> = library_nets().into_iter().chain(OTHERS.iter().map(|text| net(text))).collect();
    for net in &nets {
        for (depth, end) in [(Depth::Folded, ""), (Depth::All, ".all")] {
            let shown = architecture(net, depth);
            for (view, how) in [(plain(&shown), ""), (train(&shown), ".train")] {
                drawings.push((
                    format!("{}{end}{how}", net.name),
                    draw(std::slice::from_ref(&shown), &view, Theme::Light).unwrap(),
                ));
            }
        }
    }
    for net in by_chance(80) {
        for (depth, end) in [(Depth::Folded, ""), (Depth::All, ".all")] {
            let shown = architecture(&net, depth);
            let view = if net.layers.len() % 2 == 0 { plain(&shown) } else { train(&shown) };
            drawings.push((format!("{}{end}", net.name), draw(&[shown], &view, Theme::Light).unwrap()));
        }
    }
    for names in BESIDE {
        for (depth, end) in [(Depth::Folded, ""), (Depth::All, ".all")] {
            let nets: Vec<Architecture> = names.iter().map(|name| architecture(&known(name), depth)).collect();
            let notes = nets.iter().map(|net| format!("{} boxes", net.diagram.boxes.len())).collect();
            let drawing = draw(&nets, &View { notes, traffic: None }, Theme::Light).unwrap();
            drawings.push((format!("{}{end}", names.join("-")), drawing));
        }
    }
    drawings
}

const BESIDE: &[&[&str]] = &[
    &["vgg19", "plain34", "resnet34"],
    &["lenet", "alexnet", "vgg16"],
    &["googlenet", "resnet50", "unet"],
    &["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "googlenet", "fcn8", "vgg16"],
];

fn overlap(a: &Outline, b: &Outline) -> bool {
    let slack = 0.01;
    a.x + a.width > b.x + slack
        && b.x + b.width > a.x + slack
        && a.y + a.height > b.y + slack
        && b.y + b.height > a.y + slack
}

/// Whether two polygons without dents have points in common: no side of either parts them.
fn polygons_overlap(a: &[(f64, f64)], b: &[(f64, f64)]) -> bool {
    let parted = |of: &[(f64, f64)]| {
        (0..of.len()).any(|at| {
            let (from, to) = (of[at], of[(at + 1) % of.len()]);
            let normal = (to.1 - from.1, from.0 - to.0);
            let length = normal.0.hypot(normal.1);
            if length < 1e-9 {
                return false;
            }
            let reach = |points: &[(f64, f64)]| {
                let along = points.iter().map(|point| (point.0 * normal.0 + point.1 * normal.1) / length);
                along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)))
            };
            let (one, other) = (reach(a), reach(b));
            one.1 <= other.0 + 0.01 || other.1 <= one.0 + 0.01
        })
    };
    !parted(a) && !parted(b)
}

fn boxes_overlap(Footprint(a): &Footprint, Footprint(b): &Footprint) -> bool {
    a.iter().any(|one| b.iter().any(|other| polygons_overlap(one, other)))
}

/// How far a point is from a box's border.
fn from_border(Footprint(parts): &Footprint, (x, y): (f64, f64)) -> f64 {
    let sides = parts.iter().flat_map(|part| (0..part.len()).map(move |at| (part[at], part[(at + 1) % part.len()])));
    let distance = |((ax, ay), (bx, by)): ((f64, f64), (f64, f64))| {
        let (dx, dy) = (bx - ax, by - ay);
        let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
        (x - ax - along * dx).hypot(y - ay - along * dy)
    };
    sides.map(distance).fold(f64::INFINITY, f64::min)
}

#[test]
fn no_labels_overlap_and_nothing_lies_outside_the_sheet() {
    for (name, drawing) in drawings() {
        let sheet = Outline { x: 0.0, y: 0.0, width: drawing.width, height: drawing.height };
        let inside = |at: &Outline| {
            at.x >= sheet.x - 0.01
                && at.y >= sheet.y - 0.01
                && at.x + at.width <= sheet.width + 0.01
                && at.y + at.height <= sheet.height + 0.01
        };
        for (at, (text, label)) in drawing.labels.iter().enumerate() {
            assert!(inside(label), "{name}: `{text}` lies outside, {label:?}");
            for (other, near) in &drawing.labels[at + 1..] {
                assert!(!overlap(label, near), "{name}: `{text}` {label:?} and `{other}` {near:?}");
            }
        }
        let points = drawing.links.iter().flat_map(|wire| &wire.points);
        let points = points.map(|&(x, y)| Outline { x, y, width: 0.0, height: 0.0 });
        for at in drawing.boxes.iter().map(Footprint::bounds).chain(points) {
            assert!(inside(&at), "{name}: {at:?}");
        }
    }
}

#[test]
fn boxes_do_not_overlap_and_links_end_at_their_borders() {
    for (name, drawing) in drawings() {
        for (at, one) in drawing.boxes.iter().enumerate() {
            for (number, other) in drawing.boxes[at + 1..].iter().enumerate() {
                assert!(!boxes_overlap(one, other), "{name}: box {at} and {}", at + 1 + number);
            }
        }
        for wire in &drawing.links {
            let ends = [(wire.from, wire.points[0]), (wire.to, wire.points[wire.points.len() - 1])];
            for (at, end) in ends {
                let far = from_border(&drawing.boxes[at], end);
                assert!(far < 0.5, "{name}: a link from {} to {} ends {far} from box {at}", wire.from, wire.to);
            }
        }
    }
}

/// A text stands in one box, or in none.
#[test]
fn no_label_lies_across_a_border() {
    for (name, drawing) in drawings() {
        for (text, label) in &drawing.labels {
            for one in drawing.boxes.iter().filter(|one| boxes_overlap(one, &Footprint::from(*label))) {
                let around = one.bounds();
                let is_inside = around.x <= label.x && label.x + label.width <= around.x + around.width;
                assert!(is_inside && one.0.len() == 1, "{name}: `{text}` {label:?} and {around:?}");
            }
        }
    }
}

#[test]
fn alternative_texts_tell_the_net() {
    for net in library_nets() {
        let shown = architecture(&net, Depth::Folded);
        let drawing = draw(std::slice::from_ref(&shown), &View::default(), Theme::Light).unwrap();
        let alt = drawing.picture("net", Theme::Light).unwrap().alt;
        assert!(alt.starts_with(&format!("{}: input ", net.name)), "{alt}");
        let all = shown.diagram.boxes.iter().chain(shown.blocks.iter().flat_map(|block| &block.diagram.boxes));
        for one in all {
            assert!(alt.contains(&one.title()) && alt.contains(&one.sizes()), "{}: {}", net.name, one.title());
        }
    }
    let residual = draw(&[architecture(&known("resnet50"), Depth::Folded)], &View::default(), Theme::Light).unwrap();
    let block = "Block bottleneck, 12 times: input (h×w×256–2048) → conv 64–512 1×1, bn, relu (h×w×64–512) → \
                 conv 64–512 3×3, bn, relu (h×w×64–512) → conv 256–2048 1×1, bn (h×w×256–2048); \
                 add, relu (h×w×256–2048) from conv 256–2048 1×1 and input.";
    assert!(residual.alt.contains(block), "{}", residual.alt);
}

/// No drawing is so wide that a page of 1,400 pixels would shrink it, but for nets with more branches than it has room.
#[test]
fn drawings_fit_a_wide_page() {
    for (name, drawing) in
        drawings().into_iter().filter(|(name, _)| !name.starts_with("many") && !name.starts_with("chance"))
    {
        assert!(drawing.width <= 1400.0 && drawing.height <= 8000.0, "{name}: {}×{}", drawing.width, drawing.height);
    }
}

#[test]
fn tikz_is_well_formed() {
    for (name, drawing) in drawings() {
        let text = drawing.tikz();
        let body: String = text.lines().filter(|line| !line.starts_with('%')).collect::<Vec<_>>().join("\n");
        let (mut depth, mut escaped) = (0i32, false);
        for c in body.chars() {
            match c {
                '{' if !escaped => depth += 1,
                '}' if !escaped => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0, "{name}");
            escaped = c == '\\' && !escaped;
        }
        assert_eq!(depth, 0, "{name}");
        assert!(body.contains("\\begin{tikzpicture}") && body.trim_end().ends_with("\\end{tikzpicture}"), "{name}");
        assert!(body.lines().all(|line| !line.starts_with("  ") || line.ends_with(';')), "{name}");
        assert!(!body.contains(['×', '·', '–']), "{name}");
    }
}

#[test]
fn pictures_are_written() {
    let Some(folder) = std::env::var_os("FOVEA_GALLERY").map(std::path::PathBuf::from) else { return };
    let only = std::env::var("FOVEA_ONLY").unwrap_or_default();
    let is_wanted = |name: &str| only.is_empty() || only.split_whitespace().any(|one| name.starts_with(one));
    for (theme, word) in THEMES {
        for (name, _) in drawings().into_iter().filter(|(name, _)| is_wanted(name)) {
            let (names, depth, traffic) = parsed(&name);
            let nets: Vec<Architecture> = names.iter().map(|net| architecture(net, depth)).collect();
            let notes = nets.iter().map(|net| format!("{} boxes", net.diagram.boxes.len())).collect();
            let drawing = draw(&nets, &View { traffic, notes }, theme).unwrap();
            // Some nets by chance have no place to be broken at.
            let Ok(picture) = drawing.picture("net", theme) else { continue };
            let path = folder.join(format!("{name}.{word}"));
            std::fs::write(path.with_extension(format!("{word}.svg")), &picture.svg).unwrap();
            if let Some(png) = picture.to_png() {
                std::fs::write(folder.join(format!("{name}.{word}.png")), png.unwrap()).unwrap();
            }
        }
    }
}

/// The nets of a drawing's name, and how they are drawn.
fn parsed(name: &str) -> (Vec<Net>, Depth, Option<Traffic>) {
    let (name, traffic) = name.strip_suffix(".train").map_or((name, None), |name| (name, Some(Traffic { batch: 64 })));
    let (name, depth) = name.strip_suffix(".all").map_or((name, Depth::Folded), |name| (name, Depth::All));
    let other = OTHERS.iter().map(|text| net(text)).chain(by_chance(80)).find(|net| net.name == name);
    (other.map_or_else(|| name.split('-').map(known).collect(), |net| vec![net]), depth, traffic)
}

/// Links keep clear of boxes that are not theirs.
#[test]
fn links_go_around_boxes() {
    for (name, drawing) in drawings() {
        let bounds: Vec<Outline> = drawing.boxes.iter().map(Footprint::bounds).collect();
        for wire in &drawing.links {
            for pair in wire.points.windows(2) {
                for step in 0..=4 {
                    let share = f64::from(step) / 4.0;
                    let x = pair[0].0 + (pair[1].0 - pair[0].0) * share;
                    let y = pair[0].1 + (pair[1].1 - pair[0].1) * share;
                    let point = Outline { x: x - 0.5, y: y - 0.5, width: 1.0, height: 1.0 };
                    let is_own = |at: usize| at == wire.from || at == wire.to;
                    let near = (0..bounds.len()).filter(|&at| !is_own(at) && overlap(&bounds[at], &point));
                    let met = near.into_iter().find(|&at| boxes_overlap(&drawing.boxes[at], &point.into()));
                    assert_eq!(met, None, "{name}: from {} to {} at {x:.0}, {y:.0}", wire.from, wire.to);
                }
            }
        }
    }
}
