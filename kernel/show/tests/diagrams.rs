//! Diagrams of nets.
#![allow(clippy::unwrap_used, missing_docs)]

use fovea_dsl::diagnostic::Source;
use fovea_dsl::library;
use fovea_dsl::net::Net;
use fovea_dsl::parse::parse;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_graph::SourceId;
use fovea_show::architecture::{Depth, architecture};

pub fn net(text: &str) -> Net {
    let source = Source { id: SourceId(0), name: "test".into(), text: text.into() };
    let (program, mistakes) = parse(&source);
    assert!(mistakes.is_empty(), "{text}\n{mistakes:#?}");
    let mut scope = Scope::default();
    let mut net = None;
    for statement in program.statements {
        match statement.kind {
            StatementKind::Net(definition) => net = Some(resolve(&definition, &scope, None, None).unwrap()),
            StatementKind::Block(block) => scope.blocks.insert(block.name.text.clone(), block),
            _ => {}
        }
    }
    let Some(Resolved::Net(net)) = net else { panic!("{text}") };
    net
}

pub fn known(name: &str) -> Net {
    let resolved = resolve(library::find(name).unwrap(), &Scope::default(), None, None).unwrap();
    let Resolved::Net(net) = resolved else { panic!("{name}") };
    net
}

#[test]
fn print_all() {
    let dense = net(DENSENET);
    println!("{}\n", architecture(&dense, Depth::Folded).tell(Default::default(), ""));
    for (name, _) in library::list() {
        println!("{}\n", architecture(&known(name), Depth::Folded).tell(Default::default(), ""));
    }
}

/// DenseNet-BC with 12 channels more a layer.
pub const DENSENET: &str = "\
block layer(k) = concat(bn - relu - conv (4*k) 1x1 - bn - relu - conv k | id)
block transition(c) = bn - relu - conv c 1x1 - pool avg
net densenet = 32x32x3 - conv 24 - layer(12)^6 - transition(48) - layer(12)^12 - transition(96) - layer(12)^8
    - bn - relu - pool avg global, softmax 10
";

#[test]
fn gallery() {
    use fovea_show::picture::{Theme, View, draw};
    let Some(folder) = std::env::var_os("FOVEA_GALLERY").map(std::path::PathBuf::from) else { return };
    let mut nets = vec![net(DENSENET)];
    nets.extend(library::list().into_iter().map(|(name, _)| known(name)));
    let only = std::env::var("FOVEA_ONLY").unwrap_or_default();
    for net in nets.into_iter().filter(|net| only.is_empty() || only.split_whitespace().any(|one| one == net.name)) {
        for (depth, end) in [(Depth::Folded, ""), (Depth::All, ".all")] {
            for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
                let started = std::time::Instant::now();
                let drawing = draw(&[architecture(&net, depth)], &View::default(), theme).unwrap();
                let picture = drawing.picture("draw", theme).unwrap();
                println!("{}{end} {word} {}x{} {:?}", net.name, picture.width, picture.height, started.elapsed());
                std::fs::write(folder.join(format!("{}{end}.{word}.svg", net.name)), &picture.svg).unwrap();
                #[cfg(feature = "png")]
                std::fs::write(folder.join(format!("{}{end}.{word}.png", net.name)), picture.png().unwrap()).unwrap();
            }
        }
    }
}

#[test]
fn gallery_beside() {
    use fovea_show::picture::{Theme, View, draw};
    let Some(folder) = std::env::var_os("FOVEA_GALLERY").map(std::path::PathBuf::from) else { return };
    let sets: [(&[&str], Depth); 5] = [
        (&["vgg19", "plain34", "resnet34"], Depth::All),
        (&["vgg19", "plain34", "resnet34"], Depth::Folded),
        (&["lenet", "alexnet", "vgg16"], Depth::Folded),
        (&["googlenet", "resnet50", "unet"], Depth::Folded),
        (&["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "googlenet", "fcn8", "vgg16"], Depth::Folded),
    ];
    for (number, (names, depth)) in sets.into_iter().enumerate() {
        let nets: Vec<_> = names.iter().map(|name| architecture(&known(name), depth)).collect();
        for (theme, word) in [(Theme::Light, "light"), (Theme::Dark, "dark")] {
            let view = View {
                notes: nets.iter().map(|net| format!("{} boxes", net.diagram.boxes.len())).collect(),
                ..View::default()
            };
            let drawing = draw(&nets, &view, theme).unwrap();
            let picture = drawing.picture("draw", theme).unwrap();
            println!("{names:?} {word} light {}x{}", picture.width, picture.height);
            #[cfg(feature = "png")]
            std::fs::write(folder.join(format!("beside{number}.{word}.png")), picture.png().unwrap()).unwrap();
        }
    }
}
