//! The texts of the standard library, and what can be found in them without reading them as programs.

/// A file of a family: nets, and the blocks that they are made of.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// What it is called in messages.
    pub file: &'static str,
    pub text: &'static str,
}

macro_rules! texts {
    ($($file:literal),* $(,)?) => {
        [$(Text {
            file: concat!("library/", $file),
            text: include_str!(concat!("../../library/", $file)),
        }),*]
    };
}

pub(super) static TEXTS: [Text; 9] = texts![
    "lenet.fov",
    "alexnet.fov",
    "vgg.fov",
    "googlenet.fov",
    "resnet.fov",
    "allconv.fov",
    "fcn.fov",
    "deconvnet.fov",
    "unet.fov",
];

/// Whether the library has a net of this name.
pub(crate) fn has(name: &str) -> bool {
    TEXTS.iter().any(|text| text.declares("net", name))
}

/// The library's nets in the order of its files, each with a line about it.
pub fn list() -> Vec<(&'static str, &'static str)> {
    TEXTS.iter().flat_map(|family| described(family.text)).collect()
}

/// The text of the library's net of this name, its comment above it; before it the file's first lines, which say where
/// the family comes from, and the blocks and nets that it is made of.
pub fn text(name: &str) -> Option<String> {
    let family = TEXTS.iter().find(|family| family.declares("net", name))?;
    let mut pieces = Vec::new();
    gather(family.piece("net", name)?, &mut pieces);
    let head = family.text.split("\n\n").next().filter(|head| head.lines().all(|line| line.starts_with('#')));
    let pieces: Vec<&str> = head.into_iter().chain(pieces).map(str::trim_end).collect();
    Some(pieces.join("\n\n") + "\n")
}

/// Puts a piece of the library behind all those that it is made of.
fn gather(piece: &'static str, pieces: &mut Vec<&'static str>) {
    if pieces.contains(&piece) {
        return;
    }
    let code = piece.lines().filter(|line| !line.starts_with('#'));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    for word in code.flat_map(|line| line.split(move |c| !is_word(c))) {
        let others = || TEXTS.iter().flat_map(|family| family.made_of(word));
        others().filter(|other| *other != piece).for_each(|other| gather(other, pieces));
    }
    if !pieces.contains(&piece) {
        pieces.push(piece);
    }
}

/// The nets of a text, each with the first line of the comment above it.
fn described(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut comment = "";
    text.lines().filter_map(move |line| {
        if let Some(words) = line.strip_prefix("# ") {
            comment = if comment.is_empty() { words } else { comment };
            return None;
        }
        let about = std::mem::take(&mut comment);
        declared(line, "net").map(|name| (name, about))
    })
}

/// The name that a line of the library declares, where it declares a `word`.
fn declared(line: &'static str, word: &str) -> Option<&'static str> {
    line.strip_prefix(word)?.strip_prefix(' ')?.split([' ', '(']).next()
}

impl Text {
    /// Whether the family has a net or block of this name; reads the text alone.
    pub fn declares(&self, word: &str, name: &str) -> bool {
        self.text.lines().any(|line| declared(line, word) == Some(name))
    }

    /// The lines of a net or block, those of its comment too.
    pub fn piece(&self, word: &str, name: &str) -> Option<&'static str> {
        self.text.split("\n\n").find(|piece| piece.lines().any(|line| declared(line, word) == Some(name)))
    }

    /// The piece of the block that a word calls, or of the net that it begins in: `vgg16.pool5`.
    pub fn made_of(&self, word: &str) -> Option<&'static str> {
        let mut nets = std::iter::once(word).chain(word.rmatch_indices('.').map(|(at, _)| &word[..at]));
        self.piece("block", word).or_else(|| nets.find_map(|net| self.piece("net", net)))
    }

    /// The names that it declares with `word`.
    pub fn declared(&self, word: &'static str) -> impl Iterator<Item = &'static str> + use<> {
        self.text.lines().filter_map(move |line| declared(line, word))
    }
}
