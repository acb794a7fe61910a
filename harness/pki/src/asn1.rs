//! DER written down, from the inside out.

use time::OffsetDateTime;

/// An element.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len();
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let octets: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
        bytes.push(0x80 | octets.len() as u8);
        bytes.extend(octets);
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A SEQUENCE of elements.
pub(crate) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], bytes].concat())
}

/// A small INTEGER that is not negative.
pub(crate) fn integer(number: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    element(0x02, &bytes)
}

/// TRUE.
pub(crate) const TRUE: [u8; 3] = [0x01, 1, 0xff];

/// An OBJECT IDENTIFIER from dotted numbers.
pub(crate) fn identifier(dotted: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{dotted}` is no object identifier");
    let numbers: Vec<u64> =
        dotted.split('.').map(|number| number.parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    if numbers.len() < 2 || numbers[0] > 2 || numbers[0] < 2 && numbers[1] > 39 {
        return Err(wrong());
    }
    let oid = yasna::models::ObjectIdentifier::new(numbers);
    Ok(yasna::construct_der(|writer| writer.write_oid(&oid)))
}

/// UTCTime up to 2049, GeneralizedTime from then on. [RFC 5280, 4.1.2.5]
pub(crate) fn moment(seconds: i64) -> Result<Vec<u8>, String> {
    let when = at(seconds)?;
    if !(1950..2050).contains(&when.year()) {
        return generalized(seconds);
    }
    Ok(element(0x17, &text(when).as_bytes()[2..]))
}

/// GeneralizedTime.
pub(crate) fn generalized(seconds: i64) -> Result<Vec<u8>, String> {
    Ok(element(0x18, text(at(seconds)?).as_bytes()))
}

fn at(seconds: i64) -> Result<OffsetDateTime, String> {
    let when = OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|when| (0..=9999).contains(&when.year()));
    when.ok_or_else(|| format!("there is no date {seconds} seconds from 1970"))
}

fn text(when: OffsetDateTime) -> String {
    let (year, month, day) = when.to_calendar_date();
    let (hour, minute, second) = when.to_hms();
    format!("{year:04}{:02}{day:02}{hour:02}{minute:02}{second:02}Z", u8::from(month))
}
