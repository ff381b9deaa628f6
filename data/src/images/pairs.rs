//! Files that belong together, and what becomes of those that are alone.

use crate::error::{DataError, Unfit};
use crate::source::Broken;

/// So many are named in a message.
const NAMED: usize = 3;

/// A file, or a row, that has no other.
pub(super) struct Alone {
    /// As it is to be called.
    pub name: String,
    /// What it lacks.
    pub why: String,
}

/// Leaves them out, or makes the mistake of them: `mistake` is given how many they are, and the names of the first few.
pub(super) fn without(
    broken: Broken,
    alone: &[Alone],
    left_out: &mut Vec<String>,
    mistake: impl FnOnce(usize, String) -> Unfit,
) -> Result<(), DataError> {
    match broken {
        Broken::Skip => left_out.extend(alone.iter().map(|Alone { name, why }| format!("{name}: {why}"))),
        Broken::Refuse if alone.is_empty() => {}
        Broken::Refuse => {
            let names: Vec<&str> = alone.iter().take(NAMED).map(|alone| alone.name.as_str()).collect();
            let names = names.join(", ");
            let more = alone.len().saturating_sub(NAMED);
            let names = if more > 0 { format!("{names} and {more} more") } else { names };
            let help = "`skip broken` leaves such out and says how many";
            return Err(mistake(alone.len(), names).help(help).into());
        }
    }
    Ok(())
}

/// A way in a folder, as every system writes it.
pub(super) fn plain(name: &str) -> String {
    let name = name.replace('\\', "/");
    name.strip_prefix("./").unwrap_or(&name).to_string()
}

/// The same without its ending.
pub(super) fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, ending)| if ending.contains('/') { name } else { stem })
}
