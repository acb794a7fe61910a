//! The rules that a faulty side breaks, one at a time: mistakes that TLS stacks have made.

use super::path;
use gauntlet_model::{Role, What};
use gauntlet_wire::{ByteEdit, Edit, Grammar, Plain};

/// One broken rule. As a target: `faulty-`, the role, and its name.
#[derive(Debug)]
pub struct Fault {
    /// `finished_unchecked`, ...
    pub name: &'static str,
    /// The side that has it.
    pub role: Role,
    /// What goes wrong, and who once had it.
    pub story: &'static str,
    pub(super) does: Does,
}

impl PartialEq for Fault {
    fn eq(&self, other: &Fault) -> bool {
        (self.name, self.role) == (other.name, other.role)
    }
}

impl Eq for Fault {}

/// How a rule is broken.
#[derive(Debug)]
pub(super) enum Does {
    /// Remarks that hold one of these texts are passed over (`alert: text`; `$` at the end: it ends so).
    Overlooks(&'static [&'static str]),
    /// Likewise, and what is missing is made up: wrong keys, a part of the handshake that never came.
    MakesUp(&'static [&'static str]),
    /// A message of ours has another field.
    Says(&'static str, &'static str, Field),
    /// A message of ours is not sent.
    Omits(&'static str),
    /// Wrong padding of an RSA premaster secret is told at once.
    TellsPadding,
    /// A ClientHello's session id is copied into 32 bytes, whatever its length.
    CopiesSessionId,
    /// Behind so many KeyUpdates it never comes to an end.
    Spins(usize),
}

/// What a field is instead.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Number(u64),
    Bytes(&'static [u8]),
    /// One bit is the other way round.
    Flipped(i64),
    /// An extension more, by its number, without content.
    Extension(u16),
}

use Does::{CopiesSessionId, MakesUp, Omits, Overlooks, Says, Spins, TellsPadding};
use Field::{Bytes, Extension, Flipped, Number};

const fn server(name: &'static str, story: &'static str, does: Does) -> Fault {
    Fault { name, role: Role::Server, story, does }
}

const fn client(name: &'static str, story: &'static str, does: Does) -> Fault {
    Fault { name, role: Role::Client, story, does }
}

/// All of them.
pub static FAULTS: &[Fault] = &[
    // ---- servers: Encrypted ClientHello
    server(
        "ech_padding_unchecked",
        "the padding of an inner hello may be anything",
        Overlooks(&["padding that is not"]),
    ),
    server(
        "ech_references_unchecked",
        "extensions of the outer hello are taken in any order, and as often as they are named",
        Overlooks(&["out of order, or twice"]),
    ),
    server(
        "ech_reference_missing",
        "what the outer hello has not is left out",
        Overlooks(&["the outer hello has not"]),
    ),
    server("ech_form_unchecked", "an inner hello need not be marked as one", Overlooks(&["has no inner form"])),
    server("ech_old_versions_inside", "an inner hello may offer TLS 1.2", Overlooks(&["a version below TLS 1.3"])),
    server(
        "ech_second_hello_unbound",
        "the second hello may name another configuration, and bring a key",
        Overlooks(&["of the second hello are others", "a key with the second hello"]),
    ),
    server("ech_unconfirmed", "an inner hello is taken without a word", Says("server_hello", "random", Flipped(-1))),
    // ---- servers: the order of messages
    server(
        "early_change_cipher_spec",
        "ChangeCipherSpec is taken ahead of ClientKeyExchange, with keys from an empty secret (CVE-2014-0224)",
        MakesUp(&["change_cipher_spec instead of", "does not verify", "verify_data is wrong", "instead of client_key"]),
    ),
    server(
        "change_cipher_spec_skipped",
        "an unprotected Finished is taken without ChangeCipherSpec (CVE-2014-6593)",
        MakesUp(&["finished instead of change_cipher_spec", "does not verify", "verify_data is wrong", "handshake_"]),
    ),
    server(
        "finished_skipped",
        "application data is taken though Finished never came",
        MakesUp(&["application data before the handshake", "does not verify"]),
    ),
    server(
        "finished_repeated",
        "a second Finished is passed over",
        Overlooks(&["finished instead of nothing", "verify_data is wrong"]),
    ),
    server(
        "client_key_exchange_repeated",
        "a second ClientKeyExchange replaces the first",
        Overlooks(&["client_key_exchange instead of", "verify_data is wrong", "does not verify"]),
    ),
    server(
        "certificate_verify_skipped",
        "a certificate counts without proof of its key (CVE-2015-0205)",
        Overlooks(&["instead of certificate_verify"]),
    ),
    server(
        "client_certificate_skipped",
        "a client that was asked for a certificate may leave the message out",
        Overlooks(&["instead of certificate$", "instead of end_of_early_data or certificate$"]),
    ),
    server(
        "certificate_not_requested",
        "a certificate is taken that nobody asked for",
        Overlooks(&["certificate instead of"]),
    ),
    server(
        "certificate_verify_for_nothing",
        "CertificateVerify is taken where there is no certificate",
        Overlooks(&["certificate_verify instead of", "CertificateVerify without a certificate"]),
    ),
    server(
        "messages_of_servers",
        "messages that only servers send are passed over (SMACK)",
        MakesUp(&[
            "server_hello_done instead of",
            "hello_request instead of",
            "certificate_request instead of",
            "certificate_status instead of",
            "encrypted_extensions instead of",
            "server_hello instead of",
            "does not verify",
            "verify_data is wrong",
        ]),
    ),
    server(
        "unknown_messages",
        "messages of unknown type are passed over",
        MakesUp(&["handshake_", "does not verify", "verify_data is wrong"]),
    ),
    server(
        "second_client_hello",
        "another ClientHello starts all over in mid-handshake",
        Overlooks(&["client_hello instead of the rest"]),
    ),
    server(
        "change_cipher_spec_after_handshake",
        "ChangeCipherSpec is passed over at any time (CVE-2020-25648)",
        Overlooks(&["change_cipher_spec behind finished"]),
    ),
    server(
        "change_cipher_spec_of_any_content",
        "ChangeCipherSpec may hold anything",
        Overlooks(&[
            "unexpected_message: change_cipher_spec 0",
            "empty record",
            "unexpected_message: change_cipher_spec f",
        ]),
    ),
    server(
        "protected_change_cipher_spec",
        "ChangeCipherSpec is taken in protected records",
        Overlooks(&["protected change_cipher_spec", "change_cipher_spec behind"]),
    ),
    server(
        "messages_across_keys",
        "what lies unprotected ahead of a change of keys counts as protected (CVE-2011-0411)",
        Overlooks(&["lies across a change of keys", "shares its record"]),
    ),
    server(
        "messages_interleaved",
        "other records are taken between the parts of a message",
        Overlooks(&["between parts of a message"]),
    ),
    // ---- servers: proofs
    server("finished_unchecked", "verify_data is not compared", Overlooks(&["verify_data is wrong"])),
    server("certificate_verify_unchecked", "a client's signature is not checked", Overlooks(&["CertificateVerify: "])),
    server("chain_unchecked", "any chain of a client counts", Overlooks(&["certificate chain: "])),
    server(
        "empty_chain_taken",
        "a client that must show a certificate need not (CVE-2021-3450 in effect)",
        Overlooks(&["chain is empty"]),
    ),
    server("binder_unchecked", "a PSK counts without proof that it is known", Overlooks(&["the binder of"])),
    server("binders_uncounted", "there may be more binders than identities", Overlooks(&["binders for"])),
    server(
        "record_unchecked",
        "records that do not verify are read (POODLE against TLS)",
        MakesUp(&["does not verify"]),
    ),
    server("record_dropped", "records that do not verify are dropped without a word", Overlooks(&["does not verify"])),
    server(
        "scheme_not_offered",
        "signatures of schemes that were not asked for are taken (SLOTH, CVE-2015-7575)",
        Overlooks(&["was not offered", "is not for the certificate's key", "CertificateVerify: "]),
    ),
    server(
        "scheme_of_another_key",
        "the scheme need not be one of the certificate's key",
        Overlooks(&["is not for the certificate's key", "CertificateVerify: "]),
    ),
    // ---- servers: hellos
    server(
        "share_missing_after_retry",
        "the second hello may lack the share asked for",
        Overlooks(&["the second hello's shares"]),
    ),
    server(
        "second_hello_changed",
        "the second hello may differ from the first",
        Overlooks(&["the second hello differs", "of the second hello differs"]),
    ),
    server(
        "share_not_listed",
        "a share may be for a group that is not listed",
        Overlooks(&["which is not in supported_groups"]),
    ),
    server(
        "share_of_any_length",
        "a share may be too short or too long",
        Overlooks(&["a share of ", "the share for group"]),
    ),
    server(
        "share_unchecked",
        "points off the curve and of small order are taken (CVE-2015-7940)",
        Overlooks(&["the share for group", "the client's share is not valid"]),
    ),
    server("point_of_any_form", "compressed and hybrid points are taken", Overlooks(&["a point of another form"])),
    server("duplicate_extensions", "an extension may stand twice", Overlooks(&["stands twice"])),
    server("psk_not_last", "pre_shared_key may stand anywhere", Overlooks(&["is not the last extension"])),
    server(
        "psk_without_modes",
        "pre_shared_key may come without modes",
        Overlooks(&["without psk_key_exchange_modes"]),
    ),
    server(
        "signature_algorithms_missing",
        "a hello without signature_algorithms is served",
        Overlooks(&["no signature_algorithms"]),
    ),
    server(
        "groups_missing",
        "a hello with only one of groups and shares is served",
        Overlooks(&["do not come together", "neither supported"]),
    ),
    server("compression_offered", "TLS 1.3 with compression on offer (CRIME)", Overlooks(&["compression methods "])),
    server(
        "compression_without_null",
        "a hello may leave null compression out",
        Overlooks(&["no null compression", "compression methods "]),
    ),
    server("legacy_version_ignored", "legacy_version may be anything in TLS 1.3", Overlooks(&["legacy_version "])),
    server("fallback_ignored", "TLS_FALLBACK_SCSV is passed over (POODLE)", Overlooks(&["a fallback from"])),
    server(
        "alpn_ignored",
        "no application protocol in common is no matter (ALPACA)",
        Overlooks(&["no application protocol"]),
    ),
    server("suite_made_up", "without a suite in common its own is taken", Overlooks(&["no cipher suite in common"])),
    server(
        "scheme_made_up",
        "without a scheme in common its own is taken",
        Overlooks(&["no signature scheme in common"]),
    ),
    server("trailing_bytes", "what does not decode is read as far as it does", Overlooks(&["decode_error: "])),
    // ---- servers: renegotiation and resumption
    server(
        "renegotiation_unbound",
        "a renegotiation is not bound to the handshake before (CVE-2009-3555)",
        Overlooks(&["renegotiated_connection is not", "a renegotiation without"]),
    ),
    server(
        "encrypt_then_mac_dropped",
        "a renegotiation may give encrypt-then-MAC up (CVE-2017-3733)",
        Overlooks(&["encrypt-then-MAC is given up"]),
    ),
    server(
        "extended_master_secret_dropped",
        "a resumption may give the extended master secret up (triple handshake)",
        Overlooks(&["extended_master_secret is given up", "extended master secret is given up"]),
    ),
    // ---- servers: records, and after the handshake
    server("record_overflow", "records may be longer than is allowed", Overlooks(&["record_overflow: "])),
    server("empty_records", "empty records of any type are taken", Overlooks(&["empty record"])),
    server(
        "unknown_records",
        "records of unknown type are passed over",
        Overlooks(&["record of unknown type", "record of type"]),
    ),
    server("key_update_of_any_value", "request_update may be anything", Overlooks(&["request_update "])),
    server(
        "key_updates_without_end",
        "each KeyUpdate asks for another",
        Says("key_update", "request_update", Number(1)),
    ),
    server("key_update_unanswered", "a KeyUpdate that asks for one gets none", Omits("key_update")),
    server(
        "premaster_padding_told",
        "wrong padding of the premaster secret is told at once (Bleichenbacher, ROBOT)",
        TellsPadding,
    ),
    // ---- servers: what they say
    server(
        "downgrade_unmarked",
        "no sentinel in the random of a lower version",
        Says("server_hello", "random", Flipped(-1)),
    ),
    server(
        "session_id_not_echoed",
        "legacy_session_id_echo is empty",
        Says("server_hello", "legacy_session_id_echo", Bytes(&[])),
    ),
    server(
        "suite_not_offered",
        "TLS_CHACHA20_POLY1305_SHA256, whatever was offered",
        Says("server_hello", "cipher_suite", Number(0x1303)),
    ),
    server(
        "compression_chosen",
        "a compression method other than null",
        Says("server_hello", "legacy_compression_method", Number(1)),
    ),
    server(
        "extension_not_offered",
        "an extension that was not asked for",
        Says("encrypted_extensions", "extensions", Extension(0xfefe)),
    ),
    server(
        "extension_not_offered_in_hello",
        "an extension that was not asked for",
        Says("server_hello", "extensions", Extension(0xfefe)),
    ),
    server("random_repeated", "the same random in every hello", Says("server_hello", "random", Bytes(&[0x5a; 32]))),
    server(
        "retry_in_other_words",
        "legacy_session_id_echo of a HelloRetryRequest is empty",
        Says("hello_retry_request", "legacy_session_id_echo", Bytes(&[])),
    ),
    server(
        "legacy_version_true",
        "legacy_version says TLS 1.3",
        Says("server_hello", "legacy_version", Number(0x0304)),
    ),
    server(
        "ticket_for_ever",
        "tickets live longer than seven days",
        Says("new_session_ticket", "ticket_lifetime", Number(0xffff_ffff)),
    ),
    server("ticket_age_in_the_open", "ticket_age_add is 0", Says("new_session_ticket", "ticket_age_add", Number(0))),
    // ---- clients: proofs
    client("finished_unchecked", "verify_data is not compared", Overlooks(&["verify_data is wrong"])),
    client(
        "certificate_verify_unchecked",
        "the server's signature is not checked (CVE-2020-24613)",
        Overlooks(&["CertificateVerify: "]),
    ),
    client(
        "signature_of_zeros",
        "an ECDSA signature with r = s = 0 counts (CVE-2022-21449)",
        Overlooks(&["r and s are zero"]),
    ),
    client(
        "scheme_not_offered",
        "a scheme that was not offered is taken",
        Overlooks(&["signature scheme 0x", "CertificateVerify: "]),
    ),
    client(
        "server_key_exchange_unchecked",
        "ephemeral keys need not be signed (CVE-2014-1266)",
        Overlooks(&["ServerKeyExchange: "]),
    ),
    client("chain_unchecked", "any chain counts", Overlooks(&["certificate chain: "])),
    client(
        "name_unchecked",
        "a good certificate counts for any host (CVE-2013-4073)",
        Overlooks(&["certificate chain: not for"]),
    ),
    client(
        "purpose_unchecked",
        "a certificate for clients counts for a server",
        Overlooks(&["unsuitable certificate purpose"]),
    ),
    client("dates_unchecked", "a certificate counts after its time", Overlooks(&["certificate_expired: "])),
    client("weak_keys_taken", "short keys count", Overlooks(&["too weak", "too small"])),
    client(
        "empty_chain_taken",
        "an empty chain counts",
        Overlooks(&["chain is empty", "without a certificate", "certificate_verify instead of"]),
    ),
    client("record_dropped", "records that do not verify are dropped without a word", Overlooks(&["does not verify"])),
    // ---- clients: the order of messages
    client(
        "certificate_verify_skipped",
        "a server need not prove its key (CVE-2020-24613)",
        Overlooks(&["instead of certificate_verify"]),
    ),
    client(
        "certificate_skipped",
        "a server need not show a certificate",
        Overlooks(&[
            "instead of certificate$",
            "instead of certificate_request or certificate$",
            "without a certificate",
        ]),
    ),
    client(
        "server_key_exchange_skipped",
        "ephemeral keys need not come (FREAK, CVE-2015-0204)",
        Overlooks(&["instead of certificate_status or server_key_exchange", "instead of server_key_exchange"]),
    ),
    client(
        "server_key_exchange_surplus",
        "a ServerKeyExchange is taken that the suite has no place for (FREAK, CVE-2015-0204)",
        Overlooks(&["server_key_exchange instead of", "decode_error: server_key_exchange"]),
    ),
    client(
        "early_change_cipher_spec",
        "ChangeCipherSpec is taken at any time (CVE-2014-0224)",
        MakesUp(&["change_cipher_spec instead of", "does not verify", "verify_data is wrong", " instead of "]),
    ),
    client(
        "application_data_early",
        "application data is taken ahead of Finished",
        Overlooks(&["application data before"]),
    ),
    client(
        "messages_out_of_order",
        "the order of the server's messages is no matter (SMACK)",
        Overlooks(&[" instead of "]),
    ),
    client(
        "ticket_early",
        "a ticket is taken ahead of the server's Finished",
        Overlooks(&["new_session_ticket before the handshake"]),
    ),
    client("second_retry", "a second HelloRetryRequest is answered", Overlooks(&["a second HelloRetryRequest"])),
    client(
        "messages_across_keys",
        "what lies ahead of a change of keys counts as protected (CVE-2011-0411)",
        Overlooks(&["lies across a change of keys", "shares its record"]),
    ),
    client(
        "messages_interleaved",
        "other records are taken between the parts of a message",
        Overlooks(&["between parts of a message"]),
    ),
    client(
        "renegotiation_unbound",
        "a renegotiation is not bound to the handshake before (CVE-2009-3555)",
        Overlooks(&["renegotiation_info is not that"]),
    ),
    // ---- clients: what the server settles on
    client("downgrade_ignored", "the sentinel of a downgrade is passed over", Overlooks(&["betrays a downgrade"])),
    client("suite_not_offered", "a suite that was not offered is taken (FREAK)", Overlooks(&["cipher suite 0x"])),
    client(
        "suite_of_another_version",
        "a suite of TLS 1.3 is taken in TLS 1.2, and the other way round",
        Overlooks(&["is of another version"]),
    ),
    client(
        "group_not_offered",
        "a group that was not offered is taken",
        Overlooks(&["illegal_parameter: group ", "which we sent none for"]),
    ),
    client(
        "small_field_taken",
        "short Diffie-Hellman parameters are taken (Logjam, CVE-2015-4000)",
        Overlooks(&["insufficient_security: "]),
    ),
    client("point_of_any_length", "a point may be too short or too long", Overlooks(&["a point of "])),
    client(
        "share_unchecked",
        "points off the curve and of small order are taken (CVE-2015-7940)",
        Overlooks(&["key_share: "]),
    ),
    client(
        "extension_not_offered",
        "an extension that was not offered is taken",
        Overlooks(&["unsupported_extension: "]),
    ),
    client(
        "extension_misplaced",
        "an extension may stand in any message",
        Overlooks(&["does not belong into", "unsupported_extension: "]),
    ),
    client("duplicate_extensions", "an extension may stand twice", Overlooks(&["stands twice"])),
    client(
        "protocol_not_offered",
        "an application protocol that was not offered is taken (ALPACA)",
        Overlooks(&["an application protocol that"]),
    ),
    client("session_id_unchecked", "legacy_session_id_echo may be anything", Overlooks(&["is no echo"])),
    client("compression_taken", "a compression method other than null is taken", Overlooks(&["compression method"])),
    client(
        "retry_forgotten",
        "the ServerHello may differ from the HelloRetryRequest",
        Overlooks(&["differs from the HelloRetryRequest"]),
    ),
    client(
        "retry_for_nothing",
        "a HelloRetryRequest that asks for nothing new is answered",
        Overlooks(&["asks for nothing new"]),
    ),
    client(
        "retry_for_a_known_share",
        "a HelloRetryRequest for a share that was sent is answered",
        Overlooks(&["was sent already"]),
    ),
    client(
        "request_without_schemes",
        "a CertificateRequest without signature_algorithms is answered",
        Overlooks(&["a request without signature_algorithms"]),
    ),
    client(
        "certificate_context_taken",
        "the server's Certificate may have a context",
        Overlooks(&["a context in the server's Certificate"]),
    ),
    client("record_overflow", "records may be longer than is allowed", Overlooks(&["record_overflow: "])),
    client(
        "ech_not_required",
        "a server that took the outer hello is content enough",
        Overlooks(&["the server took the outer hello"]),
    ),
    client(
        "ech_accepted_by_retry_alone",
        "what a HelloRetryRequest has confirmed the ServerHello need not",
        Overlooks(&["accepted by the HelloRetryRequest alone"]),
    ),
    client("trailing_bytes", "what does not decode is read as far as it does", Overlooks(&["decode_error: "])),
    // ---- clients: what they say
    client("random_repeated", "the same random in every hello", Says("client_hello", "random", Bytes(&[0x5a; 32]))),
    client(
        "compression_offered",
        "compression is offered with TLS 1.3 (CRIME)",
        Says("client_hello", "legacy_compression_methods", Bytes(&[1, 0])),
    ),
    client(
        "legacy_version_true",
        "legacy_version says TLS 1.3",
        Says("client_hello", "legacy_version", Number(0x0304)),
    ),
    client(
        "session_id_repeated",
        "the same session id in every hello",
        Says("client_hello", "legacy_session_id", Bytes(&[0x5a; 32])),
    ),
];

/// Faults for searchers to find; no scenario knows them. As a target: `planted-`, the role, and its name.
pub static PLANTED: &[Fault] = &[
    server("session_id", "a session id longer than its buffer is a panic", CopiesSessionId),
    server(
        "finished",
        "Finished is taken wherever it comes",
        MakesUp(&["finished instead of", "does not verify", "verify_data is wrong", "behind finished", "before the"]),
    ),
    server("key_updates", "a flood of KeyUpdates is an endless loop", Spins(32)),
];

impl Fault {
    /// Does what is wrong about bytes as they come: a hello that lies in one record alone.
    pub(super) fn trip(&self, bytes: &[u8]) {
        let [22, _, _, high, low, 1, _, second, third, ..] = bytes else { return };
        let (record, hello) = (u16::from_be_bytes([*high, *low]), u16::from_be_bytes([*second, *third]));
        let session_id = bytes.get(43..).and_then(<[u8]>::split_first);
        if let (CopiesSessionId, Some((length, rest))) = (&self.does, session_id)
            && record == hello.saturating_add(4)
        {
            let length = usize::from(*length).min(rest.len());
            let mut buffer = [0; 32];
            buffer[..length].copy_from_slice(&rest[..length]);
        }
    }

    /// Never comes back, if it is time for that.
    pub(super) fn spin(&self, key_updates: usize) {
        if let Spins(most) = self.does
            && key_updates > most
        {
            loop {
                std::hint::spin_loop();
            }
        }
    }

    /// Whether a remark is passed over.
    pub(super) fn overlooks(&self, alert: &str, text: &str) -> bool {
        let (Overlooks(list) | MakesUp(list)) = &self.does else { return false };
        let remark = format!("{alert}: {text}");
        list.iter().any(|part| match part.strip_suffix('$') {
            Some(end) => remark.ends_with(end),
            None => remark.contains(part),
        })
    }

    /// Whether it goes on without what is missing.
    pub(super) fn makes_up(&self) -> bool {
        matches!(self.does, MakesUp(_))
    }

    /// Whether a message is left out.
    pub(super) fn omits(&self, message: &str) -> bool {
        matches!(self.does, Omits(name) if name == message)
    }

    /// Whether it tells what the padding of a premaster secret is like.
    pub(super) fn tells_padding(&self) -> bool {
        matches!(self.does, TellsPadding)
    }
}

impl Fault {
    /// The change that it makes in a message.
    pub(super) fn edit(&self, message: &str) -> Option<Edit> {
        let Says(name, field, value) = &self.does else { return None };
        let edit = match value {
            Number(number) => Edit::Set(path(field), Plain::Number(*number)),
            Bytes(bytes) => Edit::Set(path(field), Plain::Bytes(bytes.to_vec())),
            Flipped(bit) => Edit::Bytes(path(field), ByteEdit::FlipBit { bit: *bit }),
            Extension(kind) => Edit::Set(path(&format!("{field}.{kind:#06x}")), Plain::Bytes(Vec::new())),
        };
        (*name == message).then_some(edit)
    }
}

/// Whether it is a ClientKeyExchange whose premaster secret is not padded as PKCS #1 has it.
pub(super) fn is_badly_padded(event: &What) -> bool {
    let What::Message { name, bytes, context, .. } = event else { return false };
    let rsa = Grammar::tls().number("KeyExchange", "rsa").map(|number| number as u8);
    if name != "client_key_exchange" || context.key_exchange != rsa {
        return false;
    }
    let identity = gauntlet_pki::server(gauntlet_pki::KeyKind::Rsa2048);
    let block = bytes.get(6..).and_then(|encrypted| identity.key.rsa_raw_decrypt(encrypted).ok()).unwrap_or_default();
    !block.starts_with(&[0, 2]) || block.iter().rev().nth(48) != Some(&0)
}
