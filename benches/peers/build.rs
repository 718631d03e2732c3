//! Builds the guest for Extism, always in release form, in a target folder of its own.

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "component";

/// What the build of the host sets for itself and must not reach the build of the guest.
const NOT_PASSED_ON: [&str; 8] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CLIPPY_ARGS",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
];

fn main() -> Result<(), Box<dyn Error>> {
    for watched in ["Cargo.toml", "Cargo.lock", "guest"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    // Where there is no rustup, the target may be there all the same: the build tells.
    let _ = Command::new("rustup").args(["target", "add", TARGET]).output();

    let out = PathBuf::from(env::var("OUT_DIR")?);
    // OUT_DIR is <target>/<profile>/build/<package>/out.
    let target = out.ancestors().nth(4).unwrap_or(&out).join("peers");
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.args(["build", "--locked", "--package", "extism-guest", "--profile", PROFILE, "--target", TARGET]);
    cargo.arg("--target-dir").arg(&target);
    for variable in NOT_PASSED_ON {
        cargo.env_remove(variable);
    }
    let output = cargo.output()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(format!("the guest does not build; it needs the Rust target {TARGET}").into());
    }
    let guest = target.join(TARGET).join(PROFILE).join("extism_guest.wasm");
    println!("cargo::rustc-env=EXTISM_GUEST={}", guest.display());
    Ok(())
}
