//! Compressed certificates. [RFC 8879, 4]

use crate::Peer;
use crate::change::{Change, plain_bytes};
use crate::draft::{path, put_leaf};
use crate::inside::edit_compressed;
use crate::view;
use gauntlet_crypto::compress::Compressor;
use gauntlet_model::Side;
use gauntlet_wire::{Context, Grammar, Node, Plain, Value};

/// Bytes that a certificate may become: what its length field can say.
const LIMIT: usize = (1 << 24) - 1;
const MESSAGE: &str = "compressed_certificate_message";

impl Peer {
    /// Our certificate, to be compressed as the other side first named, or else with zlib.
    pub(crate) fn honest_compressed_certificate(&mut self) -> Plain {
        let known = |number: &&u16| Compressor(**number).is_supported();
        let algorithm = self.hs.compressors.iter().find(known).copied().unwrap_or(Compressor::ZLIB.0);
        Plain::map([("algorithm", Plain::Number(u64::from(algorithm))), (MESSAGE, Plain::Bytes(Vec::new()))])
    }

    /// The body of our Certificate, or the content given instead, compressed; and how long it was.
    pub(crate) fn fill_compressed_certificate(
        &mut self,
        tree: &mut Node,
        change: &Change,
        context: &Context,
    ) -> Result<(), String> {
        let content = match change.input(MESSAGE, "content") {
            Some(value) => plain_bytes(value)?,
            None => {
                let body = self.honest_certificate();
                let built = Grammar::tls().build("Certificate", &body, context);
                let mut tree = built.map_err(|error| format!("certificate: {error}"))?;
                edit_compressed(&mut tree, change, context)?;
                tree.encode()
            }
        };
        if !change.given.contains(&path("uncompressed_length"))
            && let Some(field) = tree.at_mut(&path("uncompressed_length"))
        {
            field.value = Value::Number { value: (content.len() & LIMIT) as u64, width: 3 };
        }
        if change.given.contains(&path(MESSAGE)) {
            return Ok(());
        }
        let algorithm = view::number(tree, "algorithm").unwrap_or(0) as u16;
        // An algorithm that nobody has: the bytes as they are.
        let compressed = Compressor(algorithm).compress(&content).unwrap_or(content);
        if let Some(field) = tree.at_mut(&path(MESSAGE)) {
            put_leaf(field, compressed);
        }
        Ok(())
    }

    /// The Certificate in a CompressedCertificate that came, as a message of its own.
    pub(crate) fn open_certificate(&mut self, node: &Node) -> Option<Node> {
        let algorithm = Compressor(view::number(node, "algorithm").unwrap_or(0) as u16);
        let length = view::number(node, "uncompressed_length").unwrap_or(0) as usize;
        let announced = if self.is_client() { &self.hs.hello.compressors } else { &self.config.compressors };
        if announced.is_empty() {
            self.remark("unexpected_message", "compressed_certificate, for which no support was announced");
        } else if !announced.contains(&algorithm.0) {
            self.remark("illegal_parameter", format!("certificate compression {} was not offered", algorithm.0));
        }
        let body = match algorithm.decompress(&view::bytes(node, MESSAGE), length.min(LIMIT)) {
            Ok(body) => body,
            Err(error) => {
                self.remark("bad_certificate", format!("compressed certificate: {error}"));
                return None;
            }
        };
        if body.len() != length {
            let text = format!("compressed certificate: {} bytes instead of {length}", body.len());
            self.remark("bad_certificate", text);
        }
        let size = (body.len() as u32).to_be_bytes();
        let message = [&[11], &size[1..], &body].concat();
        Some(Grammar::tls().decode("Handshake", &message, &self.context(Side::Target)))
    }
}
