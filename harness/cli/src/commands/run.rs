//! `run`.

use crate::args::{Alerts, KeepArg, RfcArg, Run};
use crate::progress::Progress;
use crate::{Exit, Failure, data};
use gauntlet_engine::{AlertPolicy, Keep, Options, RunError};
use gauntlet_reports::{Outcome, RunData, baseline, terminal};
use gauntlet_scenario::Corpus;
use gauntlet_vectors::catalogue::Rules;
use std::io::IsTerminal as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

impl From<Alerts> for AlertPolicy {
    fn from(alerts: Alerts) -> AlertPolicy {
        match alerts {
            Alerts::Exact => AlertPolicy::Exact,
            Alerts::Class => AlertPolicy::Class,
            Alerts::Any => AlertPolicy::Any,
        }
    }
}

impl From<RfcArg> for Rules {
    fn from(rfc: RfcArg) -> Rules {
        match rfc {
            RfcArg::Rfc9846 => Rules::Rfc9846,
            RfcArg::Rfc8446 => Rules::Rfc8446,
        }
    }
}

impl From<KeepArg> for Keep {
    fn from(keep: KeepArg) -> Keep {
        match keep {
            KeepArg::Failures => Keep::Failures,
            KeepArg::All => Keep::All,
            KeepArg::None => Keep::None,
        }
    }
}

/// Plays, writes results and reports, and says how it ended.
pub(crate) fn run(arguments: &Run) -> Result<Exit, Failure> {
    let (corpus, select) = data::corpus_and_select(&arguments.selection)?;
    let names: Vec<&str> = match arguments.target.as_slice() {
        [] => vec!["embedded-openssl"],
        names => names.iter().map(String::as_str).collect(),
    };
    let targets = names.iter().map(|name| super::target(name)).collect::<Result<Vec<_>, _>>()?;
    let baselines = data::baselines(&arguments.baseline, !arguments.no_baseline)?;
    let started = now();
    let options = Options {
        seed: arguments.seed,
        jobs: arguments.jobs,
        alerts: arguments.alerts.into(),
        rules: arguments.rfc.into(),
        out: arguments.out.clone(),
        keep: arguments.keep.into(),
        fail_fast: arguments.fail_fast,
        shard: arguments.shard,
        baselines: baselines.clone(),
        date: arguments.date.clone().unwrap_or_else(|| started.chars().take(10).collect()),
        started,
        selected: arguments.selection.select.clone(),
    };
    let stop = super::stop_on_signal();
    let progress = Progress::new(arguments.quiet);
    let result = gauntlet_engine::run(&corpus, &targets, &select, &options, &stop, &|happening| {
        progress.happening(&happening);
    });
    progress.end();
    let summary = result.map_err(|error| Failure {
        exit: if matches!(error, RunError::Unreachable(_)) { Exit::Unreachable } else { Exit::Usage },
        text: error.to_string(),
    })?;
    let mut run = data::read_run(std::slice::from_ref(&arguments.out), None)?;
    baseline::apply(&baselines, &mut run);
    data::write_reports(&run, &corpus, &arguments.out)?;
    print(&run, &corpus, &arguments.out, summary.interrupted, arguments.quiet);
    for why in &summary.unreachable {
        anstream::eprintln!("not reachable: {why}");
    }
    if summary.interrupted && !arguments.fail_fast {
        return Ok(Exit::Interrupted);
    }
    Ok(match run.outcome() {
        _ if !summary.unreachable.is_empty() => Exit::Unreachable,
        Outcome::AsExpected => Exit::Expected,
        _ => Exit::Unexpected,
    })
}

/// Failures in full, then the summary.
pub(super) fn print(run: &RunData, corpus: &Corpus, out: &Path, interrupted: bool, quiet: bool) {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let unexpected = run.cases.iter().filter(|case| {
        use gauntlet_model::Kind;
        !matches!(case.verdict, Kind::Pass | Kind::Skip | Kind::Loose) && case.expected_by_baseline.is_none()
    });
    let mut left_out = 0;
    for (place, case) in unexpected.enumerate().filter(|_| !quiet) {
        if place >= 20 {
            left_out += 1;
            continue;
        }
        let source = corpus.scenario(&case.scenario).map(|scenario| scenario.file.text.to_string()).unwrap_or_default();
        anstream::println!("{}\n", terminal::failure(case, &source, colour).trim_end());
    }
    if left_out > 0 {
        anstream::println!("... and {left_out} more, see {}\n", out.join("index.html").display());
    }
    if interrupted {
        anstream::println!("interrupted: this is what ran\n");
    }
    anstream::println!("{}", terminal::summary(run, colour).trim_end());
    anstream::println!("report: {}", out.join("index.html").display());
}

/// Wall clock, RFC 3339, seconds, UTC.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days as i64);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Days since 1970 → the Gregorian date.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(20_778), (2026, 11, 21));
    }
}
