//! s2n-tls: `adapter server|client PORT name=value...`; a server says back all it gets.

use s2n_tls::callbacks::VerifyHostNameCallback;
use s2n_tls::cert_chain;
use s2n_tls::config::Config;
use s2n_tls::connection::Connection;
use s2n_tls::enums::{Blinding, ClientAuthType, Mode, PskHmac};
use s2n_tls::psk::Psk;
use s2n_tls::security::Policy;
use std::collections::HashMap;
use std::error::Error;
use std::ffi::{c_int, c_void};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

type Options = HashMap<String, String>;
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Names of clients' certificates are nobody's concern.
struct AnyName;

impl VerifyHostNameCallback for AnyName {
    fn verify_host_name(&self, _name: &str) -> bool {
        true
    }
}

fn config(options: &Options, mode: Mode) -> Outcome<Config> {
    let mut config = Config::builder();
    let policy = options.get("policy").map_or("default_tls13", String::as_str);
    config.set_security_policy(&Policy::from_version(policy)?)?.with_system_certs(false)?;
    for number in ["", "2"] {
        if let Some(file) = options.get(&format!("cert{number}")) {
            let mut chain = cert_chain::Builder::new()?;
            chain.load_pem(&std::fs::read(file)?, &std::fs::read(&options[&format!("key{number}")])?)?;
            if let Some(staple) = options.get("staple") {
                chain.set_ocsp_data(&std::fs::read(staple)?)?;
            }
            config.load_chain(chain.build()?)?;
        }
    }
    // Alerts wait for half a minute behind some errors, unless told not to.
    config.set_max_blinding_delay(0)?;
    if options.contains_key("staple") {
        config.enable_ocsp()?;
    }
    if let Some(file) = options.get("ca") {
        config.trust_pem(&std::fs::read(file)?)?;
    }
    if let Some(protocols) = options.get("alpn") {
        config.set_application_protocol_preference(protocols.split(','))?;
    }
    if mode == Mode::Server {
        config.set_verify_host_callback(AnyName)?;
        config.enable_session_tickets(options.get("tickets").is_none_or(|tickets| tickets != "no"))?;
        config.add_session_ticket_key(b"gauntlet", &[7; 32], std::time::SystemTime::now())?;
    }
    config.set_client_auth_type(match (options.get("client_auth").map(String::as_str), mode) {
        (Some("require"), _) => ClientAuthType::Required,
        (Some("request"), _) | (None, Mode::Client) => ClientAuthType::Optional,
        _ => ClientAuthType::None,
    })?;
    Ok(config.build()?)
}

/// Does not wait: an error on its own side has s2n read once more, to see whether an alert has come.
unsafe extern "C" fn receive(stream: *mut c_void, to: *mut u8, length: u32) -> c_int {
    let (mut stream, to) = unsafe { (&*stream.cast::<TcpStream>(), std::slice::from_raw_parts_mut(to, length as usize)) };
    let waits = stream.set_nonblocking(true);
    let count = waits.and_then(|()| stream.read(to)).map_or(-1, |count| count as c_int);
    // Leaves errno alone, which tells s2n why.
    stream.set_nonblocking(false).map_or(-1, |()| count)
}

unsafe extern "C" fn send(stream: *mut c_void, from: *const u8, length: u32) -> c_int {
    let (mut stream, from) = unsafe { (&*stream.cast::<TcpStream>(), std::slice::from_raw_parts(from, length as usize)) };
    stream.write(from).map_or(-1, |count| count as c_int)
}

/// What waits goes on when there is more to read.
fn done<T>(stream: &TcpStream, mut poll: impl FnMut() -> Poll<Result<T, s2n_tls::error::Error>>) -> Outcome<T> {
    loop {
        match poll() {
            Poll::Ready(outcome) => return Ok(outcome?),
            Poll::Pending => stream.peek(&mut [0])?,
        };
    }
}

fn converse(tls: &mut Connection, mode: Mode, stream: &TcpStream, options: &Options) -> Outcome<()> {
    done(stream, || tls.poll_negotiate().map_ok(drop))?;
    if let Some(label) = options.get("exporter") {
        let mut value = [0; 32];
        // It has none in TLS 1.2.
        if tls.tls_exporter(label.as_bytes(), &[], &mut value).is_ok() {
            println!("EXPORTED {}", value.map(|byte| format!("{byte:02x}")).concat());
        }
    }
    if mode == Mode::Client {
        done(stream, || tls.poll_send(b"GET / HTTP/1.0\r\n\r\n"))?;
    }
    let mut data = vec![0; 16384];
    loop {
        let count = done(stream, || {
            let received = tls.poll_recv(&mut data);
            // A warning may lie there to be sent.
            if received.is_pending() {
                let _ = tls.poll_flush();
            }
            received
        })?;
        if count == 0 {
            return Ok(());
        }
        let mut sent = if mode == Mode::Server { 0 } else { count };
        while sent < count {
            sent += done(stream, || tls.poll_send(&data[sent..count]))?;
        }
        done(stream, || tls.poll_flush().map_ok(drop))?;
    }
}

fn play(config: Config, mode: Mode, stream: TcpStream, options: &Options) -> Outcome<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut tls = Connection::new(mode);
    let context = std::ptr::from_ref(&stream).cast_mut().cast::<c_void>();
    tls.set_config(config)?.set_blinding(Blinding::SelfService)?;
    tls.set_receive_callback(Some(receive))?.set_send_callback(Some(send))?;
    unsafe { tls.set_receive_context(context)?.set_send_context(context)? };
    if let Some(name) = options.get("name") {
        tls.set_server_name(name)?;
    }
    if let Some(hex) = options.get("psk") {
        let key: Result<Vec<u8>, _> = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16)).collect();
        let mut psk = Psk::builder()?;
        psk.set_identity(b"gauntlet")?.set_secret(&key?)?.set_hmac(PskHmac::SHA256)?;
        tls.append_psk(&psk.build()?)?;
    }
    let outcome = converse(&mut tls, mode, &stream, options);
    // The alert, if it has one to send, would be lost if unread data were there when the socket closes.
    let _ = tls.poll_shutdown_send();
    let _ = stream.shutdown(Shutdown::Write);
    stream.set_nonblocking(mode == Mode::Client)?;
    let _ = std::io::copy(&mut &stream, &mut std::io::sink());
    outcome
}

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [role, port, rest @ ..] = words.as_slice() else { return Err("server|client PORT name=value...".into()) };
    let pair = |word: &String| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let options: Arc<Options> = Arc::new(rest.iter().filter_map(pair).collect());
    let address = format!("127.0.0.1:{port}");
    if role == "client" {
        return play(config(&options, Mode::Client)?, Mode::Client, TcpStream::connect(address)?, &options);
    }
    let (config, listener) = (config(&options, Mode::Server)?, TcpListener::bind(address)?);
    println!("READY");
    for stream in listener.incoming() {
        let (config, options) = (config.clone(), options.clone());
        std::thread::spawn(move || {
            let _ = play(config, Mode::Server, stream?, &options).inspect_err(|error| eprintln!("{error}"));
            Ok::<(), std::io::Error>(())
        });
    }
    Ok(())
}
