//! How values are written down: as the byte that a file of pictures has for a level, as whole numbers, or as they are.

/// How values are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Levels {
    /// A byte each: the values are levels of 0 to 255, brought to 0 to 1.
    Bytes,
    /// A byte each: the values are whole numbers below 256.
    Narrow,
    /// Two bytes each: the values are whole numbers below 65,536.
    Wide,
    /// 32 bits each.
    Floats,
}

/// The largest level.
const WHITE: f32 = u8::MAX as f32;

/// The nearest of the levels that a byte has.
#[cfg(any(test, feature = "pictures"))]
pub(crate) fn nearest(value: f32) -> f32 {
    f32::from(byte(value)) / WHITE
}

fn byte(value: f32) -> u8 {
    // Below 0 and above 255 are 0 and 255.
    (value * WHITE + 0.5) as u8
}

impl Levels {
    /// How many bytes a value takes.
    pub fn width(self) -> usize {
        match self {
            Levels::Bytes | Levels::Narrow => 1,
            Levels::Wide => size_of::<u16>(),
            Levels::Floats => size_of::<f32>(),
        }
    }

    /// Appends values.
    pub fn write(self, values: &[f32], bytes: &mut Vec<u8>) {
        match self {
            Levels::Bytes => bytes.extend(values.iter().map(|&value| byte(value))),
            Levels::Narrow => bytes.extend(values.iter().map(|&value| value as u8)),
            Levels::Wide => bytes.extend(values.iter().flat_map(|&value| (value as u16).to_le_bytes())),
            Levels::Floats => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
    }

    /// The values of as many bytes as they take.
    pub fn read(self, bytes: &[u8], values: &mut [f32]) {
        match self {
            Levels::Bytes => values.iter_mut().zip(bytes).for_each(|(value, &byte)| *value = f32::from(byte) / WHITE),
            Levels::Narrow => values.iter_mut().zip(bytes).for_each(|(value, &byte)| *value = f32::from(byte)),
            Levels::Wide => {
                let (words, _) = bytes.as_chunks();
                values.iter_mut().zip(words).for_each(|(value, &word)| *value = f32::from(u16::from_le_bytes(word)));
            }
            Levels::Floats => {
                let (words, _) = bytes.as_chunks();
                values.iter_mut().zip(words).for_each(|(value, &word)| *value = f32::from_le_bytes(word));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: Vec<f32> = (0..=255u8).map(|byte| f32::from(byte) / WHITE).collect();
        let any = vec![-1.5, 0.0, f32::MIN_POSITIVE, 0.3, 1e30];
        let (narrow, wide) = (vec![0.0, 7.0, 255.0], vec![0.0, 255.0, 256.0, 65_535.0]);
        let all = [(Levels::Bytes, bytes), (Levels::Narrow, narrow), (Levels::Wide, wide), (Levels::Floats, any)];
        for (levels, values) in all {
            let (mut written, mut read) = (Vec::new(), vec![9.0; values.len()]);
            levels.write(&values, &mut written);
            assert_eq!(written.len(), values.len() * levels.width());
            levels.read(&written, &mut read);
            assert_eq!(read, values);
        }
        assert_eq!([0.3, 1.0, 0.0019, 0.002].map(nearest), [77.0 / WHITE, 1.0, 0.0, 1.0 / WHITE]);
    }
}
