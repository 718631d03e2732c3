//! Texts that have been trouble before, and any other.

use arbitrary::{Arbitrary, Result, Unstructured};

/// A piece of a text: fuzzers find these by chance only.
const TROUBLE: &[&str] = &[
    "",
    ".",
    "..",
    "/",
    "\\",
    "%",
    "%2e",
    "%2f",
    "%00",
    "%25",
    "?",
    "#",
    "&",
    "=",
    "+",
    ";",
    ":",
    "@",
    " ",
    "\0",
    "\r\n",
    "\n",
    "[",
    "]",
    "[]",
    "{",
    "}",
    "{id}",
    "\"",
    "'",
    "~0",
    "~1",
    "_method",
    "operation",
    "Operation",
    "a",
    "b",
    "id",
    "x-part",
    "Host",
    "Cookie",
    "Authorization",
    "Content-Type",
    "\u{17f}",
    "\u{202e}",
    "\u{2028}",
    "é",
    "€",
];

/// A text of some pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) String);

impl<'a> Arbitrary<'a> for Words {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let mut text = String::new();
        for _ in 0..from.int_in_range(0..=4_u8)? {
            match from.arbitrary::<u8>()? {
                any @ 0..48 => text.extend(char::from_u32(u32::from(any) * 911)),
                _ => text.push_str(from.choose(TROUBLE)?),
            }
        }
        Ok(Self(text))
    }
}
