//! What is known of the embedded stacks, each with its reason, so that a fuzzer goes on to what is not: `known.yaml`.

use crate::altered::Altered;
use crate::piece::Piece;
use gauntlet_model::{MessageRef, Role, StepKind, Which};
use gauntlet_yaml::{File, Yaml};
use globset::{Glob, GlobMatcher};
use std::sync::LazyLock;

/// One entry of the file.
#[derive(Debug)]
pub struct Known {
    /// A target's name; `difference`: OpenSSL and rustls take it differently.
    pub on: String,
    /// What we play there; `None`: either.
    pub peer: Option<Role>,
    /// A flow that alters one of these.
    pub altered: Vec<GlobMatcher>,
    /// Why it is so, and who may be right.
    pub reason: String,
}

/// All entries.
pub fn all() -> &'static [Known] {
    static ALL: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let file = File::new("known.yaml", include_str!("known.yaml"));
        let tree = file.parse().unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        tree.as_list().unwrap_or_default().iter().map(entry).collect()
    });
    &ALL
}

fn entry(tree: &Yaml) -> Known {
    let text = |key: &str| tree.get(key).and_then(Yaml::as_text).unwrap_or_default();
    let globs = tree.get("altered").and_then(Yaml::as_list).unwrap_or_default().iter().filter_map(Yaml::as_text);
    let globs = globs.map(|glob| Glob::new(&glob).unwrap_or_else(|error| panic!("known.yaml: {error}")));
    Known {
        on: text("on"),
        peer: [Role::Client, Role::Server].into_iter().find(|role| role.name() == text("peer")),
        altered: globs.map(|glob| glob.compile_matcher()).collect(),
        reason: text("reason"),
    }
}

/// Why something is known of an altered flow on a target.
pub fn reason(on: &str, altered: &Altered) -> Option<&'static str> {
    let labels: Vec<String> = altered.pieces.iter().map(|(message, piece)| label(message, piece)).collect();
    let flow = altered.shape().flow.name;
    let matches = |known: &Known| {
        known.on == on
            && known.peer.is_none_or(|peer| peer == altered.peer)
            && labels.iter().any(|label| {
                known.altered.iter().any(|glob| glob.is_match(label) || glob.is_match(format!("{flow}: {label}")))
            })
    };
    all().iter().find(|known| matches(known)).map(|known| known.reason.as_str())
}

/// What a piece does, in a few words without its values: `client_hello set extensions.key_share.client_shares`.
pub fn label(message: &MessageRef, piece: &Piece) -> String {
    let message = match message.which {
        Which::Nth(0) => message.name.clone(),
        Which::Nth(place) => format!("{}_{}", message.name, place + 1),
        Which::Every => format!("{} every", message.name),
    };
    let inner = |kind: &StepKind| match kind {
        StepKind::Send(send) => send.message.clone(),
        StepKind::Repeat { steps, .. } => match steps.first().map(|step| &step.kind) {
            Some(StepKind::Send(send)) => format!("many {}", send.message),
            _ => "many".to_owned(),
        },
        _ => "step".to_owned(),
    };
    let what = match piece {
        Piece::Omit => "omit".to_owned(),
        Piece::Before(step) => format!("before {}", inner(&step.kind)),
        Piece::After(step) => format!("after {}", inner(&step.kind)),
        Piece::Instead(steps) => {
            format!("instead {}", steps.first().map(|step| inner(&step.kind)).unwrap_or_default())
        }
        Piece::Set(path, _) => format!("set {path}"),
        Piece::Mutate(mutation) => {
            let field = mutation.field.as_ref().map_or_else(|| "message".to_owned(), ToString::to_string);
            format!("{} {field}", mutation.operation.name())
        }
        Piece::Compute(name, _) => format!("compute {name}"),
        Piece::Form(_) => "form".to_owned(),
        Piece::Remember(_) => "remember".to_owned(),
        Piece::Records(_) => "records".to_owned(),
        Piece::Record(_) => "record".to_owned(),
        Piece::Joined => "joined".to_owned(),
        Piece::Segments(_) => "segments".to_owned(),
    };
    // What stands in brackets would be a class of characters in a glob.
    format!("{message} {what}").replace(['[', ']'], "_")
}
