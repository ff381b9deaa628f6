//! CIFAR's binary files: records of labels and a picture.

use fovea_graph::Stop;

use super::packed::{Archives, Pack, Packed};
use super::records::Records;
use crate::error::DataError;

/// Height, width and channels.
const SHAPE: [usize; 3] = [32, 32, 3];

/// The pictures of a file, and their labels; `labels` bytes stand before a picture, of which the last is its class.
pub(super) fn open(
    file: Packed,
    labels: usize,
    classes: usize,
    archives: &mut Archives,
    stop: &dyn Stop,
) -> Result<(Records, Vec<u32>), DataError> {
    let record = labels + SHAPE.iter().product::<usize>();
    let bytes = file.whole(archives, stop)?;
    let count = bytes.len() / record;
    if bytes.is_empty() || bytes.len() % record != 0 {
        let message = if bytes.is_empty() { "the file is empty" } else { "it is no whole number of records" };
        let unfit = file.unfit(message).found(format!("{} bytes", bytes.len()));
        let help = match file.pack {
            Pack::Plain => "get it again; the version for C, `bin`, is the one that is read",
            Pack::Gzip | Pack::Archive(_) => "get the archive again",
        };
        return Err(unfit.expected(format!("records of {record} bytes")).help(help).into());
    }
    let of: Vec<u32> = bytes.chunks_exact(record).map(|record| u32::from(record[labels - 1])).collect();
    if let Some(at) = of.iter().position(|&label| label as usize >= classes) {
        let message = format!("the label {} of picture {at} is none of {classes} classes", of[at]);
        return Err(file.unfit(message).found(of[at].to_string()).expected(format!("0 to {}", classes - 1)).into());
    }
    Ok((Records { file, count, begin: labels, between: labels, shape: SHAPE }, of))
}
