//! What people and programs read. Colours are left out where the output is not a terminal.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};
use wharf::deceives;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();

/// A text in a style.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes to standard output, and flushes it.
pub(crate) fn out(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Writes JSON to standard output, with line breaks. What JSON leaves as it is and a terminal does not is escaped.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    let text = format!("{value:#}");
    if !text.contains(|c| c != '\n' && deceives(c)) {
        return out(&text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // All of these are below U+10000, and can only stand in a string.
            c if c != '\n' && deceives(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    out(&escaped)
}

/// Writes JSON after a failure was told: nobody may be reading any more, and it is the failure that counts.
pub(crate) fn last(value: &serde_json::Value) {
    let _ = json(value);
}

pub(crate) fn error(message: &str) {
    to_stderr(&format!("{} {message}", styled(BAD, "error:")));
}

pub(crate) fn warning(message: &str) {
    to_stderr(&format!("{} {message}", styled(WARN, "warning:")));
}

pub(crate) fn note(message: &str) {
    to_stderr(message);
}

fn to_stderr(line: &str) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// `236.0 KiB`
pub(crate) fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}
