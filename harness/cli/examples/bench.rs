//! `just bench`: what our peer costs beside OpenSSL's own client, and what a refused case costs.
//!
//! With the argument `clients` clients alone are measured.
//!
//! Everything is measured in CPU seconds of one thread, in the same run, against the same server.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use gauntlet_engine::{Happening, Select, plain_handshake};
use gauntlet_model::case::Place;
use gauntlet_model::{Alteration, Case, Expect, Link, Received, Role, SendStep, Step, StepKind, Val};
use gauntlet_peer::{Change, Config, Peer};
use gauntlet_play::{AlertPolicy, Settings, judge, play};
use gauntlet_scenario::Corpus;
use gauntlet_target::embedded;
use gauntlet_vectors::catalogue::Rules;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslStream, SslVerifyMode, SslVersion};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use rustix::time::{ClockId, clock_gettime};
use std::io::{Error, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let target = embedded::openssl();
    let options = [("certificate", "p256"), ("groups", "x25519"), ("tickets", "no")];
    let options = options.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut instance = target.start(Role::Server, &options)?;
    let context = client_context()?;

    // Interleaved, so that a change of clock or load meets both alike.
    let (mut theirs, mut ours) = (0.0, 0.0);
    let (rounds, each) = (5, 400);
    for _ in 0..rounds {
        theirs += measure(each, || {
            let mut link = instance.link()?;
            openssl_handshake(&context, &mut *link)
        })?;
        ours += measure(each, || {
            let mut link = instance.link()?;
            peer_handshake(&mut *link)
        })?;
    }
    let total = f64::from(rounds * each);
    let (a, b) = (total / theirs, total / ours);
    if std::env::args().nth(1).as_deref() == Some("clients") {
        return clients(a);
    }
    println!("(a) OpenSSL client with OpenSSL server: {a:9.0} handshakes per CPU second");
    println!("(b) our peer with the same server:      {b:9.0} handshakes per CPU second");
    println!("    b/a {:.2}", b / a);

    let plain = plain_handshake("bench", Role::Client, &[0x0304], &options, &[]);
    let rate = cases(instance.as_mut(), &plain, 2_000)?;
    println!("whole honest cases, played and judged:  {rate:9.0} cases per CPU second");
    let refused = refused_hello(&options);
    let rate = cases(instance.as_mut(), &refused, 10_000)?;
    println!("refused malformed hellos:               {rate:9.0} cases per CPU second");
    server_process()?;
    clients(a)
}

/// The same plain handshake with a client, many times over, and a refused one.
const WITH_CLIENT: &str = "title: A plain handshake with a client\nrequirements: [rfc9846-4.4.1-03]\npeer: server\n\
    version: tls1.3\nvary: { n: { times: 400 } }\nflow:\n  - handshake: full\n  - expect: accept\n";
const REFUSED_BY_CLIENT: &str = "title: A client refuses a wrong Finished\nrequirements: [rfc9846-4.5.3-01]\npeer: server\n\
    version: tls1.3\nvary: { n: { times: 400 } }\nflow:\n  - handshake: full\n    alter:\n\
    \x20     finished: { mutate: [{ flip_bit: { field: verify_data, bit: 0 } }] }\n  - expect: { reject: decrypt_error }\n";

/// Clients in process, and one that is started for each case; beside what the stacks do without us. `alone`: handshakes of
/// OpenSSL with OpenSSL per CPU second.
fn clients(alone: f64) -> Result<(), Failed> {
    let corpus = Corpus::from_files([("plain.yaml", WITH_CLIENT), ("refused.yaml", REFUSED_BY_CLIENT)], "")?;
    for name in ["embedded-openssl", "embedded-rustls", "openssl-s_client"] {
        if !gauntlet_target::profiles().iter().any(|listing| listing.name == name && listing.installed) {
            println!("{name} is not installed: its part is left out");
            continue;
        }
        let (count, seconds) = run_against(&corpus, name, None)?;
        let rate = count / seconds;
        println!("clients, {name:17}              {rate:9.0} cases per second ({count:.0} cases)");
        match name {
            "openssl-s_client" => {
                let bare = bare_clients(&gauntlet_pki::server(gauntlet_pki::KeyKind::P256).clone())?;
                println!(
                    "    the same program with a plain server: {bare:7.0} per second; cases/plain {:.2}",
                    rate / bare
                );
            }
            "embedded-openssl" => {
                let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
                println!("    cases/(a) on {cores} cores: {:.2}", rate / (alone * cores));
            }
            _ => {}
        }
    }
    Ok(())
}

/// How many `openssl s_client` a second a plain server of OpenSSL sees through: as many at a time as the profile has run.
fn bare_clients(identity: &gauntlet_pki::Identity) -> Result<f64, Failed> {
    const TIMES: usize = 200;
    const AT_A_TIME: usize = 4;
    let mut builder = SslContextBuilder::new(SslMethod::tls_server())?;
    builder.set_certificate(&*X509::from_der(&identity.chain[0])?)?;
    builder.set_private_key(identity.key.pkey())?;
    for issuer in &identity.chain[1..] {
        builder.add_extra_chain_cert(X509::from_der(issuer)?)?;
    }
    let context = builder.build();
    let root = tempfile::NamedTempFile::new()?;
    std::fs::write(root.path(), gauntlet_pki::certificates_pem(&[gauntlet_pki::root().to_vec()]))?;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let (context, root) = (&context, root.path());
        let client = move || (0..TIMES / AT_A_TIME).try_for_each(|_| bare_client(context, root));
        let workers: Vec<_> =
            (0..AT_A_TIME).map(|_| scope.spawn(move || client().map_err(|e| e.to_string()))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a client failed".to_owned())?)
    })?;
    Ok(TIMES as f64 / began.elapsed().as_secs_f64())
}

/// One handshake with a request and its answer.
fn bare_client(context: &SslContext, root: &std::path::Path) -> Result<(), Failed> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let mut command = std::process::Command::new("openssl");
    command.args(["s_client", "-connect", &listener.local_addr()?.to_string(), "-CAfile"]).arg(root);
    let name = gauntlet_pki::SERVER_NAME;
    command.args(["-servername", name, "-verify_hostname", name, "-verify_return_error"]);
    let quiet = std::process::Stdio::null;
    let mut child = command.stdin(std::process::Stdio::piped()).stdout(quiet()).stderr(quiet()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("no stdin")?;
    stdin.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let socket = listener.accept()?.0;
    socket.set_nodelay(true)?;
    let mut stream = SslStream::new(Ssl::new(context)?, socket)?;
    stream.accept()?;
    let count = stream.read(&mut [0; 64])?;
    stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n")?;
    stream.shutdown()?;
    // It waits half a second for the end of the connection.
    drop(stream);
    let ended = child.wait()?;
    if count > 0 && ended.success() { Ok(()) } else { Err("s_client did not get through".into()) }
}

/// The same plain handshake many times over.
const PLAIN: &str = "title: A plain handshake\nrequirements: [rfc9846-4.5.3-07]\npeer: client\nversion: tls1.3\n\
    vary: { n: { times: 1000 } }\nflow:\n  - handshake: full\n  - expect: accept\n";
/// A record that never becomes whole: the server has to wait.
const SILENT: &str = "title: A record is waited for\nrequirements: [rfc9846-5.1-01]\npeer: client\nversion: tls1.3\n\
    vary: { n: { times: 100 } }\nflow:\n  - send: raw\n    bytes: \"16 0301\"\n  - expect: silence\n";

/// The corpus against `openssl s_server`, beside plain handshakes, with and without waits for silence.
fn server_process() -> Result<(), Failed> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let corpus = Corpus::from_folder(&folder)?;
    let plain = Corpus::from_files([("plain.yaml", PLAIN)], "")?;
    let mixed = Corpus::from_files([("plain.yaml", PLAIN), ("silent.yaml", SILENT)], "")?;
    if !gauntlet_target::profiles().iter().any(|listing| listing.name == "openssl-s_server" && listing.installed) {
        println!("openssl s_server is not installed: its part is left out");
        return Ok(());
    }
    let (count, whole) = run_corpus(&corpus)?;
    let (plain_count, plain) = run_corpus(&plain)?;
    let (mixed_count, mixed) = run_corpus(&mixed)?;
    let (rate, plain_rate) = (count / whole, plain_count / plain);
    println!("whole corpus, s_server, 2 instances:    {rate:9.0} cases per second ({count:.0} cases)");
    println!("plain handshakes, the same:             {plain_rate:9.0} cases per second");
    println!("    corpus/plain {:.2}", rate / plain_rate);
    let per_case = (mixed / mixed_count) / (plain / plain_count);
    println!("    1 case in 11 ends in silence: {per_case:.2} times as long");
    Ok(())
}

/// Cases and wall seconds.
fn run_corpus(corpus: &Corpus) -> Result<(f64, f64), Failed> {
    run_against(corpus, "openssl-s_server", Some(2))
}

/// Cases and wall seconds, against a target with so many workers.
fn run_against(corpus: &Corpus, name: &str, jobs: Option<usize>) -> Result<(f64, f64), Failed> {
    let out = std::env::temp_dir().join(format!("gauntlet-bench-{}", std::process::id()));
    let options = gauntlet_engine::Options {
        seed: 1,
        jobs,
        alerts: AlertPolicy::Exact,
        rules: Rules::default(),
        out: out.clone(),
        keep: gauntlet_engine::Keep::None,
        fail_fast: false,
        shard: None,
        baselines: Vec::new(),
        started: String::new(),
        date: String::new(),
        selected: Vec::new(),
    };
    let target = gauntlet_target::by_name(name)?;
    let cases = AtomicUsize::new(0);
    let began = Instant::now();
    let count = |happening: Happening<'_>| {
        if let Happening::Case(result) = happening
            && result.verdict != gauntlet_model::Kind::Skip
        {
            cases.fetch_add(1, Ordering::Relaxed);
        }
    };
    gauntlet_engine::run(corpus, &[target], &Select::default(), &options, &AtomicBool::new(false), &count)?;
    let seconds = began.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&out)?;
    Ok((cases.load(Ordering::Relaxed) as f64, seconds))
}

/// CPU seconds of this thread.
fn measure(times: i32, mut work: impl FnMut() -> Result<(), Failed>) -> Result<f64, Failed> {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let began = now();
    for _ in 0..times {
        work()?;
    }
    Ok(now() - began)
}

fn client_context() -> Result<SslContext, Failed> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(X509::from_der(gauntlet_pki::root())?)?;
    builder.set_cert_store(store.build());
    builder.set_verify(SslVerifyMode::PEER);
    builder.set_min_proto_version(Some(SslVersion::TLS1_3))?;
    builder.set_groups_list("X25519")?;
    Ok(builder.build())
}

/// A stream over a link: an empty read would block.
struct Pipe<'a> {
    link: &'a mut dyn Link,
    connection: usize,
    unread: Vec<u8>,
}

impl Read for Pipe<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        if self.unread.is_empty() {
            match self.link.receive(self.connection, Duration::ZERO) {
                Received::Bytes(bytes) => self.unread = bytes,
                Received::Quiet => return Err(ErrorKind::WouldBlock.into()),
                Received::End(_) => return Ok(0),
            }
        }
        let count = self.unread.len().min(into.len());
        into[..count].copy_from_slice(&self.unread[..count]);
        self.unread.drain(..count);
        Ok(count)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.link.send(self.connection, bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn openssl_handshake(context: &SslContext, link: &mut dyn Link) -> Result<(), Failed> {
    let connection = link.connect()?;
    let mut ssl = Ssl::new(context)?;
    ssl.set_hostname(gauntlet_pki::SERVER_NAME)?;
    ssl.param_mut().set_host(gauntlet_pki::SERVER_NAME)?;
    let mut stream = SslStream::new(ssl, Pipe { link, connection, unread: Vec::new() })?;
    while let Err(error) = stream.connect() {
        if error.code() != openssl::ssl::ErrorCode::WANT_READ {
            return Err(error.into());
        }
    }
    stream.write_all(b"hello")?;
    let mut answer = [0; 16];
    let count = stream.read(&mut answer)?;
    if count == 0 { Err("no data came back".into()) } else { Ok(()) }
}

fn send_due(peer: &mut Peer, link: &mut dyn Link, connection: usize) -> Result<(), Failed> {
    while let Some(name) = peer.due() {
        send(peer, name)?;
    }
    let bytes = peer.take_output();
    if !bytes.is_empty() {
        link.send(connection, &bytes);
    }
    Ok(())
}

fn send(peer: &mut Peer, name: &str) -> Result<(), Failed> {
    let mut draft = peer.draft(name, &Change::default())?;
    peer.remember(&mut draft);
    peer.emit(&mut draft, None, None)?;
    peer.sent(&mut draft);
    Ok(())
}

fn peer_handshake(link: &mut dyn Link) -> Result<(), Failed> {
    let connection = link.connect()?;
    let mut peer = Peer::new(Config::client(&[0x0304]), [7; 32]);
    while !peer.is_established() {
        send_due(&mut peer, link, connection)?;
        match link.receive(connection, Duration::ZERO) {
            Received::Bytes(bytes) => peer.receive(&bytes),
            other if !peer.is_established() => return Err(format!("{other:?} in mid-handshake").into()),
            _ => {}
        }
    }
    send(&mut peer, "application_data")?;
    send_due(&mut peer, link, connection)?;
    while peer.application_data() == 0 {
        match link.receive(connection, Duration::ZERO) {
            Received::Bytes(bytes) => peer.receive(&bytes),
            other => return Err(format!("{other:?} instead of data").into()),
        }
    }
    if peer.remarks() > 0 { Err("the peer had something to remark".into()) } else { Ok(()) }
}

fn cases(instance: &mut dyn gauntlet_target::Instance, case: &Case, times: i32) -> Result<f64, Failed> {
    let settings = Settings::memory("embedded-openssl", [7; 32]);
    let seconds = measure(times, || {
        let mut link = instance.link()?;
        let transcript = play(case, &mut *link, &settings);
        let verdict = judge(case, &transcript, AlertPolicy::Exact);
        if verdict.kind == gauntlet_model::Kind::Pass { Ok(()) } else { Err(verdict.reason.into()) }
    })?;
    Ok(f64::from(times) / seconds)
}

/// A hello that a TLS 1.3 server refuses.
fn refused_hello(options: &std::collections::BTreeMap<String, String>) -> Case {
    let step = |kind| Step { kind, place: Place::default(), on: None };
    let path = gauntlet_wire::Path::parse("legacy_compression_methods").expect("it is one");
    let alteration = Alteration { set: vec![(path, Val::Bytes(vec![1, 0]))], ..Alteration::default() };
    let mut case = plain_handshake("bench", Role::Client, &[0x0304], options, &[]);
    case.steps = vec![
        step(StepKind::Send(Box::new(SendStep { message: "client_hello".to_owned(), alteration, bytes: None }))),
        step(StepKind::Expect(Expect::Reject { alerts: vec!["illegal_parameter".to_owned()], past: Vec::new() })),
    ];
    case
}
