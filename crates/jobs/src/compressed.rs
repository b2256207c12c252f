//! What paths have come to, compressed as it is kept in files, and unpacked within bounds.

use std::io::{Error, ErrorKind, Read, Result, Write};

/// The fastest of zstd: numbers hardly get smaller with more.
const ZSTD_LEVEL: i32 = 1;
/// Bytes that anything may unpack to; what is large, [`MOST_RATIO`] times its own.
const MOST_UNPACKED: u64 = 64 << 20;
/// Numbers that differ hardly get smaller; a few kB that are made for it unpack to gigabytes.
const MOST_RATIO: u64 = 8;

/// Compresses what is written to it.
pub(crate) fn encoder<W: Write>(into: W) -> Result<zstd::Encoder<'static, W>> {
    zstd::Encoder::new(into, ZSTD_LEVEL)
}

/// What may be of `most` bytes, if it is all alike.
///
/// # Errors
/// When it was not compressed by [`encoder`], or made to take more memory than what is kept does.
pub(crate) fn unpacked(bytes: &[u8], most: u64) -> Result<Vec<u8>> {
    let most = most.max(MOST_UNPACKED).max(bytes.len() as u64 * MOST_RATIO);
    let mut all = Vec::new();
    zstd::Decoder::new(bytes)?.take(most.saturating_add(1)).read_to_end(&mut all)?;
    if all.len() as u64 > most {
        let why = format!("it unpacks to more than {most} bytes");
        return Err(Error::new(ErrorKind::InvalidData, why));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = encoder(Vec::new()).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_packed_comes_back_and_a_bomb_does_not() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(unpacked(&packed(&bytes), 0).unwrap(), bytes);
        let bomb = packed(&vec![0; 65 << 20]);
        assert!(bomb.len() < 1 << 16);
        let error = unpacked(&bomb, 1 << 20).unwrap_err().to_string();
        assert_eq!(error, "it unpacks to more than 67108864 bytes");
        assert_eq!(unpacked(&bomb, 65 << 20).unwrap().len(), 65 << 20);
        assert!(unpacked(b"no zstd", 0).is_err());
    }
}
