//! Publish a release, approve what it asks for, and go back: `cargo run --example releases`.

use std::error::Error;
use std::time::Duration;

use wharf::{Call, Connection, Host, Installed, ReleaseStore};
use wharf_artifacts::OBEDIENT;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = ReleaseStore::new(folder.path().join("releases"), folder.path().join("wharf.lock"));
    // A server in production also compiles in a child process: see `HostBuilder::compile_in_child`.
    let host = Host::builder().releases(store).probation(Duration::from_secs(300)).build()?;
    host.connect("obedient", Connection::builder("obedient", "main", "http://127.0.0.1:9").build()?);

    // The first release of a plugin waits: it asks for something.
    install(&host, OBEDIENT.bytes)?;
    let (release, _) = host.approve("obedient", None)?;
    println!("approved and live: {}", release.about.version);

    // One that asks for no more goes live between two calls; one that does waits.
    install(&host, &OBEDIENT.altered(&[("3.7.11", "3.7.12")]))?;
    install(&host, &OBEDIENT.altered(&[("3.7.11", "3.7.13"), ("/echo", "/user")]))?;
    println!("answers calls: {}", host.plugin("obedient")?.about.version);
    println!("{}", host.call(Call::new("obedient", "good.remember"))?.json);

    // The way back is a swap of a pointer, as the earlier release is still loaded.
    println!("rolled back to {}", host.rollback("obedient", None)?.about.version);

    // Another process that uses the same store brings itself in line with the lock file.
    println!("changed by others: {}", host.follow()?.swaps.len());
    Ok(())
}

fn install(host: &Host, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let release = host.examine(bytes, "obedient.wasm")?;
    let version = &release.about.version;
    match host.install(&release, bytes, "obedient.wasm", false)? {
        Installed::Live => println!("live: {version}"),
        Installed::Kept => println!("kept, to be rolled back to: {version}"),
        Installed::Unchanged => println!("live already: {version}"),
        Installed::Waiting(asked) => print!("{version} waits for an approval; it asks for\n{asked}"),
    }
    Ok(())
}
