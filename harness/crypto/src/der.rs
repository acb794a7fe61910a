//! The few DER shapes that keys and signatures come in.

/// One tag, length and value.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let mut output = vec![tag];
    match value.len() {
        length @ ..0x80 => output.push(length as u8),
        length @ ..0x100 => output.extend([0x81, length as u8]),
        length => output.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    output.extend(value);
    output
}

/// A SEQUENCE.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(value: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], value])
}

/// A number that is not negative, big endian.
pub(crate) fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    match &number[zeros..] {
        [] => vec![0x02, 1, 0],
        bare @ [0x80..=0xff, ..] => tlv(0x02, &[&[0], bare]),
        bare => tlv(0x02, &[bare]),
    }
}

/// Reads element by element. Lengths may be longer than they need to be.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element: (tag, value, all of it); `None` at the end or where it is cut off.
    pub(crate) fn next(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length =
                bytes.iter().try_fold(0usize, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))?;
            (length, rest)
        };
        let (value, behind) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - behind.len()];
        self.0 = behind;
        Some((tag, value, whole))
    }

    /// The value of the next element if it has that tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, ..)| *found == tag).map(|(_, value, _)| value)
    }

    /// The bytes of the next BIT STRING if it has whole bytes.
    pub(crate) fn bit_string(&mut self) -> Option<&'a [u8]> {
        self.expect(0x03)?.strip_prefix(&[0])
    }
}

/// The SubjectPublicKeyInfo of a certificate, whole. The rest of the certificate is not looked at.
pub(crate) fn spki_of_certificate(der: &[u8]) -> Option<&[u8]> {
    let mut tbs = Reader(Reader(Reader(der).expect(0x30)?).expect(0x30)?);
    let before = tbs;
    if tbs.next()?.0 != 0xa0 {
        // A version 1 certificate names no version.
        tbs = before;
    }
    // Serial number, signature, issuer, validity, subject.
    for _ in 0..5 {
        tbs.next()?;
    }
    tbs.next().map(|(_, _, whole)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_fewest_bytes() {
        assert_eq!(tlv(0x04, &[&[7; 127]])[..2], [0x04, 0x7f]);
        assert_eq!(tlv(0x04, &[&[7; 128]])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(tlv(0x04, &[&[7; 256]])[..4], [0x04, 0x82, 0x01, 0x00]);
        assert_eq!(integer(&[0, 0, 0x80]), [0x02, 2, 0, 0x80]);
        assert_eq!(integer(&[0]), [0x02, 1, 0]);
    }

    #[test]
    fn what_is_written_is_read_and_cuts_are_noticed() {
        let written = sequence(&[&integer(&[1]), &bit_string(&[2; 200])]);
        let mut inside = Reader(Reader(&written).expect(0x30).expect("a sequence"));
        assert_eq!(inside.expect(0x02), Some(&[1][..]));
        assert_eq!(inside.bit_string(), Some(&[2; 200][..]));
        assert!(inside.next().is_none());
        for length in 0..written.len() {
            assert!(Reader(&written[..length]).next().is_none(), "{length}");
        }
    }
}
