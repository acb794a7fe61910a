//! What signatures cover, and whether a chain leads to the harness's root.

use gauntlet_model::Role;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::{X509, X509StoreContext};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What a CertificateVerify of TLS 1.3 signs. [RFC 9846, 4.5.3]
pub(crate) fn certificate_verify_content(signer: Role, transcript_hash: &[u8]) -> Vec<u8> {
    let mut content = vec![0x20; 64];
    content.extend_from_slice(match signer {
        Role::Server => b"TLS 1.3, server CertificateVerify".as_slice(),
        Role::Client => b"TLS 1.3, client CertificateVerify".as_slice(),
    });
    content.push(0);
    content.extend_from_slice(transcript_hash);
    content
}

static STORE: LazyLock<Result<X509Store, String>> = LazyLock::new(|| {
    let text = |error: openssl::error::ErrorStack| error.to_string();
    let mut builder = X509StoreBuilder::new().map_err(text)?;
    builder.add_cert(X509::from_der(gauntlet_pki::root()).map_err(text)?).map_err(text)?;
    Ok(builder.build())
});

/// Nothing against a chain, or the alert that it deserves, and why.
type Judged = Result<(), (&'static str, String)>;

/// So many chains are remembered, and none above so many bytes.
const REMEMBERED: (usize, usize) = (64, 1 << 16);

/// Checks a chain (DER, leaf first) against the harness's root, and the name if there is one. A target shows the same one again
/// and again: what was found is remembered.
///
/// # Errors
/// The alert that the chain deserves, and why.
pub(crate) fn check_chain(chain: &[Vec<u8>], name: Option<&str>) -> Judged {
    type Known = HashMap<(Vec<Vec<u8>>, Option<String>), Judged>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let (many, large) = REMEMBERED;
    if chain.iter().map(Vec::len).sum::<usize>() > large {
        return verify(chain, name);
    }
    let key = (chain.to_vec(), name.map(str::to_owned));
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(judged) = known().get(&key) {
        return judged.clone();
    }
    let judged = verify(chain, name);
    let mut known = known();
    if known.len() >= many {
        known.clear();
    }
    known.insert(key, judged.clone());
    judged
}

fn verify(chain: &[Vec<u8>], name: Option<&str>) -> Judged {
    let bad = |text: String| ("bad_certificate", text);
    let store = STORE.as_ref().map_err(|error| ("internal_error", error.clone()))?;
    let (leaf, rest) = chain.split_first().ok_or_else(|| ("decode_error", "no certificate".to_owned()))?;
    let leaf = X509::from_der(leaf).map_err(|error| bad(format!("leaf does not parse: {error}")))?;
    let mut others = Stack::new().map_err(|error| bad(error.to_string()))?;
    for der in rest {
        let certificate = X509::from_der(der).map_err(|error| bad(format!("issuer does not parse: {error}")))?;
        others.push(certificate).map_err(|error| bad(error.to_string()))?;
    }
    let mut context = X509StoreContext::new().map_err(|error| bad(error.to_string()))?;
    let result = context
        .init(store, &leaf, &others, |context| {
            let good = context.verify_cert()?;
            Ok((good, context.error()))
        })
        .map_err(|error| bad(error.to_string()))?;
    if !result.0 {
        return Err((alert_of(result.1.as_raw()), result.1.error_string().to_owned()));
    }
    let names = leaf.subject_alt_names();
    let is_for = |name: &str| {
        names.iter().flatten().any(|entry| entry.dnsname().is_some_and(|dns| dns.eq_ignore_ascii_case(name)))
    };
    match name {
        Some(name) if !is_for(name) => Err(bad(format!("the certificate is not for {name}"))),
        _ => Ok(()),
    }
}

/// The alert for an error of OpenSSL's chain building, by its number.
fn alert_of(error: i32) -> &'static str {
    match error {
        7 => "bad_certificate",
        9 | 10 => "certificate_expired",
        2 | 18..=21 => "unknown_ca",
        23 => "certificate_revoked",
        26 => "unsupported_certificate",
        _ => "certificate_unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gauntlet_pki::{KeyKind, SERVER_NAME};

    #[test]
    fn a_chain_is_judged_the_same_the_second_time_and_for_each_name() {
        let good = gauntlet_pki::server(KeyKind::P256).chain.clone();
        let mut bad = good.clone();
        let last = bad[0].len() - 1;
        bad[0][last] ^= 1;
        for _ in 0..2 {
            assert_eq!(check_chain(&good, Some(SERVER_NAME)), Ok(()));
            assert_eq!(check_chain(&good, None), Ok(()));
            assert!(check_chain(&good, Some("other.example")).is_err_and(|(_, why)| why.contains("other.example")));
            assert!(check_chain(&bad, None).is_err());
            assert!(check_chain(&[], None).is_err());
        }
    }
}
