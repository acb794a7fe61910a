//! What is printed loads as the same case again.

use gauntlet_model::{Case, Plays, Step};
use gauntlet_scenario::{Corpus, Scenario, placeless, print};
use gauntlet_yaml::File;

/// All that a case says, wherever it says it.
fn said(case: &Case) -> String {
    let flows: Vec<(&str, Vec<Step>)> = match &case.plays {
        Plays::Variants(variants) => variants.iter().map(|(name, steps)| (name.as_str(), placeless(steps))).collect(),
        _ => vec![("", placeless(&case.steps))],
    };
    let plays = match &case.plays {
        Plays::Variants(_) => String::new(),
        other => format!("{other:?}"),
    };
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {plays} {:?}\n{flows:#?}",
        case.title,
        case.note,
        case.tags,
        case.requirements,
        case.peer,
        case.versions,
        case.options,
        case.needs,
        case.pki,
        case.across
    )
}

fn again(case: &Case) -> Case {
    let text = print(case);
    let loaded = Scenario::load("again", File::new("again.yaml", &text), &Default::default());
    let (scenario, _) = loaded.unwrap_or_else(|errors| panic!("{}\n{text}\n{}", case.id, errors.render(false)));
    scenario.expand(None).expect("it expands").cases.remove(0)
}

#[test]
fn every_scenario_prints_as_itself() {
    let corpus = Corpus::from_folder("../../scenarios".as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let mut count = 0;
    for scenario in &corpus.scenarios {
        let cases = scenario.expand(None).unwrap_or_else(|errors| panic!("{}", errors.render(false))).cases;
        // Its cases differ in values only; those at both ends are enough of them.
        for case in cases.iter().take(2).chain(cases.last()) {
            assert_eq!(said(case), said(&again(case)), "{}\n{}", case.id, print(case));
            count += 1;
        }
    }
    assert!(count > 1_500, "{count} cases");
}

#[test]
fn what_is_said_shows_a_difference() {
    let corpus = Corpus::from_folder("tests/good".as_ref()).unwrap_or_else(|error| panic!("{error}"));
    let scenario = corpus.scenarios.iter().find(|scenario| scenario.id == "binder").expect("it is there");
    let case = scenario.expand(None).expect("it expands").cases.remove(0);
    let mut other = case.clone();
    other.title.push_str(", or two");
    assert_ne!(said(&case), said(&again(&other)));
    let mut other = case.clone();
    other.steps.remove(2);
    assert_ne!(said(&case), said(&again(&other)));
}
