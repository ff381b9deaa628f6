//! What Darknet prints of a network when it loads it.

use super::Print;

/// Reads what Darknet prints; `None` where a text has no such lines.
pub fn read(_plain: &str) -> Option<Print> {
    None
}
