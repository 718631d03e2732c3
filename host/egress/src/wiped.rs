//! Texts that may be secrets, and leave no copies behind.

use std::io;

use zeroize::Zeroize as _;

/// A text that leaves no copy of itself behind, if it is a secret: it is overwritten when it moves to a larger place, and
/// when it is dropped. One that is none costs what a `String` costs.
#[derive(Clone, Default)]
pub(crate) struct Wiped {
    text: String,
    pub(crate) secret: bool,
}

impl Wiped {
    /// The beginning of a secret.
    pub(crate) fn secret() -> Self {
        Self { text: String::new(), secret: true }
    }

    /// Grows by doubling, as a `String` does; but a `String` leaves its old place as it was.
    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) {
        let needed = self.text.len() + text.len();
        if self.secret && needed > self.text.capacity() {
            self.move_to(needed);
        }
        self.text.push_str(text);
    }

    fn move_to(&mut self, needed: usize) {
        let mut larger = String::with_capacity(needed.max(self.text.capacity() * 2));
        larger.push_str(&self.text);
        self.text.zeroize();
        self.text = larger;
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        if self.secret {
            self.text.zeroize();
        }
    }
}

impl std::ops::Deref for Wiped {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

impl From<&str> for Wiped {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<String> for Wiped {
    fn from(text: String) -> Self {
        Self { text, secret: false }
    }
}

/// Made of parts, which may be parts of a secret.
impl<'a> FromIterator<&'a str> for Wiped {
    fn from_iter<I: IntoIterator<Item = &'a str>>(parts: I) -> Self {
        let mut text = Self::secret();
        parts.into_iter().for_each(|part| text.push_str(part));
        text
    }
}

impl io::Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push_str(std::str::from_utf8(bytes).map_err(io::Error::other)?);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
