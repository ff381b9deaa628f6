//! The ways in which a convolution and its gradients are computed, as plans carry and print them.

use std::fmt;

use super::added::Added;
use super::lines::Lines;
use super::phases::Phase;
use crate::ops::few::Few;
use crate::ops::planar::Planes;
use crate::ops::{depthwise, narrow, winograd};
use crate::product::{Cut, Inner, Strassen};

/// How `conv` is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forward {
    /// As loops over the window, where a filter sees few channels of a map that has few.
    Direct(narrow::Bands),
    /// As loops over the window, where every filter sees one channel.
    Depthwise,
    /// As loops over the window, where filters are few: vectors of positions.
    Planar(Planes),
    /// Position by position, where windows are single places and filters few.
    Few(Few),
    /// By Winograd's minimal filtering.
    Winograd(winograd::Cut),
    /// As a product of places and filters by seven multiplications of halves.
    Strassen(Strassen),
    /// As inner products of few windows and filters as they lie.
    Inner(Inner),
    /// As a product of windows and filters.
    Product(Cut),
}

/// How `conv_dgrad` is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dgrad {
    /// As [`Forward::Depthwise`].
    Depthwise,
    /// As [`Forward::Planar`], where channels are few.
    Planar(Planes),
    /// As [`Forward::Few`].
    Few(Few),
    /// By Winograd's minimal filtering.
    Winograd(winograd::Cut),
    /// As a product of dy and filters, whose sums are added where windows overlap.
    Added(Added),
    /// As a product of windows over dy and filters, for each phase of the stride.
    Product(Vec<(Phase, Cut)>),
}

/// How `conv_wgrad` is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wgrad {
    /// As [`Forward::Direct`].
    Direct(narrow::WgradCut),
    /// As [`Forward::Depthwise`].
    Depthwise(depthwise::WgradCut),
    /// As [`Forward::Few`].
    Few(Few),
    /// By Winograd's minimal filtering.
    Winograd(winograd::WgradCut),
    /// Band by band of output lines.
    Lines(Lines),
    /// The same, where groups are small: so many neighbours as one, of whose gradient each has its part.
    Joined(usize, Lines),
    /// As a product of dy and windows.
    Product(Cut),
}

impl fmt::Display for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Forward::Direct(bands) => write!(f, "direct {bands}"),
            Forward::Depthwise => f.write_str("depthwise"),
            Forward::Planar(planes) => write!(f, "planar {planes}"),
            Forward::Few(few) => write!(f, "few filters, {few}"),
            Forward::Winograd(cut) => write!(f, "winograd {cut}"),
            Forward::Strassen(cut) => write!(f, "strassen {cut}"),
            Forward::Inner(cut) => write!(f, "inner product {cut}"),
            Forward::Product(cut) => write!(f, "product {cut}"),
        }
    }
}

impl fmt::Display for Dgrad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dgrad::Depthwise => f.write_str("depthwise"),
            Dgrad::Planar(planes) => write!(f, "planar {planes}"),
            Dgrad::Few(few) => write!(f, "few filters, {few}"),
            Dgrad::Winograd(cut) => write!(f, "winograd {cut}"),
            Dgrad::Added(added) => write!(f, "product {added}"),
            Dgrad::Product(phases) => {
                f.write_str("product")?;
                if let Some((_, cut)) = phases.first() {
                    write!(f, " {cut}")?;
                }
                if phases.len() > 1 {
                    write!(f, " in {} phases", phases.len())?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Wgrad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wgrad::Direct(cut) => write!(f, "direct {cut}"),
            Wgrad::Depthwise(cut) => write!(f, "depthwise {cut}"),
            Wgrad::Few(few) => write!(f, "few filters, {few}"),
            Wgrad::Winograd(cut) => write!(f, "winograd {cut}"),
            Wgrad::Lines(cut) => write!(f, "lines {cut}"),
            Wgrad::Joined(groups, cut) => write!(f, "lines {cut}, {groups} groups as one"),
            Wgrad::Product(cut) => write!(f, "product {cut}"),
        }
    }
}
