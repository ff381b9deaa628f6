//! The classic sets: what their files are called, where they are, and what they hold.

/// A set that everybody has in the same files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassicSet {
    /// MNIST: handwritten digits, 28×28 grey.
    Mnist,
    /// Fashion-MNIST: clothes, 28×28 grey.
    Fashion,
    /// CIFAR-10: 32×32 in colour, ten classes.
    Cifar10,
    /// CIFAR-100: 32×32 in colour, a hundred classes.
    Cifar100,
}

/// A file as it is to be had.
#[derive(Debug)]
#[cfg_attr(not(feature = "fetch"), allow(dead_code))]
pub(crate) struct Remote {
    pub name: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
}

/// Where the labels and pixels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Pictures and labels in files of their own, each with a head.
    Idx,
    /// Records of so many bytes of labels, of which the last is the class, and a 32×32 picture plane by plane.
    Records { labels: usize },
}

impl ClassicSet {
    /// All of them.
    pub const ALL: [ClassicSet; 4] = [Self::Mnist, Self::Fashion, Self::Cifar10, Self::Cifar100];

    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::Fashion => "fashion",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
        }
    }

    /// The set of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::Fashion => "Fashion-MNIST",
            Self::Cifar10 => "CIFAR-10",
            Self::Cifar100 => "CIFAR-100",
        }
    }

    pub(super) fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Mnist => &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::Fashion => &FASHION,
            Self::Cifar10 => &CIFAR10,
            Self::Cifar100 => &CIFAR100,
        }
    }

    pub(super) fn form(self) -> Form {
        match self {
            Self::Mnist | Self::Fashion => Form::Idx,
            Self::Cifar10 => Form::Records { labels: 1 },
            Self::Cifar100 => Form::Records { labels: 2 },
        }
    }

    /// One picture's shape, and how many are for training and for testing, where the files are those of everybody.
    pub(super) fn usual(self) -> ([usize; 3], [usize; 2]) {
        match self.form() {
            Form::Idx => ([28, 28, 1], [60_000, 10_000]),
            Form::Records { .. } => ([32, 32, 3], [50_000, 10_000]),
        }
    }

    /// The files with the training part's pictures, and those with the test part's.
    pub(super) fn files(self) -> [&'static [&'static str]; 2] {
        match self {
            Self::Mnist | Self::Fashion => [
                &["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
                &["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
            ],
            Self::Cifar10 => [
                &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
                &["test_batch.bin"],
            ],
            Self::Cifar100 => [&["train.bin"], &["test.bin"]],
        }
    }

    /// Folders in the folder that other programs, and the archives, put the files into.
    pub(super) fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Mnist => &["raw", "MNIST/raw"],
            Self::Fashion => &["raw", "FashionMNIST/raw"],
            Self::Cifar10 => &["cifar-10-batches-bin"],
            Self::Cifar100 => &["cifar-100-binary"],
        }
    }

    /// The folder and the archive of the version for Python, which is not read.
    pub(super) fn python(self) -> &'static [&'static str] {
        match self {
            Self::Mnist | Self::Fashion => &[],
            Self::Cifar10 => &["cifar-10-batches-py", "cifar-10-python.tar.gz"],
            Self::Cifar100 => &["cifar-100-python", "cifar-100-python.tar.gz"],
        }
    }

    /// Where its files are, and which. The digests are those that TensorFlow Datasets publishes and that several other
    /// loaders pin independently; the addresses are the mirror that torchvision names (MNIST), the authors' own (Fashion-MNIST)
    /// and that of A. Krizhevsky (CIFAR).
    pub(crate) fn remote(self) -> (&'static str, &'static [Remote]) {
        match self {
            Self::Mnist => ("https://ossci-datasets.s3.amazonaws.com/mnist/", &MNIST_FILES),
            Self::Fashion => ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", &FASHION_FILES),
            Self::Cifar10 => ("https://www.cs.toronto.edu/~kriz/", &CIFAR10_FILES),
            Self::Cifar100 => ("https://www.cs.toronto.edu/~kriz/", &CIFAR100_FILES),
        }
    }

    pub(super) fn attribution(self) -> &'static str {
        match self {
            Self::Mnist => {
                "MNIST, Y. LeCun, C. Cortes and C. J. C. Burges, 1998, from NIST's special databases 1 and 3"
            }
            Self::Fashion => "Fashion-MNIST, H. Xiao, K. Rasul and R. Vollgraf, Zalando, arXiv:1708.07747, MIT licence",
            Self::Cifar10 | Self::Cifar100 => {
                "CIFAR, A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"
            }
        }
    }
}

const FASHION: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

const CIFAR10: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

#[rustfmt::skip]
const CIFAR100: [&str; 100] = [
    "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
    "lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
    "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
    "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
    "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
    "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
    "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
];

const MNIST_FILES: [Remote; 4] = [
    Remote {
        name: "train-images-idx3-ubyte.gz",
        bytes: 9_912_422,
        sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    },
    Remote {
        name: "train-labels-idx1-ubyte.gz",
        bytes: 28_881,
        sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    },
    Remote {
        name: "t10k-images-idx3-ubyte.gz",
        bytes: 1_648_877,
        sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    },
    Remote {
        name: "t10k-labels-idx1-ubyte.gz",
        bytes: 4_542,
        sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    },
];

const FASHION_FILES: [Remote; 4] = [
    Remote {
        name: "train-images-idx3-ubyte.gz",
        bytes: 26_421_880,
        sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    },
    Remote {
        name: "train-labels-idx1-ubyte.gz",
        bytes: 29_515,
        sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    },
    Remote {
        name: "t10k-images-idx3-ubyte.gz",
        bytes: 4_422_102,
        sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    },
    Remote {
        name: "t10k-labels-idx1-ubyte.gz",
        bytes: 5_148,
        sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    },
];

const CIFAR10_FILES: [Remote; 1] = [Remote {
    name: "cifar-10-binary.tar.gz",
    bytes: 170_052_171,
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
}];

const CIFAR100_FILES: [Remote; 1] = [Remote {
    name: "cifar-100-binary.tar.gz",
    bytes: 168_513_733,
    sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
}];
