//! Connections that are made over HTTP: by a program, or by somebody in a browser with a link that is good once.

pub(crate) mod asked;
pub(crate) mod flow;
pub(crate) mod form;
pub(crate) mod manage;
pub(crate) mod page;
pub(crate) mod reach;
pub(crate) mod sessions;
#[cfg(test)]
mod tests;
pub(crate) mod wish;

use zeroize::Zeroizing;

use crate::problem::{self, Problem};

/// What the server keeps while connections are made. It is in memory: it lasts minutes, and after a restart somebody begins again.
#[derive(Default)]
pub(crate) struct Connecting {
    pub(crate) sessions: sessions::Sessions,
    pub(crate) changing: wish::Changing,
}

/// So many random bytes, in hexadecimal.
pub(crate) fn random<const BYTES: usize>() -> Result<Zeroizing<String>, Problem> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    let none = |error| Problem::new(problem::HOST_FAULT, format!("the system gives no random numbers: {error}"));
    getrandom::fill(bytes.as_mut_slice()).map_err(none)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}
