//! s2n-tls: `adapter server|client PORT name=value...`; a server says back all it gets.

use s2n_tls::callbacks::VerifyHostNameCallback;
use s2n_tls::cert_chain;
use s2n_tls::config::Config;
use s2n_tls::connection::Connection;
use s2n_tls::enums::{Blinding, ClientAuthType, Mode};
use s2n_tls::security::Policy;
use std::collections::HashMap;
use std::error::Error;
use std::ffi::{c_int, c_void};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::task::Poll;

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
            config.load_chain(chain.build()?)?;
        }
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

unsafe extern "C" fn receive(stream: *mut c_void, to: *mut u8, length: u32) -> c_int {
    let (mut stream, to) = unsafe { (&*stream.cast::<TcpStream>(), std::slice::from_raw_parts_mut(to, length as usize)) };
    stream.read(to).map_or(-1, |count| count as c_int)
}

unsafe extern "C" fn send(stream: *mut c_void, from: *const u8, length: u32) -> c_int {
    let (mut stream, from) = unsafe { (&*stream.cast::<TcpStream>(), std::slice::from_raw_parts(from, length as usize)) };
    stream.write(from).map_or(-1, |count| count as c_int)
}

/// The stream blocks, so that whatever is not done yet goes on at once.
fn done<T>(mut poll: impl FnMut() -> Poll<Result<T, s2n_tls::error::Error>>) -> Result<T, s2n_tls::error::Error> {
    loop {
        if let Poll::Ready(outcome) = poll() {
            return outcome;
        }
    }
}

fn converse(tls: &mut Connection, mode: Mode) -> Outcome<()> {
    done(|| tls.poll_negotiate().map_ok(drop))?;
    if mode == Mode::Client {
        done(|| tls.poll_send(b"GET / HTTP/1.0\r\n\r\n"))?;
    }
    let mut data = vec![0; 16384];
    loop {
        let count = done(|| tls.poll_recv(&mut data))?;
        if count == 0 {
            return Ok(());
        }
        let mut sent = if mode == Mode::Server { 0 } else { count };
        while sent < count {
            sent += done(|| tls.poll_send(&data[sent..count]))?;
        }
        done(|| tls.poll_flush().map_ok(drop))?;
    }
}

fn play(config: Config, mode: Mode, stream: TcpStream, options: &Options) -> Outcome<()> {
    stream.set_nodelay(true)?;
    let mut tls = Connection::new(mode);
    let context = std::ptr::from_ref(&stream).cast_mut().cast::<c_void>();
    // An error would block for half a minute, against those who measure.
    tls.set_config(config)?.set_blinding(Blinding::SelfService)?;
    tls.set_receive_callback(Some(receive))?.set_send_callback(Some(send))?;
    unsafe { tls.set_receive_context(context)?.set_send_context(context)? };
    if let Some(name) = options.get("name") {
        tls.set_server_name(name)?;
    }
    let outcome = converse(&mut tls, mode);
    // The alert, if it has one to send.
    let _ = tls.poll_shutdown_send();
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
