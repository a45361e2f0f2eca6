//! Content is embedded in the binary: a file added to a content folder must rebuild it.

fn main() {
    for folder in ["scenarios", "lessons", "assets"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
