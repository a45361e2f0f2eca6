//! Rebuilds the program when a scenario changes: they are embedded, and the compiler does not look into the folder.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
