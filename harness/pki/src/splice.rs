//! Changes in finished certificates, for what the builder has no word for.

use yasna::{ASN1Result, BERReader};

/// The bits of a SubjectPublicKeyInfo: the key without its algorithm.
pub(crate) fn key_bits(spki: &[u8]) -> ASN1Result<Vec<u8>> {
    yasna::parse_der(spki, |reader| {
        reader.read_sequence(|reader| {
            reader.next().read_der()?;
            Ok(reader.next().read_bitvec_bytes()?.0)
        })
    })
}

/// The certificate with another SubjectPublicKeyInfo, signed anew. [RFC 5280, 4.1]
pub(crate) fn with_spki(certificate: &[u8], spki: &[u8], sign: impl FnOnce(&[u8]) -> Vec<u8>) -> ASN1Result<Vec<u8>> {
    const SPKI: usize = 6;
    let outer = yasna::parse_der(certificate, elements)?;
    let mut fields = yasna::parse_der(&outer[0], elements)?;
    fields[SPKI] = spki.to_vec();
    let to_be_signed = sequence(&fields);
    let signature = sign(&to_be_signed);
    let signature = yasna::construct_der(|writer| writer.write_bitvec_bytes(&signature, signature.len() * 8));
    Ok(sequence(&[to_be_signed, outer[1].clone(), signature]))
}

/// The elements of a sequence, each as it stands.
fn elements(reader: BERReader<'_, '_>) -> ASN1Result<Vec<Vec<u8>>> {
    reader.collect_sequence_of(|reader| reader.read_der())
}

/// A sequence of elements that are DER already.
fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            for element in elements {
                writer.next().write_der(element);
            }
        });
    })
}
