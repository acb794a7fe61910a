//! What several reports say in the same words.

use crate::inert;
use gauntlet_model::result::CaseResult;
use gauntlet_model::verdict::Reaction;
use gauntlet_model::{Kind, Role};
use gauntlet_vectors::catalogue::Catalogue;

/// A requirement, ready to be shown.
pub(crate) struct Rule {
    pub id: String,
    /// `MUST`; empty if the catalogue does not have it.
    pub level: &'static str,
    /// `RFC 9846, 4.2.2`; empty if the catalogue does not have it.
    pub citation: String,
    /// With the level in it.
    pub sentence: String,
}

/// A requirement by its id, known or not.
pub(crate) fn rule(id: &str) -> Rule {
    let shown = inert::line(id).into_owned();
    match Catalogue::embedded().requirement(id) {
        Some(rule) => {
            Rule { id: shown, level: rule.level.name(), citation: rule.citation(), sentence: rule.sentence() }
        }
        None => Rule { id: shown, level: "", citation: String::new(), sentence: "Not in the catalogue.".to_owned() },
    }
}

/// `loose (no_alert)`, `fail`.
pub(crate) fn verdict(result: &CaseResult) -> String {
    match result.form {
        Some(form) => format!("{} ({})", result.verdict.name(), form.name()),
        None => result.verdict.name().to_owned(),
    }
}

pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Server => "server",
    }
}

/// `server_hello, then fatal illegal_parameter, then fin`. Our own sends (`>name`) are left out.
pub(crate) fn reaction(reaction: &Reaction) -> String {
    let theirs = |name: &&String| !name.starts_with('>') && name.as_str() != "alert";
    let mut parts: Vec<String> = Vec::new();
    let messages: Vec<&str> = reaction.sent.iter().filter(theirs).map(String::as_str).collect();
    if !messages.is_empty() {
        parts.push(folded(&messages));
    }
    parts.extend(reaction.alerts.iter().cloned());
    parts.push(match reaction.end.as_str() {
        "" | "open" => "left open".to_owned(),
        end => end.to_owned(),
    });
    inert::line(&parts.join(", then ")).into_owned()
}

/// `a, b, 31 × c`.
fn folded(names: &[&str]) -> String {
    let runs = names.chunk_by(|a, b| a == b).map(|run| match run {
        [one] => (*one).to_owned(),
        many => format!("{} × {}", many.len(), many[0]),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// The shell command that plays a case again. A scenario that is not embedded is named by its file, or with its folder:
/// the case's id, and so its seed, is the same either way.
pub(crate) fn replay(result: &CaseResult) -> String {
    let scenario = format!("{}.yaml", result.scenario);
    let folder = result.at.as_ref().and_then(|at| at.file.strip_suffix(&scenario));
    let suffix = result.id.strip_prefix(&result.scenario).unwrap_or_default();
    let mut words = vec!["gauntlet", "replay"];
    let file = format!("{}{scenario}{suffix}", folder.unwrap_or_default());
    match folder {
        Some(folder) if folder != "scenarios/" && result.scenario.contains('/') => {
            words.extend([result.id.as_str(), "--corpus", if folder.is_empty() { "." } else { folder }]);
        }
        Some(folder) if folder != "scenarios/" => words.push(&file),
        _ => words.push(&result.id),
    }
    words.extend(["--target", &result.target, "--seed", &result.seed]);
    inert::line(&words.into_iter().map(shell_word).collect::<Vec<_>>().join(" ")).into_owned()
}

/// As a shell takes it; without quotes where none are needed.
fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte);
    if word.bytes().all(plain) && word.starts_with(|c: char| c.is_ascii_alphanumeric() || "-./".contains(c)) {
        return word.to_owned();
    }
    // A NUL cannot be in an argument of any command.
    shell_words::quote(&word.replace('\0', "")).into_owned()
}

/// `1.8 ms`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.1} s", us as f64 / 1e6),
        _ => format!("{} min {} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// Verdicts of the attempts, if they differ.
pub(crate) fn attempts(result: &CaseResult) -> Option<String> {
    let differ = result.attempts.windows(2).any(|pair| pair[0] != pair[1]);
    let names: Vec<&str> = result.attempts.iter().map(|kind: &Kind| kind.name()).collect();
    differ.then(|| names.join(", "))
}

/// `1 case`, `2 cases`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reactions_are_folded_and_ours_left_out() {
        let sent = [">client_hello", "server_hello", "key_update", "key_update", "alert"].map(str::to_owned);
        let mut seen = Reaction { sent: sent.into(), alerts: vec!["fatal decode_error".into()], end: "fin".into() };
        assert_eq!(reaction(&seen), "server_hello, 2 × key_update, then fatal decode_error, then fin");
        seen = Reaction { end: "open".into(), ..Reaction::default() };
        assert_eq!(reaction(&seen), "left open");
    }

    #[test]
    fn words_are_quoted_only_if_need_be() {
        let words = ["tls13/x@methods=1", "a b", "", "$(reboot)", "it's", "--seed"].map(shell_word);
        assert_eq!(words.join(" "), r#"tls13/x@methods=1 'a b' '' '$(reboot)' 'it'\''s' --seed"#);
    }

    #[test]
    fn times_have_units() {
        assert_eq!([912, 1_830, 4_200_000, 192_000_000].map(duration).join(", "), "912 µs, 1.8 ms, 4.2 s, 3 min 12 s");
    }

    #[test]
    fn nouns_agree() {
        assert_eq!(count(1, "entry") + &count(2, "entry") + &count(0, "case"), "1 entry2 entries0 cases");
    }
}
