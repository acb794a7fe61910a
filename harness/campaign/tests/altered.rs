//! An input is a flow, a flow is a scenario, and the way back.

use gauntlet_campaign::altered::{Altered, shapes};
use gauntlet_campaign::piece::pieces;
use gauntlet_campaign::{Oracle, fields, orders};
use gauntlet_model::{Case, Role};
use gauntlet_scenario::{Scenario, placeless};
use proptest::prelude::*;

fn load(text: &str) -> Case {
    let file = gauntlet_yaml::File::new("x.yaml", text);
    let loaded = Scenario::load("x", file, &Default::default());
    let (scenario, _) = loaded.unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)));
    scenario.expand(None).expect("it expands").cases.remove(0)
}

/// Everything but the last step, which says what must hold.
fn played(case: &Case) -> String {
    let steps = placeless(&case.steps[..case.steps.len() - 1]);
    format!("{:?} {:?} {:?} {steps:#?}", case.peer, case.versions, case.options)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_flow_that_prints_as_a_scenario_and_comes_back(
        bytes in prop::collection::vec(any::<u8>(), 0..160),
        server in any::<bool>(),
    ) {
        let peer = if server { Role::Server } else { Role::Client };
        let Some(altered) = Altered::of_bytes(peer, &bytes) else { return Ok(()) };
        let text = altered.text();
        let loaded = load(&text);
        prop_assert_eq!(played(&loaded), played(&altered.case()), "{}", text);
        prop_assert_eq!(Altered::of_case(&loaded), Some(altered.clone()), "{}", text);
        let input = altered.to_bytes();
        prop_assert!(input.is_some(), "{}", text);
        prop_assert_eq!(Altered::of_bytes(peer, &input.unwrap_or_default()), Some(altered));
    }
}

#[test]
fn every_flow_has_a_shape_and_an_honest_input() {
    for (peer, count) in [(Role::Client, 9), (Role::Server, 2)] {
        assert!(shapes(peer).len() >= count);
        for number in 0..shapes(peer).len() {
            let honest = Altered::of_bytes(peer, &[number as u8, 0]).expect("a flow");
            assert!(honest.pieces.is_empty());
            assert_eq!(honest.oracle(), Oracle::Survives);
            assert_eq!(honest.to_bytes(), Some(vec![number as u8, 0]));
        }
    }
}

/// What the sweep writes down is an input for the fuzzer, to go on from.
#[test]
fn scenarios_of_the_sweep_are_inputs() {
    for peer in [Role::Client, Role::Server] {
        let (mut all, mut inputs) = (0, 0);
        for shape in shapes(peer) {
            for change in orders(&shape.honest).into_iter().chain(fields(&shape.honest).into_iter().step_by(11)) {
                let case = load(&change.text(shape.flow));
                let Some(altered) = Altered::of_case(&case) else { panic!("{}", change.text(shape.flow)) };
                assert_eq!(altered.pieces.len(), pieces(&case).len());
                all += 1;
                if let Some(input) = altered.to_bytes() {
                    assert_eq!(Altered::of_bytes(peer, &input).as_ref(), Some(&altered), "{}", altered.text());
                    inputs += 1;
                }
            }
        }
        assert!(inputs * 10 >= all * 9, "{inputs} of {all}");
    }
}

#[test]
fn a_forbidden_order_is_known_as_one() {
    let forbidden = |text: &str| Altered::of_case(&load(text)).expect("a flow").oracle();
    let flow = |alter: &str| {
        format!(
            "title: T\nrequirements: [rfc9846-4-03]\npeer: client\nflow: [{{ handshake: full, alter: {alter} }}, {{ expect: survives }}]"
        )
    };
    assert_eq!(forbidden(&flow("{ finished: { omit: true } }")), Oracle::Useless);
    assert_eq!(forbidden(&flow("{ finished: { before: [{ send: certificate_verify }] } }")), Oracle::Useless);
    assert_eq!(forbidden(&flow("{ finished: { set: { verify_data: '00' } } }")), Oracle::Survives);
    assert_eq!(forbidden(&flow("{ finished: { before: [{ send: change_cipher_spec }] } }")), Oracle::Survives);
}
