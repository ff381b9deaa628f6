//! Typed indices: a node, a state, an input and a layer cannot be mixed up.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The id of the `index`-th entry of its table.
            pub fn new(index: usize) -> Self {
                Self(u32::try_from(index).expect("a graph has fewer than 2^32 entries"))
            }

            /// The position in its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A value of the graph: the one output of one op.
    NodeId
);
id!(
    /// Something that lives from step to step: a parameter, a moment, a running statistic.
    StateId
);
id!(
    /// Something that the host supplies anew at every step: images, labels.
    InputId
);
id!(
    /// Something that a plan's kernels make of values before they can use them.
    PreparedId
);
id!(
    /// A layer as the user wrote it; several nodes belong to one.
    LayerId
);
