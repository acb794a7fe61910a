//! Certificate compression [RFC 8879, 3]: zlib, brotli, zstd, both ways.

use crate::CryptoError;
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Read;

/// A CertificateCompressionAlgorithm by its number; any number may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compressor(pub u16);

impl Compressor {
    /// zlib [RFC 1950].
    pub const ZLIB: Compressor = Compressor(1);
    /// Brotli [RFC 7932].
    pub const BROTLI: Compressor = Compressor(2);
    /// Zstandard [RFC 8478].
    pub const ZSTD: Compressor = Compressor(3);

    /// Whether we have it.
    pub fn is_supported(self) -> bool {
        matches!(self.0, 1..=3)
    }

    /// Compressed bytes.
    ///
    /// # Errors
    /// `Unsupported` for an algorithm that we do not have.
    pub fn compress(self, bytes: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self {
            Compressor::ZLIB => read_all(ZlibEncoder::new(bytes, Compression::best()), usize::MAX),
            Compressor::BROTLI => read_all(brotli::CompressorReader::new(bytes, 4096, 5, 22), usize::MAX),
            Compressor::ZSTD => Ok(compress_to_vec(bytes, CompressionLevel::Fastest)),
            other => Err(CryptoError::Unsupported(format!("certificate compression {}", other.0))),
        }
    }

    /// What was compressed. No more than `limit` bytes are made of it, however many it promises.
    ///
    /// # Errors
    /// `Input` for bytes that do not decompress, or become more than `limit`.
    pub fn decompress(self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, CryptoError> {
        match self {
            Compressor::ZLIB => read_all(ZlibDecoder::new(bytes), limit),
            Compressor::BROTLI => read_all(brotli::Decompressor::new(bytes, 4096), limit),
            Compressor::ZSTD => {
                let decoder = StreamingDecoder::new(bytes).map_err(|error| CryptoError::Input(error.to_string()))?;
                read_all(decoder, limit)
            }
            other => Err(CryptoError::Unsupported(format!("certificate compression {}", other.0))),
        }
    }
}

fn read_all(reader: impl Read, limit: usize) -> Result<Vec<u8>, CryptoError> {
    let mut output = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(one_more).read_to_end(&mut output).map_err(|error| CryptoError::Input(error.to_string()))?;
    if output.len() > limit {
        return Err(CryptoError::Input(format!("more than {limit} bytes come out of it")));
    }
    Ok(output)
}
