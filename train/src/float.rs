//! The numbers of other people's files, as f32.

use safetensors::tensor::Dtype;

/// The numbers of these bytes, little end first. Half the precision and bfloat16 are f32 exactly; of f64 the nearest f32
/// is taken. A lone whole number, which PyTorch's batch normalisation counts with, is one, too.
pub(crate) fn floats(dtype: Dtype, is_lone: bool, bytes: &[u8]) -> Option<Vec<f32>> {
    Some(match dtype {
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        Dtype::F16 => bytes.as_chunks::<2>().0.iter().map(|b| half(u16::from_le_bytes(*b))).collect(),
        Dtype::BF16 => {
            bytes.as_chunks::<2>().0.iter().map(|b| f32::from_bits(u32::from(u16::from_le_bytes(*b)) << 16)).collect()
        }
        Dtype::I64 if is_lone => bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as f32).collect(),
        _ => return None,
    })
}

/// A number of IEEE 754's binary16: a sign, 5 bits of exponent, 10 of the fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1024.0 + fraction) * 2f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What numpy says: `np.array([…], np.uint16).view(np.float16).astype(np.float32)`.
    #[test]
    fn numbers_of_half_the_precision() {
        let known = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, number) in known {
            assert_eq!(half(bits), number, "{bits:x}");
        }
        assert!(half(0x7e00).is_nan() && half(0x8000).is_sign_negative());
    }

    #[test]
    fn other_kinds_of_numbers() {
        assert_eq!(floats(Dtype::BF16, false, &[0x80, 0x3f, 0x49, 0xc0]), Some(vec![1.0, -3.140_625]));
        assert_eq!(floats(Dtype::F64, false, &1.5f64.to_le_bytes()), Some(vec![1.5]));
        assert_eq!(floats(Dtype::I64, true, &7i64.to_le_bytes()), Some(vec![7.0]));
        assert_eq!(floats(Dtype::I64, false, &7i64.to_le_bytes()), None);
        assert_eq!(floats(Dtype::I8, true, &[1]), None);
    }
}
