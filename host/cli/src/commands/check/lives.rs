//! How it stands with credentials that are obtained and renewed.

use wharf::failure::Kind;
use wharf::{Release, State};

use super::{Checked, Verdict};

impl Checked<'_> {
    /// How it stands with the credentials of a connection that the host obtains itself.
    pub(super) fn lives(&mut self, subject: &str, name: &str, release: &Release) {
        let about = &release.about;
        if about.credentials.is_empty() {
            return;
        }
        let info = match self.setup.host.info(&about.name, name) {
            Ok(info) => info,
            Err(fault) => return self.add(subject, Verdict::Bad(Kind::Host), fault.to_string()),
        };
        let again = format!("run `wharf connect {} --name {name}`", about.name);
        if let Some(words) = info.as_ref().and_then(|info| info.damaged.as_ref()) {
            return self.add(subject, Verdict::Bad(Kind::Host), format!("{words}; {again}"));
        }
        for credential in &about.credentials {
            let known = info.iter().flat_map(|info| &info.credentials).find(|known| known.name == credential.name);
            let called = format!("its credential `{}`", credential.name);
            match known.map(|known| (known.state, known.reason.as_ref())) {
                Some((state @ (State::NeedsReconnect | State::Revoked), reason)) => {
                    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                    self.add(subject, Verdict::Bad(Kind::Input), format!("{called} is {state}{reason}; {again}"));
                }
                Some((state, Some(reason))) => {
                    self.add(subject, Verdict::Look, format!("{called} is {state}: {reason}"))
                }
                Some((state, None)) => self.good(subject, format!("{called} is {state}")),
                None if credential.is_unattended() => {
                    self.good(subject, format!("{called} is obtained by the first call that needs it"));
                }
                None => self.add(subject, Verdict::Bad(Kind::Input), format!("{called} is not there yet; {again}")),
            }
        }
    }
}
