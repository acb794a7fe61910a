//! Certificate compression against streams of the reference libraries, made from Python: zlib, brotli, zstandard.

use gauntlet_crypto::compress::Compressor;

const TEXT: &[u8] = b"Certificate compression: the same bytes the same bytes the same bytes.";
const STREAMS: [(Compressor, &str); 3] = [
    (
        Compressor::ZLIB,
        "789c734e2d2ac94ccb4c4e2c495548cecf2d284a2d2ececccfb35228c94855284ecc4d5548aa2c492dc6cfd50300a70019e8",
    ),
    (Compressor::BROTLI, "1b4500f88d54b5bf149bcb6b179d323aadc823c0b4a305d0c51f80348a1a7ad2f00500"),
    (
        Compressor::ZSTD,
        "28b52ffd20468501008402436572746966696361746520636f6d7072657373696f6e3a207468652073616d652062797465732e010017713e01",
    ),
];

#[test]
fn streams_of_others_are_opened() {
    for (compressor, stream) in STREAMS {
        let stream = hex::decode(stream).unwrap();
        assert_eq!(compressor.decompress(&stream, TEXT.len()).unwrap(), TEXT);
        assert!(compressor.decompress(&stream, TEXT.len() - 1).is_err(), "one byte more than allowed");
        assert!(compressor.decompress(&stream[..stream.len() / 2], 1000).is_err(), "a stream cut short");
        assert!(compressor.decompress(b"no stream at all", 1000).is_err());
    }
}

#[test]
fn what_is_compressed_comes_back() {
    for (compressor, _) in STREAMS {
        for length in [0, 1, 70_000] {
            let bytes = TEXT.repeat(length / TEXT.len() + 1)[..length].to_vec();
            let stream = compressor.compress(&bytes).unwrap();
            assert_eq!(compressor.decompress(&stream, length).unwrap(), bytes);
        }
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 16 << 20];
    for (compressor, _) in STREAMS {
        let bomb = compressor.compress(&zeros).unwrap();
        assert!(bomb.len() < 64 << 10, "{} bytes", bomb.len());
        assert!(compressor.decompress(&bomb, 1 << 16).is_err());
    }
}

#[test]
fn unknown_algorithms_are_named() {
    assert!(!Compressor(4).is_supported());
    assert!(Compressor(4).compress(b"x").is_err() && Compressor(4).decompress(b"x", 9).is_err());
}
