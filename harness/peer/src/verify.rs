//! What signatures cover, and whether a chain leads to the harness's root.

use gauntlet_model::Role;
use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509KeyUsage, X509PurposeId, X509StoreContext};
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

/// Below 112 bits no key or hash counts.
const SECURITY_LEVEL: i32 = 2;

/// Nothing against a chain, or the alert that it deserves, and why.
type Judged = Result<(), (&'static str, String)>;

/// So many chains are remembered, and none above so many bytes.
const REMEMBERED: (usize, usize) = (64, 1 << 16);

/// Checks a chain (DER, leaf first) against the harness's root, for the side that shows it, and for its name if there
/// is one. A target shows the same one again and again: what was found is remembered.
///
/// # Errors
/// The alert that the chain deserves, and why.
pub(crate) fn check_chain(chain: &[Vec<u8>], name: Option<&str>, owner: Role) -> Judged {
    type Known = HashMap<(Vec<Vec<u8>>, Option<String>, Role), Judged>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let (many, large) = REMEMBERED;
    if chain.iter().map(Vec::len).sum::<usize>() > large {
        return verify(chain, name, owner);
    }
    let key = (chain.to_vec(), name.map(str::to_owned), owner);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(judged) = known().get(&key) {
        return judged.clone();
    }
    let judged = verify(chain, name, owner);
    let mut known = known();
    if known.len() >= many {
        known.clear();
    }
    known.insert(key, judged.clone());
    judged
}

/// The harness's root, and what a chain has to be good for.
fn trust(name: Option<&str>, owner: Role) -> Result<X509Store, ErrorStack> {
    let mut wanted = X509VerifyParam::new()?;
    wanted.set_auth_level(SECURITY_LEVEL);
    wanted.set_purpose(match owner {
        Role::Server => X509PurposeId::SSL_SERVER,
        Role::Client => X509PurposeId::SSL_CLIENT,
    })?;
    if let Some(name) = name {
        wanted.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT);
        wanted.set_host(name)?;
    }
    let mut builder = X509StoreBuilder::new()?;
    builder.add_cert(X509::from_der(gauntlet_pki::root())?)?;
    builder.set_flags(X509VerifyFlags::POLICY_CHECK)?;
    builder.set_param(&wanted)?;
    Ok(builder.build())
}

fn verify(chain: &[Vec<u8>], name: Option<&str>, owner: Role) -> Judged {
    let bad = |text: String| ("bad_certificate", text);
    let store = trust(name, owner).map_err(|error| ("internal_error", error.to_string()))?;
    let (leaf, rest) = chain.split_first().ok_or_else(|| ("decode_error", "no certificate".to_owned()))?;
    let parse = |der: &Vec<u8>| {
        let certificate = X509::from_der(der).map_err(|error| bad(format!("it does not parse: {error}")))?;
        // The library does not look at what stands behind.
        let same = certificate.to_der().is_ok_and(|whole| whole.len() == der.len());
        if same { Ok(certificate) } else { Err(bad("bytes behind a certificate".to_owned())) }
    };
    let leaf = parse(leaf)?;
    if leaf.key_usage().is_some_and(|usage| !usage.contains(X509KeyUsage::DIGITAL_SIGNATURE)) {
        return Err(("unsupported_certificate", "the key is not for signatures".to_owned()));
    }
    let mut others = Stack::new().map_err(|error| bad(error.to_string()))?;
    for der in rest {
        others.push(parse(der)?).map_err(|error| bad(error.to_string()))?;
    }
    let mut context = X509StoreContext::new().map_err(|error| bad(error.to_string()))?;
    let result = context
        .init(&store, &leaf, &others, |context| {
            let good = context.verify_cert()?;
            Ok((good, context.error()))
        })
        .map_err(|error| bad(error.to_string()))?;
    match result {
        (true, _) => Ok(()),
        (false, error) if error.as_raw() == NAME_MISMATCH => Err(bad(format!("not for {}", name.unwrap_or_default()))),
        (false, error) => Err((alert_of(error.as_raw()), error.error_string().to_owned())),
    }
}

/// OpenSSL's number for a name that the certificate has not.
const NAME_MISMATCH: i32 = 62;

/// The alert for an error of OpenSSL's chain building, by its number.
fn alert_of(error: i32) -> &'static str {
    match error {
        9 | 10 => "certificate_expired",
        2 | 18..=21 => "unknown_ca",
        23 => "certificate_revoked",
        26 => "unsupported_certificate",
        _ => "bad_certificate",
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
            assert_eq!(check_chain(&good, Some(SERVER_NAME), Role::Server), Ok(()));
            assert_eq!(check_chain(&good, None, Role::Server), Ok(()));
            assert!(
                check_chain(&good, Some("other.example"), Role::Server)
                    .is_err_and(|(_, why)| why.contains("other.example"))
            );
            assert!(check_chain(&bad, None, Role::Server).is_err());
            assert!(check_chain(&[], None, Role::Server).is_err());
        }
    }
}
