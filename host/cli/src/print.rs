//! What people and programs read. Colours are left out where the output is not a terminal.
//!
//! This is the only module that writes, and what it writes is a [`Text`]: it cannot be made of a stranger's words without
//! making them fit for a terminal.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use wharf::Json;
use wharf::text::{deceives, in_one_line, visible};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();

/// A text in which nothing but the program's own styles moves a terminal.
///
/// What stands in the source of the program is taken as it is. Every other text may have come from a stranger: it stays in its
/// line, and what deceives is escaped. [`lines`] is for one that has lines of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text(String);

impl From<&'static str> for Text {
    fn from(words: &'static str) -> Self {
        Self(words.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(in_one_line(&text))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Self(in_one_line(text))
    }
}

impl FromIterator<Text> for Text {
    fn from_iter<I: IntoIterator<Item = Text>>(parts: I) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }
}

impl Text {
    pub(crate) fn add(&mut self, part: impl Into<Text>) {
        self.0.push_str(&part.into().0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Texts with a separator between them.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Text>, separator: &'static str) -> Self {
        let parts: Vec<String> = parts.into_iter().map(|part| part.0).collect();
        Self(parts.join(separator))
    }
}

/// Puts texts one behind the other.
macro_rules! text {
    ($($part:expr),* $(,)?) => {{
        let parts: Vec<$crate::print::Text> = vec![$($part.into()),*];
        parts.into_iter().collect::<$crate::print::Text>()
    }};
}
pub(crate) use text;

/// A text in a style.
pub(crate) fn styled(style: Style, text: impl Into<Text>) -> Text {
    Text(format!("{style}{}{style:#}", text.into().0))
}

/// A text whose lines are its own, such as the body of a request. Whoever wrote it can begin lines with it.
pub(crate) fn lines(text: &str) -> Text {
    Text(visible(text))
}

/// Columns of the terminal, where there is one.
pub(crate) fn columns() -> Option<usize> {
    stdout().is_terminal().then(textwrap::termwidth)
}

/// Standard output for the messages of a protocol: whoever has it writes nothing else there.
#[expect(clippy::disallowed_methods, reason = "a program reads it, and no terminal")]
pub(crate) fn of_protocol() -> io::Stdout {
    io::stdout()
}

/// Writes to standard output, and flushes it.
pub(crate) fn out(text: impl Into<Text>) -> io::Result<()> {
    let Text(text) = text.into();
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Writes JSON to standard output, with line breaks.
pub(crate) fn json(value: &serde_json::Value) -> io::Result<()> {
    out(in_json(&format!("{value:#}")))
}

/// Writes a document to standard output, with line breaks: all else in it stays as it is written.
pub(crate) fn document(json: &Json) -> io::Result<()> {
    // What is printed can be many times as large as the document.
    let mut stdout = BufWriter::new(stdout().lock());
    json.write_pretty(|piece| {
        if fits(piece) { stdout.write_all(piece.as_bytes()) } else { stdout.write_all(in_json(piece).0.as_bytes()) }
    })?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// A list of documents on standard output, of which each is written when it is there.
pub(crate) struct JsonList {
    is_empty: bool,
}

impl JsonList {
    pub(crate) fn begin() -> io::Result<Self> {
        stdout().lock().write_all(b"[")?;
        Ok(Self { is_empty: true })
    }

    pub(crate) fn item(&mut self, value: &serde_json::Value) -> io::Result<()> {
        let separator = if std::mem::take(&mut self.is_empty) { "\n  " } else { ",\n  " };
        let text = in_json(&format!("{separator}{}", format!("{value:#}").replace('\n', "\n  ")));
        stdout().lock().write_all(text.0.as_bytes())
    }

    pub(crate) fn end(self) -> io::Result<()> {
        out(if self.is_empty { "]" } else { "\n]" })
    }
}

/// Whether it can be printed as it is.
fn fits(json: &str) -> bool {
    json.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
}

/// A value in one line.
pub(crate) fn json_line(value: &serde_json::Value) -> io::Result<()> {
    out(in_json(&value.to_string()))
}

/// Writes a record of the audit to standard output: to a program as it is, as its hash is of its bytes.
#[expect(clippy::disallowed_methods, reason = "this is where everything is written")]
pub(crate) fn record(line: &str) -> io::Result<()> {
    if stdout().is_terminal() {
        return out(in_json(line));
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// JSON in which what JSON leaves as it is and a terminal does not is escaped. That can only stand in a string.
fn in_json(json: &str) -> Text {
    Text(escaped(json))
}

/// The same, as it is written.
pub(crate) fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && deceives(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String does not fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Writes JSON after a failure was told: nobody may be reading any more, and it is the failure that counts.
pub(crate) fn last(value: &serde_json::Value) {
    let _ = json(value);
}

/// Tells what went wrong. Only its first line begins where others do, so that nothing in it can pose as another message.
pub(crate) fn error(message: &str) {
    if is_logged() {
        return tracing::error!(target: "wharf", "{message}");
    }
    to_stderr(text![styled(BAD, "error:"), " ", hanging(message)]);
}

/// Tells what could be better, in the same form.
pub(crate) fn warning(message: &str) {
    if is_logged() {
        return tracing::warn!(target: "wharf", "{message}");
    }
    to_stderr(text![styled(WARN, "warning:"), " ", hanging(message)]);
}

pub(crate) fn note(message: impl Into<Text>) {
    let message = message.into();
    if is_logged() {
        return tracing::info!(target: "wharf", "{}", anstream::adapter::strip_str(&message.0));
    }
    to_stderr(message);
}

/// Whether what is told is a line of the log.
static IS_LOGGED: AtomicBool = AtomicBool::new(false);

/// Whether what is told from now on is a line of the log.
pub(crate) fn goes_to_the_log(is_logged: bool) {
    IS_LOGGED.store(is_logged, Ordering::SeqCst);
}

fn is_logged() -> bool {
    IS_LOGGED.load(Ordering::Relaxed)
}

/// Writes a line of the log, as a whole: many threads write.
pub(crate) fn log_line(line: &str) {
    let mut line = escaped(line);
    line.push('\n');
    // Without standard error there is nobody to tell.
    let _ = stderr().lock().write_all(line.as_bytes());
}

/// Asks somebody at the terminal, who answers in the same line.
pub(crate) fn ask(question: impl Into<Text>) {
    let mut stderr = stderr().lock();
    // Without standard error there is nobody to ask.
    let _ = write!(stderr, "{}", question.into().0).and_then(|()| stderr.flush());
}

/// Prints help or the version, which are the program's own words.
#[expect(clippy::disallowed_methods, reason = "this is where everything is written")]
pub(crate) fn help(help: &clap::Error) {
    // As with a message: without a reader there is nobody to tell.
    let _ = help.print();
}

/// Tells of a fault of the program itself, as it would be told without this.
pub(crate) fn panicked(info: &PanicHookInfo<'_>) {
    error(&format!("the host broke: {info}"));
    let trace = std::backtrace::Backtrace::capture();
    if trace.status() == std::backtrace::BacktraceStatus::Captured {
        note(lines(&trace.to_string()));
    }
}

fn hanging(message: &str) -> Text {
    let mut lines = visible(message).lines().map(|line| Text(line.to_owned())).collect::<Vec<_>>();
    for line in lines.iter_mut().skip(1).filter(|line| !line.is_empty()) {
        line.0.insert_str(0, "  ");
    }
    Text::joined(lines, "\n")
}

fn to_stderr(Text(line): Text) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(stderr(), "{line}");
}

#[expect(clippy::disallowed_methods, reason = "this is where everything is written")]
fn stdout() -> anstream::Stdout {
    anstream::stdout()
}

#[expect(clippy::disallowed_methods, reason = "this is where everything is written")]
fn stderr() -> anstream::Stderr {
    anstream::stderr()
}

/// `236.0 KiB`
pub(crate) fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a stranger's lock file or file name may have it.
    const HOSTILE: &str = "1.0.0\u{1b}[2J\u{202e}\u{200b}\nerror: \u{e0041}";

    #[test]
    fn a_text_that_is_not_the_programs_own_stays_in_its_line_and_moves_nothing() {
        let text = text![styled(BAD, HOSTILE.to_owned()), " ", HOSTILE.to_owned(), "\n"];
        let one = "1.0.0\\u{1b}[2J\\u{202e}\\u{200b}\\nerror: \\u{e0041}";
        assert_eq!(text.0, format!("{BAD}{one}{BAD:#} {one}\n"));
    }

    #[test]
    fn a_message_of_several_lines_cannot_pose_as_another_one() {
        assert_eq!(hanging("a\nerror: b\n\nwarning: c\n").0, "a\n  error: b\n\n  warning: c");
        assert_eq!(hanging("a\r\u{2028}error: b").0, "a\\u{d}\\u{2028}error: b");
    }

    #[test]
    fn json_says_the_same_when_it_is_escaped() {
        let value = serde_json::json!({ HOSTILE: [HOSTILE, "Grüße\u{9b}", "\u{10ffff}"] });
        for text in [in_json(&value.to_string()), in_json(&format!("{value:#}"))] {
            assert!(!text.0.contains(|c| c != '\n' && deceives(c)), "{:?}", text.0);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text.0).unwrap(), value);
        }
    }
}
