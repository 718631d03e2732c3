//! The trace that a call is part of (W3C Trace Context, level 1).

use std::fmt;
use std::str::FromStr;

/// Where a call stands in a trace: whose work it is part of, as the `traceparent` of its caller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace: u128,
    /// The one above: of the caller, or of the host for a request.
    parent: u64,
    flags: u8,
}

/// The flag of a trace that is kept.
const SAMPLED: u8 = 1;

impl TraceContext {
    /// The beginning of a trace that is kept. Where the system gives no random numbers there is none: a trace is no reason for a call
    /// to fail.
    pub fn begin() -> Option<Self> {
        let (high, low) = (number()?, number()?);
        Some(Self { trace: u128::from(high) << 64 | u128::from(low), parent: number()?, flags: SAMPLED })
    }

    /// The same trace, for what is done under this.
    pub fn under(&self) -> Option<Self> {
        Some(Self { parent: number()?, ..*self })
    }

    /// Names the trace, in 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The trace, as a number.
    pub fn trace(&self) -> u128 {
        self.trace
    }

    /// The one above what is done under this: the span of the caller, of a call, or of a request.
    pub fn span(&self) -> u64 {
        self.parent
    }

    /// The same trace, which nobody keeps.
    pub fn not_sampled(&self) -> Self {
        Self { flags: self.flags & !SAMPLED, ..*self }
    }

    /// Whether the trace is kept.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// A random number other than zero, which names nothing.
fn number() -> Option<u64> {
    Some(getrandom::u64().ok()?.max(1))
}

/// As in the header `traceparent`.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.parent, self.flags)
    }
}

/// The value of a header `traceparent`. Of a version to come the parts are read that this one has, as it is required; of the flags
/// the one that is known goes on.
impl FromStr for TraceContext {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "a `traceparent` is 00-, 32 hexadecimal digits, -, 16 digits, - and 2 digits, in lower case, none of them all zeros";
        let is_hex = |part: &str, len: usize| {
            part.len() == len && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let mut parts = text.split('-');
        let (version, trace, parent, flags) = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(version), Some(trace), Some(parent), Some(flags)) = (version, trace, parent, flags) else {
            return Err(SHAPE.to_owned());
        };
        let is_shaped = is_hex(version, 2) && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
        if !is_shaped || version == "ff" || (version == "00" && parts.next().is_some()) {
            return Err(SHAPE.to_owned());
        }
        let read = (u128::from_str_radix(trace, 16), u64::from_str_radix(parent, 16), u8::from_str_radix(flags, 16));
        match read {
            (Ok(trace @ 1..), Ok(parent @ 1..), Ok(flags)) => Ok(Self { trace, parent, flags: flags & SAMPLED }),
            _ => Err(SHAPE.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_trace_goes_on_under_another_parent() {
        let given: TraceContext = TRACE.parse().unwrap();
        assert_eq!((given.to_string().as_str(), given.is_sampled()), (TRACE, true));
        let under = given.under().unwrap();
        assert_eq!((under.trace_id(), under.is_sampled()), (given.trace_id(), true));
        assert_ne!(under, given);
        assert_eq!((given.trace(), given.span()), (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7));
        assert!(given.not_sampled().to_string().ends_with("-00f067aa0ba902b7-00"));
        assert_ne!(TraceContext::begin().unwrap().trace_id(), TraceContext::begin().unwrap().trace_id());
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(wrong.parse::<TraceContext>().is_err(), "{wrong}");
        }
        let newer: TraceContext = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what".parse().unwrap();
        assert_eq!(newer.to_string(), TRACE);
    }
}
