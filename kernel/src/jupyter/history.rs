//! What was run before: this session's cells with their results, and the cells of earlier sessions from a file.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jupyter_protocol::JupyterMessageContent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::outbox::raw;

/// How much of the file's end is read, in bytes.
const RECENT: u64 = 1 << 20;

/// Cells beyond this many bytes are not kept in the file.
const LONG: usize = 1 << 16;

/// One cell that was run.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Entry {
    /// Its session: the second at which it began.
    session: u64,
    /// Its number there.
    line: usize,
    input: String,
    /// The text of its result, where it had one.
    #[serde(skip)]
    output: Option<String>,
}

/// Which cells a front end wants.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// Their results too.
    #[serde(default)]
    output: bool,
    #[serde(flatten)]
    which: Which,
}

/// By what they are chosen. Front ends leave fields out.
#[derive(Debug, Deserialize)]
#[serde(tag = "hist_access_type", rename_all = "lowercase")]
enum Which {
    Tail {
        #[serde(default)]
        n: Option<i64>,
    },
    Range {
        #[serde(default)]
        session: i64,
        #[serde(default)]
        start: i64,
        #[serde(default)]
        stop: Option<i64>,
    },
    Search {
        #[serde(default = "anything")]
        pattern: String,
        #[serde(default)]
        unique: bool,
        #[serde(default)]
        n: Option<i64>,
    },
}

fn anything() -> String {
    "*".to_string()
}

impl Asked {
    /// What a request asks; none where it makes no sense.
    pub fn read(content: &Value) -> Option<Self> {
        Self::deserialize(content).ok()
    }
}

/// The cells so far.
pub struct History {
    session: u64,
    /// Earlier sessions' first, this session's last.
    entries: Vec<Entry>,
    file: Option<PathBuf>,
}

impl History {
    /// With the cells of earlier sessions in `file`, which will hold this one's too. A file that cannot be read or
    /// written is no reason to fail: then this session's cells are all.
    pub fn new(file: Option<PathBuf>) -> Self {
        let session = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let entries = file.as_deref().and_then(|file| recent(file).ok()).unwrap_or_default();
        Self { session, entries, file }
    }

    /// Adds a cell.
    pub fn push(&mut self, line: usize, input: &str) {
        let entry = Entry { session: self.session, line, input: input.to_string(), output: None };
        if let Some(file) = self.file.as_deref().filter(|_| input.len() <= LONG) {
            // A history that cannot be kept is no reason to fail.
            drop(append(file, &entry));
        }
        self.entries.push(entry);
    }

    /// The result of the newest cell.
    pub fn result(&mut self, output: Option<String>) {
        if let Some(entry) = self.entries.last_mut() {
            entry.output = output;
        }
    }

    /// The cells that are asked for, the oldest first.
    pub fn answer(&self, asked: Option<&Asked>) -> JupyterMessageContent {
        let found = match asked.map(|asked| &asked.which) {
            None => Vec::new(),
            Some(Which::Tail { n }) => last(self.entries.iter().collect(), *n),
            Some(Which::Range { session, start, stop }) => self.range(*session, *start, *stop),
            Some(Which::Search { pattern, unique, n }) => self.search(pattern, *unique, *n),
        };
        let shown = |entry: &&Entry| match asked.is_some_and(|asked| asked.output) {
            true => json!([entry.session, entry.line, [entry.input, entry.output]]),
            false => json!([entry.session, entry.line, entry.input]),
        };
        let history: Vec<Value> = found.iter().map(shown).collect();
        raw("history_reply", json!({ "status": "ok", "history": history }))
    }

    /// The cells of a session from `start` to before `stop`: 0 is this session, -1 the one before it.
    fn range(&self, session: i64, start: i64, stop: Option<i64>) -> Vec<&Entry> {
        let session = match session {
            0 => Some(self.session),
            back @ ..0 => usize::try_from(back.unsigned_abs()).ok().and_then(|back| self.earlier(back)),
            number => u64::try_from(number).ok(),
        };
        let within = |line: usize| {
            let line = i64::try_from(line).unwrap_or(i64::MAX);
            line >= start && stop.is_none_or(|stop| line < stop)
        };
        self.entries.iter().filter(|entry| Some(entry.session) == session && within(entry.line)).collect()
    }

    /// The session that was `back` sessions before this one.
    fn earlier(&self, back: usize) -> Option<u64> {
        let mut sessions: Vec<u64> = self.entries.iter().map(|entry| entry.session).collect();
        sessions.retain(|&session| session != self.session);
        sessions.sort_unstable();
        sessions.dedup();
        sessions.len().checked_sub(back).and_then(|at| sessions.get(at)).copied()
    }

    /// The last `n` cells that a pattern with `*` and `?` fits; each text once where `unique`.
    fn search(&self, pattern: &str, unique: bool, n: Option<i64>) -> Vec<&Entry> {
        let pattern: Vec<char> = pattern.chars().collect();
        let mut found: Vec<&Entry> = self.entries.iter().filter(|entry| fits(&pattern, &entry.input)).collect();
        if unique {
            // Of the same text the newest stays.
            let mut seen = HashSet::new();
            found.reverse();
            found.retain(|entry| seen.insert(entry.input.as_str()));
            found.reverse();
        }
        last(found, n)
    }
}

/// The last `n` of a list; all where nothing says how many.
fn last(mut found: Vec<&Entry>, n: Option<i64>) -> Vec<&Entry> {
    let n = n.map_or(found.len(), |n| usize::try_from(n).unwrap_or(0));
    found.split_off(found.len().saturating_sub(n))
}

/// Whether a pattern fits a whole text: `*` stands for any characters, `?` for one.
fn fits(pattern: &[char], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stood, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, reach)) => {
                    star = Some((at, reach + 1));
                    (p, t) = (at + 1, reach + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// The cells at the end of a file.
fn recent(file: &Path) -> std::io::Result<Vec<Entry>> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(RECENT)))?;
    let mut bytes = Vec::new();
    file.take(RECENT).read_to_end(&mut bytes)?;
    // The first line may be cut, and another kernel may be writing the last.
    Ok(bytes.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// Writes a cell to the end of a file, in one piece: other kernels write there too.
fn append(file: &Path, entry: &Entry) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    let mut options = OpenOptions::new();
    // What somebody wrote in notebooks is theirs to read.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.append(true).create(true).open(file)?.write_all(&line)
}
