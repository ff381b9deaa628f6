//! `note "any text"`

use super::about::{Behind, Offer};
use super::declare::verb;
use super::form::AS_WRITTEN;
use crate::syntax::Name;

verb! {
    /// `note "TEXT"`
    Note: "note", "note \"any text\"";
    behind {
        /// What it prints.
        text: Name = TEXT,
    }
}

const TEXT: Behind<Name> = Behind { offer: Offer::Nothing, read: |parts| parts.text("the text"), form: AS_WRITTEN };
