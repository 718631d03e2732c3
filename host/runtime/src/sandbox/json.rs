//! Reading what a guest wrote. A parser cannot be stopped, so a large text is handed to it piece by piece.

use std::io::{self, Read};

use serde_json::Value;
use wharf_egress::work::{OutOfTime, Work};

/// A text of so many bytes is read in no time.
const SMALL: usize = 256 << 10;

/// What a byte costs, in steps of the host's work: a value of few letters takes many times as much memory.
const BYTE: usize = 8;

/// Why there is no value.
pub(super) enum Problem {
    OutOfTime,
    NoJson(serde_json::Error),
}

/// The value that a text says.
pub(super) fn read(text: &str, work: &Work) -> Result<Value, Problem> {
    if text.len() <= SMALL {
        return serde_json::from_str(text).map_err(Problem::NoJson);
    }
    let mut pieces = Pieces { rest: text.as_bytes(), work, out_of_time: false };
    let value = serde_json::from_reader(io::BufReader::new(&mut pieces));
    match value {
        _ if pieces.out_of_time => Err(Problem::OutOfTime),
        Ok(value) => Ok(value),
        Err(error) => Err(Problem::NoJson(error)),
    }
}

struct Pieces<'a> {
    rest: &'a [u8],
    work: &'a Work,
    out_of_time: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.work.steps(into.len().saturating_mul(BYTE)).map_err(|OutOfTime| {
            self.out_of_time = true;
            io::Error::other(OutOfTime)
        })?;
        self.rest.read(into)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wharf_egress::Deadline;

    use super::*;

    #[test]
    fn a_large_text_is_read_as_a_small_one_is_and_not_beyond_the_deadline() {
        let text = format!("[{}0]", "\"ä\", 1.5, ".repeat(100_000));
        let within = |time| read(&text, &Work::until(Deadline::within(time)));
        let expected: Value = serde_json::from_str(&text).unwrap();
        assert!(within(Duration::MAX).is_ok_and(|value| value == expected));
        assert!(matches!(within(Duration::ZERO), Err(Problem::OutOfTime)));
        let cut = read(text.trim_end_matches(']'), &Work::until(Deadline::within(Duration::MAX)));
        assert!(matches!(cut, Err(Problem::NoJson(error)) if error.to_string().contains("EOF")));
    }
}
