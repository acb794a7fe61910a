//! The sweep finds what is wrong with the order of messages without a hand-written scenario, and nothing where nothing is.

use gauntlet_campaign::piece::pieces;
use gauntlet_campaign::{Options, Oracle, Report, group, shrink, sweep, write};
use gauntlet_engine::{AlertPolicy, run_case};
use gauntlet_model::{Kind, Link, LinkError, Role};
use gauntlet_play::Settings;
use gauntlet_scenario::Corpus;
use gauntlet_target::memory::{MemoryLink, Stack, Wire};
use gauntlet_target::own::{self, Manner};
use gauntlet_target::{Instance, Target, embedded};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

fn orders(target: &dyn Target, role: Role) -> Report {
    let options = Options { seed: 1, only_orders: true, ..Options::default() };
    sweep(target, role, &options, &|_, _| {}).expect("it can be swept")
}

/// Faults of the order of messages, of the kind that SMACK and FREAK were.
const ORDER: [(&str, Role); 20] = [
    ("early_change_cipher_spec", Role::Server),
    ("change_cipher_spec_skipped", Role::Server),
    ("finished_skipped", Role::Server),
    ("finished_repeated", Role::Server),
    ("client_key_exchange_repeated", Role::Server),
    ("certificate_verify_skipped", Role::Server),
    ("client_certificate_skipped", Role::Server),
    ("certificate_not_requested", Role::Server),
    ("certificate_verify_for_nothing", Role::Server),
    ("messages_of_servers", Role::Server),
    ("unknown_messages", Role::Server),
    ("second_client_hello", Role::Server),
    ("change_cipher_spec_after_handshake", Role::Server),
    ("messages_interleaved", Role::Server),
    ("early_change_cipher_spec", Role::Client),
    ("application_data_early", Role::Client),
    ("messages_out_of_order", Role::Client),
    ("certificate_skipped", Role::Client),
    ("certificate_verify_skipped", Role::Client),
    ("server_key_exchange_skipped", Role::Client),
];

#[test]
fn every_fault_of_order_is_found() {
    let unseen: Vec<_> = ORDER
        .into_iter()
        .filter(|(fault, role)| {
            let name = format!("faulty-{}-{fault}", role.name());
            let target = own::by_name(&name).unwrap_or_else(|| panic!("no {name}"));
            let options = Options { seed: 1, only_orders: true, until_found: true, ..Options::default() };
            let report = sweep(target.as_ref(), *role, &options, &|_, _| {}).expect("it can be swept");
            report.findings.is_empty()
        })
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[test]
fn nothing_is_found_on_strict() {
    let target = own::own(Manner::Strict);
    for role in [Role::Server, Role::Client] {
        let options = Options { seed: 1, every: 9, ..Options::default() };
        let report = sweep(target.as_ref(), role, &options, &|_, _| {}).expect("it can be swept");
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
        assert!(report.cases > 500 && report.unplayable < report.cases / 2, "{} {}", report.cases, report.unplayable);
        let found: Vec<&str> = report.findings.iter().map(|finding| finding.text.as_str()).collect();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

/// The table of legal orders was tried on honest stacks: what it forbids they do not take, but for what is named.
#[test]
fn honest_stacks_take_no_forbidden_order() {
    // ChangeCipherSpec between the parts of a message: to be dropped [RFC 9846, 5], and a record of another type between
    // them [5.1]. OpenSSL drops it, which can be defended.
    const BETWEEN: &str = "with another record between its parts";
    // OpenSSL as client lets it pass until its own handshake is complete, even behind the server's Finished.
    const BEHIND: &str = "moved";
    for (target, role, known) in [
        (embedded::openssl(), Role::Server, vec![BETWEEN]),
        (embedded::openssl(), Role::Client, vec![BEHIND, BETWEEN]),
        (embedded::rustls(), Role::Server, vec![]),
        (embedded::rustls(), Role::Client, vec![]),
    ] {
        let report = orders(target.as_ref(), role);
        assert!(report.cases > 400, "{}: {}", target.name(), report.cases);
        let mut found: Vec<&str> = report.findings.iter().map(|finding| finding.kind).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, known, "{} as {}", target.name(), role.name());
    }
}

#[test]
fn what_is_found_is_written_and_fails_again() {
    let target = own::by_name("faulty-server-certificate_verify_skipped").expect("a side of ours");
    let groups = group(orders(target.as_ref(), Role::Server).findings);
    let folder = tempfile::tempdir().expect("a folder");
    let written = write(folder.path(), target.name(), &groups).expect("it can be written");
    assert_eq!(written.len(), groups.len());
    let corpus = Corpus::from_folder(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(corpus.scenarios.len(), groups.len());
    let left_out = groups.iter().find(|group| group.cause.starts_with("certificate_verify left out"));
    let smallest = &left_out.expect("the fault itself").members[0];
    assert_eq!(smallest.oracle, Oracle::Forbidden);
    let scenario = corpus.scenarios.iter().find(|scenario| *scenario.file.text == *smallest.text).expect("it is there");
    let case = scenario.expand(None).expect("it expands").cases.remove(0);
    let kind = |target: &dyn Target| {
        let mut instance = target.start(Role::Server, &case.options).expect("it starts");
        run_case(instance.as_mut(), &case, &Settings::memory(target.name(), [1; 32]), AlertPolicy::Exact).1.kind
    };
    assert_eq!(kind(target.as_ref()), Kind::Fail);
    assert_ne!(kind(own::own(Manner::Strict).as_ref()), Kind::Fail);
}

/// The strict server, which panics where a ClientHello has the longest session id that its length can tell.
struct Fragile {
    strict: Box<dyn Target>,
    /// Only if the random is nothing but zeros, too.
    zeros: bool,
}

fn fragile(zeros: bool) -> Fragile {
    Fragile { strict: own::own(Manner::Strict), zeros }
}

impl Target for Fragile {
    fn name(&self) -> &str {
        "fragile"
    }
    fn version(&self) -> String {
        String::new()
    }
    fn roles(&self) -> Vec<Role> {
        vec![Role::Server]
    }
    fn supports(&self, role: Role, options: &gauntlet_target::Options) -> Result<(), String> {
        self.strict.supports(role, options)
    }
    fn is_memory(&self) -> bool {
        true
    }
    fn instances(&self) -> usize {
        1
    }
    fn start(&self, _: Role, _: &gauntlet_target::Options) -> Result<Box<dyn Instance>, LinkError> {
        Ok(Box::new(FragileInstance { zeros: self.zeros }))
    }
}

struct FragileInstance {
    zeros: bool,
}

impl Instance for FragileInstance {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        let zeros = self.zeros;
        Ok(Box::new(MemoryLink::new(move || {
            let inner = own::default_stack(Manner::Strict, [1; 32]);
            Ok(Box::new(FragileStack { inner, zeros }) as Box<dyn Stack>)
        })))
    }
    fn restart(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

struct FragileStack {
    inner: Box<dyn Stack>,
    zeros: bool,
}

impl Stack for FragileStack {
    fn wire(&mut self) -> &mut Wire {
        self.inner.wire()
    }
    fn turn(&mut self) -> bool {
        let waiting = self.inner.wire().peek();
        // Record header, handshake header, version, random: then the length of the session id.
        let is_long = waiting.first() == Some(&22) && waiting.get(43) == Some(&255);
        let is_zero = waiting.get(11..43).is_some_and(|random| random.iter().all(|byte| *byte == 0));
        assert!(!is_long || self.zeros && !is_zero, "session id longer than its buffer");
        self.inner.turn()
    }
    fn ask(&mut self, action: &str) -> Result<(), LinkError> {
        self.inner.ask(action)
    }
}

#[test]
fn a_panic_behind_an_edge_value_is_found() {
    let target = fragile(false);
    let options = Options { seed: 1, flow: "tls13_retry".to_owned(), ..Options::default() };
    let report = sweep(&target, Role::Server, &options, &|_, _| {}).expect("it can be swept");
    let groups = group(report.findings);
    assert_eq!(groups.len(), 1, "{:?}", groups.iter().map(|group| &group.cause).collect::<Vec<_>>());
    assert!(groups[0].cause.contains("session id longer than its buffer"), "{}", groups[0].cause);
    assert_eq!(groups[0].members[0].verdict, Kind::Crash);
    assert!(groups[0].members[0].text.contains("legacy_session_id"), "{}", groups[0].members[0].text);
}

#[test]
fn what_takes_two_changes_is_found_in_pairs_and_made_small() {
    let target = fragile(true);
    let once = Options { seed: 1, flow: "tls13_retry".to_owned(), ..Options::default() };
    let report = sweep(&target, Role::Server, &once, &|_, _| {}).expect("it can be swept");
    assert!(report.findings.is_empty(), "{:?}", report.findings[0].text);
    let words = ["client_hello random", "client_hello legacy_session_id"].map(str::to_owned).to_vec();
    let twice = Options { pairs: words, only_orders: false, ..once };
    let report = sweep(&target, Role::Server, &twice, &|_, _| {}).expect("it can be swept");
    let mut groups = group(report.findings);
    assert_eq!(groups.len(), 1, "{:?}", groups.iter().map(|group| &group.cause).collect::<Vec<_>>());
    shrink(&mut groups, &target, Role::Server, &twice);
    let smallest = &groups[0].members[0];
    assert_eq!(pieces(&smallest.case).len(), 2, "{}", smallest.text);
    assert_eq!(smallest.verdict, Kind::Crash);
    assert!(smallest.text.contains("random") && smallest.text.contains("legacy_session_id"), "{}", smallest.text);
}

#[test]
fn what_was_found_before_a_sweep_is_stopped_is_kept() {
    let target = own::by_name("faulty-server-messages_of_servers").expect("a side of ours");
    let options = Options { seed: 1, only_orders: true, flow: "tls12".to_owned(), ..Options::default() };
    let flows = AtomicUsize::new(0);
    // The second flow is not begun.
    let tell = |_: &str, _: usize| options.stop.store(flows.fetch_add(1, Ordering::Relaxed) == 1, Ordering::Relaxed);
    let report = sweep(target.as_ref(), Role::Server, &options, &tell).expect("it can be swept");
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.flow).collect();
    assert_eq!((report.flows.len(), found), (2, [report.flows[0]].into()));

    let mut groups = group(report.findings);
    let before: Vec<String> = groups.iter().map(|group| group.members[0].text.clone()).collect();
    shrink(&mut groups, target.as_ref(), Role::Server, &options);
    let after: Vec<String> = groups.iter().map(|group| group.members[0].text.clone()).collect();
    assert_eq!(before, after, "nobody waits for what is only nice to have");
}
