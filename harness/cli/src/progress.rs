//! How a run looks while it goes on: a bar on a terminal, a line a case elsewhere.

use gauntlet_engine::Happening;
use gauntlet_model::Kind;
use gauntlet_reports::terminal::case_line;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// Folds over what happens.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
}

impl Progress {
    pub(crate) fn new(quiet: bool) -> Progress {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{wide_msg} {pos}/{len} [{bar:30}] {elapsed}") {
                bar.set_style(style.progress_chars("=> "));
            }
            bar
        });
        Progress { bar, quiet }
    }

    pub(crate) fn happening(&self, happening: &Happening<'_>) {
        match (happening, &self.bar) {
            (Happening::Planned { target, cases }, Some(bar)) => {
                bar.inc_length(*cases as u64);
                bar.set_message((*target).to_owned());
            }
            (Happening::Planned { target, cases }, None) if !self.quiet => {
                anstream::eprintln!("{target}: {cases} cases");
            }
            (Happening::Case(result), Some(bar)) => {
                bar.inc(1);
                if result.verdict != Kind::Pass && result.verdict != Kind::Skip && result.expected_by_baseline.is_none()
                {
                    bar.println(case_line(result));
                }
            }
            (Happening::Case(result), None)
                if !self.quiet && result.verdict != Kind::Pass && result.verdict != Kind::Skip =>
            {
                anstream::eprintln!("{}", case_line(result));
            }
            (Happening::Note(text), Some(bar)) => bar.println(*text),
            (Happening::Note(text), None) => anstream::eprintln!("{text}"),
            _ => {}
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
