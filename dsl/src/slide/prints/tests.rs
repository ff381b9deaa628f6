#![allow(clippy::unwrap_used)]

use super::super::figure::{Audit, Verdict};

/// A print as its tool made it.
macro_rules! print {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../tests/slides/prints/", $name, ".txt")))
    };
}

const PRINTS: &[(&str, &str)] = &[
    print!("keras-lenet"),
    print!("keras-vgg"),
    print!("keras-resnet"),
    print!("keras-inception"),
    print!("keras2-lenet"),
    print!("keras2-vgg"),
    print!("keras2-resnet"),
    print!("keras2-inception"),
    print!("torchsummary-lenet"),
    print!("torchsummary-vgg16"),
    print!("torchsummary-vgg11_bn"),
    print!("torchsummary-resnet18"),
    print!("torchinfo-lenet"),
    print!("torchinfo-lenet-columns"),
    print!("torchinfo-alexnet"),
    print!("torchinfo-alexnet-columns"),
    print!("torchinfo-vgg11_bn"),
    print!("torchinfo-resnet18"),
    print!("torchinfo-resnet18-columns"),
];

fn audit(text: &str) -> Audit {
    super::super::audit("print", text)
}

/// The figures of an audit that are not the network's.
fn wrong(audit: &Audit) -> Vec<String> {
    let is_wrong = |verdict| matches!(verdict, Verdict::Disagrees | Verdict::Follows);
    let figures = audit.figures.iter().filter(|figure| is_wrong(figure.verdict));
    figures
        .map(|figure| format!("{}: {} is {} ({:?})", figure.line, figure.printed, figure.computed, figure.because))
        .collect()
}

#[test]
fn real_prints_agree() {
    for (name, text) in PRINTS {
        let audit = audit(text);
        println!("{name}: {} figures\n{}", audit.figures.len(), audit.nets.first().map_or("no net", |net| &net.text));

        assert_eq!(audit.unread, [], "{name}");
        assert_eq!(wrong(&audit), Vec::<String>::new(), "{name}");
        assert_eq!(audit.nets.len(), 1, "{name}");
    }
}
