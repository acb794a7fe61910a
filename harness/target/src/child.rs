//! Targets that a profile starts: servers that we connect to, clients that we have connect to us.

use crate::address::Connections;
use crate::idle::{self, Idle};
use crate::process::{self, Process};
use crate::profile::{Profile, Ready, RoleProfile};
use crate::tcp::TcpConnection;
use crate::template::{self, Scope};
use crate::{Instance, Options, Target};
use gauntlet_model::link::Exit;
use gauntlet_model::{Close, Link, LinkError, Received, Role};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

mod client;
pub(crate) mod shim;

/// A port that was free is somebody else's a moment later: so many are tried.
const PORTS: usize = 5;
/// What programs say of a port that they cannot have, in lower case; the number is that of NSPR.
const TAKEN: [&str; 4] = ["address already in use", "address is in use", "eaddrinuse", "-5982"];
/// Commands that prepare, or tell the version.
const SHORT_COMMAND: Duration = Duration::from_secs(60);

/// A profile, ready to be started.
pub struct ChildTarget {
    profile: Arc<Profile>,
    /// By role, made ready once.
    runs: Mutex<HashMap<Role, Arc<Run>>>,
}

/// What all instances of a role share.
struct Run {
    profile: Arc<Profile>,
    role: Role,
    dir: tempfile::TempDir,
    adapter: Option<PathBuf>,
}

impl Run {
    fn role(&self) -> &RoleProfile {
        self.profile.role(self.role).expect("made for a role that the profile has")
    }

    fn scope<'a>(&'a self, options: &'a Options, port: u16) -> Scope<'a> {
        let adapter = self.adapter.as_deref();
        Scope { dir: self.dir.path(), adapter, role: self.role, profile: self.role(), options, port, case: None }
    }

    /// Where a client may keep the session of a case.
    fn session(&self, case: u64) -> PathBuf {
        template::session(self.dir.path(), case)
    }

    fn spawn(&self, command: Command, options: &Options) -> Result<Process, LinkError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let fits = |echo: &Options| echo.iter().all(|(name, value)| options.get(name).is_none_or(|set| set == value));
        let mut process = Process::start(command, self.role().echo.as_ref().is_some_and(fits))
            .map_err(|error| LinkError::Unreachable(format!("{program}: {error}{}", self.install())))?;
        // One that is dead already is found to be so soon enough.
        let _ = process.tell(&self.role().input);
        Ok(process)
    }

    fn install(&self) -> String {
        Run::hint(&self.profile)
    }

    fn hint(profile: &Profile) -> String {
        match profile.install.as_str() {
            "" => String::new(),
            hint => format!("; to install it: {hint}"),
        }
    }
}

impl ChildTarget {
    /// From a profile.
    pub fn new(profile: Profile) -> ChildTarget {
        ChildTarget { profile: Arc::new(profile), runs: Mutex::default() }
    }

    fn role(&self, role: Role) -> Result<&RoleProfile, String> {
        self.profile.role(role).ok_or_else(|| format!("{} has no {} role", self.profile.name, role.name()))
    }

    fn run(&self, role: Role) -> Result<Arc<Run>, LinkError> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.get(&role) {
            return Ok(run.clone());
        }
        let dir = tempfile::Builder::new().prefix("gauntlet-").tempdir();
        let dir = dir.map_err(|error| LinkError::Other(format!("no directory for the run: {error}")))?;
        let hint = || Run::hint(&self.profile);
        let adapter = self.profile.ready_adapter();
        let adapter = adapter.map_err(|reason| LinkError::Unreachable(format!("{reason}{}", hint())))?;
        let run = Arc::new(Run { profile: self.profile.clone(), role, dir, adapter });
        for template in &run.role().prepare {
            let command = run.scope(&Options::new(), 0).other_command(template).map_err(LinkError::Other)?;
            process::run(command, SHORT_COMMAND)
                .map_err(|reason| LinkError::Unreachable(format!("preparing: {reason}{}", run.install())))?;
        }
        runs.insert(role, run.clone());
        Ok(run)
    }
}

impl Target for ChildTarget {
    fn name(&self) -> &str {
        &self.profile.name
    }

    fn version(&self) -> String {
        let ask = || {
            let run = self.run(*self.roles().first()?).ok()?;
            let command = run.scope(&Options::new(), 0).other_command(self.profile.version.as_ref()?).ok()?;
            process::run(command, SHORT_COMMAND).ok()?.lines().next().map(|line| line.trim().to_owned())
        };
        ask().unwrap_or_default()
    }

    fn roles(&self) -> Vec<Role> {
        self.profile.roles()
    }

    fn supports(&self, role: Role, options: &Options) -> Result<(), String> {
        self.role(role)?.supports(options)
    }

    fn options_to_ask(&self, role: Role, action: &str) -> Option<Options> {
        self.role(role).ok()?.ask.get(action).map(|ask| ask.with.clone())
    }

    fn cannot_answer(&self, role: Role) -> Vec<String> {
        self.role(role).map(|profile| profile.cannot_answer.clone()).unwrap_or_default()
    }

    fn is_concurrent(&self, role: Role) -> bool {
        self.role(role).is_ok_and(|profile| !profile.one_at_a_time)
    }

    fn is_watched(&self) -> bool {
        cfg!(target_os = "linux")
    }

    fn instances(&self) -> usize {
        self.roles().iter().filter_map(|&role| self.profile.role(role)).map(|role| role.instances).max().unwrap_or(1)
    }

    fn start(&self, role: Role, options: &Options) -> Result<Box<dyn Instance>, LinkError> {
        self.supports(role, options).map_err(LinkError::Other)?;
        let run = self.run(role)?;
        // Nothing else starts it before the first case.
        if run.role().shim && !template::is_installed(&run.role().command) {
            return Err(LinkError::Unreachable(format!("no such program: {}", run.role().command.value)));
        }
        Ok(match role {
            _ if run.role().shim => Box::new(shim::Shim { run, options: options.clone() }),
            Role::Server => Box::new(Server::start(run, options.clone())?),
            Role::Client => Box::new(client::Client { run, options: options.clone() }),
        })
    }
}

/// A server that runs.
struct Server {
    run: Arc<Run>,
    options: Options,
    port: u16,
    process: Process,
    /// If it echoes: connections of earlier links that it may not have ended yet.
    left: Vec<TcpConnection>,
    /// There was one more, of which its end cannot be seen; when it is started, the one that found it ready.
    unsure: bool,
}

impl Server {
    fn start(run: Arc<Run>, options: Options) -> Result<Server, LinkError> {
        let (port, process) = start_server(&run, &options)?;
        Ok(Server { run, options, port, process, left: Vec::new(), unsure: true })
    }

    fn is_orderly(&self, status: ExitStatus) -> bool {
        status.code().is_some_and(|code| self.run.role().exit.orderly.contains(&code))
    }

    /// Waits until one that echoes is done with all that is over, and forgets what it said then: it would be said back
    /// into the next connection. `false`: it clings to something.
    fn settle(&mut self, over: &mut Connections) -> bool {
        let Some(echo) = self.process.echo() else { return true };
        let mut idle = self.process.idle();
        let deadline = Instant::now() + SETTLING;
        let settled = loop {
            let ended = self.left.iter_mut().all(|connection| connection.has_left(idle::BETWEEN));
            let ended = ended && over.have_left(idle::BETWEEN);
            if ended && !self.unsure {
                break true;
            }
            if idle.look() {
                break ended;
            }
            if Instant::now() > deadline {
                break false;
            }
            echo.forget();
            if ended {
                std::thread::sleep(idle::BETWEEN);
            }
        };
        echo.forget();
        self.left.clear();
        self.unsure = false;
        settled
    }

    /// Waits until one that is done with all connections sleeps or has ended: a connection may be closed on the way to
    /// the end of the process, as by one that panics and unwinds.
    fn live_or_die(&mut self) {
        let deadline = Instant::now() + process::DYING;
        while !self.process.is_asleep() && self.process.status().is_none() && Instant::now() < deadline {
            std::thread::yield_now();
        }
    }

    fn address(&self) -> SocketAddr {
        loopback(self.port)
    }
}

impl Instance for Server {
    fn link(&mut self) -> Result<Box<dyn Link + '_>, LinkError> {
        match self.process.status() {
            Some(status) if self.is_orderly(status) => self.restart()?,
            Some(_) => return Err(LinkError::Gone(self.process.describe())),
            None => {}
        }
        Ok(Box::new(ServerLink { server: self, connections: Connections::default() }))
    }

    fn restart(&mut self) -> Result<(), LinkError> {
        self.process.end();
        self.left.clear();
        self.unsure = true;
        (self.port, self.process) = start_server(&self.run, &self.options)?;
        Ok(())
    }

    fn memory(&self) -> Option<u64> {
        self.process.memory()
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Starts it on a free port and waits until it is ready.
fn start_server(run: &Run, options: &Options) -> Result<(u16, Process), LinkError> {
    let mut tried = 1;
    loop {
        let port = free_port().map_err(|error| LinkError::Other(format!("no free port: {error}")))?;
        let command = run.scope(options, port).command().map_err(LinkError::Other)?;
        let mut process = run.spawn(command, options)?;
        match wait_until_ready(run.role(), &mut process, port) {
            Ok(()) => return Ok((port, process)),
            Err(_) if tried < PORTS && process.status().is_some() && port_was_taken(&mut process, port) => tried += 1,
            Err(reason) => return Err(LinkError::Unreachable(format!("{reason}: {}", process.describe()))),
        }
    }
}

/// Whether one that died did so for want of its port. Whoever had that may have left it since, so what it said counts too.
fn port_was_taken(process: &mut Process, port: u16) -> bool {
    let words = process.describe().to_lowercase();
    TcpListener::bind(loopback(port)).is_err() || TAKEN.iter().any(|taken| words.contains(taken))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(loopback(0))?.local_addr()?.port())
}

fn wait_until_ready(profile: &RoleProfile, process: &mut Process, port: u16) -> Result<(), &'static str> {
    let deadline = Instant::now() + Duration::from_secs(profile.ready_within);
    while Instant::now() < deadline {
        let ready = match &profile.ready {
            Ready::Line(start) => process.stdout.line(start, process::LOOK),
            Ready::Port => TcpConnection::open(loopback(port)).is_ok(),
        };
        // Looked at last: what accepts on the port of a dead child is somebody else.
        if process.status().is_some() {
            return Err("ended before it was ready");
        }
        if ready {
            return Ok(());
        }
        if profile.ready == Ready::Port {
            std::thread::sleep(process::LOOK);
        }
    }
    Err("was not ready in time")
}

/// Waits for bytes or the end, no longer than the child has something to do.
fn receive(connections: &mut Connections, connection: usize, patience: Duration, mut idle: Idle) -> Received {
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let received = connections.receive(connection, left.min(idle::BETWEEN));
        if received != Received::Quiet || left <= idle::BETWEEN || idle.look() {
            return received;
        }
    }
}

/// So long a server that has something to do may take for ending connections that we have ended.
const SETTLING: Duration = Duration::from_secs(5);

/// What it says may take a moment to come through.
const SAYING: Duration = Duration::from_secs(2);

/// What a process says by a name of its profile's.
fn said(run: &Run, process: &Process, name: &str, patience: Duration) -> Option<Vec<u8>> {
    let say = run.role().says.get(name)?;
    process.stdout.bytes_behind(&say.after, say.bytes, patience.max(SAYING))
}

struct ServerLink<'a> {
    server: &'a mut Server,
    connections: Connections,
}

impl Drop for ServerLink<'_> {
    fn drop(&mut self) {
        if self.server.process.echo().is_some() {
            self.server.left = self.connections.leave_all();
        }
    }
}

impl Link for ServerLink<'_> {
    fn connect(&mut self) -> Result<usize, LinkError> {
        if self.server.process.status().is_some() {
            return Err(LinkError::Gone(self.server.process.describe()));
        }
        if self.server.run.role().one_at_a_time {
            // It may wait for us to end it too.
            self.connections.leave_ended();
            if self.connections.any_open() {
                return Err(LinkError::Busy);
            }
        }
        if !self.connections.any_open() {
            let settled = self.server.settle(&mut self.connections);
            if !settled && self.connections.is_empty() {
                self.server.restart()?;
                self.server.settle(&mut self.connections);
            }
        }
        // What was said of connections that we have ended is not this one's. To listen costs a moment; other cases do not pay.
        let listens = self.server.run.role().says.keys().any(|name| self.server.options.contains_key(name));
        if listens && !self.connections.any_in_use() {
            self.server.process.forget_output();
        }
        // One that is alive may be between two connections; one that is dead will not come back.
        let mut tries = 10;
        loop {
            tries -= 1;
            match TcpConnection::open(self.server.address()) {
                Ok(connection) => return Ok(self.connections.add(connection)),
                Err(_) if self.server.process.status().is_some() => {
                    return Err(LinkError::Gone(self.server.process.describe()));
                }
                Err(_) if tries > 0 => std::thread::sleep(process::LOOK),
                Err(error) => return Err(LinkError::Unreachable(format!("{}: {error}", self.server.address()))),
            }
        }
    }

    fn send(&mut self, connection: usize, bytes: &[u8]) {
        self.connections.send(connection, bytes);
    }

    fn receive(&mut self, connection: usize, patience: Duration) -> Received {
        receive(&mut self.connections, connection, patience, self.server.process.idle())
    }

    fn close(&mut self, connection: usize, how: Close) {
        match how {
            Close::Fin if self.server.process.echo().is_some() => self.connections.leave(connection),
            how => self.connections.close(connection, how),
        }
        self.server.unsure |= how == Close::Rst;
    }

    fn ask(&mut self, _connection: usize, action: &str) -> Result<(), LinkError> {
        ask(&self.server.run, &self.server.options, &mut self.server.process, action)
    }

    fn said(&mut self, _connection: usize, name: &str, patience: Duration) -> Option<Vec<u8>> {
        said(&self.server.run, &self.server.process, name, patience)
    }

    fn now(&self) -> u64 {
        self.connections.now()
    }

    fn exit(&mut self) -> Option<Exit> {
        if !self.connections.any_open() && self.server.settle(&mut self.connections) {
            self.server.live_or_die();
        }
        let orderly = self.server.process.status().is_some_and(|status| self.server.is_orderly(status));
        self.server.process.exit(!orderly)
    }
}

fn ask(run: &Run, options: &Options, process: &mut Process, action: &str) -> Result<(), LinkError> {
    let ask = run.role().ask.get(action).ok_or_else(|| LinkError::NoAction(action.to_owned()))?;
    if let Some((name, value)) = ask.with.iter().find(|&(name, value)| options.get(name) != Some(value)) {
        return Err(LinkError::Other(format!("`{action}` needs a target started with `{name}: {value}`")));
    }
    process.tell(&ask.input).map_err(|_| LinkError::Gone(process.describe()))
}
