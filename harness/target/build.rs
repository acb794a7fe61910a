//! Has a new profile seen: they are compiled in.

fn main() {
    println!("cargo::rerun-if-changed=profiles");
}
