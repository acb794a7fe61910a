//! Writes the seed corpora and the dictionary of `fuzz/`: `cargo run --release -p gauntlet-campaign --example seeds`.

use gauntlet_campaign::altered::{Altered, shapes};
use gauntlet_campaign::targets::Flows;
use gauntlet_campaign::{FLOWS, fields, orders};
use gauntlet_engine::run_case;
use gauntlet_model::{Role, Side, What};
use gauntlet_play::{AlertPolicy, Settings};
use gauntlet_target::embedded;
use gauntlet_wire::Grammar;
use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let seed = |target: &str, name: &str, bytes: &[u8]| -> io::Result<()> {
        let folder = fuzz.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)
    };
    for (role, peer) in [(Role::Server, "peer_client"), (Role::Client, "peer_server")] {
        let target = embedded::openssl();
        for flow in FLOWS.iter().filter(|flow| flow.peer.other() == role) {
            let Some(case) = flow.honest_case() else { continue };
            let Ok(mut instance) = target.start(role, &case.options) else { continue };
            let settings = Settings::memory("seeds", [1; 32]);
            let (transcript, _) = run_case(instance.as_mut(), &case, &settings, AlertPolicy::Any);
            let mut came = vec![255];
            let names = Grammar::tls().type_names();
            let handshake = names.iter().position(|name| *name == "Handshake").unwrap_or(0) as u8;
            for event in transcript.events.iter().filter(|event| event.connection == 0) {
                match &event.what {
                    What::Bytes { from: Side::Target, data } => came.extend_from_slice(data),
                    What::Message { content_type: 22, bytes, name, .. } => {
                        seed(
                            "wire_roundtrip",
                            &format!("{}_{name}", flow.name),
                            &[&[handshake], bytes.as_slice()].concat(),
                        )?;
                    }
                    _ => {}
                }
            }
            seed(peer, flow.name, &came)?;
        }
    }
    for (role, side) in [(Role::Server, "server"), (Role::Client, "client")] {
        let seeds = flows(role);
        for (target, stack) in [(embedded::openssl(), "openssl"), (embedded::rustls(), "rustls")] {
            let has = Flows::new(target, role).numbers();
            for (name, altered) in seeds.iter().filter(|(_, altered)| has.contains(&altered.flow)) {
                let Some(bytes) = altered.to_bytes() else { continue };
                seed(&format!("flow_{stack}_{side}"), name, &bytes)?;
                if stack == "rustls" && side == "server" {
                    seed("differential", name, &bytes)?;
                }
            }
        }
        for (name, altered) in seeds.iter().filter(|(name, _)| name.ends_with("_0")) {
            seed("scenario_yaml", &format!("{side}_{name}"), altered.text().as_bytes())?;
        }
    }
    for (name, text) in Grammar::sources().iter().filter(|(_, text)| text.len() < 8192) {
        seed("grammar", &name.replace('/', "_"), text.as_bytes())?;
    }
    fs::write(fuzz.join("tls.dict"), dictionary())
}

/// Each flow, honest, and with some of its single changes.
fn flows(role: Role) -> Vec<(String, Altered)> {
    let mut all = Vec::new();
    for shape in shapes(role.other()) {
        let name = shape.flow.name;
        all.extend(Altered::of_case(&shape.base).map(|honest| (format!("{name}_honest"), honest)));
        let orders = orders(&shape.honest).into_iter().step_by(23);
        let changes = orders.chain(fields(&shape.honest).into_iter().step_by(151));
        let altered = changes.filter_map(|change| Altered::of_text(&change.text(shape.flow)));
        all.extend(altered.enumerate().map(|(number, altered)| (format!("{name}_{number}"), altered)));
    }
    all
}

/// The code points of the grammar's enums that messages hold, as two bytes each.
fn dictionary() -> String {
    let mut text = String::from("# Made by the example `seeds` of gauntlet-campaign.\n");
    for kind in ["CipherSuite", "ExtensionType", "NamedGroup", "SignatureScheme", "ProtocolVersion"] {
        for (name, number) in Grammar::tls().names(kind).iter().take(60) {
            let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            text += &format!("{name}=\"\\x{:02x}\\x{:02x}\"\n", number >> 8 & 0xff, number & 0xff);
        }
    }
    text
}
