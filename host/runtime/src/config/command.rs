//! `{ command = ["pass", "show", "wharf"] }`: a program that prints a secret.
//!
//! It is started without a shell, so that nothing in its words is more than a word. What it prints besides, on standard error, is
//! nobody's to repeat: it may hold the secret.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use wharf_egress::text::{MARK, is_of_words};
use wharf_egress::{Deadline, shortage};
use zeroize::Zeroizing;

/// How long a command may take: somebody may have to type a passphrase.
const LONGEST: Duration = Duration::from_secs(30);

/// How much it may print, in bytes: no credential is larger.
const LARGEST: usize = 64 << 10;

/// How long to wait before it is looked again whether a program has ended that has nothing left to print.
const PAUSE: Duration = Duration::from_millis(2);

/// A program, with its arguments, that prints a secret and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretCommand {
    program: PathBuf,
    arguments: Vec<String>,
}

impl SecretCommand {
    /// The program and its arguments. One that is named by a path, so with a slash, is looked for from a folder; any other is in the
    /// `PATH`. None where there is not even a program.
    pub fn new(words: &[String], folder: &Path) -> Option<Self> {
        let (program, arguments) = words.split_first().filter(|(program, _)| !program.is_empty())?;
        let is_path = program.contains(['/', std::path::MAIN_SEPARATOR]);
        let program = if is_path { folder.join(program) } else { PathBuf::from(program) };
        Some(Self { program, arguments: arguments.to_vec() })
    }

    /// What the program prints, without a byte order mark and its last line break.
    ///
    /// # Errors
    /// A sentence that names the program, and nothing that it printed or was given.
    pub fn run(&self) -> Result<Zeroizing<String>, String> {
        self.run_within(LONGEST)
    }

    /// The program, where it is not a secret in a wrong place.
    pub fn shown(&self) -> String {
        let program = self.program.to_string_lossy();
        if is_of_words(&program) || self.program.exists() { format!("`{program}`") } else { "`…`".to_owned() }
    }

    fn run_within(&self, most: Duration) -> Result<Zeroizing<String>, String> {
        let shown = self.shown();
        let deadline = Deadline::within(most);
        let mut child = self.start().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("the command {shown} is not there; write the path of a program, or install it")
            }
            _ => format!("the command {shown} does not start: {error}"),
        })?;
        let printed = printed(&mut child, deadline);
        let ended = printed.as_ref().ok().and_then(|_| end_of(&mut child, deadline));
        if ended.is_none() {
            // It has nothing left to do. What it started itself may go on, and nobody waits for that.
            let _ = child.kill();
            let _ = child.wait();
        }
        let by_hand = "run it by hand to see why";
        match (printed, ended) {
            (Ok(Ok(_)), Some(ended)) if !ended.success() => {
                Err(format!("the command {shown} failed ({}); {by_hand}", in_words(ended)))
            }
            (Ok(Ok(bytes)), Some(_)) => text_of(&bytes).map_err(|problem| format!("the command {shown} {problem}")),
            (Ok(Err(problem)), _) => Err(format!("the command {shown} {problem}")),
            (Err(problem), _) if !problem.is_empty() => Err(problem),
            _ => {
                let most = humantime::format_duration(most);
                Err(format!(
                    "the command {shown} has not ended after {most}; {by_hand}, and whether it waits for something"
                ))
            }
        }
    }

    fn start(&self) -> std::io::Result<Child> {
        let arguments = self.arguments.iter().map(OsString::from);
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn()
    }
}

type Printed = Result<Zeroizing<Vec<u8>>, String>;

/// What a program prints until it closes its output; without words where it does not in time.
fn printed(child: &mut Child, deadline: Deadline) -> Result<Printed, String> {
    let Some(output) = child.stdout.take() else { return Err("the command has no output".to_owned()) };
    let (done, answer) = mpsc::channel();
    // Not waited for: somebody whom the program has started may keep the output open for ever.
    let reading = move || drop(done.send(read(output)));
    let thread = thread::Builder::new().name("wharf-secret".to_owned()).spawn(reading);
    thread.map_err(|error| shortage::in_words("thread to wait for a command", &error))?;
    answer.recv_timeout(deadline.left()).map_err(|error| match error {
        RecvTimeoutError::Timeout => String::new(),
        RecvTimeoutError::Disconnected => "the output of the command cannot be read".to_owned(),
    })
}

fn read(output: ChildStdout) -> Printed {
    // In one piece: no copies are left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST + 1));
    let read = output.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    match bytes.len() > LARGEST {
        true => Err(format!("prints more than {} KiB, which is no secret", LARGEST >> 10)),
        false => Ok(bytes),
    }
}

/// How a program ends that has closed its output; nothing where it does not in time.
fn end_of(child: &mut Child, deadline: Deadline) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(ended)) => return Some(ended),
            Ok(None) if !deadline.is_over() => thread::sleep(PAUSE.min(deadline.left())),
            _ => return None,
        }
    }
}

fn in_words(ended: ExitStatus) -> String {
    match ended.code() {
        Some(code) => format!("exit code {code}"),
        None => ended.to_string(),
    }
}

/// Editors and programs end a line with one or the other.
fn text_of(bytes: &[u8]) -> Result<Zeroizing<String>, String> {
    let text = std::str::from_utf8(bytes.strip_prefix(MARK).unwrap_or(bytes));
    let text = text.map_err(|_| "prints what is not UTF-8".to_owned())?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    Ok(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn command(words: &[&str]) -> SecretCommand {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        SecretCommand::new(&words, Path::new("/etc/wharf")).unwrap()
    }

    fn problem(words: &[&str]) -> String {
        let problem = command(words).run_within(Duration::from_millis(500)).unwrap_err();
        assert!(!problem.contains("geheim"), "{problem}");
        problem
    }

    #[test]
    fn what_a_program_prints_is_the_secret_but_for_its_last_line_break() {
        let printed = |text: &str| command(&["printf", "%b", text]).run().unwrap().to_string();
        assert_eq!(printed("a b\\n"), "a b");
        assert_eq!(printed("a\\r\\n"), "a");
        assert_eq!(printed("a\\n\\n"), "a\n");
        assert_eq!(printed("\\0357\\0273\\0277a"), "a");
        assert_eq!(printed(""), "");
        assert_eq!(command(&["echo", "$HOME; `id`"]).run().unwrap().as_str(), "$HOME; `id`", "no shell reads it");
        assert_eq!(command(&["cat"]).run().unwrap().as_str(), "", "there is nothing to read");
    }

    #[test]
    fn only_a_path_is_looked_for_from_the_folder_of_the_configuration() {
        assert_eq!(command(&["pass", "show"]).program, Path::new("pass"));
        assert_eq!(command(&["./pass"]).program, Path::new("/etc/wharf/./pass"));
        assert_eq!(command(&["/bin/pass"]).program, Path::new("/bin/pass"));
        assert_eq!(SecretCommand::new(&[], Path::new("")), None);
        assert_eq!(SecretCommand::new(&[String::new()], Path::new("")), None);
    }

    #[test]
    fn a_program_that_fails_is_told_by_its_exit_code_and_not_by_what_it_printed() {
        assert_eq!(
            problem(&["sh", "-c", "echo geheim; echo geheim >&2; exit 3"]),
            "the command `sh` failed (exit code 3); run it by hand to see why"
        );
        assert!(problem(&["sh", "-c", "kill -9 $$"]).contains("signal: 9"));
        assert_eq!(
            problem(&["nowhere-to-be-found"]),
            "the command `nowhere-to-be-found` is not there; write the path of a program, or install it"
        );
        let secret = problem(&["geheimA7xQ9pL2mZ", "geheim"]);
        assert!(secret.starts_with("the command `…` is not there"), "{secret}");
        assert!(problem(&["printf", "\\377"]).ends_with("prints what is not UTF-8"));
        assert!(
            problem(&["head", "-c", "70000", "/dev/zero"]).ends_with("prints more than 64 KiB, which is no secret")
        );
    }

    #[test]
    fn a_program_that_does_not_end_is_not_waited_for() {
        for script in ["sleep 60", "echo geheim; exec sleep 60 >&-", "sleep 60 & echo geheim"] {
            let begun = Instant::now();
            let problem = problem(&["sh", "-c", script]);
            assert!(problem.starts_with("the command `sh` has not ended after 500ms"), "{script}: {problem}");
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    }
}
