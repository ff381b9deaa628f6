//! `library`: the nets that come with the language.

use super::declare::verb;

verb! {
    /// `library`
    Library: "library", "library";
}
