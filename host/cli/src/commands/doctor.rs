//! What would keep Wharf from working here, looked at before it does. Nothing is changed by it.

use std::io::BufReader;
use std::process::ExitCode;

use anyhow::Result;
use bytesize::ByteSize;
use wharf::audit::verify::Verifier;
use wharf::audit::{self, Files};
use wharf::config::AuditConfig;
use wharf::doctor::{self, system};
use wharf::failure::Kind;

use super::check::{self, Finding, Verdict};
use crate::args::{Args, Doctor};
use crate::setup::{Setup, found};

mod server;

/// The largest file of an audit that is read through, in bytes: some seconds.
const READ: u64 = 512 << 20;

pub(crate) fn run(args: &Args, options: &Doctor) -> Result<ExitCode> {
    let setup = Setup::of(found(args.config.as_deref())?)?;
    let config = &setup.config;
    let mut findings = check::findings(&setup, &[], options.offline)?;
    let machine = setup.host.doctor().into_iter().chain(system(config.store.as_deref(), config.server.sockets));
    findings.extend(machine.map(of_machine));
    findings.push(setup.vault_found().map_or_else(of_vault, of_machine));
    findings.extend(config.audit.as_ref().and_then(recorded));
    findings.extend(server::findings(config));
    check::told(&[], &findings, options.json)
}

/// What a machine lacks is no failure: a host works without, slower or with fewer calls.
fn of_machine(doctor::Finding { subject, good, text }: doctor::Finding) -> Finding {
    let verdict = if good { Verdict::Good } else { Verdict::Look };
    Finding { subject: subject.to_owned(), verdict, text }
}

/// Without its vault a host has no credentials that live, and a server does not start.
fn of_vault(text: String) -> Finding {
    Finding { subject: "vault".to_owned(), verdict: Verdict::Bad(Kind::Host), text }
}

/// Whether what was recorded last is as it was written.
fn recorded(config: &AuditConfig) -> Option<Finding> {
    let finding = |verdict, text| Some(Finding { subject: "records".to_owned(), verdict, text });
    let path = config.file.display();
    let Files { closed, now } = match audit::files(&config.file) {
        Ok(files) => files,
        Err(error) => return finding(Verdict::Bad(Kind::Host), format!("{path} cannot be read: {error}")),
    };
    let (_, now) = now?;
    let length = now.metadata().map_or(0, |found| found.len());
    let size = ByteSize::b(length).display().iec();
    if length > READ {
        let text = format!(
            "{path} has {size}, and was not read through: `wharf audit verify` does, and `rotate` under [audit] closes it in time"
        );
        return finding(Verdict::Look, text);
    }
    let mut verifier = Verifier::default();
    match verifier.read(&config.file, BufReader::new(now), |_| {}) {
        Ok(problems) if problems.is_empty() => finding(
            Verdict::Good,
            format!(
                "{} in {path} are as they were written ({size}), and {} files were closed before",
                verifier.records(),
                closed.len()
            ),
        ),
        Ok(problems) => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            let text =
                format!("{path}, {first}; `wharf audit verify` has all of it, and a backup tells what was changed");
            finding(Verdict::Bad(Kind::Host), text)
        }
        Err(error) => finding(Verdict::Bad(Kind::Host), format!("{path} cannot be read: {error}")),
    }
}
