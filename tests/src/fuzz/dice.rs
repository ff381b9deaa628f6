//! Chance, and what it does to texts and bytes.

use fovea_graph::philox::{Purpose, Stream};

/// The random numbers of one case, one after the other.
pub struct Dice {
    stream: Stream,
    drawn: u64,
}

/// What may make trouble in a text: numbers at the edges, brackets, characters that are unseen or wide, line ends.
const PIECES: [&str; 72] = [
    "0",
    "1",
    "-1",
    "2.5",
    "1e39",
    "1e-46",
    "1e999",
    "nan",
    "18446744073709551616",
    "4294967296",
    "99999999",
    "007",
    "1_000",
    "50%",
    "²",
    "0x10",
    "-",
    "->",
    "→",
    "–",
    "—",
    "×",
    "*",
    "^",
    "^0",
    "^2",
    "^i=3",
    "^{1,2}",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    ",",
    ";",
    ":",
    "=",
    ".",
    "..",
    "/",
    "//",
    "#",
    "\"",
    "'",
    "\\",
    "$$",
    "%who",
    "?",
    "!",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{b}",
    "\u{c}",
    "\u{1b}[31m",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "日本",
    "🦊",
    "where",
    "as",
];

impl Dice {
    /// Of a seed's case.
    pub fn new(seed: u64, case: u32) -> Self {
        Self { stream: Stream::new(seed, Purpose::Data, case), drawn: 0 }
    }

    /// A number below `n`; 0 where there is none.
    pub fn below(&mut self, n: usize) -> usize {
        self.drawn += 1;
        self.stream.below(self.drawn, n.max(1) as u64) as usize
    }

    /// One of several.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Something that may make trouble in a text.
    fn piece(&mut self) -> &'static str {
        PIECES[self.below(PIECES.len())]
    }

    /// A place in a text where a character begins, or its end.
    pub fn place(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
    }

    /// Two places, the first not behind the second.
    fn range(&mut self, text: &str) -> std::ops::Range<usize> {
        let start = self.place(text);
        let length = 1 + self.below(12);
        let end = (start + length..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        start..end
    }

    /// A word of a text.
    fn word(&mut self, text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() { String::new() } else { (*self.one(&words)).to_string() }
    }

    /// Changes a text in one way; `other` is another of its kind.
    pub fn change(&mut self, text: &mut String, other: &str) {
        let (range, at) = (self.range(text), self.place(text));
        match self.below(12) {
            0 => drop(text.drain(range)),
            1 => {
                let piece = text[range].to_string();
                text.insert_str(at, &piece);
            }
            2 => text.replace_range(range, &self.word(other)),
            3 => {
                let word = self.word(other);
                text.insert_str(at, &format!(" {word} "));
            }
            4 | 5 => text.insert_str(at, self.piece()),
            6 => text.replace_range(range, self.piece()),
            7 => text.truncate(at),
            8 => {
                let lines: Vec<&str> = other.lines().collect();
                let line = if lines.is_empty() { String::new() } else { format!("\n{}\n", self.one(&lines)) };
                text.insert_str(at, &line);
            }
            9 => {
                let (piece, times) = (self.piece(), 1 + self.below(300));
                text.insert_str(at, &piece.repeat(times));
            }
            10 => {
                let digits: Vec<usize> =
                    text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(at, _)| at).collect();
                if !digits.is_empty() {
                    let at = *self.one(&digits);
                    let digit = self.below(10).to_string();
                    text.replace_range(at..=at, &digit);
                }
            }
            _ => {
                let tail = self.place(other);
                text.truncate(at);
                text.push_str(&other[tail..]);
            }
        }
    }

    /// Changes bytes in one way.
    pub fn spoil(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        match self.below(7) {
            _ if bytes.is_empty() => bytes.push(self.below(256) as u8),
            0 | 1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at] = self.below(256) as u8,
            3 => bytes.truncate(at),
            4 => drop(bytes.remove(at)),
            5 => bytes.insert(at, self.below(256) as u8),
            _ => {
                let end = (at + 1 + self.below(64)).min(bytes.len());
                bytes[at..end].fill(*self.one(&[0, 0x20, 0x7f, 0xff]));
            }
        }
    }
}
