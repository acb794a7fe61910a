//! Which combinations of values are played: covering arrays.
//!
//! A row says which value each parameter takes. `Pairs` is the greedy way: each new row begins with a pair that no
//! row has yet, and takes for each further parameter the value that brings most new pairs.

use std::collections::HashSet;

/// What the rows must cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Every value of every parameter at least once.
    #[default]
    Each,
    /// Every pair of values of two parameters at least once.
    Pairs,
    /// Everything with everything.
    All,
}

/// What is decided of a row, and whether it is forbidden as far as that goes.
type Excluded<'a> = &'a dyn Fn(&[Option<usize>]) -> bool;

/// How much a value of a parameter would bring to a row.
type Gain<'a> = &'a dyn Fn(&[Option<usize>], usize, usize) -> usize;

/// Searches for a full row end after so many attempts.
const ATTEMPTS: usize = 100_000;

/// The rows for parameters with so many values each.
pub(crate) fn rows(sizes: &[usize], strength: Strength, excluded: Excluded<'_>) -> Vec<Vec<usize>> {
    if sizes.contains(&0) {
        return Vec::new();
    }
    match strength {
        Strength::Each => each(sizes, excluded),
        Strength::Pairs if sizes.len() > 1 => pairs(sizes, excluded),
        Strength::Pairs | Strength::All => all(sizes, excluded),
    }
}

/// The i-th row takes the i-th value of each parameter, over and over.
fn each(sizes: &[usize], excluded: Excluded<'_>) -> Vec<Vec<usize>> {
    let count = sizes.iter().copied().max().unwrap_or(1);
    let mut rows: Vec<Vec<usize>> = (0..count).map(|i| sizes.iter().map(|size| i % size).collect()).collect();
    rows.retain(|row| !excluded(&decided(row)));
    if rows.len() == count {
        return rows;
    }
    for (parameter, size) in sizes.iter().enumerate() {
        for value in 0..*size {
            if rows.iter().any(|row| row[parameter] == value) {
                continue;
            }
            let mut start = vec![None; sizes.len()];
            start[parameter] = Some(value);
            rows.extend(complete(start, sizes, excluded, &|_, _, _| 0));
        }
    }
    rows
}

fn all(sizes: &[usize], excluded: Excluded<'_>) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new()];
    for size in sizes {
        rows = rows.iter().flat_map(|row| (0..*size).map(|value| [row.as_slice(), &[value]].concat())).collect();
    }
    rows.retain(|row| !excluded(&decided(row)));
    rows
}

/// Two parameters with their values, the lower parameter first.
type Pair = (usize, usize, usize, usize);

fn pair(a: usize, x: usize, b: usize, y: usize) -> Pair {
    if a < b { (a, x, b, y) } else { (b, y, a, x) }
}

fn pairs(sizes: &[usize], excluded: Excluded<'_>) -> Vec<Vec<usize>> {
    let mut order: Vec<Pair> = Vec::new();
    for a in 0..sizes.len() {
        for b in a + 1..sizes.len() {
            order.extend((0..sizes[a]).flat_map(|x| (0..sizes[b]).map(move |y| (a, x, b, y))));
        }
    }
    // Pairs of the parameters with most values decide how many rows there are.
    order.sort_by_key(|(a, _, b, _)| std::cmp::Reverse(sizes[*a] * sizes[*b]));
    let mut open: HashSet<Pair> = order.iter().copied().collect();
    let mut rows = Vec::new();
    for next @ (a, x, b, y) in order {
        if !open.contains(&next) {
            continue;
        }
        let mut start = vec![None; sizes.len()];
        (start[a], start[b]) = (Some(x), Some(y));
        let gain = |row: &[Option<usize>], parameter: usize, value: usize| {
            let others = row.iter().enumerate().filter_map(|(b, y)| Some((b, (*y)?)));
            others.filter(|(b, y)| open.contains(&pair(parameter, value, *b, *y))).count()
        };
        let Some(row) = complete(start, sizes, excluded, &gain) else {
            open.remove(&next);
            continue;
        };
        for a in 0..row.len() {
            for b in a + 1..row.len() {
                open.remove(&(a, row[a], b, row[b]));
            }
        }
        rows.push(row);
    }
    rows
}

/// Fills what is open in a row with the values that gain most; `None` if every way is excluded.
fn complete(start: Vec<Option<usize>>, sizes: &[usize], excluded: Excluded<'_>, gain: Gain<'_>) -> Option<Vec<usize>> {
    let mut attempts = ATTEMPTS;
    let mut row = start;
    fill(&mut row, sizes, excluded, gain, &mut attempts).then(|| row.into_iter().flatten().collect())
}

fn fill(
    row: &mut [Option<usize>],
    sizes: &[usize],
    excluded: Excluded<'_>,
    gain: Gain<'_>,
    attempts: &mut usize,
) -> bool {
    if excluded(row) || *attempts == 0 {
        return false;
    }
    let Some(parameter) = row.iter().position(Option::is_none) else { return true };
    let mut values: Vec<(usize, usize)> =
        (0..sizes[parameter]).map(|value| (gain(row, parameter, value), value)).collect();
    values.sort_by_key(|(gain, _)| std::cmp::Reverse(*gain));
    for (_, value) in values {
        *attempts = attempts.saturating_sub(1);
        row[parameter] = Some(value);
        if fill(row, sizes, excluded, gain, attempts) {
            return true;
        }
        row[parameter] = None;
    }
    false
}

fn decided(row: &[usize]) -> Vec<Option<usize>> {
    row.iter().copied().map(Some).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Excluded<'static> = &|_| false;

    /// All pairs that some allowed full row has.
    fn possible(sizes: &[usize], excluded: Excluded<'_>) -> HashSet<Pair> {
        held(&all(sizes, excluded))
    }

    fn held(rows: &[Vec<usize>]) -> HashSet<Pair> {
        let mut held = HashSet::new();
        for row in rows {
            for a in 0..row.len() {
                for b in a + 1..row.len() {
                    held.insert((a, row[a], b, row[b]));
                }
            }
        }
        held
    }

    #[test]
    fn pairs_hold_every_pair_with_few_rows() {
        let shapes: [&[usize]; 9] = [
            &[2, 2],
            &[3, 1, 4],
            &[2, 2, 2, 2],
            &[5, 4, 3, 2],
            &[3, 3, 3, 3],
            &[1, 1, 1],
            &[7, 2, 2, 2, 2],
            &[4, 4, 4],
            &[2, 9, 3],
        ];
        for sizes in shapes {
            let rows = rows(sizes, Strength::Pairs, NEVER);
            assert_eq!(held(&rows), possible(sizes, NEVER), "{sizes:?}");
            let mut sorted = sizes.to_vec();
            sorted.sort_unstable();
            let least = sorted[sorted.len() - 1] * sorted[sorted.len() - 2];
            assert!(rows.len() <= least + least / 2 + 3, "{sizes:?}: {} rows, at least {least} are needed", rows.len());
        }
    }

    #[test]
    fn pairs_keep_away_from_what_is_excluded_and_miss_nothing_else() {
        let sizes = [3, 3, 3, 2];
        // Leaves no third value of the second parameter beside the first value of the first.
        let excluded = |row: &[Option<usize>]| {
            (row[0] == Some(0) && row[1] == Some(2))
                || (row[1] == Some(1) && row[2] == Some(1))
                || (row[2] == Some(1) && row[1] == Some(0))
        };
        let rows = rows(&sizes, Strength::Pairs, &excluded);
        assert!(rows.iter().all(|row| !excluded(&decided(row))));
        assert_eq!(held(&rows), possible(&sizes, &excluded));
    }

    #[test]
    fn each_value_occurs_and_the_longest_parameter_gives_the_count() {
        let rows = rows(&[2, 5, 3], Strength::Each, NEVER);
        assert_eq!(rows, [[0, 0, 0], [1, 1, 1], [0, 2, 2], [1, 3, 0], [0, 4, 1]]);
    }

    #[test]
    fn each_finds_other_company_for_values_whose_row_is_excluded() {
        let rows = rows(&[2, 2], Strength::Each, &|row| row[0] == Some(1) && row[1] == Some(1));
        assert_eq!(rows, [[0, 0], [1, 0], [0, 1]]);
    }

    #[test]
    fn all_is_the_product() {
        assert_eq!(rows(&[2, 3, 4], Strength::All, NEVER).len(), 24);
        assert_eq!(rows(&[], Strength::All, NEVER), [Vec::<usize>::new()]);
        assert_eq!(rows(&[], Strength::Each, NEVER), [Vec::<usize>::new()]);
    }

    #[test]
    fn no_row_is_left_if_all_are_excluded() {
        for strength in [Strength::Each, Strength::Pairs, Strength::All] {
            assert!(rows(&[3, 2, 2], strength, &|row| row[0].is_some()).is_empty());
        }
    }
}
