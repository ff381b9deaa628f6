//! Weights and checkpoints on disk: whole or not there, and clear about what is wrong with a file.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use fovea_graph::Tensor;
use fovea_graph::philox::{Purpose, Stream};
use fovea_train::{Checkpoint, FileError, Fingerprint, Place, Standardisation, Weights};
use ndarray::{Array1, Array2, arr0};
use proptest::prelude::*;

/// Names in no order, awkward numbers, a scalar, a tensor in column order.
fn weights() -> Weights {
    let awkward = vec![0.0, -0.0, f32::MIN_POSITIVE / 3.0, f32::MAX, 1.0 / 3.0, -1e-30];
    let awkward = Array2::from_shape_vec((2, 3), awkward).unwrap();
    let columns = awkward.clone().reversed_axes();
    assert!(!columns.is_standard_layout());
    Weights {
        tensors: vec![
            ("zeta.filter".into(), awkward.into_dyn()),
            ("alpha.bias".into(), Array1::from_vec(vec![f32::from_bits(0x7fc0_1234), f32::INFINITY]).into_dyn()),
            ("beta.weight".into(), columns.into_dyn()),
            ("scalar".into(), arr0(4.5).into_dyn()),
        ],
        standardisation: Some(Standardisation { mean: vec![0.1, 1.0 / 3.0], deviation: vec![1e-7, 123.456] }),
        classes: vec!["naïve \"cat\"".into(), String::new(), "狗".into()],
        metadata: BTreeMap::from([("net".into(), "net a = 8x8x1 - fc 10".into()), ("b".into(), "\n\t".into())]),
    }
}

fn bits(tensors: &[(String, Tensor)]) -> Vec<(String, Vec<usize>, Vec<u32>)> {
    let bits = |t: &Tensor| t.iter().map(|v| v.to_bits()).collect();
    tensors.iter().map(|(name, t)| (name.clone(), t.shape().to_vec(), bits(t))).collect()
}

#[test]
fn weights_come_back_bit_by_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    let saved = weights();
    saved.save(&path).unwrap();
    let loaded = Weights::load(&path).unwrap();
    assert_eq!(bits(&loaded.tensors), bits(&saved.tensors));
    assert_eq!(loaded.standardisation, saved.standardisation);
    assert_eq!((loaded.classes, loaded.metadata), (saved.classes, saved.metadata));
}

#[test]
fn the_same_weights_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str| {
        weights().save(folder.path().join(name)).unwrap();
        fs::read(folder.path().join(name)).unwrap()
    };
    assert_eq!(bytes("a"), bytes("b"));
}

#[test]
fn checkpoints_come_back_and_are_weights_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.safetensors");
    let saved = checkpoint();
    saved.save(&path).unwrap();
    let loaded = Checkpoint::load(&path).unwrap();
    assert_eq!(bits(&loaded.weights.tensors), bits(&saved.weights.tensors));
    assert_eq!((&loaded.moments, loaded.step, loaded.epoch, loaded.seed), (&saved.moments, 123, 4, u64::MAX));
    assert_eq!((loaded.place, loaded.fingerprint), (saved.place, saved.fingerprint));

    assert_eq!(bits(&Weights::load(&path).unwrap().tensors), bits(&saved.weights.tensors));
    weights().save(&path).unwrap();
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{} is not a checkpoint: it holds weights alone", path.display()));
}

/// A checkpoint of a run in the middle.
fn checkpoint() -> Checkpoint {
    let moments = vec![("alpha.bias.velocity".to_string(), Array1::from_vec(vec![1.0, 2.0]).into_dyn())];
    let place = Place { step: 23, epochs: 1, batches: 3, loss: 0.1 + 0.2, correct: Some(41.0), seconds: 1e-9 / 3.0 };
    let fingerprint = Fingerprint { net: u64::MAX, data: 1, samples: 5 };
    Checkpoint { weights: weights(), moments, step: 123, epoch: 4, seed: u64::MAX, place, fingerprint }
}

/// Bits of values, as `==` sees none in what is not a number.
fn same(a: &Checkpoint, b: &Checkpoint) -> bool {
    let plain = |c: &Checkpoint| Checkpoint { moments: vec![], weights: rest(&c.weights), ..c.clone() };
    bits(&a.weights.tensors) == bits(&b.weights.tensors) && bits(&a.moments) == bits(&b.moments) && plain(a) == plain(b)
}

fn rest(weights: &Weights) -> Weights {
    Weights { tensors: vec![], ..weights.clone() }
}

/// Whatever happens to a byte of a file: it is an error, or nothing of what is read has changed.
#[test]
fn a_changed_byte_is_found_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("c"), folder.path().join("w"));
    checkpoint().save(&one).unwrap();
    weights().save(&other).unwrap();
    for path in [one, other] {
        let whole = fs::read(&path).unwrap();
        let mut found = 0;
        for at in 0..whole.len() {
            for mask in [0x01, 0x04, 0x20, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= mask;
                found += u32::from(is_found(&path, &bytes, &format!("byte {at} ^ {mask:#x}")));
            }
        }
        assert!(found as usize > 4 * whole.len(), "{found} of {}", 5 * whole.len());
    }
}

#[test]
fn many_changed_bits_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c");
    checkpoint().save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for case in 0..3000 {
        let random = Stream::new(27, Purpose::Data, case);
        let mut bytes = whole.clone();
        for bit in 0..27 {
            // Among the values at first, anywhere later.
            let from = if case < 1000 { whole.len() - 60 } else { 8 };
            let at = from as u64 + random.below(2 * bit, (whole.len() - from) as u64);
            bytes[at as usize] ^= 1 << random.below(2 * bit + 1, 8);
        }
        assert!(bytes == whole || is_found(&path, &bytes, &format!("case {case}")), "case {case}");
    }
}

/// Whether these bytes are an error to read; if they are not, they say what the whole file said.
fn is_found(path: &Path, bytes: &[u8], what: &str) -> bool {
    fs::write(path, bytes).unwrap();
    let loaded = Weights::load(path);
    if let Ok(loaded) = &loaded {
        assert_eq!(bits(&loaded.tensors), bits(&weights().tensors), "{what}");
        assert_eq!(rest(loaded), rest(&weights()), "{what}");
    }
    if let Ok(loaded) = Checkpoint::load(path) {
        assert!(same(&loaded, &checkpoint()), "{what}");
    }
    loaded.is_err()
}

#[test]
fn what_is_damaged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c");
    checkpoint().save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(said(&path, &bytes), "is damaged: zeta.filter is not as it was written");
    let changed = |from: &str, to: &str| {
        let at = whole.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&whole[..at], to.as_bytes(), &whole[at + from.len()..]].concat()
    };
    // The epoch of the net: a number that no place in the run tells.
    assert_eq!(said(&path, &changed("epoch\\\":4", "epoch\\\":5")), "is damaged: its header is not as it was written");
    assert_eq!(said(&path, &changed("\"fovea\"", "\"govea\"")), "is damaged: its header is not as it was written");
}

/// Earlier versions wrote no checksums: their weights are read as any program's, and no run goes on from them.
#[test]
fn files_without_checksums_are_weights_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old");
    checkpoint().save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let entry = header["__metadata__"]["fovea"].as_str().unwrap().split_once('\n').unwrap().1.to_string();
    header["__metadata__"]["fovea"] = entry.into();
    fs::write(&path, by_hand(&header.to_string(), &bytes[8 + length..])).unwrap();
    assert_eq!(bits(&Weights::load(&path).unwrap().tensors), bits(&weights().tensors));
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{} is not a checkpoint to go on from: it has no checksums", path.display()));
}

/// A file as the format's description gives it: length, header, values; written here byte by byte.
fn by_hand(header: &str, values: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), values].concat()
}

const PAIR: &str = r#"{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;

#[test]
fn other_programs_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pt.safetensors");
    let values: Vec<u8> = [1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(&path, by_hand(PAIR, &values)).unwrap();
    let loaded = Weights::load(&path).unwrap();
    let expected = Array2::from_shape_vec((1, 2), vec![1.5, -2.0]).unwrap().into_dyn();
    assert_eq!(loaded.tensors, [("w".to_string(), expected)]);
    assert_eq!((loaded.standardisation, loaded.classes.len()), (None, 0));
    assert_eq!(loaded.metadata["format"], "pt");
}

/// What [`Weights::load`] says of these bytes, the path left out.
fn said(path: &Path, bytes: &[u8]) -> String {
    fs::write(path, bytes).unwrap();
    let error = Weights::load(path).unwrap_err();
    error.to_string().strip_prefix(&format!("{} ", path.display())).unwrap().to_string()
}

#[test]
fn foreign_files_are_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let cases: [(&[u8], &str); 7] = [
        (b"", "is cut short: it has only 0 bytes"),
        (b"\x89PNG\r\n\x1a\n and more", "is not a safetensors file: it has no header"),
        (b"net a = 28x28x1 - conv 6", "is not a safetensors file: it has no header"),
        (&by_hand(PAIR, &[0; 9]), "is not a safetensors file: 1 byte too many behind its values"),
        (&by_hand("{nonsense", &[]), "is not a safetensors file: its header is wrong: "),
        (
            &by_hand(r#"{"h":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}"#, &[0; 4]),
            "is not a file of weights: h is I16",
        ),
        (&by_hand(r#"{"__metadata__":{"fovea":"7"}}"#, &[]), "is not a file of weights: "),
    ];
    for (bytes, expected) in cases {
        let said = said(&path, bytes);
        assert!(said.starts_with(expected), "{said}");
    }
    // Sizes whose sum or product is beyond any number.
    let huge = r#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,18446744073709551615]}}"#;
    said(&path, &by_hand(huge, &[]));
    said(&path, &[&u64::MAX.to_le_bytes()[..], b"{"].concat());

    let missing = Weights::load(folder.path().join("none.safetensors")).unwrap_err().to_string();
    assert!(missing.ends_with("none.safetensors cannot be read: there is no such file or folder"), "{missing}");
}

#[test]
fn a_file_cut_anywhere_is_said_to_be_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.safetensors");
    weights().save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let error = Weights::load(&path).unwrap_err();
        assert!(matches!(error, FileError::Cut { .. }), "{length} bytes: {error}");
    }
}

proptest! {
    /// Whatever a file holds, reading it gives an answer.
    #[test]
    fn no_file_can_break_the_reader(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in 0usize..400,
        header in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let mut file = by_hand(PAIR, &[0; 8]);
        if header {
            for (i, byte) in bytes.iter().take(3).enumerate() {
                let place = (at + 37 * i) % file.len();
                file[place] = *byte;
            }
        } else {
            file = bytes;
        }
        fs::write(&path, file).unwrap();
        let _ = Weights::load(&path);
        let _ = Checkpoint::load(&path);
    }
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let error = weights().save(folder.path().join("no/such/w.safetensors")).unwrap_err().to_string();
    assert!(error.ends_with("no/such/w.safetensors cannot be written: there is no such file or folder"), "{error}");

    // A folder in the file's place: the renaming fails, the last step of all.
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    assert!(matches!(weights().save(&taken), Err(FileError::Write { path, .. }) if path == taken));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["taken"]);
}

#[cfg(unix)]
#[test]
fn others_may_read_what_the_mask_lets_them() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (plain, ours) = (folder.path().join("plain"), folder.path().join("ours"));
    fs::write(&plain, "").unwrap();
    weights().save(&ours).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}
