//! A statement in one of the many spellings that the language takes: other case, spaces, signs, synonyms, comments.

use fovea_dsl::editor::vocabulary;

/// Names, which have no other spelling.
const NAMES: &[&str] = &[
    "lenet", "vgg16", "alexnet", "resnet50", "digits", "pets", "mnist", "width", "rate", "conv1", "conv2", "fc1",
    "fc2", "fc3",
];

/// Words with another spelling.
const SYNONYMS: &[(&str, &[&str])] =
    &[("epochs", &["epoch"]), ("steps", &["step", "batches"]), ("warmup", &["warm-up", "warm–up"])];

/// Where the spelling comes from.
pub struct Dice {
    state: u64,
    comments: Option<usize>,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, comments: None }
    }

    /// There are comments between the words.
    pub fn with_comments(seed: u64) -> Self {
        Self { comments: Some(0), ..Self::new(seed) }
    }

    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % end
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn gap(&mut self) -> String {
        match &mut self.comments {
            Some(count) if self.state & (3 << 40) == 0 => {
                *count += 1;
                let comment = format!("# {count}, with (");
                self.pick(&["  {}\n   ", "\n    {}\n  "]).replace("{}", &comment)
            }
            _ => self.pick(&[" ", " ", "  ", "\t", "\n   "]).into(),
        }
    }

    fn case(&mut self, word: &str) -> String {
        let word = match SYNONYMS.iter().find(|(known, _)| *known == word) {
            Some((_, others)) if self.one_in(2) => self.pick(others),
            _ => word,
        };
        self.letters(word)
    }

    /// In any case, and no other word.
    fn letters(&mut self, word: &str) -> String {
        let mut letters = Vec::new();
        for letter in word.chars() {
            letters.push(if self.one_in(3) { letter.to_ascii_uppercase() } else { letter });
        }
        letters.into_iter().collect()
    }

    fn word(&mut self, word: &str) -> String {
        let is_name = NAMES.contains(&word.split('.').next().unwrap_or(word));
        if is_name { word.into() } else { self.case(word) }
    }

    /// A number, a constant, a sum.
    fn number(&mut self, text: &str) -> String {
        let Ok(number) = text.parse::<f64>() else { return text.into() };
        match self.below(5) {
            0 => format!("{number:e}"),
            1 => format!("{number:E}"),
            2 if text.contains('.') => format!("{text}00").trim_start_matches('0').into(),
            2 => format!("{text}.0"),
            _ => text.into(),
        }
    }

    fn size(&mut self, text: &str) -> String {
        let joint = self.pick(&["x", "×", " x ", " X ", "X", " ×  "]);
        let sizes: Vec<String> = text.split('x').map(|size| self.number(size)).collect();
        sizes.join(joint)
    }

    fn matrix(&mut self, text: &str) -> String {
        let rows: Vec<String> = text[1..text.len() - 1].split("; ").map(|row| self.row(row)).collect();
        let mut text = format!("[{}", self.pick(&["", " ", "\n  "]));
        for (at, row) in rows.iter().enumerate() {
            let end = if at == 0 { "" } else { self.pick(&[";", " ; ", "\n", ";\n\n  "]) };
            let gap = if end.is_empty() { String::new() } else { self.gap() };
            text += &format!("{end}{gap}{row}");
        }
        text + self.pick(&["", ";", "\n"]) + "]"
    }

    fn row(&mut self, row: &str) -> String {
        let cells = row.replace("(1 - rate)", self.pick(&["(1-rate)", "( 1  -rate )"]));
        if cells.contains('(') { cells } else { cells.replace(' ', self.pick(&[" ", "  ", ",", " , "])) }
    }

    fn call(&mut self, word: &str, arguments: &str) -> String {
        let mut said = Vec::new();
        let lists = arguments.trim_end_matches(')').replace(", ", "\n");
        // What stands in braces stays together.
        let mut whole: Vec<String> = Vec::new();
        for argument in lists.split('\n') {
            match whole.last_mut().filter(|last| last.matches('{').count() > last.matches('}').count()) {
                Some(last) => *last += &format!(", {argument}"),
                None => whole.push(argument.to_string()),
            }
        }
        // `steps` is a number's own word here, not how long something takes.
        for argument in &whole {
            let Some((key, value)) = argument.split_once(' ') else {
                said.push(if NAMES.contains(&argument.as_str()) { argument.clone() } else { self.letters(argument) });
                continue;
            };
            // `(rate/2)` lost its bracket with the call's.
            let value = if value.starts_with('(') { format!("{value})") } else { self.number(value) };
            let joint = self.pick(&[" ", "=", "  = ", "   "]);
            said.push(format!("{}{joint}{value}", self.letters(key)));
        }
        let (comma, behind) = (self.pick(&[",", " ,", "\n  ,"]), self.gap());
        // A name alone in parentheses behind a space is a value.
        let gap = if NAMES.contains(&arguments.trim_end_matches(')')) { "" } else { self.pick(&["", "  "]) };
        let space = self.pick(&["", " ", "\n   "]);
        format!("{}{gap}({space}{}{space})", self.case(word), said.join(&format!("{comma}{behind}")))
    }

    fn select(&mut self, path: &str, range: &str) -> String {
        let numbers: Vec<String> = range.trim_end_matches(']').split("..").map(str::to_string).collect();
        let dots = self.pick(&["..", " .. "]);
        format!("{path}{}{}{}]", self.pick(&["[", " ["]), self.pick(&["", " "]), numbers.join(dots))
    }
}

/// A piece of a canonical statement.
#[derive(Clone, Copy, PartialEq)]
enum Piece<'a> {
    Comma,
    Word(&'a str),
    /// A clause's word.
    Clause(&'a str),
    /// A number, or several with `x`.
    Number(&'a str),
    /// The same without the clause's word, which is `size`.
    Window(&'a str),
    /// `/2`
    Stride(&'a str),
    Text(&'a str),
    Matrix(&'a str),
    Select(&'a str, &'a str),
    Call(&'a str, &'a str),
}

/// A spelling of a statement in its canonical form.
pub fn of(statement: &str, dice: &mut Dice) -> String {
    let pieces = pieces(statement);
    let opens = |at: usize| matches!(pieces.get(at), Some(Piece::Clause(_) | Piece::Window(_) | Piece::Stride(_)));
    let mut text = String::new();
    // The number stands at its word already: `batch(64)`.
    let mut is_said = false;
    for (at, piece) in pieces.iter().enumerate() {
        if std::mem::take(&mut is_said) {
            continue;
        }
        if *piece == Piece::Comma {
            // Between clauses a comma may be left out.
            text.push_str(if opens(at + 1) && dice.one_in(2) { "" } else { dice.pick(&[",", " ,"]) });
            continue;
        }
        let before = at.checked_sub(1).map(|before| pieces[before]);
        if opens(at) && at > 1 && ![Some(Piece::Comma), Some(Piece::Word("="))].contains(&before) && dice.one_in(3) {
            text.push_str(dice.pick(&[",", "  ,"]));
        }
        let is_glued = dice.one_in(2)
            && matches!((before, piece), (Some(Piece::Window(size)), Piece::Stride(_)) if size.contains('x'));
        text.push_str(&if at == 0 || is_glued { String::new() } else { dice.gap() });
        let value = pieces.get(at + 1).filter(|_| !opens(at + 1) && pieces.get(at + 1) != Some(&Piece::Comma));
        match (piece, value) {
            (Piece::Clause(word), Some(Piece::Number(number))) if !number.contains(['x', '(']) && dice.one_in(4) => {
                text.push_str(&format!("{}({})", dice.case(word), dice.number(number)));
                is_said = true;
            }
            _ => text.push_str(&spelled(*piece, value.is_some(), dice)),
        }
    }
    text
}

fn spelled(piece: Piece<'_>, has_value: bool, dice: &mut Dice) -> String {
    let equals = |dice: &mut Dice| if dice.one_in(3) { dice.pick(&[" =", "=", "  = "]) } else { "" };
    match piece {
        Piece::Clause(word) if has_value => dice.case(word) + equals(dice),
        Piece::Clause(word) => dice.case(word),
        Piece::Word(word) => dice.word(word),
        Piece::Number(text) if text.contains('x') => dice.size(text),
        Piece::Number(text) if text.starts_with('(') => text.replace('*', dice.pick(&["*", " * ", "·"])),
        Piece::Number(text) => {
            let number = dice.number(text);
            if dice.one_in(5) { format!("({number} )") } else { number }
        }
        Piece::Window(text) if dice.one_in(2) => dice.size(text),
        Piece::Window(text) => dice.case("size") + equals(dice) + " " + &dice.size(text),
        Piece::Stride(text) => match dice.below(4) {
            0 => format!("/ {}", dice.size(text)),
            1 => dice.case("stride") + equals(dice) + " " + &dice.size(text),
            2 if !text.contains('x') => format!("{}({})", dice.case("stride"), dice.number(text)),
            _ => format!("/{text}"),
        },
        Piece::Text(text) => text.into(),
        Piece::Matrix(text) => dice.matrix(text),
        Piece::Select(path, range) => dice.select(path, range),
        Piece::Call(word, arguments) => dice.call(word, arguments),
        Piece::Comma => ",".into(),
    }
}

/// The pieces of a statement in its canonical form.
fn pieces(statement: &str) -> Vec<Piece<'_>> {
    let verb = statement.split(' ').next().unwrap_or(statement);
    let clauses = vocabulary().verbs.into_iter().find(|(word, _)| *word == verb).map_or(Vec::new(), |(_, all)| all);
    let mut found = Vec::new();
    let mut rest = statement;
    while !rest.is_empty() {
        let end = match &rest[..1] {
            " " => {
                rest = &rest[1..];
                continue;
            }
            "," => 1,
            "\"" => 2 + rest[1..].find('"').unwrap_or(0),
            "[" => 1 + rest.find(']').unwrap_or(0),
            "{" => 1 + rest.find('}').unwrap_or(0),
            _ => word(rest),
        };
        let (piece, more) = rest.split_at(end);
        let is_behind_a_clause = matches!(found.last(), Some(Piece::Clause(_)));
        found.push(match &piece[..1] {
            "," => Piece::Comma,
            "\"" | "{" => Piece::Text(piece),
            "[" => Piece::Matrix(piece),
            "/" => Piece::Stride(&piece[1..]),
            // `80/20` and `0.8..1.2` are one word.
            first if first.as_bytes()[0].is_ascii_digit() && (piece.contains('/') || piece.contains("..")) => {
                Piece::Word(piece)
            }
            first if first == "(" || first.as_bytes()[0].is_ascii_digit() => {
                let is_window = verb == "pool" && !is_behind_a_clause;
                if is_window { Piece::Window(piece) } else { Piece::Number(piece) }
            }
            _ => match (piece.split_once('('), piece.split_once('[')) {
                (Some((word, arguments)), _) => Piece::Call(word, arguments),
                (_, Some((path, range))) => Piece::Select(path, range),
                _ if found.last() == Some(&Piece::Clause("sweep")) => Piece::Word(piece),
                _ if !found.is_empty() && clauses.contains(&piece) => Piece::Clause(piece),
                _ => Piece::Word(piece),
            },
        });
        rest = more;
    }
    found
}

/// How long a word, a number or a call is.
fn word(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ' ' | ',' if depth == 0 => return at,
            '/' if depth == 0 && at > 0 && text[..at].contains('x') => return at,
            _ => {}
        }
    }
    text.len()
}
