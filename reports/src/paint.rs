//! Colour, where it is asked for.

use anstyle::{AnsiColor, Style};
use gauntlet_model::Kind;

/// Puts styles around text, or does not.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    colour: bool,
}

impl Paint {
    pub fn new(colour: bool) -> Paint {
        Paint { colour }
    }
    pub fn kind(self, kind: Kind, text: &str) -> String {
        let style = match kind {
            Kind::Pass => AnsiColor::Green.on_default(),
            Kind::Loose | Kind::Unstable => AnsiColor::Yellow.on_default(),
            Kind::Skip => Style::new().dimmed(),
            Kind::Error => AnsiColor::Magenta.on_default().bold(),
            Kind::Fail | Kind::Hang | Kind::Crash => AnsiColor::Red.on_default().bold(),
        };
        self.styled(style, text)
    }
    pub fn strong(self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }
    pub fn faint(self, text: &str) -> String {
        self.styled(Style::new().dimmed(), text)
    }
    pub fn good(self, text: &str) -> String {
        self.styled(AnsiColor::Green.on_default().bold(), text)
    }
    pub fn bad(self, text: &str) -> String {
        self.styled(AnsiColor::Red.on_default().bold(), text)
    }
    pub fn frame(self, text: &str) -> String {
        self.styled(AnsiColor::BrightBlue.on_default(), text)
    }
    fn styled(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
