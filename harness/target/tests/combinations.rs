//! Honest handshakes with data both ways, for every version, suite, group and signature scheme that a target offers and
//! we can play. Prints how many there were, and each combination that was left out, with the reason.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use gauntlet_crypto::suite::{Authentication, KeyExchange, Mac, SuiteInfo};
use gauntlet_crypto::{CipherSuite, Digest};
use gauntlet_model::{Close, Received, Role, What};
use gauntlet_peer::{Change, Config, Peer, Psk};
use gauntlet_target::embedded::openssl;
use gauntlet_target::{Options, Target, by_name, profiles};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

/// Longer than any honest answer takes, also on a machine under load.
const PATIENCE: Duration = Duration::from_secs(10);
const CURVES: [u16; 5] = [29, 23, 24, 25, 30];
const FIELDS: [u16; 5] = [256, 257, 258, 259, 260];
const HYBRIDS: [u16; 3] = [4587, 4588, 4589];
/// Schemes with the certificate that signs so.
const SCHEMES: [(u16, &str); 16] = [
    (0x0401, "rsa2048"),
    (0x0501, "rsa2048"),
    (0x0601, "rsa2048"),
    (0x0201, "rsa2048"),
    (0x0804, "rsa2048"),
    (0x0805, "rsa2048"),
    (0x0806, "rsa2048"),
    (0x0809, "rsapss2048"),
    (0x080a, "rsapss2048"),
    (0x080b, "rsapss2048"),
    (0x0403, "p256"),
    (0x0503, "p384"),
    (0x0603, "p521"),
    (0x0203, "p256"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
];

/// Groups that take long: with these every suite is met, and every scheme, but not every pair of the two.
const SLOW: [u16; 3] = [258, 259, 260];

/// What is tried. No group, or no scheme: the version or the suite does not name one.
#[derive(Clone, Copy)]
struct Combination {
    version: u16,
    suite: &'static SuiteInfo,
    group: Option<u16>,
    scheme: Option<u16>,
    certificate: &'static str,
}

/// How it went.
enum Outcome {
    Complete,
    /// The target answered the hello with something else than a ServerHello.
    Refused(String),
    Failed(String),
}

fn version_name(version: u16) -> &'static str {
    ["ssl3.0", "tls1.0", "tls1.1", "tls1.2", "tls1.3"][usize::from(version - 0x0300)]
}

fn name(kind: &str, number: u16) -> String {
    gauntlet_wire::Grammar::tls().name(kind, number.into()).map_or(format!("{number:#06x}"), str::to_owned)
}

/// Whether the version has the suite at all.
fn exists(suite: &SuiteInfo, version: u16) -> bool {
    let new = suite.bulk.is_aead() || matches!(suite.mac, Mac::Hmac(Digest::Sha256 | Digest::Sha384));
    match version {
        0x0304 => suite.key_exchange == KeyExchange::Tls13,
        // Curves need an extension to be agreed on, and RFC 4279 begins with TLS 1.0.
        0x0300 => !new && suite.suite.0 < 0xc000 && !suite.name.contains("PSK"),
        version => suite.key_exchange != KeyExchange::Tls13 && (version == 0x0303 || !new),
    }
}

/// Groups and schemes that make a difference with a suite.
fn combinations(version: u16, suite: &'static SuiteInfo) -> Vec<Combination> {
    let groups: Vec<Option<u16>> = match suite.key_exchange {
        KeyExchange::Tls13 => CURVES.into_iter().chain(FIELDS).chain(HYBRIDS).map(Some).collect(),
        KeyExchange::Ecdhe | KeyExchange::EcdhePsk => CURVES.into_iter().map(Some).collect(),
        KeyExchange::Dhe | KeyExchange::DhePsk if version == 0x0303 => FIELDS.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    let signed = matches!(suite.key_exchange, KeyExchange::Tls13 | KeyExchange::Ecdhe | KeyExchange::Dhe)
        && suite.authentication != Authentication::Anonymous;
    let fits = |(scheme, certificate): &(u16, &str)| match suite.authentication {
        Authentication::Tls13 => *scheme >= 0x0300 && !matches!(scheme, 0x0401 | 0x0501 | 0x0601),
        Authentication::Rsa => certificate.starts_with("rsa"),
        _ => !certificate.starts_with("rsa"),
    };
    let schemes: Vec<(Option<u16>, &'static str)> = match (signed && version >= 0x0303, suite.authentication) {
        (true, _) => SCHEMES.into_iter().filter(fits).map(|(scheme, kind)| (Some(scheme), kind)).collect(),
        (false, Authentication::Ecdsa) => vec![(None, "p256")],
        (false, _) => vec![(None, "rsa2048")],
    };
    let pair = |group| {
        let all = schemes.iter().map(move |(scheme, certificate)| (group, *scheme, *certificate));
        all.map(|(group, scheme, certificate)| Combination { version, suite, group, scheme, certificate })
    };
    let all = groups.iter().flat_map(|group| pair(*group).collect::<Vec<_>>());
    let first = CipherSuite::all().iter().find(|other| {
        let same = (other.key_exchange, other.authentication) == (suite.key_exchange, suite.authentication);
        same && other.is_playable() && exists(other, version)
    });
    let is_first = first.is_some_and(|first| first.suite == suite.suite);
    let first_scheme = schemes.first().and_then(|(scheme, _)| *scheme);
    let wanted = |one: &Combination| {
        let slow = one.group.is_some_and(|group| SLOW.contains(&group));
        !slow || is_first || one.scheme == first_scheme
    };
    all.filter(wanted).collect()
}

fn config(one: &Combination) -> Config {
    let mut config = Config::client(&[one.version]);
    config.cipher_suites = vec![one.suite.suite.0];
    if let Some(group) = one.group {
        config.groups = vec![group];
        config.shares = vec![group];
        // Up to TLS 1.2 the list also says which curves a certificate may have.
        let curve = [("p256", 23), ("p384", 24), ("p521", 25)].into_iter().find(|(kind, _)| *kind == one.certificate);
        config.groups.extend(curve.map(|(_, curve)| curve).filter(|curve| one.version < 0x0304 && *curve != group));
    }
    if let Some(scheme) = one.scheme {
        // The chain above the leaf is signed with SHA-256.
        config.signature_schemes = vec![scheme, 0x0401, 0x0403];
        config.signature_schemes.dedup();
    }
    let (identity, key) = (gauntlet_pki::PSK_IDENTITY.as_bytes().to_vec(), gauntlet_pki::PSK_KEY.to_vec());
    config.psk = Some(Psk { identity, key, hint: None });
    config
}

/// Sends everything that is due, and data once there is nothing more.
fn speak(peer: &mut Peer, said: &mut bool) -> Vec<u8> {
    loop {
        let name = match peer.due() {
            Some(name) => name,
            None if peer.is_established() && !*said => {
                *said = true;
                "application_data"
            }
            None => return peer.take_output(),
        };
        let mut draft = peer.draft(name, &Change::default()).unwrap();
        peer.remember(&mut draft);
        while draft.left() > 0 {
            peer.emit(&mut draft, None, None).unwrap();
        }
        peer.sent(&mut draft);
    }
}

fn converse(link: &mut dyn gauntlet_model::Link, one: &Combination) -> Outcome {
    let connection = link.connect().unwrap();
    let (mut peer, mut said, mut events) = (Peer::new(config(one), [7; 32]), false, Vec::new());
    let end = loop {
        let bytes = speak(&mut peer, &mut said);
        if !bytes.is_empty() {
            link.send(connection, &bytes);
        }
        if peer.application_data() > 0 {
            break "no end";
        }
        match link.receive(connection, PATIENCE) {
            Received::Bytes(bytes) => peer.receive(&bytes),
            Received::Quiet => break "silent",
            Received::End(_) => break "ended",
        }
        events.extend(peer.take_events());
    };
    link.close(connection, Close::Fin);
    events.extend(peer.take_events());
    let mut remarks = Vec::new();
    let (mut answered, mut alert, mut agreed) = (false, None, None);
    for event in events {
        match event {
            What::Remark { alert, text } => remarks.push(format!("{alert}: {text}")),
            What::NotFollowed { text } => remarks.push(text),
            What::Established { group, .. } => agreed = Some(group),
            What::Message { name, .. } if name == "server_hello" => answered = true,
            What::Message { content_type: 21, bytes, .. } if alert.is_none() => alert = bytes.last().copied(),
            _ => {}
        }
    }
    let alert = alert.map_or(end.to_owned(), |alert| name("AlertDescription", alert.into()));
    let curve = one.group.filter(|group| CURVES.contains(group) || one.version == 0x0304);
    if curve.is_some() && agreed.is_some() && agreed != curve {
        return Outcome::Refused("another group".to_owned());
    }
    // Who knows nothing of RFC 7919 in TLS 1.2 takes a group of its own.
    remarks.retain(|remark| !remark.starts_with("insufficient_security"));
    if peer.application_data() > 0 && remarks.is_empty() {
        return Outcome::Complete;
    }
    if !answered && end != "silent" {
        return Outcome::Refused(alert);
    }
    Outcome::Failed(format!("{alert} {remarks:?}"))
}

/// A combination, and why it failed if it did.
type Tried = (Combination, Option<String>);

/// What was left out, by reason, collapsed where a whole suite, group or scheme is left out.
#[derive(Default)]
struct Report {
    complete: usize,
    tried: BTreeMap<(u16, u16), Vec<Tried>>,
}

impl Report {
    fn lines(&self) -> Vec<String> {
        let all: Vec<&Tried> = self.tried.values().flatten().collect();
        let never = |same: &dyn Fn(&Combination) -> bool| {
            all.iter().filter(|(one, _)| same(one)).all(|(_, refused)| refused.is_some())
        };
        let mut lines = BTreeSet::new();
        for (one, refused) in &all {
            let Some(reason) = refused else { continue };
            let version = version_name(one.version);
            let group = one.group.map(|group| name("NamedGroup", group));
            let scheme = one.scheme.map(|scheme| name("SignatureScheme", scheme));
            let whole = if never(&|other| (other.version, other.suite) == (one.version, one.suite)) {
                one.suite.name.to_owned()
            } else if never(&|other| (other.version, other.group) == (one.version, one.group)) {
                format!("{} in all suites", group.unwrap_or_default())
            } else if never(&|other| (other.version, other.scheme) == (one.version, one.scheme)) {
                format!("{} in all suites", scheme.unwrap_or_default())
            } else {
                [Some(one.suite.name.to_owned()), group, scheme].into_iter().flatten().collect::<Vec<_>>().join(" ")
            };
            lines.insert(format!("{version} {whole}: the target answers with {reason}"));
        }
        lines.into_iter().collect()
    }
}

/// Plays all combinations of the versions, and tells how many were complete.
fn play_all(target: &dyn Target, versions: &[u16]) -> usize {
    let mut report = Report::default();
    let mut unplayed = Vec::new();
    let mut failures = Vec::new();
    let mut by_certificate: BTreeMap<(u16, &str), Vec<Combination>> = BTreeMap::new();
    for version in versions {
        for suite in CipherSuite::all().iter().filter(|suite| exists(suite, *version)) {
            if suite.is_playable() && suite.authentication != Authentication::Dss {
                for one in combinations(*version, suite) {
                    by_certificate.entry((*version, one.certificate)).or_default().push(one);
                }
            } else if *version >= 0x0303 {
                unplayed.push(suite.name);
            }
        }
    }
    for ((version, certificate), all) in by_certificate {
        let named = [("versions", version_name(version)), ("certificate", certificate)];
        // In TLS 1.3 suites are neither weak nor for PSKs.
        let weak = [("suites", "all"), ("psk", "yes")].into_iter().filter(|_| version < 0x0304);
        let options: Options =
            named.into_iter().chain(weak).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if let Err(reason) = target.supports(Role::Server, &options) {
            report
                .tried
                .entry((version, 0))
                .or_default()
                .extend(all.into_iter().map(|one| (one, Some(reason.clone()))));
            continue;
        }
        let mut instance = match target.start(Role::Server, &options) {
            Ok(instance) => instance,
            Err(reason) => {
                failures.push(format!("{} {certificate}: {reason}", version_name(version)));
                continue;
            }
        };
        for one in all {
            let suite = one.suite.suite.0;
            let outcome = converse(&mut *instance.link().unwrap(), &one);
            let place = report.tried.entry((version, suite)).or_default();
            match outcome {
                Outcome::Complete => {
                    report.complete += 1;
                    place.push((one, None));
                }
                Outcome::Refused(reason) => {
                    place.push((one, Some(reason)));
                }
                Outcome::Failed(reason) => failures.push(format!(
                    "{} {} {:?} {:?}: {reason}",
                    version_name(version),
                    one.suite.name,
                    one.group.map(|group| name("NamedGroup", group)),
                    one.scheme.map(|scheme| name("SignatureScheme", scheme)),
                )),
            }
        }
    }
    let mut out = std::io::stderr();
    drop(writeln!(out, "{}: {} honest handshakes with data both ways", target.name(), report.complete));
    for line in report.lines() {
        drop(writeln!(out, "  left out: {line}"));
    }
    let slow = SLOW.map(|group| name("NamedGroup", group)).join(", ");
    drop(writeln!(out, "  left out, since they are slow: most pairs of suite and scheme with {slow}"));
    drop(writeln!(out, "  left out, since we have no cipher, key or key exchange for them: {}", unplayed.join(" ")));
    assert_eq!(failures, Vec::<String>::new());
    report.complete
}

#[test]
fn embedded_openssl() {
    let complete = play_all(&*openssl(), &[0x0300, 0x0301, 0x0302, 0x0303, 0x0304]);
    assert!(complete > 1000, "only {complete}");
}

#[test]
fn gnutls() {
    let listing = profiles().into_iter().find(|listing| listing.name == "gnutls-serv").unwrap();
    if !listing.installed {
        drop(writeln!(std::io::stderr(), "gnutls-serv is left out: not installed ({})", listing.install));
        return;
    }
    let complete = play_all(&*by_name("gnutls-serv").unwrap(), &[0x0301, 0x0302, 0x0303, 0x0304]);
    assert!(complete > 300, "only {complete}");
}
