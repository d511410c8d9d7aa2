//! Makes cargo notice new migrations of the services: `doctor` compares databases with them.

fn main() {
    println!("cargo::rerun-if-changed=../control-plane/migrations");
    println!("cargo::rerun-if-changed=../pipeline/migrations");
}
