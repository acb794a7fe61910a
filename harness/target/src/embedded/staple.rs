//! What a client makes of a stapled OCSP response. [RFC 6960, 3.2; RFC 6066, 8]

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ocsp::{OcspCertId, OcspCertStatus, OcspFlag, OcspResponse, OcspResponseStatus};
use openssl::ssl::SslRef;

/// So far clocks may be apart, seconds.
const SKEW: u32 = 300;

/// id-pe-tlsfeature as it stands in a certificate. [RFC 7633]
const TLS_FEATURE: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18];

/// Whether the client is content: there is a good response, or, unless one is needed, none at all.
pub(super) fn is_acceptable(ssl: &SslRef, needed: bool) -> bool {
    match ssl.ocsp_status() {
        None => !needed && !demands_response(ssl),
        Some(response) => is_good(ssl, response).unwrap_or(false),
    }
}

/// The library does not know the extension; who asks for responses has to look at it.
fn demands_response(ssl: &SslRef) -> bool {
    let leaf = ssl.peer_certificate().and_then(|leaf| leaf.to_der().ok()).unwrap_or_default();
    leaf.windows(TLS_FEATURE.len()).any(|window| window == TLS_FEATURE)
}

fn is_good(ssl: &SslRef, response: &[u8]) -> Result<bool, ErrorStack> {
    let response = OcspResponse::from_der(response)?;
    let Some(chain) = ssl.verified_chain().filter(|chain| chain.len() > 1) else { return Ok(false) };
    if response.status() != OcspResponseStatus::SUCCESSFUL {
        return Ok(false);
    }
    let basic = response.basic()?;
    basic.verify(chain, ssl.ssl_context().cert_store(), OcspFlag::empty())?;
    let about = OcspCertId::from_cert(MessageDigest::sha1(), &chain[0], &chain[1])?;
    let Some(status) = basic.find_status(&about) else { return Ok(false) };
    Ok(status.status == OcspCertStatus::GOOD && status.check_validity(SKEW, None).is_ok())
}
