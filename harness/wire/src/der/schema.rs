//! Names for elements: the structures of RFC 5280, RFC 3279 and RFC 6960, as far as tests reach into them.

use super::{Element, Value, elements, is_one, tags};

/// What stands where, within one element.
#[derive(Debug, PartialEq)]
pub(crate) enum Shape {
    /// Whatever there is, without names.
    Any,
    /// Fields in order.
    Fields(&'static [Field]),
    /// Elements all alike.
    Each(&'static Shape),
    /// An explicit tag: one element of that shape within.
    Explicit(&'static Shape),
    /// A BIT STRING or OCTET STRING with DER within.
    Holds(&'static Shape),
    /// A struct named by the object identifier that it begins with, from these, else so; and its fields.
    ByIdentifier(&'static str, &'static [Known], &'static [Field]),
}

/// One field of a struct; one that is not there is skipped.
#[derive(Debug, PartialEq)]
pub(crate) struct Field {
    name: &'static str,
    /// Tags that it may have; empty for any.
    tags: &'static [u8],
    shape: &'static Shape,
}

/// An object identifier with its name, and what an extension of it holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Known {
    dotted: &'static str,
    name: &'static str,
    shape: &'static Shape,
}

const fn field(name: &'static str, tags: &'static [u8], shape: &'static Shape) -> Field {
    Field { name, tags, shape }
}

const fn known(dotted: &'static str, name: &'static str, shape: &'static Shape) -> Known {
    Known { dotted, name, shape }
}

pub(crate) static ANY: Shape = Shape::Any;

static ALGORITHM: Shape =
    Shape::Fields(&[field("algorithm", &[tags::OBJECT_IDENTIFIER], &ANY), field("parameters", &[], &ANY)]);
static TIMES: &[u8] = &[tags::UTC_TIME, tags::GENERALIZED_TIME];
static VALIDITY: Shape = Shape::Fields(&[field("not_before", TIMES, &ANY), field("not_after", TIMES, &ANY)]);

static ATTRIBUTE: Shape = Shape::ByIdentifier(
    "attribute",
    &[
        known("2.5.4.3", "common_name", &ANY),
        known("2.5.4.4", "surname", &ANY),
        known("2.5.4.5", "serial_number", &ANY),
        known("2.5.4.6", "country_name", &ANY),
        known("2.5.4.7", "locality_name", &ANY),
        known("2.5.4.8", "state_or_province_name", &ANY),
        known("2.5.4.10", "organization_name", &ANY),
        known("2.5.4.11", "organizational_unit_name", &ANY),
        known("1.2.840.113549.1.9.1", "email_address", &ANY),
        known("0.9.2342.19200300.100.1.25", "domain_component", &ANY),
    ],
    &[field("type", &[tags::OBJECT_IDENTIFIER], &ANY), field("value", &[], &ANY)],
);
static NAME: Shape = Shape::Each(&RELATIVE_NAME);
static RELATIVE_NAME: Shape = Shape::Each(&ATTRIBUTE);

static RSA_KEY: Shape =
    Shape::Fields(&[field("modulus", &[tags::INTEGER], &ANY), field("public_exponent", &[tags::INTEGER], &ANY)]);
static RSA_KEY_WITHIN: Shape = Shape::Holds(&RSA_KEY);
static PUBLIC_KEY_INFO: Shape = Shape::Fields(&[
    field("algorithm", &[tags::SEQUENCE], &ALGORITHM),
    field("subject_public_key", &[tags::BIT_STRING], &RSA_KEY_WITHIN),
]);
static ECDSA_SIGNATURE: Shape =
    Shape::Fields(&[field("r", &[tags::INTEGER], &ANY), field("s", &[tags::INTEGER], &ANY)]);
static SIGNATURE_WITHIN: Shape = Shape::Holds(&ECDSA_SIGNATURE);

static GENERAL_NAME: Shape = Shape::Any;
static GENERAL_NAMES: Shape = Shape::Each(&GENERAL_NAME);
static BASIC_CONSTRAINTS: Shape =
    Shape::Fields(&[field("ca", &[tags::BOOLEAN], &ANY), field("path_len_constraint", &[tags::INTEGER], &ANY)]);
static AUTHORITY_KEY: Shape = Shape::Fields(&[
    field("key_identifier", &[0x80], &ANY),
    field("authority_cert_issuer", &[0xa1], &GENERAL_NAMES),
    field("authority_cert_serial_number", &[0x82], &ANY),
]);
static SUBTREE: Shape =
    Shape::Fields(&[field("base", &[], &ANY), field("minimum", &[0x80], &ANY), field("maximum", &[0x81], &ANY)]);
static SUBTREES: Shape = Shape::Each(&SUBTREE);
static NAME_CONSTRAINTS: Shape =
    Shape::Fields(&[field("permitted_subtrees", &[0xa0], &SUBTREES), field("excluded_subtrees", &[0xa1], &SUBTREES)]);
static POLICY: Shape = Shape::Fields(&[
    field("policy_identifier", &[tags::OBJECT_IDENTIFIER], &ANY),
    field("policy_qualifiers", &[tags::SEQUENCE], &ANY),
]);
static POLICIES: Shape = Shape::Each(&POLICY);
static POLICY_CONSTRAINTS: Shape =
    Shape::Fields(&[field("require_explicit_policy", &[0x80], &ANY), field("inhibit_policy_mapping", &[0x81], &ANY)]);
static ACCESS: Shape =
    Shape::Fields(&[field("access_method", &[tags::OBJECT_IDENTIFIER], &ANY), field("access_location", &[], &ANY)]);
static ACCESSES: Shape = Shape::Each(&ACCESS);

static EXTENSION: Shape = Shape::ByIdentifier(
    "extension",
    &[
        known("2.5.29.14", "subject_key_identifier", &ANY),
        known("2.5.29.15", "key_usage", &ANY),
        known("2.5.29.17", "subject_alt_name", &GENERAL_NAMES),
        known("2.5.29.18", "issuer_alt_name", &GENERAL_NAMES),
        known("2.5.29.19", "basic_constraints", &BASIC_CONSTRAINTS),
        known("2.5.29.30", "name_constraints", &NAME_CONSTRAINTS),
        known("2.5.29.31", "crl_distribution_points", &ANY),
        known("2.5.29.32", "certificate_policies", &POLICIES),
        known("2.5.29.33", "policy_mappings", &ANY),
        known("2.5.29.35", "authority_key_identifier", &AUTHORITY_KEY),
        known("2.5.29.36", "policy_constraints", &POLICY_CONSTRAINTS),
        known("2.5.29.37", "ext_key_usage", &ANY),
        known("2.5.29.54", "inhibit_any_policy", &ANY),
        known("1.3.6.1.5.5.7.1.1", "authority_info_access", &ACCESSES),
        known("1.3.6.1.5.5.7.1.24", "tls_feature", &ANY),
        known("1.3.6.1.4.1.11129.2.4.2", "signed_certificate_timestamps", &ANY),
        known("1.3.6.1.4.1.44363.44", "delegation_usage", &ANY),
    ],
    &[
        field("extn_id", &[tags::OBJECT_IDENTIFIER], &ANY),
        field("critical", &[tags::BOOLEAN], &ANY),
        field("extn_value", &[tags::OCTET_STRING], &ANY),
    ],
);
static EXTENSIONS: Shape = Shape::Each(&EXTENSION);
static EXPLICIT_EXTENSIONS: Shape = Shape::Explicit(&EXTENSIONS);

static TBS_CERTIFICATE: Shape = Shape::Fields(&[
    field("version", &[0xa0], &EXPLICIT),
    field("serial_number", &[tags::INTEGER], &ANY),
    field("signature", &[tags::SEQUENCE], &ALGORITHM),
    field("issuer", &[tags::SEQUENCE], &NAME),
    field("validity", &[tags::SEQUENCE], &VALIDITY),
    field("subject", &[tags::SEQUENCE], &NAME),
    field("subject_public_key_info", &[tags::SEQUENCE], &PUBLIC_KEY_INFO),
    field("issuer_unique_id", &[0x81], &ANY),
    field("subject_unique_id", &[0x82], &ANY),
    field("extensions", &[0xa3], &EXPLICIT_EXTENSIONS),
]);
static EXPLICIT: Shape = Shape::Explicit(&ANY);
static CERTIFICATE: Shape = Shape::Fields(&[
    field("tbs_certificate", &[tags::SEQUENCE], &TBS_CERTIFICATE),
    field("signature_algorithm", &[tags::SEQUENCE], &ALGORITHM),
    field("signature_value", &[tags::BIT_STRING], &SIGNATURE_WITHIN),
]);

static CERT_ID: Shape = Shape::Fields(&[
    field("hash_algorithm", &[tags::SEQUENCE], &ALGORITHM),
    field("issuer_name_hash", &[tags::OCTET_STRING], &ANY),
    field("issuer_key_hash", &[tags::OCTET_STRING], &ANY),
    field("serial_number", &[tags::INTEGER], &ANY),
]);
static SINGLE_RESPONSE: Shape = Shape::Fields(&[
    field("cert_id", &[tags::SEQUENCE], &CERT_ID),
    field("cert_status", &[0x80, 0xa1, 0x82], &ANY),
    field("this_update", &[tags::GENERALIZED_TIME], &ANY),
    field("next_update", &[0xa0], &EXPLICIT),
    field("single_extensions", &[0xa1], &EXPLICIT_EXTENSIONS),
]);
static SINGLE_RESPONSES: Shape = Shape::Each(&SINGLE_RESPONSE);
static RESPONSE_DATA: Shape = Shape::Fields(&[
    field("version", &[0xa0], &EXPLICIT),
    field("responder_id", &[0xa1, 0xa2], &ANY),
    field("produced_at", &[tags::GENERALIZED_TIME], &ANY),
    field("responses", &[tags::SEQUENCE], &SINGLE_RESPONSES),
    field("response_extensions", &[0xa1], &EXPLICIT_EXTENSIONS),
]);
static CERTIFICATES: Shape = Shape::Each(&CERTIFICATE);
static EXPLICIT_CERTIFICATES: Shape = Shape::Explicit(&CERTIFICATES);
static BASIC_RESPONSE: Shape = Shape::Fields(&[
    field("tbs_response_data", &[tags::SEQUENCE], &RESPONSE_DATA),
    field("signature_algorithm", &[tags::SEQUENCE], &ALGORITHM),
    field("signature", &[tags::BIT_STRING], &SIGNATURE_WITHIN),
    field("certs", &[0xa0], &EXPLICIT_CERTIFICATES),
]);
static BASIC_RESPONSE_WITHIN: Shape = Shape::Holds(&BASIC_RESPONSE);
static RESPONSE_BYTES: Shape = Shape::Fields(&[
    field("response_type", &[tags::OBJECT_IDENTIFIER], &ANY),
    field("response", &[tags::OCTET_STRING], &BASIC_RESPONSE_WITHIN),
]);
static EXPLICIT_RESPONSE_BYTES: Shape = Shape::Explicit(&RESPONSE_BYTES);
static OCSP_RESPONSE: Shape = Shape::Fields(&[
    field("response_status", &[tags::ENUMERATED], &ANY),
    field("response_bytes", &[0xa0], &EXPLICIT_RESPONSE_BYTES),
]);

static KINDS: [(&str, &Shape); 8] = [
    ("Certificate", &CERTIFICATE),
    ("TBSCertificate", &TBS_CERTIFICATE),
    ("SubjectPublicKeyInfo", &PUBLIC_KEY_INFO),
    ("ECDSA-Sig-Value", &ECDSA_SIGNATURE),
    ("Name", &NAME),
    ("Extensions", &EXTENSIONS),
    ("OCSPResponse", &OCSP_RESPONSE),
    ("AlgorithmIdentifier", &ALGORITHM),
];

pub(crate) fn kind(name: &str) -> &'static Shape {
    KINDS.iter().find(|entry| entry.0 == name).map_or(&ANY, |entry| entry.1)
}

pub(crate) fn kind_name(name: &str) -> &'static str {
    KINDS.iter().find(|entry| entry.0 == name).map_or("", |entry| entry.0)
}

impl Shape {
    /// The shapes that a name leads to; elements without a name are passed through.
    pub fn named(&'static self, name: &str) -> Vec<&'static Shape> {
        let own = |fields: &'static [Field]| {
            fields.iter().filter(|field| field.name == name).map(|field| field.shape).collect::<Vec<_>>()
        };
        let (direct, passed): (Vec<&Shape>, Vec<&Shape>) = match self {
            Shape::Any => (Vec::new(), Vec::new()),
            Shape::Fields(fields) => (
                own(fields),
                fields.iter().map(|field| field.shape).filter(|shape| matches!(shape, Shape::Holds(_))).collect(),
            ),
            Shape::Explicit(inner) | Shape::Holds(inner) => (Vec::new(), vec![inner]),
            Shape::Each(inner) => match inner {
                Shape::ByIdentifier(unknown, known, _)
                    if name == *unknown || known.iter().any(|known| known.name == name) =>
                {
                    let held = known.iter().filter(|known| known.name == name).map(|known| known.shape);
                    (std::iter::once(*inner).chain(held).collect(), Vec::new())
                }
                inner => (Vec::new(), vec![inner]),
            },
            Shape::ByIdentifier(_, known, fields) => (own(fields), known.iter().map(|known| known.shape).collect()),
        };
        if direct.is_empty() { passed.into_iter().flat_map(|shape| shape.named(name)).collect() } else { direct }
    }

    /// The shape of an element by its place.
    pub fn element(&'static self) -> &'static Shape {
        match self {
            Shape::Each(inner) => inner,
            Shape::Explicit(inner) | Shape::Holds(inner) => inner.element(),
            _ => &ANY,
        }
    }

    /// The names that a path could go on with.
    pub fn names(&self) -> Vec<&'static str> {
        match self {
            Shape::Any => Vec::new(),
            Shape::Fields(fields) => fields.iter().map(|field| field.name).collect(),
            Shape::Each(Shape::ByIdentifier(unknown, known, _)) => {
                known.iter().map(|known| known.name).chain([*unknown]).collect()
            }
            Shape::Each(inner) | Shape::Explicit(inner) | Shape::Holds(inner) => inner.names(),
            Shape::ByIdentifier(_, _, fields) => fields.iter().map(|field| field.name).collect(),
        }
    }
}

/// Gives an element its shape, and all within their names.
pub(crate) fn label(element: &mut Element, shape: &'static Shape) {
    element.shape = shape;
    match shape {
        Shape::Any => {}
        Shape::Fields(fields) => label_fields(element, fields),
        Shape::Each(inner) | Shape::Explicit(inner) => {
            if let Value::Elements(children) = &mut element.value {
                children.iter_mut().for_each(|child| label(child, inner));
            }
        }
        Shape::Holds(inner) => open(element, inner),
        Shape::ByIdentifier(unknown, known, fields) => {
            label_fields(element, fields);
            let identifier = element
                .children()
                .first()
                .filter(|first| first.tag == tags::OBJECT_IDENTIFIER)
                .map(|first| dotted(&first.content()));
            let found = known.iter().find(|known| Some(known.dotted) == identifier.as_deref());
            element.name = found.map_or(unknown, |known| known.name);
            if let (Some(known), Value::Elements(children)) = (found, &mut element.value)
                && let Some(last) = children.last_mut().filter(|last| last.tag == tags::OCTET_STRING)
            {
                open(last, known.shape);
            }
        }
    }
}

fn label_fields(element: &mut Element, fields: &'static [Field]) {
    let Value::Elements(children) = &mut element.value else {
        return;
    };
    let mut fields = fields.iter();
    for child in children {
        // An empty SEQUENCE where a field should be is not that field, but it takes its place.
        if matches!(child.value, Value::Raw(_)) {
            continue;
        }
        let Some(field) = fields.clone().find(|field| field.tags.is_empty() || field.tags.contains(&child.tag)) else {
            continue;
        };
        while fields.next().is_some_and(|next| next != field) {}
        label(child, field.shape);
        child.name = field.name;
    }
}

/// Reads DER within a string, if that is what it holds.
fn open(element: &mut Element, inner: &'static Shape) {
    let Value::Bytes(bytes) = &element.value else { return };
    let (unused, within) = match (element.tag, bytes.split_first()) {
        (tags::BIT_STRING, Some((unused, within))) => (Some(*unused), within),
        (tags::OCTET_STRING, _) => (None, &bytes[..]),
        _ => return,
    };
    if !is_one(within) {
        return;
    }
    let mut inside = elements(within, super::DEPTH);
    inside.iter_mut().for_each(|element| label(element, inner));
    element.value = Value::Wrapped { unused, inner: inside };
}

/// An object identifier as dotted numbers.
pub(crate) fn dotted(content: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    for byte in content {
        number = number.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first);
                number -= 40 * first;
            }
            numbers.push(number);
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// The content of an object identifier from dotted numbers.
pub(crate) fn identifier(text: &str) -> Option<Vec<u8>> {
    let numbers: Option<Vec<u64>> = text.split('.').map(|number| number.parse().ok()).collect();
    let [first @ 0..=2, second, rest @ ..] = numbers.as_deref()? else {
        return None;
    };
    let mut content = Vec::new();
    for number in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            content.push(more | (number >> (7 * group) & 0x7f) as u8);
        }
    }
    Some(content)
}
