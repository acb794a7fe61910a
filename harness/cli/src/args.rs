//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Tests TLS implementations by scripted, mostly malformed handshakes.
///
/// Without a command: `run`, all scenarios against the embedded OpenSSL.
#[derive(Parser, Debug)]
#[command(name = "gauntlet", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

impl Arguments {
    /// The command; `run` if none is named.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or(Command::Run(Box::new(self.run)))
    }
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Play scenarios against targets, and report (the default)
    Run(Box<Run>),
    /// List the cases that a selection takes
    List(Selection),
    /// Show a case step by step, and what its requirement says
    #[command(visible_alias = "explain")]
    Show(Show),
    /// Play one case again and print everything
    Replay(Replay),
    /// List targets, and whether they are installed
    Targets,
    /// Ask a target what it can do
    Probe(Probe),
    /// Make a process of an embedded stack, or of one of our own sides
    Serve(Serve),
    /// Check scenario files
    Lint(Lint),
    /// Print scenario files in canonical form
    Fmt(Fmt),
    /// Begin a scenario for a requirement
    New(New),
    /// Prove that scenarios can pass and can fail
    Selftest(Selftest),
    /// Print the JSON Schema of scenarios, of profiles, or of results
    Schema(SchemaArgs),
    /// Play every single change of the valid flows, and keep what a target does not bear
    Sweep(Sweep),
    /// Print a baseline of a finished run, to be edited
    Baseline(BaselineArgs),
    /// Render the reports of finished runs again, shards and targets together
    Report(Report),
    /// Say what is different between two finished runs, and fail if something newly broke
    Compare(Compare),
    /// Say which requirements finished runs decide, and which not
    Coverage(CoverageArgs),
}

/// Which scenarios.
#[derive(Args, Debug, Default, Clone)]
pub(crate) struct Selection {
    /// Ids, globs (`tls13/**`), filters (`rfc(9846/4.2.8) & level(must)`), or scenario files
    #[arg(value_name = "SELECT")]
    pub(crate) select: Vec<String>,
    /// Scenarios from this folder instead of the embedded ones
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: Option<PathBuf>,
}

#[derive(Args, Debug, Default)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Profile, profile file, or HOST:PORT; may be given several times [default: embedded-openssl]
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    /// Where results and reports go
    #[arg(long, value_name = "DIR", default_value = "gauntlet-report")]
    pub(crate) out: PathBuf,
    /// Workers [default: cores, or the target's instances]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Decides all randomness of ours (hex)
    #[arg(long, value_name = "HEX", default_value = "1", value_parser = seed)]
    pub(crate) seed: u64,
    /// By which day certificates are valid or not, such as 2026-11-21 [default: today]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) date: Option<String>,
    /// Play only part I of N, such as 2/8
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(crate) shard: Option<(usize, usize)>,
    /// Which other alerts pass where one is named
    #[arg(long, value_enum, default_value = "exact")]
    pub(crate) alerts: Alerts,
    /// By which text of TLS 1.3 is judged; 8446 leaves out what RFC 9846 added
    #[arg(long, value_enum, default_value = "9846")]
    pub(crate) rfc: RfcArg,
    /// What is expected of the target, with reasons; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Vec<PathBuf>,
    /// Use no baseline, not even the embedded ones
    #[arg(long)]
    pub(crate) no_baseline: bool,
    /// Of which cases transcripts are kept
    #[arg(long, value_enum, default_value = "failures")]
    pub(crate) keep: KeepArg,
    /// End at the first case that is not as expected
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Say only how it ended
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Case or scenario id, or a scenario file
    pub(crate) case: String,
    /// Scenarios from this folder instead of the embedded ones
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Case id, or a scenario file
    pub(crate) case: String,
    /// Profile, profile file, or HOST:PORT
    #[arg(long, value_name = "TARGET", default_value = "embedded-openssl")]
    pub(crate) target: String,
    /// The run's seed (hex)
    #[arg(long, value_name = "HEX", default_value = "1", value_parser = seed)]
    pub(crate) seed: u64,
    /// The run's date, by which certificates are valid or not [default: today]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) date: Option<String>,
    /// Which other alerts pass where one is named
    #[arg(long, value_enum, default_value = "exact")]
    pub(crate) alerts: Alerts,
    /// Scenarios from this folder instead of the embedded ones
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: Option<PathBuf>,
    /// Print all bytes, not only the ladder
    #[arg(long)]
    pub(crate) bytes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Probe {
    /// Profile, profile file, or HOST:PORT
    #[arg(default_value = "embedded-openssl")]
    pub(crate) target: String,
    /// In this role alone [default: each that it has]
    #[arg(long)]
    pub(crate) role: Option<RoleName>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// `openssl`, `pushover`, `wall`, `mute`, `strict`
    pub(crate) stack: String,
    /// Loopback address to listen on; port 0: any free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// One connection after the other, instead of all at once
    #[arg(long)]
    pub(crate) in_turn: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Lint {
    /// Scenario files or folders [default: the embedded scenarios]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Fmt {
    /// Scenario files
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the files; one with comments is left as it is
    #[arg(long)]
    pub(crate) write: bool,
    /// Only say which files are in another form
    #[arg(long, conflicts_with = "write")]
    pub(crate) check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct New {
    /// The file to be written
    pub(crate) file: PathBuf,
    /// The requirement that it decides, such as rfc9846-4.5.3-02
    #[arg(long, value_name = "ID")]
    pub(crate) requirement: String,
}

#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Of which files
    #[arg(value_enum, default_value = "scenario")]
    pub(crate) of: SchemaOf,
}

/// What a JSON Schema describes.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchemaOf {
    /// A scenario
    Scenario,
    /// A target's profile
    Profile,
    /// A line of results.jsonl
    Results,
}

#[derive(Args, Debug)]
pub(crate) struct Sweep {
    /// Profile, profile file, or HOST:PORT; may be given several times
    #[arg(long, value_name = "TARGET", default_value = "embedded-openssl")]
    pub(crate) target: Vec<String>,
    /// Only as server, or only as client
    #[arg(long)]
    pub(crate) role: Option<RoleName>,
    /// Only flows whose name holds this: `tls13`, `renegotiation`, ...
    #[arg(long, value_name = "TEXT")]
    pub(crate) flow: Option<String>,
    /// Only the order of messages, their keys and how they are cut; no fields
    #[arg(long)]
    pub(crate) only_orders: bool,
    /// End as soon as something is found
    #[arg(long)]
    pub(crate) until_found: bool,
    /// Only every n-th change of a field
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) every: usize,
    /// 2: pairs of changes as well, of those that `--pairs` chooses
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) depth: u8,
    /// Changes that hold this word are played in pairs: `left out`, `extensions.key_share`; may be given several times
    #[arg(long, value_name = "WORD")]
    pub(crate) pairs: Vec<String>,
    /// Decides all randomness (hex)
    #[arg(long, value_name = "HEX", default_value = "1", value_parser = seed)]
    pub(crate) seed: u64,
    /// Where findings go
    #[arg(long, value_name = "DIR", default_value = "findings")]
    pub(crate) out: PathBuf,
}

/// A role of a target.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleName {
    /// It answers the ClientHello
    Server,
    /// It sends the ClientHello
    Client,
}

impl RoleName {
    pub(crate) fn role(self) -> gauntlet_model::Role {
        match self {
            RoleName::Server => gauntlet_model::Role::Server,
            RoleName::Client => gauntlet_model::Role::Client,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Selftest {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Further stacks that may pass, beside the embedded ones; those not installed are left out
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    /// Name the case that catches each fault of our own faulty sides instead
    #[arg(long)]
    pub(crate) faults: bool,
    /// Print every witness
    #[arg(long)]
    pub(crate) verbose: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BaselineArgs {
    /// Folder of the run
    #[arg(default_value = "gauntlet-report")]
    pub(crate) run: PathBuf,
    /// For which of its targets [default: the only one]
    #[arg(long)]
    pub(crate) target: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// Folders of runs
    #[arg(required = true)]
    pub(crate) runs: Vec<PathBuf>,
    /// Where the reports go [default: the first folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What is expected of the target, with reasons
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Vec<PathBuf>,
    /// Also write a page (Markdown) and the results (JSON) of each target into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) publish: Option<PathBuf>,
    /// Say only how it stands
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// Folder of the run before
    pub(crate) old: PathBuf,
    /// Folder of the run after
    pub(crate) new: PathBuf,
    /// How it is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Into a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// What is expected of the target, with reasons
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct CoverageArgs {
    /// Folders of runs
    #[arg(default_value = "gauntlet-report")]
    pub(crate) runs: Vec<PathBuf>,
    /// Only this document, such as 9846
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rfc: Option<String>,
    /// Name the requirements that are not decided
    #[arg(long)]
    pub(crate) ids: bool,
    /// Everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail if less than this part of the observable MUSTs (of RFC 9846, or of --rfc) is decided
    #[arg(long, value_name = "PERCENT")]
    pub(crate) least: Option<usize>,
}

/// Of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal
    #[default]
    Text,
    /// For a comment on a pull request
    Markdown,
    /// One file for a browser
    Html,
}

/// As the engine's policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Alerts {
    /// Only the named alerts
    #[default]
    Exact,
    /// Also others of their kind: syntax, negotiation, certificate
    Class,
    /// Any fatal alert
    Any,
}

/// As the catalogue's rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RfcArg {
    /// The newest text
    #[default]
    #[value(name = "9846")]
    Rfc9846,
    /// The text before it
    #[value(name = "8446")]
    Rfc8446,
}

/// As the engine's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeepArg {
    /// Those that did not pass
    #[default]
    Failures,
    /// All
    All,
    /// None
    None,
}

fn seed(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u64::from_str_radix(digits, 16).map_err(|_| "expected up to 16 hex digits".to_owned())
}

fn date(text: &str) -> Result<String, String> {
    match gauntlet_engine::midnight(text) {
        Some(_) if text.len() == 10 => Ok(text.to_owned()),
        _ => Err("expected a day such as 2026-11-21".to_owned()),
    }
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "expected I/N with I from 1 to N, such as 2/8".to_owned();
    let (part, parts) = text.split_once('/').ok_or_else(wrong)?;
    let (part, parts): (usize, usize) = (part.parse().map_err(|_| wrong())?, parts.parse().map_err(|_| wrong())?);
    if part >= 1 && part <= parts { Ok((part, parts)) } else { Err(wrong()) }
}
