//! The language as `good/` uses it: what loads, and what it becomes.

use gauntlet_model::chain::{CertificateStatus, ChainItem, GeneralName, Moment};
use gauntlet_model::{
    Capabilities, Case, Close, Condition, Cut, Direction, Expect, Form, KeysOf, Learnt, Operation, Plays, RecordItem,
    Resume, Role, Sequence, StepKind, Val, Which,
};
use gauntlet_scenario::{Corpus, CorpusError, Scenario};
use std::path::Path;

fn good() -> Corpus {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    Corpus::from_folder(&folder).unwrap_or_else(|error| panic!("{error}"))
}

fn scenario(id: &str) -> Scenario {
    good().scenario(id).unwrap_or_else(|| panic!("no {id}")).clone()
}

fn cases(id: &str) -> Vec<Case> {
    scenario(id).expand(None).unwrap_or_else(|errors| panic!("{}", errors.render(false))).cases
}

fn ids(cases: &[Case]) -> Vec<&str> {
    cases.iter().map(|case| case.id.as_str()).collect()
}

/// A scenario of one file.
fn load(text: &str) -> Scenario {
    match Corpus::from_files([("x.yaml", text)], "") {
        Ok(corpus) => corpus.scenarios[0].clone(),
        Err(error) => panic!("{error}"),
    }
}

fn expand(text: &str) -> Vec<Case> {
    load(text).expand(None).unwrap_or_else(|errors| panic!("{}", errors.render(false))).cases
}

fn path(text: &str) -> gauntlet_wire::Path {
    gauntlet_wire::Path::parse(text).expect("a path")
}

fn name(text: &str) -> Val {
    Val::Name(text.to_owned())
}

#[test]
fn all_good_files_load_without_a_warning() {
    let corpus = good();
    assert_eq!(corpus.warnings.render(false), "");
    assert_eq!(corpus.scenarios.len(), 11);
    assert!(corpus.scenarios.is_sorted_by_key(|scenario| scenario.id.clone()));
}

#[test]
fn truth_is_compared_as_a_word() {
    let cases = expand(
        "title: A session is resumed\nrequirements: [rfc9846-4.2.2-30]\npeer: client\nversion: tls1.3\nflow:\n  \
         - handshake: full\n  - expect: accept\n  - check: { established.resumed: true }\n  \
         - check: { established.resumed: { not: false } }\n",
    );
    let condition = |step: usize| match &cases[0].steps[step].kind {
        StepKind::Check(conditions) => conditions[0].1.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(condition(2), Condition::Equals(name("true")));
    assert_eq!(condition(3), Condition::Not(name("false")));
}

#[test]
fn a_list_gives_one_case_for_each_value() {
    let cases = cases("compression");
    assert_eq!(ids(&cases), ["compression@methods=1", "compression@methods=2"]);
    let case = &cases[1];
    assert_eq!(case.parameters, [("methods".to_owned(), serde_json::json!([1, 0]))]);
    assert_eq!(case.requirements, ["rfc9846-4.2.2-30"]);
    assert_eq!((case.peer, case.versions.as_slice()), (Role::Client, &[0x0304][..]));
    let StepKind::Send(send) = &case.steps[0].kind else { panic!("{case:?}") };
    assert_eq!(send.message, "client_hello");
    assert_eq!(
        send.alteration.set,
        [(path("legacy_compression_methods"), Val::List(vec![Val::Number(1), Val::Number(0)]))]
    );
    assert_eq!(
        case.steps[1].kind,
        StepKind::Expect(Expect::Reject { alerts: vec!["illegal_parameter".to_owned()], past: Vec::new() })
    );
}

#[test]
fn steps_know_where_they_stand() {
    let cases = cases("compression");
    let place = &cases[0].steps[1].place;
    assert!(place.file.ends_with("tests/good/compression.yaml"), "{}", place.file);
    assert_eq!((place.line, place.column, place.width), (9, 5, "expect: { reject: illegal_parameter }".len()));
    let place = &cases[0].steps[0].place;
    assert_eq!((place.line, place.column, place.width), (7, 5, "send: client_hello".len()));
}

#[test]
fn plain_reject_takes_the_alerts_of_the_catalogue() {
    let cases = cases("order");
    assert_eq!(ids(&cases), ["order@extension=supported_groups", "order@extension=signature_algorithms"]);
    let StepKind::Handshake(handshake) = &cases[1].steps[0].kind else { panic!() };
    assert_eq!(handshake.form, Form::Full);
    assert_eq!(
        handshake.with[0].1.alteration.set,
        [(path("extensions.key_share.client_shares"), Val::List(Vec::new()))]
    );
    let (message, change) = &handshake.alter[0];
    assert_eq!((message.name.as_str(), message.which), ("client_hello", Which::Nth(1)));
    assert_eq!((change.place.line, change.place.column), (11, 7));
    assert_eq!(change.alteration.mutate[0].field, Some(path("extensions.signature_algorithms")));
    assert_eq!(change.alteration.mutate[0].operation, Operation::Move { to: gauntlet_wire::Place::Last });
    assert_eq!(
        cases[1].steps[1].kind,
        StepKind::Expect(Expect::Reject { alerts: vec!["illegal_parameter".to_owned()], past: Vec::new() })
    );
    assert_eq!(cases[0].needs["hello_retry_request"], Vec::<String>::new());
}

#[test]
fn both_roles_are_played_and_steps_can_be_values() {
    let cases = cases("between");
    assert_eq!(
        ids(&cases)[..5],
        [
            "between@peer=client,cut=1,between=data",
            "between@peer=client,cut=2,between=alert",
            "between@peer=client,cut=3,between=data",
            "between@peer=client,cut=4,between=alert",
            "between@peer=server,cut=1,between=data",
        ]
    );
    assert_eq!(cases.len(), 8);
    assert_eq!(cases[7].peer, Role::Server);
    assert_eq!(cases[1].parameters[1], ("between".to_owned(), "alert".into()));
    let StepKind::Send(send) = &cases[1].steps[1].kind else { panic!() };
    let [RecordItem::Record(first), RecordItem::Step(step), RecordItem::Record(rest)] =
        send.alteration.records.as_slice()
    else {
        panic!("{send:?}")
    };
    assert_eq!((first.size, rest.size), (Some(Cut::Bytes(2)), Some(Cut::Rest)));
    let StepKind::Send(alert) = &step.kind else { panic!() };
    assert_eq!(alert.alteration.set, [(path("level"), name("warning")), (path("description"), name("user_canceled"))]);
}

#[test]
fn plays_give_variants_within_each_case() {
    let cases = cases("premaster");
    assert!(cases.iter().all(|case| case.id.starts_with("premaster@suite=TLS_RSA_WITH_")), "{:?}", ids(&cases));
    assert!(cases.len() > 20);
    let case = &cases[0];
    assert_eq!(case.versions, [0x0303]);
    let Plays::Variants(variants) = &case.plays else { panic!() };
    let names: Vec<&str> = variants.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["well_formed", "type_1", "version_0", "above_modulus"]);
    assert_eq!(case.steps, variants[0].1);
    let StepKind::Handshake(handshake) = &variants[3].1[0].kind else { panic!() };
    assert!(
        matches!(&handshake.form, Form::Through(Direction::Sent, message) if message.name == "client_key_exchange")
    );
    assert_eq!(
        handshake.alter[0].1.alteration.set,
        [(path("encrypted_pre_master_secret"), Val::Fill { pattern: vec![0xff], length: 256 })]
    );
    assert_eq!(case.steps[3].kind, StepKind::Expect(Expect::Reject { alerts: Vec::new(), past: Vec::new() }));
    assert_eq!(case.across, [(path("reaction"), Condition::Same(true))]);
}

#[test]
fn several_connections() {
    let case = &cases("binder")[0];
    assert_eq!(case.id, "binder");
    assert_eq!(case.needs["groups"], ["x25519", "secp256r1"]);
    assert_eq!(case.steps[2].kind, StepKind::Close(Close::CloseNotify));
    assert_eq!(case.steps[3].kind, StepKind::Connect);
    let StepKind::Handshake(handshake) = &case.steps[4].kind else { panic!() };
    assert_eq!(handshake.options.resume, Some(Resume::Last));
    assert_eq!(handshake.options.early_data, Some(Val::Bytes(b"GET / HTTP/1.0\r\n\r\n".to_vec())));
}

#[test]
fn a_client_that_connects_again_keeps_its_sessions() {
    let flow = "flow: [{ handshake: full }, connect, { handshake: { resume: last } }, { expect: accept }]";
    let text = format!("title: x\nrequirements: [rfc9846-4.2.2-02]\npeer: server\n{flow}\n");
    let options = |text: &str| load(text).expand(None).unwrap().cases[0].options.clone();
    assert_eq!(options(&text)["resumption"], "yes");
    assert_eq!(options(&format!("{text}target: {{ resumption: \"no\" }}\n"))["resumption"], "no");
    assert!(!options(&text.replace("connect, ", "")).contains_key("resumption"));
    let server = text.replace("peer: server", "peer: client").replace("rfc9846-4.2.2-02", "rfc9846-4.2.3-01");
    assert!(options(&server).is_empty());
}

#[test]
fn options_and_certificates_are_kept() {
    let case = &cases("other_name")[0];
    assert_eq!(case.peer, Role::Server);
    assert_eq!(case.options["verify_peer"], "true");
    assert_eq!(case.options["depth"], "3");
    let leaf = case.pki.as_ref().unwrap().certificate("leaf").unwrap();
    assert_eq!(leaf.san, Some(vec![GeneralName::Dns(b"other.example".to_vec())]));
}

#[test]
fn repetitions() {
    assert_eq!(cases("passive")[0].plays, Plays::Times(32));
    assert!(matches!(&cases("until")[0].plays, Plays::Until { conditions, at_most: 2000 } if conditions.len() == 1));
}

#[test]
fn pairs_leave_out_what_is_excepted() {
    let cases = cases("survives");
    let ids = ids(&cases);
    assert_eq!(ids.len(), 6 * 3 - 1);
    assert!(!ids.contains(&"survives@kind=51,length=1"), "{ids:?}");
    assert!(ids.contains(&"survives@kind=51,length=65535"), "{ids:?}");
}

#[test]
fn every_word_of_the_language_is_read() {
    let cases = cases("everything");
    assert_eq!(
        ids(&cases),
        [
            "everything@hello=null_last,seed=1",
            "everything@hello=null_first,seed=2",
            "everything@hello=null_last,seed=3"
        ]
    );
    let case = &cases[0];
    assert_eq!(case.versions, [0x0304, 0x0303]);
    let StepKind::Send(send) = &case.steps[0].kind else { panic!() };
    let alteration = &send.alteration;
    let set = |path_text: &str| &alteration.set.iter().find(|(p, _)| *p == path(path_text)).expect("set").1;
    let fill = Val::Fill { pattern: vec![0xab], length: 3 };
    assert_eq!(set("legacy_session_id"), &Val::Join(vec![name("00 11"), Val::Random(4), fill]));
    assert_eq!(set("random"), &Val::From { path: path("sent.records[-1]"), plus: 1 });
    let Val::List(suites) = set("cipher_suites") else { panic!() };
    assert_eq!(suites[1], Val::Number(0x1302));
    assert!(matches!(&suites[2], Val::Pick { not: Some(_), .. }));
    assert_eq!(alteration.mutate.len(), 14);
    assert_eq!(alteration.mutate[3].operation, Operation::Move { to: gauntlet_wire::Place::At(-2) });
    assert_eq!(alteration.mutate[5].operation, Operation::LengthBy(-1));
    assert_eq!(alteration.mutate[13].operation, Operation::Truncate { to: -1 });
    assert_eq!(alteration.form, Some(0x0303));
    assert_eq!(alteration.remember, gauntlet_model::Remember::Unaltered);
    let RecordItem::Record(none) = &alteration.records[1] else { panic!() };
    assert_eq!((none.size, none.times, none.keys), (Some(Cut::Bytes(0)), Some(3), Some(KeysOf::None)));
    let RecordItem::Record(rest) = &alteration.records[3] else { panic!() };
    assert_eq!(rest.sequence, Some(Sequence::By(1)));
    let record = alteration.record.as_ref().expect("record");
    assert_eq!((record.sequence, record.set[0].1.clone()), (Some(Sequence::To(7)), Val::UpTo(1000)));
    assert!(alteration.joined);
    assert_eq!(alteration.segments, [1, 100]);
    let StepKind::Handshake(handshake) = &case.steps[2].kind else { panic!() };
    assert!(matches!(&handshake.form, Form::Before(Direction::Sent, message) if message.name == "finished"));
    assert_eq!(handshake.options.psks, [(Val::Bytes(b"me".to_vec()), name("0011"), "sha384".to_owned())]);
    assert_eq!(handshake.options.retry.as_deref(), Some("x25519"));
    assert_eq!(handshake.with[0].0.which, Which::Every);
    assert_eq!(handshake.alter_options.early_data, Some(name("00")));
    assert!(matches!(handshake.alter_options.resume, Some(Resume::Ticket(_))));
    let change = &handshake.alter[0].1;
    assert_eq!(change.alteration.compute[1].1["value"], name("00"));
    assert_eq!(change.alteration.compute[0].1["key"], name("other"));
    assert_eq!((change.before.len(), change.instead.as_ref().map(Vec::len), change.after.len()), (1, Some(1), 1));
    let StepKind::Send(record) = &case.steps[5].kind else { panic!() };
    let inner = record.alteration.record.as_ref().expect("record");
    assert_eq!((inner.keys, inner.sequence), (Some(KeysOf::Next), Some(Sequence::By(-1))));
    assert!(matches!(&case.steps[6].kind, StepKind::Repeat { times: 33, steps } if steps.len() == 1));
    assert_eq!((&case.steps[7].kind, case.steps[7].on), (&StepKind::Ask("key_update".to_owned()), Some(0)));
    assert_eq!(case.steps[9].kind, StepKind::Pause { milliseconds: 2000 });
    let StepKind::Expect(Expect::OneOf(forms)) = &case.steps[12].kind else { panic!() };
    assert_eq!(forms[4], Expect::Reject { alerts: vec!["illegal_parameter".to_owned()], past: Vec::new() });
}

#[test]
fn shared_steps_are_typed_where_they_stand_and_inlined_in_the_source() {
    let case = &cases("everything")[0];
    let upload = &case.steps[8];
    assert!(upload.place.file.ends_with("good/steps/large_upload.yaml"), "{}", upload.place.file);
    assert!(matches!(&upload.kind, StepKind::Send(send) if send.message == "application_data" && send.bytes.is_some()));
    assert!(!case.source.contains("- use:") && case.source.contains("20000"), "{}", case.source);
}

#[test]
fn the_source_of_a_case_is_that_case_again() {
    for scenario in good().scenarios {
        for case in scenario.expand(None).expect("good").cases.iter().take(20) {
            let again =
                load(&case.source).expand(None).unwrap_or_else(|errors| panic!("{}", errors.render(false))).cases;
            let [again] = again.as_slice() else { panic!("{} cases of {}", again.len(), case.id) };
            assert_eq!(without_places(again), without_places(case), "{}", case.source);
            assert_eq!(again.source, case.source);
        }
    }
}

/// What a case plays, whatever it is called and wherever it stands.
fn without_places(case: &Case) -> String {
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        case.requirements,
        case.peer,
        case.versions,
        case.options,
        case.needs,
        case.pki,
        case.plays,
        case.across,
        case.steps
    );
    let mut out = String::new();
    let mut rest = shown.as_str();
    while let Some(at) = rest.find("Place { file: ") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[rest.find('}').expect("closed") + 1..];
    }
    out + rest
}

#[test]
fn capabilities_give_values_and_skips() {
    let mut capabilities = Capabilities::default();
    capabilities.learn("cipher_suites", "TLS_RSA_WITH_AES_128_CBC_SHA", Learnt::Yes);
    capabilities.learn("cipher_suites", "TLS_RSA_WITH_NULL_SHA", Learnt::No);
    capabilities.learn("cipher_suites", "TLS_AES_128_GCM_SHA256", Learnt::Yes);
    let expansion = scenario("premaster").expand(Some(&capabilities)).expect("expands");
    assert_eq!(ids(&expansion.cases), ["premaster@suite=TLS_RSA_WITH_AES_128_CBC_SHA"]);
    assert!(expansion.skipped.is_empty());

    let nothing = Capabilities::default();
    let expansion = scenario("premaster").expand(Some(&nothing)).expect("expands");
    assert!(expansion.cases.is_empty());
    let [(_, reason)] = expansion.skipped.as_slice() else { panic!("{}", expansion.skipped.len()) };
    assert_eq!(reason, "the target has none of the cipher suites that fit the scenario");
}

#[test]
fn needs_that_are_not_there_skip_with_the_reason() {
    let reason = |id: &str, capabilities: &Capabilities| {
        let expansion = scenario(id).expand(Some(capabilities)).expect("expands");
        assert!(expansion.cases.is_empty() || expansion.skipped.is_empty());
        expansion.skipped.first().map(|(_, reason)| reason.clone())
    };
    let mut capabilities = Capabilities::default();
    assert_eq!(reason("order", &capabilities).as_deref(), Some("the target has no hello retry request"));
    capabilities.learn("hello_retry_request", "yes", Learnt::Yes);
    assert_eq!(reason("order", &capabilities), None);

    capabilities.learn("groups", "x25519", Learnt::Yes);
    capabilities.learn("groups", "secp256r1", Learnt::NotLearnt("timed out".to_owned()));
    capabilities.learn("resumption", "ticket", Learnt::Yes);
    let wanted = "the target has no secp256r1 (groups), as far as could be learnt: timed out";
    assert_eq!(reason("binder", &capabilities).as_deref(), Some(wanted));
    capabilities.learn("groups", "secp256r1", Learnt::Yes);
    assert_eq!(reason("binder", &capabilities), None);
}

#[test]
fn parameters_stand_for_anything() {
    let cases = expand(
        "
title: Values stand in text, keys, maps and lists
requirements: [$what.rule]
peer: client
vary:
  what:
    a: { rule: rfc9846-4.2.2-30, field: legacy_session_id, value: { random: 3 } }
    b: { rule: rfc9846-4.2.2-10, field: random, value: 0x10 }
  n: [0, 1]
flow:
  - handshake: full
    alter:
      client_hello[$n]: { set: { $what.field: $what.value } }
  - expect: reject
",
    );
    assert_eq!(ids(&cases), ["x@what=a,n=0", "x@what=b,n=1"]);
    assert_eq!(cases[1].requirements, ["rfc9846-4.2.2-10"]);
    let changed = |case: &Case| match &case.steps[0].kind {
        StepKind::Handshake(handshake) => (handshake.alter[0].0.which, handshake.alter[0].1.alteration.set[0].clone()),
        _ => panic!(),
    };
    assert_eq!(changed(&cases[0]), (Which::Nth(0), (path("legacy_session_id"), Val::Random(3))));
    assert_eq!(changed(&cases[1]), (Which::Nth(1), (path("random"), Val::Number(16))));
}

#[test]
fn what_is_excepted_need_not_be_right() {
    let text = |except: &str| {
        format!(
            "
title: Some messages do not have some fields
requirements: [rfc9846-4.2.2-30]
peer: client
vary: {{ message: [client_hello, finished], field: [verify_data, random] }}
strength: all
{except}
flow:
  - handshake: full
    alter: {{ $message: {{ set: {{ $field: '00' }} }} }}
  - expect: reject
"
        )
    };
    let cases =
        expand(&text("except: [{ message: client_hello, field: verify_data }, { message: fin*, field: rand* }]"));
    assert_eq!(ids(&cases), ["x@message=client_hello,field=random", "x@message=finished,field=verify_data"]);
    let Err(CorpusError::Wrong(errors)) = Corpus::from_files([("x.yaml", text("").as_str())], "") else { panic!() };
    assert_eq!(errors.list.len(), 2, "{}", errors.render(false));
}

#[test]
fn too_many_combinations_are_refused() {
    let text = "title: Many\npeer: client\nstrength: pairs\nvary: { a: { range: [0, 300] }, b: { range: [0, 300] } }
flow:\n  - send: record\n    set: { type: $a, length: $b }\n  - expect: survives\n";
    let Err(CorpusError::Wrong(errors)) = Corpus::from_files([("x.yaml", text)], "") else { panic!() };
    assert!(errors.render(false).contains("90601 combinations"), "{}", errors.render(false));
    assert_eq!(expand(&text.replace("pairs", "each")).len(), 301);
}

#[test]
fn ids_use_places_where_values_are_no_names() {
    let text = |values: &str| {
        format!(
            "title: Names\nrequirements: [rfc9846-4.2.2-30]\npeer: client\nvary: {{ v: {values} }}\nflow:\n  - send: client_hello\n    set: {{ random: $v }}\n  - expect: reject\n"
        )
    };
    let names = |values: &str| {
        let cases = expand(&text(values));
        cases.iter().map(|case| case.id.trim_start_matches("x@v=").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("[7, a b, x-y]"), ["7", "2", "x-y"]);
    assert_eq!(names("[2, { random: 1 }]"), ["1", "2"], "a number that looks like a place");
    assert_eq!(names("{ range: [1, 9], step: 4 }"), ["1", "5", "9"]);
}

#[test]
fn both_roles_decide_what_binds_their_target() {
    let cases = expand(
        "
title: A rule for each role
requirements: [rfc9846-4.2.2-30, rfc9525-6.2-01]
peer: both
flow:
  - handshake: full
  - expect: reject
",
    );
    assert_eq!(cases[0].requirements, ["rfc9846-4.2.2-30"]);
    assert_eq!(cases[1].requirements, ["rfc9525-6.2-01"]);
    let StepKind::Expect(Expect::Reject { alerts, .. }) = &cases[1].steps[1].kind else { panic!() };
    assert_eq!(alerts, &["bad_certificate", "certificate_unknown"]);
}

#[test]
fn a_corpus_names_all_its_wrong_files_and_has_a_fingerprint() {
    let wrong =
        [("a.yaml", "title: [\n"), ("b.yaml", "titel: x\npeer: client\nflow: []\n"), ("steps/s.yaml", "send: x\n")];
    let Err(CorpusError::Wrong(errors)) = Corpus::from_files(wrong, "scenarios/") else { panic!() };
    let shown = errors.render(false);
    for file in ["scenarios/a.yaml", "scenarios/b.yaml", "scenarios/steps/s.yaml"] {
        assert!(shown.contains(file), "{shown}");
    }
    assert!(matches!(Corpus::from_folder(Path::new("nowhere/at/all")), Err(CorpusError::Unreadable { .. })));
    let one = good();
    let mut other = good();
    assert_eq!(one.fingerprint(), other.fingerprint());
    assert_eq!(one.fingerprint().len(), 64);
    other.scenarios.remove(0);
    assert_ne!(one.fingerprint(), other.fingerprint());
}

#[test]
fn a_single_file_finds_shared_steps() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good/everything.yaml");
    let corpus = Corpus::from_file(&file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(corpus.scenarios[0].id, "everything");
}

#[test]
fn chains_are_read() {
    let case = &cases("chain")[0];
    let spec = case.pki.as_ref().unwrap();
    let leaf = spec.certificate("leaf").unwrap();
    assert_eq!(leaf.key.as_deref(), Some("rsa2048"));
    assert_eq!(
        (leaf.not_before, leaf.not_after),
        (Some(Moment::Relative(-5400)), Some(Moment::Absolute(2_524_608_001)))
    );
    assert_eq!(
        (leaf.ca, leaf.key_usage.as_deref(), leaf.serial.as_deref()),
        (Some(None), Some(&[][..]), Some(&[0, 128][..]))
    );
    let subject: Vec<u8> = leaf.subject.iter().flatten().map(|(_, text)| text.tag).collect();
    assert_eq!(subject, [0x0c, 0x13]);
    assert!(leaf.edits.keep_signature && leaf.edits.set.len() == 1);
    let above = spec.certificate("intermediate2").unwrap();
    assert_eq!(above.path_length, Some(None));
    assert_eq!(above.name_constraints.as_ref().unwrap().1, [GeneralName::Ip(vec![10, 0, 0, 0, 255, 0, 0, 0])]);
    let chain = spec.chain.as_ref().unwrap();
    assert_eq!(chain[2..], [ChainItem::RawPublicKey, ChainItem::Bytes(b"x".to_vec())]);
    let staple = spec.staple.as_ref().unwrap();
    assert_eq!((staple.status, staple.next_update), (CertificateStatus::Revoked, Some(None)));
}
