//! A large run, made of a small one.

use gauntlet_model::result::{read_lines, write_line};
use gauntlet_model::{CaseResult, Kind, Line, TargetLine};
use std::fs;
use std::io::{BufReader, Write};
use std::path::Path;

/// Makes three targets with ten thousand cases each of the one in these results.
pub fn multiply(results: &Path) {
    let file = fs::File::open(results).expect("there are results");
    let lines = read_lines(BufReader::new(file)).expect("results");
    let mut written = fs::File::create(results).map(std::io::BufWriter::new).expect("results can be written");
    let cases = lines.iter().filter_map(|line| if let Line::Case(case) = line { Some(&**case) } else { None });
    let (good, bad): (Vec<_>, Vec<_>) = cases.partition(|case| matches!(case.verdict, Kind::Pass | Kind::Skip));
    for line in &lines {
        match line {
            Line::Target(target) => {
                for name in ["alpha", "beta", "gamma"] {
                    let target = TargetLine { target: name.to_owned(), ..target.clone() };
                    write_line(&mut written, &Line::Target(target)).expect("written");
                }
            }
            Line::Case(_) => {}
            line => {
                if matches!(line, Line::End(_)) {
                    write_cases(&good, &bad, &mut written);
                }
                write_line(&mut written, line).expect("written");
            }
        }
    }
    written.flush().expect("written");
}

fn write_cases(good: &[&CaseResult], bad: &[&CaseResult], out: &mut dyn Write) {
    let mut buffer = Vec::new();
    for (number, target) in ["alpha", "beta", "gamma"].into_iter().enumerate() {
        for place in 0..10_000 {
            let fails = place % 20 == 0 && number != 1 || place % 500 == 0;
            let from = if fails { bad } else { good };
            let mut case = from[place % from.len()].clone();
            (case.id, case.target) = (format!("{}@n={place}", case.scenario), target.to_owned());
            if fails && place == 0 {
                case.title = "<img src=x onerror='window.owned=1'> \u{202e}\u{1b}[31m".to_owned();
            }
            buffer.clear();
            write_line(&mut buffer, &Line::Case(Box::new(case))).expect("into memory");
            out.write_all(&buffer).expect("written");
        }
    }
}
