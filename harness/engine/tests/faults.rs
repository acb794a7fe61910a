//! Each fault of our own sides is told from `strict` by a scenario of the corpus.

mod common;

use common::CORPUS;
use gauntlet_engine::caught_by;
use gauntlet_model::Role;
use gauntlet_target::own::{FAULTS, Fault};

/// Fault of a server, and the scenario that catches it.
const SERVERS: &[(&str, &str)] = &[
    ("early_change_cipher_spec", "tls12/change_cipher_spec/early"),
    ("change_cipher_spec_skipped", "tls12/order/finished_before_change_cipher_spec"),
    ("finished_skipped", "tls12/order/finished_omitted"),
    ("finished_repeated", "tls12/order/finished_repeated"),
    ("client_key_exchange_repeated", "tls12/order/client_key_exchange_repeated"),
    ("certificate_verify_skipped", "tls12/client_auth/verify_omitted"),
    ("client_certificate_skipped", "tls12/client_auth/certificate_omitted"),
    ("certificate_not_requested", "tls12/order/certificate_not_requested"),
    ("certificate_verify_for_nothing", "tls12/client_auth/verify_after_empty_list"),
    ("messages_of_servers", "tls12/order/message_of_the_server"),
    ("unknown_messages", "tls12/order/unknown_message"),
    ("second_client_hello", "tls13/order/client_hello_doubled"),
    ("change_cipher_spec_after_handshake", "tls13/change_cipher_spec/after_finished"),
    ("change_cipher_spec_of_any_content", "tls12/change_cipher_spec/too_long"),
    ("protected_change_cipher_spec", "tls13/change_cipher_spec/protected"),
    ("messages_across_keys", "tls12/change_cipher_spec/finished_begun_before"),
    ("messages_interleaved", "tls13/record/between_parts_of_client_hello"),
    ("finished_unchecked", "tls12/finished/wrong"),
    ("certificate_verify_unchecked", "tls13/client_auth/signature_altered"),
    ("chain_unchecked", "tls12/client_auth/certificate_altered"),
    ("empty_chain_taken", "tls13/client_auth/empty_certificate_not_enough"),
    ("binder_unchecked", "tls13/resumption/binder_altered"),
    ("binders_uncounted", "tls13/resumption/binders_too_many"),
    ("record_unchecked", "tls12/cbc/wrong_mac"),
    ("record_dropped", "tls12/aead/altered"),
    ("scheme_not_offered", "tls12/client_auth/verify_sha1"),
    ("scheme_of_another_key", "tls13/client_auth/scheme_of_another_key"),
    ("share_missing_after_retry", "tls13/hello_retry_request/share_missing"),
    ("second_hello_changed", "tls13/hello_retry_request/second_hello_changed"),
    ("share_not_listed", "tls13/key_share/not_in_supported_groups"),
    ("share_of_any_length", "tls13/key_share/x25519_length"),
    ("share_unchecked", "tls13/key_share/x25519_small_order"),
    ("point_of_any_form", "tls13/key_share/point_form"),
    ("duplicate_extensions", "tls12/client_hello/extension_repeated"),
    ("psk_not_last", "tls13/resumption/not_last"),
    ("psk_without_modes", "tls13/resumption/modes_missing"),
    ("signature_algorithms_missing", "tls13/extension/missing"),
    ("groups_missing", "tls13/extension/missing"),
    ("compression_offered", "tls13/client_hello/compression_methods"),
    ("compression_without_null", "tls12/client_hello/compression_without_null"),
    ("legacy_version_ignored", "tls13/client_hello/legacy_version"),
    ("fallback_ignored", "tls12/version/fallback_scsv"),
    ("alpn_ignored", "tls12/alpn/none_known"),
    ("suite_made_up", "tls12/client_hello/cipher_suites_none_acceptable"),
    ("scheme_made_up", "tls12/server_key_exchange/no_old_hash"),
    ("trailing_bytes", "tls12/client_hello/trailing_bytes"),
    ("renegotiation_unbound", "tls12/renegotiation/wrong_verify_data"),
    ("encrypt_then_mac_dropped", "tls12/renegotiation/encrypt_then_mac_given_up"),
    ("extended_master_secret_dropped", "tls12/extended_master_secret/session_with_it"),
    ("record_overflow", "tls12/record/plaintext_too_long"),
    ("empty_records", "tls13/record/empty_handshake_record_encrypted"),
    ("unknown_records", "tls12/record/unknown_type"),
    ("key_update_of_any_value", "tls13/key_update/unknown_request"),
    ("key_updates_without_end", "tls13/key_update/answer_is_no_request"),
    ("key_update_unanswered", "tls13/key_update/answered"),
    ("premaster_padding_told", "tls12/client_key_exchange/rsa_alike"),
    ("downgrade_unmarked", "tls12/version/downgrade_marker"),
    ("session_id_not_echoed", "tls13/client_hello/session_id_echoed"),
    ("suite_not_offered", "tls12/server_hello/suite_offered"),
    ("compression_chosen", "tls13/server_hello/fields"),
    ("extension_not_offered", "tls13/encrypted_extensions/only_what_was_offered"),
    ("extension_not_offered_in_hello", "tls12/server_hello/extensions_subset"),
    ("random_repeated", "tls12/server_hello/random"),
    ("retry_in_other_words", "tls13/hello_retry_request/fields"),
    ("legacy_version_true", "tls13/server_hello/fields"),
    ("ticket_for_ever", "tls13/ticket/lifetime"),
    ("ticket_age_in_the_open", "tls13/ticket/age_add"),
    ("ech_padding_unchecked", "tls13/ech/padding"),
    ("ech_references_unchecked", "tls13/ech/outer_extensions_order"),
    ("ech_reference_missing", "tls13/ech/outer_extensions_missing"),
    ("ech_form_unchecked", "tls13/ech/inner_has_outer_form"),
    ("ech_old_versions_inside", "tls13/ech/inner_offers_tls12"),
    ("ech_second_hello_unbound", "tls13/ech/second_hello_other_config"),
    ("ech_unconfirmed", "tls13/ech/accepted"),
];

/// Likewise of clients.
const CLIENTS: &[(&str, &str)] = &[
    ("finished_unchecked", "tls13/clients/finished/wrong_bit"),
    ("certificate_verify_unchecked", "tls13/clients/certificate_verify/signature"),
    ("signature_of_zeros", "tls13/clients/certificate_verify/zeros"),
    ("scheme_not_offered", "tls13/clients/certificate_verify/scheme_not_offered"),
    ("server_key_exchange_unchecked", "tls12/clients/server_key_exchange/signature"),
    ("chain_unchecked", "certificates/path/self_signed"),
    ("name_unchecked", "certificates/names/other_host"),
    ("purpose_unchecked", "certificates/usage/for_clients"),
    ("dates_unchecked", "certificates/path/expired"),
    ("weak_keys_taken", "certificates/algorithms/short_rsa_key"),
    ("empty_chain_taken", "certificates/structure/empty_list"),
    ("record_dropped", "tls13/record/tag_replaced"),
    ("certificate_verify_skipped", "tls13/clients/order/certificate_verify_left_out"),
    ("certificate_skipped", "tls13/clients/order/certificate_left_out"),
    ("server_key_exchange_skipped", "tls12/clients/order/server_key_exchange_left_out"),
    ("server_key_exchange_surplus", "tls12/clients/order/server_key_exchange_surplus"),
    ("early_change_cipher_spec", "tls12/clients/order/change_cipher_spec_early"),
    ("application_data_early", "tls13/clients/order/application_data_early"),
    ("messages_out_of_order", "tls13/clients/order/swapped"),
    ("ticket_early", "tls13/clients/order/ticket_early"),
    ("second_retry", "tls13/clients/hello_retry_request/twice"),
    ("messages_across_keys", "tls13/clients/record/boundary"),
    ("messages_interleaved", "tls13/record/between_parts_of_finished"),
    ("renegotiation_unbound", "tls12/clients/renegotiation/verify_data"),
    ("downgrade_ignored", "tls13/clients/version/downgrade_to_tls12"),
    ("suite_not_offered", "tls12/clients/server_hello/cipher_suite_not_offered"),
    ("suite_of_another_version", "tls13/clients/version/tls13_suite_in_tls12"),
    ("group_not_offered", "tls12/clients/server_key_exchange/curve_not_offered"),
    ("small_field_taken", "tls12/clients/server_key_exchange/small_field"),
    ("point_of_any_length", "tls12/clients/server_key_exchange/point_size"),
    ("share_unchecked", "tls13/clients/key_share/x25519_zero"),
    ("extension_not_offered", "tls13/clients/encrypted_extensions/extension_not_offered"),
    ("extension_misplaced", "tls13/clients/encrypted_extensions/extension_of_another_message"),
    ("duplicate_extensions", "tls13/clients/server_hello/extension_twice"),
    ("protocol_not_offered", "tls13/clients/alpn/another_protocol"),
    ("session_id_unchecked", "tls13/clients/server_hello/session_id_echo"),
    ("compression_taken", "tls13/clients/server_hello/compression_method"),
    ("retry_forgotten", "tls13/clients/hello_retry_request/other_suite_afterwards"),
    ("retry_for_nothing", "tls13/clients/hello_retry_request/no_change"),
    ("retry_for_a_known_share", "tls13/clients/hello_retry_request/group_with_a_share"),
    ("request_without_schemes", "tls13/clients/client_auth/no_signature_algorithms"),
    ("certificate_context_taken", "tls13/clients/certificate/context"),
    ("record_overflow", "tls13/record/plaintext_too_long"),
    ("trailing_bytes", "tls13/clients/server_hello/malformed"),
    ("random_repeated", "tls13/clients/hello/random"),
    ("compression_offered", "tls13/clients/hello/fields"),
    ("legacy_version_true", "tls13/clients/hello/fields"),
    ("session_id_repeated", "tls13/clients/hello/session_id_of_compatibility"),
    ("ech_not_required", "tls13/clients/ech/rejected"),
    ("ech_accepted_by_retry_alone", "tls13/clients/ech/confirmation_taken_back"),
];

fn pairs() -> Vec<(&'static Fault, &'static str)> {
    let with = |role: Role, list: &'static [(&'static str, &'static str)]| {
        list.iter().map(move |(name, scenario)| {
            let fault = FAULTS.iter().find(|fault| fault.name == *name && fault.role == role);
            (fault.unwrap_or_else(|| panic!("no fault {name}")), *scenario)
        })
    };
    with(Role::Server, SERVERS).chain(with(Role::Client, CLIENTS)).collect()
}

#[test]
fn every_fault_is_caught_by_a_scenario_that_strict_passes() {
    let mut unseen = Vec::new();
    for (fault, id) in pairs() {
        let scenario: Vec<_> = CORPUS.scenarios.iter().filter(|scenario| scenario.id == id).cloned().collect();
        match caught_by(fault, &scenario) {
            Ok(Some(_)) => {}
            Ok(None) => unseen.push(format!("{} {}: not by {id}", fault.role.name(), fault.name)),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(unseen.is_empty(), "{unseen:#?}");
    assert!(SERVERS.len() + CLIENTS.len() >= 40);
}

#[test]
fn no_fault_is_forgotten() {
    let known = pairs();
    let missing = FAULTS.iter().filter(|fault| !known.iter().any(|(k, _)| k == fault));
    let missing: Vec<&str> = missing.map(|fault| fault.name).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
