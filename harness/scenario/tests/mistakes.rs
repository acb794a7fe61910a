//! Every kind of mistake, one file each in `bad/`, and what the author is told.

use gauntlet_scenario::{Corpus, CorpusError};

#[test]
fn every_mistake_is_told_with_its_place_and_a_remedy() {
    let mut seen = 0;
    insta::glob!("bad/*.yaml", |path| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("readable");
        let told = match Corpus::from_files([(name.as_str(), text.as_str())], "bad/") {
            Err(CorpusError::Wrong(errors)) => errors.render(false),
            Err(other) => panic!("{other}"),
            Ok(corpus) => {
                assert_eq!(name, "warnings.yaml", "nothing was found in {name}");
                corpus.warnings.render(false)
            }
        };
        assert!(told.contains(&name), "{told}");
        insta::assert_snapshot!(told);
        seen += 1;
    });
    assert_eq!(seen, 28);
}
