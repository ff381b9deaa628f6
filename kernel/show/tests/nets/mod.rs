//! Nets for tests: every one of the library, odd ones, and ones by chance.

#[path = "../../../../dsl/tests/nets/mod.rs"]
mod texts;

use fovea_dsl::diagnostic::Source;
use fovea_dsl::library;
use fovea_dsl::net::Net;
use fovea_dsl::parse::parse;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_graph::SourceId;

pub use texts::{known, net};

/// Every net of the library.
pub fn library_nets() -> Vec<Net> {
    library::list().into_iter().map(|(name, _)| known(name)).collect()
}

/// DenseNet-BC with 12 channels more a layer (G. Huang et al., arXiv:1608.06993).
pub const DENSENET: &str = "\
block layer(k) = concat(bn - relu - conv (4*k) 1x1 - bn - relu - conv k | id)
block transition(c) = bn - relu - conv c 1x1 - pool avg
net densenet = 32x32x3 - conv 24 - layer(12)^6 - transition(48) - layer(12)^12 - transition(96) - layer(12)^8
    - bn - relu - pool avg global, softmax 10
";

/// What nets can be besides: other axes, vectors, side classifiers, odd branches, much and little.
pub const OTHERS: &[&str] = &[
    DENSENET,
    "net sequence = 128x1 - (conv 16 size 5 - relu - pool)^3 - fc 32 - relu, softmax 4",
    "net volume = 64x64x16x3 - (conv {8, 16} - bn - relu - pool)^2, softmax 5",
    "net mlp = 784 - (fc {512, 256, 128} - relu)^3, softmax 10",
    "net least = 4 - fc 2",
    "net wide = 32x32x3 - conv 100000 1x1 - relu - conv 2 1x1",
    "net sides = 32x32x3 - conv 16 - relu - aux 0.3 (pool avg global, softmax 10) - conv 32 - relu - pool
        - aux 0.3 (conv 8 1x1 - relu, softmax 10) - (conv 32 - relu)^2, softmax 10",
    "net denoise = 28x28x1 - conv 16 - relu - pool - conv 4 - relu - upsample 2 - conv 16 - relu - conv 1 - sigmoid",
    "net one = 16x16x3 - conv 16 - bn - relu - add(conv 16 - relu - conv 16 | id) - relu, softmax 10",
    "net forks = 32x32x3 - concat(concat(conv 4 1x1 | conv 4 3x3 - relu) | conv 8 5x5 - relu - conv 8 | pool 3x3/1 same
        | conv 2 1x1 - concat(conv 3 | conv 5 - relu - conv 5)), softmax 10",
    "net many = 8x8x2 - concat(conv 1 | conv 2 | conv 3 | conv 4 | conv 5 | conv 6 | conv 7 | conv 8 | conv 9 | conv 10
        | conv 11 | conv 12 | conv 13 | conv 14 | conv 15 | conv 16 | conv 17), softmax 3",
    "net long = 16x16x1 - (conv {4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23} - relu)^20, softmax 10",
    "net pre = 32x32x3 - conv 16 - add(bn - relu - conv 16 - bn - relu - conv 16 | id)^5 - bn - relu
        - pool avg global, softmax 10",
    "net trimmed = 64x64x1 - (conv 8 - relu as e - pool) - conv 16 - relu - deconv 8 2x2/2
        - concat(crop 60x60 | e - crop 60x60) - conv 2 1x1 - softmax",
    "net nested = 32x32x3 - conv 8 - [(conv 8 - bn - relu)^2 - add(conv 8 - relu | id)^3 - pool 3x3/1 same]^4, softmax 10",
    "net x = 32x32x3 - conv 64 - bn - relu - add(conv 128 1x1 - bn - relu - conv 128 3x3 groups 32 - bn - relu
        - conv 256 1x1 - bn | shortcut)^1 - relu - add(conv 128 1x1 - bn - relu - conv 128 3x3 groups 32 - bn - relu
        - conv 256 1x1 - bn | id)^1 - relu, softmax 10",
];

/// Nets by chance, the same at every run: chains, branches within branches, repeats.
pub fn by_chance(count: usize) -> Vec<Net> {
    let mut dice = Dice(1);
    let texts = (0..).map(|number| format!("net chance{number} = 16x16x4 - {}, softmax 3", dice.chain(3)));
    let nets = texts.filter_map(|text| {
        let source = Source { id: SourceId(0), name: "test".into(), text };
        let (program, mistakes) = parse(&source);
        assert!(mistakes.is_empty(), "{}\n{mistakes:#?}", source.text);
        let StatementKind::Net(definition) = &program.statements[0].kind else { panic!("{}", source.text) };
        match resolve(definition, &Scope::default(), None, None) {
            Ok(Resolved::Net(net)) if net.layers.len() < 400 => Some(net),
            _ => None,
        }
    });
    nets.take(count).collect()
}

/// Numbers that look random (D. Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn chain(&mut self, depth: u64) -> String {
        let count = 1 + self.below(4);
        (0..count).map(|_| self.item(depth)).collect::<Vec<_>>().join(" - ")
    }

    fn item(&mut self, depth: u64) -> String {
        let channels = 1 + self.below(6);
        match self.below(if depth > 0 { 12 } else { 7 }) {
            0..=2 => format!("conv {channels} {0}x{0}", 1 + 2 * self.below(3)),
            3 => "relu".to_string(),
            4 => "bn - relu".to_string(),
            5 => "pool 3x3/1 same".to_string(),
            6 => format!("conv {channels} - relu"),
            7 => format!("[{}]^{}", self.chain(depth - 1), 2 + self.below(4)),
            8 => format!("conv {channels} - add({} - conv {channels} | id) - relu", self.chain(depth - 1)),
            9 => format!("[add({} - conv {channels} | shortcut)]^{}", self.chain(depth - 1), 1 + self.below(4)),
            _ => {
                let branches = 2 + self.below(3);
                let branches: Vec<String> = (0..branches).map(|_| self.chain(depth - 1)).collect();
                format!("concat({}{})", branches.join(" | "), if self.below(3) == 0 { " | id" } else { "" })
            }
        }
    }
}
