//! A part of a file: what a request asks for by `Range` (RFC 9110, section 14), and whether the answer is that.

use crate::rules::{Denial, Rule};

/// One range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// From a byte on, to another one or to the end: `bytes=0-99`, `bytes=100-`.
    From(u64, Option<u64>),
    /// So many at the end: `bytes=-100`.
    Last(u64),
}

impl Range {
    /// The range that a header asks for.
    pub(crate) fn parse(value: &str) -> Result<Self, Denial> {
        Self::read(value).ok_or_else(|| {
            Rule::HeaderValue
                .denies("the value of the header `Range` is not one range of bytes")
                .with_remedy("write it as `bytes=0-99`, `bytes=100-` or `bytes=-100`".to_owned())
        })
    }

    fn read(value: &str) -> Option<Self> {
        match value.strip_prefix("bytes=")?.split_once('-')? {
            ("", last) => Some(Self::Last(number(last).filter(|last| *last > 0)?)),
            (first, "") => Some(Self::From(number(first)?, None)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From(first, Some(last)))
            }
        }
    }

    /// Whether it is all that there is.
    fn is_whole(self) -> bool {
        self == Self::From(0, None)
    }

    /// What is wrong with a success: a part has to be the one that was asked for, and is as long as it says.
    pub(crate) fn check(self, status: u16, content_range: Option<&str>, body: u64) -> Result<(), String> {
        match (status, content_range) {
            (206, Some(told)) => {
                let part = part(told).filter(|(first, last, _)| (last - first).checked_add(1) == Some(body));
                let part = part.ok_or_else(|| format!("it is a part of {body} bytes that calls itself `{told}`"))?;
                if self.has(part) {
                    Ok(())
                } else {
                    Err(format!("it is the part `{told}`, where another one was asked for"))
                }
            }
            (206, None) => Err("it has several parts, or does not say which part it is".to_owned()),
            _ if self.is_whole() => Ok(()),
            _ => Err(format!("it is the whole, with status {status}, where a part was asked for; leave the range out")),
        }
    }

    /// A part may be shorter than was asked for where the file is.
    fn has(self, (first, last, total): (u64, u64, Option<u64>)) -> bool {
        let is_at_the_end = total.is_some_and(|total| last.checked_add(1) == Some(total));
        match self {
            Self::From(from, Some(to)) => first == from && (last == to || last < to && is_at_the_end),
            Self::From(from, None) => first == from && (is_at_the_end || total.is_none()),
            Self::Last(most) => {
                (is_at_the_end || total.is_none()) && last - first < most && (last - first + 1 == most || first == 0)
            }
        }
    }
}

/// The first byte, the last one, and how many there are: `bytes 0-99/1234`, `bytes 0-99/*`.
fn part(content_range: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let total = if total == "*" { None } else { Some(number(total)?) };
    (first <= last && total.is_none_or(|total| last < total)).then_some((first, last, total))
}

/// Digits alone.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_range_is_asked_for_and_no_other_thing() {
        for value in ["bytes=0-99", "bytes=5-5", "bytes=100-", "bytes=-1"] {
            assert!(Range::parse(value).is_ok(), "{value}");
        }
        for value in [
            "",
            "0-99",
            "bytes=",
            "bytes=-",
            "bytes=-0",
            "bytes=9-1",
            "bytes=0-1,3-4",
            "Bytes=0-1",
            "bytes=+1-2",
            "lines=0-1",
        ] {
            assert!(Range::parse(value).is_err(), "{value}");
        }
    }

    #[test]
    fn a_part_is_the_one_that_was_asked_for() {
        let check =
            |asked: &str, status, told: Option<&str>, body| Range::parse(asked).unwrap().check(status, told, body);
        for (asked, told, body) in [
            ("bytes=0-99", "bytes 0-99/1234", 100),
            ("bytes=0-99", "bytes 0-99/*", 100),
            ("bytes=0-99", "bytes 0-49/50", 50),
            ("bytes=10-", "bytes 10-19/20", 10),
            ("bytes=-10", "bytes 10-19/20", 10),
            ("bytes=-10", "bytes 0-4/5", 5),
        ] {
            assert_eq!(check(asked, 206, Some(told), body), Ok(()), "{asked} {told}");
        }
        for (asked, told, body) in [
            ("bytes=0-99", "bytes 1-100/1234", 100),
            ("bytes=0-99", "bytes 0-49/1234", 50),
            ("bytes=0-99", "bytes 0-99/1234", 99),
            ("bytes=0-99", "bytes 0-99/50", 100),
            ("bytes=10-", "bytes 10-18/20", 9),
            ("bytes=-10", "bytes 5-14/20", 10),
            ("bytes=-10", "bytes 15-19/20", 5),
            ("bytes=0-99", "bytes 99-0/100", 100),
            ("bytes=0-99", "bytes */100", 100),
            ("bytes=0-99", "bytes 0-18446744073709551615/*", 0),
        ] {
            assert!(check(asked, 206, Some(told), body).is_err(), "{asked} {told}");
        }
        assert!(check("bytes=0-99", 206, None, 100).is_err(), "several parts");
        assert!(check("bytes=0-99", 200, None, 1234).unwrap_err().contains("leave the range out"));
        assert_eq!(check("bytes=0-", 200, None, 1234), Ok(()));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_judged(asked in "bytes=[0-9]{0,20}-[0-9]{0,20}", told in "bytes [0-9]{0,21}-[0-9]{0,21}/[0-9*]{0,21}", body in 0_u64..200) {
            if let Ok(range) = Range::parse(&asked) {
                let _ = range.check(206, Some(&told), body);
            }
        }
    }
}
