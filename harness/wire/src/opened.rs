//! Opened fields: what `inside` reaches, by the name of the field that holds it.

use crate::build::closest;
use crate::der;
use crate::edit::{Edit, EditError};
use crate::node::{Node, Value};
use crate::path::{Path, Segment};

/// The parts of an RSA premaster block, in order. [RFC 5246, 7.4.7.1; RFC 8017, 7.2.1]
pub const RSA_BLOCK: [&str; 6] = ["leading_zero", "block_type", "padding", "separator", "client_version", "random"];

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// DER of a kind that [`der::decode`] knows.
    Der(&'static str),
    /// The block that RSA encrypts: its parts are [`RSA_BLOCK`], the last two under `pre_master_secret`.
    RsaBlock,
    /// A message of that type of the grammar, compressed.
    Compressed(&'static str),
    /// A struct of that type of the grammar, encrypted.
    Sealed(&'static str),
}

/// What the field that a path names holds; `None`: it cannot be opened.
pub fn opened(path: &Path) -> Option<Opened> {
    let mut names = path.segments.iter().rev().filter_map(|segment| match segment {
        Segment::Name(name) => Some(name.as_str()),
        _ => None,
    });
    Some(match names.next()? {
        // [RFC 9849, 5]
        "payload" if names.next() == Some("encrypted_client_hello") => Opened::Sealed("EncodedClientHelloInner"),
        "encrypted_pre_master_secret" => Opened::RsaBlock,
        "compressed_certificate_message" => Opened::Compressed("Certificate"),
        "cert_data" | "certificate_list" => Opened::Der("Certificate"),
        "ASN1_subjectPublicKeyInfo" => Opened::Der("SubjectPublicKeyInfo"),
        "signature" => Opened::Der("ECDSA-Sig-Value"),
        "response" | "ocsp_response_list" => Opened::Der("OCSPResponse"),
        "authorities" | "certificate_authorities" => Opened::Der("Name"),
        _ => return None,
    })
}

/// A path taken apart at its first `inside`: the field that is opened, and the path within.
pub fn split_inside(path: &Path) -> Option<(Path, Path)> {
    let at = path.segments.iter().position(|segment| *segment == Segment::Inside)?;
    let (outer, inner) = (path.segments[..at].to_vec(), path.segments[at + 1..].to_vec());
    Some((Path { segments: outer }, Path { segments: inner }))
}

/// Carries out an edit of DER within the fields that its path names ahead of `inside`. `None`: it reaches into no opened
/// field. What is RSA or compressed cannot be made again here, which is an error.
pub fn edit_inside(tree: &mut Node, edit: &Edit) -> Option<Result<(), EditError>> {
    let (outer, inner) = split_inside(edit.path())?;
    let Some(Opened::Der(kind)) = opened(&outer) else {
        return Some(Err(EditError::new("what is inside cannot be changed here".to_owned(), &outer)));
    };
    let trails = tree.trails(&outer.segments);
    if trails.is_empty() {
        return Some(Err(EditError::new("finds nothing".to_owned(), &outer)));
    }
    let within = edit.clone().at(inner);
    Some(trails.iter().try_for_each(|trail| {
        let Some(node) = tree.descend_mut(trail) else { return Ok(()) };
        let mut element = der::decode(kind, &node.content());
        element.edit(&within)?;
        fill(node, element.to_bytes());
        Ok(())
    }))
}

/// Bytes into a field, or into the one opaque field of a struct.
fn fill(node: &mut Node, bytes: Vec<u8>) {
    match &mut node.value {
        Value::Struct(fields) if fields.len() == 1 => fields[0].value = Value::Bytes(bytes),
        value => *value = Value::Bytes(bytes),
    }
}

/// Whether what is behind `inside` can exist, for lint.
pub(crate) fn check_inside(path: &Path) -> Result<(), EditError> {
    let Some((outer, inner)) = split_inside(path) else { return Ok(()) };
    match opened(&outer) {
        Some(Opened::Der(kind)) => der::check_path(kind, &inner),
        Some(Opened::RsaBlock) => check_block(&inner),
        Some(Opened::Compressed(kind) | Opened::Sealed(kind)) => crate::Grammar::tls().check_path(kind, &inner),
        None => {
            Err(EditError { message: format!("`{outer}` cannot be opened"), path: path.to_string(), suggestion: None })
        }
    }
}

fn check_block(inner: &Path) -> Result<(), EditError> {
    let names = inner.names();
    match names.as_slice() {
        [] | ["pre_master_secret"] | ["pre_master_secret", "client_version" | "random"] => Ok(()),
        [name] if RSA_BLOCK[..4].contains(name) => Ok(()),
        _ => Err(EditError {
            message: format!("an RSA premaster block has no `{inner}`"),
            path: inner.to_string(),
            suggestion: closest(
                names.last().unwrap_or(&""),
                RSA_BLOCK[..4].iter().copied().chain(["pre_master_secret"]),
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    #[test]
    fn what_cannot_be_inside_is_told() {
        for good in [
            "encrypted_pre_master_secret.inside.pre_master_secret.client_version",
            "encrypted_pre_master_secret.inside.padding",
            "signature.inside.r",
            "certificate_list[0].cert_data.inside.tbs_certificate.validity.not_after",
            "compressed_certificate_message.inside.certificate_list[0].cert_data",
            "extensions.encrypted_client_hello.payload.inside.extensions.ech_outer_extensions.OuterExtensions",
        ] {
            assert_eq!(check_inside(&path(good)), Ok(()), "{good}");
        }
        let error = check_inside(&path("encrypted_pre_master_secret.inside.paddin")).unwrap_err();
        assert_eq!(error.suggestion.as_deref(), Some("padding"));
        let error = check_inside(&path("signature.inside.x")).unwrap_err();
        assert!(error.message.contains("has no `x`"), "{error}");
        assert!(check_inside(&path("payload.inside.zeros")).unwrap_err().message.contains("cannot be opened"));
        assert!(check_inside(&path("random.inside.x")).unwrap_err().message.contains("cannot be opened"));
    }
}
