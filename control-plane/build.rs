//! Makes cargo notice what the macros read: new migrations, and a console built after the binary.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=../console/dist");
}
