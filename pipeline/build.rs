//! Makes cargo notice new migrations, which are compiled into the library.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
