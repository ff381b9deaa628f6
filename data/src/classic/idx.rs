//! IDX files: a head of big-endian numbers, then bytes.

use fovea_graph::Stop;

use super::packed::{Archives, Packed};
use super::records::Records;
use crate::error::{DataError, Unfit};

/// What a file of pictures, and one of labels, begins with: bytes of so many dimensions.
const PICTURES: u32 = 0x0803;
const LABELS: u32 = 0x0801;

/// The pictures of a part, and their labels.
pub(super) fn open(
    pictures: Packed,
    labels: &Packed,
    classes: usize,
    stop: &dyn Stop,
) -> Result<(Records, Vec<u32>), DataError> {
    let [count, height, width] = dims(&pictures, PICTURES, "pictures", stop)?;
    let [labelled] = dims(labels, LABELS, "labels", stop)?;
    if count != labelled {
        let message = format!("it labels {labelled} pictures, and `{}` has {count}", pictures.path.display());
        return Err(labels.unfit(message).found(labelled.to_string()).expected(count.to_string()).into());
    }
    let (begin, label_begin) = (4 + 4 * 3, 4 + 4);
    let bytes = labels.whole(&mut Archives::default(), stop)?;
    let of = bytes.get(label_begin..).unwrap_or_default();
    if of.len() != count {
        return Err(cut(labels, of.len(), count).into());
    }
    if let Some(at) = of.iter().position(|&label| usize::from(label) >= classes) {
        let message = format!("the label {} of picture {at} is none of {classes} classes", of[at]);
        return Err(labels.unfit(message).found(of[at].to_string()).expected(format!("0 to {}", classes - 1)).into());
    }
    let size = height.saturating_mul(width);
    let expected = (count as u64).saturating_mul(size as u64).saturating_add(begin as u64);
    if let Some(length) = pictures.plain_length().filter(|&length| length != expected) {
        return Err(cut(&pictures, length as usize, expected as usize).into());
    }
    let records = Records { file: pictures, count, begin, between: 0, shape: [height, width, 1] };
    Ok((records, of.iter().map(|&label| u32::from(label)).collect()))
}

/// The numbers of a file's head.
fn dims<const N: usize>(file: &Packed, magic: u32, what: &str, stop: &dyn Stop) -> Result<[usize; N], DataError> {
    let head = file.head(4 + 4 * N, stop)?;
    let (words, _) = head.as_chunks::<4>();
    let words: Vec<u32> = words.iter().map(|&word| u32::from_be_bytes(word)).collect();
    let expected = format!("an IDX file of {what}");
    match words.first() {
        Some(&first) if first == magic && words.len() == N + 1 => {}
        Some(&first) if first == magic => return Err(file.unfit("the file ends within its head").into()),
        None => return Err(file.unfit("the file is empty").expected(expected).into()),
        _ => return Err(file.unfit(format!("this is no IDX file of {what}")).expected(expected).into()),
    }
    let dims: [usize; N] = std::array::from_fn(|at| words[at + 1] as usize);
    if dims.contains(&0) {
        return Err(file.unfit(format!("it has no {what}")).into());
    }
    Ok(dims)
}

fn cut(file: &Packed, found: usize, expected: usize) -> Unfit {
    let message = if found < expected { "the file is cut off" } else { "the file goes on behind its end" };
    file.unfit(message).found(format!("{found} bytes")).expected(format!("{expected} bytes")).help("get it again")
}
