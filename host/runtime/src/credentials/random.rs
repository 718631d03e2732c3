//! Texts that nobody guesses.

use std::fmt;

use zeroize::Zeroizing;

use crate::failure::Fault;

/// So many random bytes, in hexadecimal.
pub(crate) fn hex<const BYTES: usize>() -> Result<Zeroizing<String>, Fault> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(none)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}

/// There are none.
pub(crate) fn none(why: impl fmt::Display) -> Fault {
    Fault::Host(format!("the system gives no random numbers: {why}"))
}
