//! Builds the components: the providers and the guests of the tests, always in release form, in a target folder of their
//! own. Plain `cargo build` then does everything.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "component";
const PROVIDERS: [&str; 5] = ["appwrite", "chatwoot", "vtiger", "wibiclick", "aigency"];
const GUESTS: &str = "wharf-guests";

/// What the build of the host sets for itself and must not reach the build of the guests.
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

fn main() {
    if let Err(error) = build() {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for watched in ["Cargo.toml", "Cargo.lock", "answer", "plugins", "tests/guests", "wit"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    ensure_target(&root)?;

    // OUT_DIR is <target>/<profile>/build/<package>/out: one folder serves every profile of the host.
    let target = out.ancestors().nth(4).unwrap_or(&out).join("components");
    let mut cargo = Command::new(env::var("CARGO")?);
    cargo.current_dir(&root).args([
        "build",
        "--locked",
        "--lib",
        "--examples",
        "--profile",
        PROFILE,
        "--target",
        TARGET,
    ]);
    cargo.arg("--target-dir").arg(&target);
    for package in PROVIDERS.iter().chain(&[GUESTS]) {
        cargo.args(["--package", package]);
    }
    for variable in NOT_PASSED_ON {
        cargo.env_remove(variable);
    }
    let output = cargo.output()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Err("the components do not build; cargo's own words stand above".into());
    }
    let built = target.join(TARGET).join(PROFILE);
    fs::write(out.join("artifacts.rs"), constants(&root, &built)?)?;
    Ok(())
}

/// A toolchain without the target cannot build a component; rustup can add it, where there is rustup.
fn ensure_target(root: &Path) -> Result<(), Box<dyn Error>> {
    let sysroot = Command::new(env::var("RUSTC")?).current_dir(root).args(["--print", "sysroot"]).output()?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout)?.trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").current_dir(root).args(["target", "add", TARGET]).output();
    match added {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!(
            "the components need the Rust target {TARGET}: type `rustup target add {TARGET}`, then build again"
        )
        .into()),
    }
}

fn constants(root: &Path, built: &Path) -> Result<String, Box<dyn Error>> {
    let providers = PROVIDERS.iter().map(|name| (format!("{name}.wasm"), (*name).to_owned()));
    let guests = examples(root)?.into_iter().map(|name| (format!("examples/{name}.wasm"), name));
    let mut text = String::new();
    for (file, name) in providers.chain(guests) {
        let path = built.join(file);
        let path = path.to_str().ok_or("the target folder's path is not UTF-8")?;
        let constant = name.to_uppercase();
        writeln!(
            text,
            "/// The component `{name}`.\npub const {constant}: Component = Component {{ name: {name:?}, path: {path:?}, \
             bytes: include_bytes!({path:?}) }};"
        )?;
    }
    let list: Vec<String> = PROVIDERS.iter().map(|name| name.to_uppercase()).collect();
    writeln!(
        text,
        "/// The five providers.\npub const PROVIDERS: [Component; {}] = [{}];",
        list.len(),
        list.join(", ")
    )?;
    text.push_str(&list_of_guests(root)?);
    Ok(text)
}

/// The guests that are components of their own: files, or folders with a `main.rs`.
fn examples(root: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for file in fs::read_dir(root.join("tests/guests/examples"))? {
        let path = file?.path();
        let is_source = path.extension().is_some_and(|ending| ending == "rs") || path.join("main.rs").is_file();
        names.extend(path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_source).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// A macro that is given the name of every hostile guest: each `guest("a-name", …)` of a rogue, by the file that it stands in,
/// and each core module, with its text. Their tests are named like them, and do not compile where one is missing.
fn list_of_guests(root: &Path) -> Result<String, Box<dyn Error>> {
    let mut text = "/// Hands the names of all hostile guests to a macro.\n#[macro_export]\n\
                    macro_rules! for_each_hostile_guest { ($tested:ident) => { $tested! { "
        .to_owned();
    for file in sorted(&root.join("tests/guests/examples/rogue"))? {
        let group = stem(&file)?;
        let source = fs::read_to_string(&file)?;
        for (_, after) in source.match_indices("guest(\"").map(|(at, found)| source.split_at(at + found.len())) {
            let name = after.split('"').next().unwrap_or_default();
            write!(text, "{group} {} ", name.replace('-', "_"))?;
        }
    }
    let modules = sorted(&root.join("tests/guests/wat"))?;
    for file in &modules {
        write!(text, "abi {} ", stem(file)?)?;
    }
    text.push_str("} } }\n/// The hostile core modules, as text, by their names.\npub const HOSTILE_MODULES: &[(&str, &str)] = &[");
    for file in &modules {
        write!(text, "({:?}, include_str!({:?})), ", stem(file)?, file.to_str().ok_or("the path is not UTF-8")?)?;
    }
    text.push_str("];\n");
    Ok(text)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, io::Error>>()?;
    files.sort();
    Ok(files)
}

fn stem(file: &Path) -> Result<&str, Box<dyn Error>> {
    Ok(file.file_stem().and_then(|stem| stem.to_str()).ok_or("a guest's name is not UTF-8")?)
}
