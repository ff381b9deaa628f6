//! How a verb is declared: its word, an example, what stands behind the word, which clauses it needs and which it
//! takes, each with its type. From that come its struct, what editors and messages say of it, and how it is read.

use super::about::About;
use super::read::Parts;

/// A verb that was declared.
pub(super) trait Declared: Sized {
    const ABOUT: About;

    /// Reads what stands behind the verb's word; `None` where something is wrong, which `parts` then knows.
    fn read(parts: &mut Parts<'_>) -> Option<Self>;
}

/// Declares a verb. Fields `behind` its word come in order; what it `needs` and `takes` are clauses, in any order; in the
/// canonical form they stand behind a space, those that stand `apart` behind a comma. `check` says what cannot stand
/// together.
macro_rules! verb {
    (
        $(#[$meta:meta])*
        $name:ident: $word:literal, $example:literal;
        $(behind { $($(#[$subject_meta:meta])* $subject:ident: $subject_type:ty = $reads:expr),+ $(,)? })?
        $(needs { $($(#[$needed_meta:meta])* $needed:ident: $needed_type:ty = $needs:expr),+ $(,)? })?
        $(takes { $($field:ident: $type:ty = $clause:expr),+ $(,)? })?
        $(apart { $($later:ident: $later_type:ty = $later_clause:expr),+ $(,)? })?
        $(check $check:path;)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($($(#[$subject_meta])* pub $subject: $subject_type,)+)?
            $($($(#[$needed_meta])* pub $needed: $needed_type,)+)?
            $($(
                #[doc = concat!("What the clause `", stringify!($field), "` says, where it stands.")]
                pub $field: Option<$crate::verb::Said<$type>>,
            )+)?
            $($(
                #[doc = concat!("What the clause `", stringify!($later), "` says, where it stands.")]
                pub $later: Option<$crate::verb::Said<$later_type>>,
            )+)?
        }

        impl $crate::verb::declare::Declared for $name {
            const ABOUT: $crate::verb::about::About = $crate::verb::about::About {
                word: $word,
                behind: &[$($($reads.offer),+)?],
                needs: &[$($($needs.clause.about.word),+)?],
                clauses: &[
                    $($(&$needs.clause.about,)+)?
                    $($(&$clause.about,)+)?
                    $($(&$later_clause.about,)+)?
                ],
                example: $example,
                page: $crate::reference::page($word),
            };

            fn read(parts: &mut $crate::verb::read::Parts<'_>) -> Option<Self> {
                $($(let $subject = parts.behind(&$reads);)+)?
                $($(let mut $needed = None;)+)?
                $($(let mut $field = None;)+)?
                $($(let mut $later = None;)+)?
                parts.clauses(&mut |_parts, _opened| {
                    $($(_parts.said(&$needs.clause, _opened, &mut $needed, $crate::verb::form::Joint::Space);)+)?
                    $($(_parts.said(&$clause, _opened, &mut $field, $crate::verb::form::Joint::Space);)+)?
                    $($(_parts.said(&$later_clause, _opened, &mut $later, $crate::verb::form::Joint::Comma);)+)?
                });
                $($(let $needed = parts.needed(&$needs, $needed);)+)?
                let read = Self {
                    $($($subject: $subject?,)+)?
                    $($($needed: $needed?,)+)?
                    $($($field,)+)?
                    $($($later,)+)?
                };
                $($check(&read, parts);)?
                Some(read)
            }
        }
    };
}

pub(super) use verb;
