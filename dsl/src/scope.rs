//! What names mean while a program is checked: constants and nets. Evaluates expressions.

use std::collections::BTreeMap;

use crate::syntax::NetDef;

/// The names of a session, by name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Constants of `let`: numbers and lists.
    pub constants: BTreeMap<String, Value>,
    /// Nets as they were written, each with the constants of its `where` and of `let` as they stood then.
    pub nets: BTreeMap<String, NetDef>,
}

/// What an expression is worth.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A list that steps with a repetition.
    List(Vec<f64>),
}
