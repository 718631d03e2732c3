//! Compiling in a process of its own. Compiling has no deadline and no limit of memory: a component that is made to take for
//! ever costs that process, and nobody else's time or memory.
//!
//! The parent writes an order as a line of JSON, and then the component; the child answers a line of JSON with what went
//! wrong or with the length of the code, and then the code and the description.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use wharf_egress::shortage;

use super::compiler::{Compiled, compile_here};
use super::component::NotLoaded;
use super::description::Description;
use super::heap::allocated;
use crate::failure::LimitReached;
use crate::limits::{CompileLimits, EngineLimits, Limits};
use crate::sandbox;
use crate::sandbox::engine::Engine;
use crate::sandbox::layout::Layout;

/// Set for the child: a program that forgets what it was started for would start another one, and so on.
const COMPILES: &str = "WHARF_COMPILES";

/// A program that calls [`serve_compiler`].
pub(crate) struct CompilerProgram {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

/// What the code is compiled for.
#[derive(Serialize, Deserialize)]
struct Order {
    limits: Limits,
    layout: Layout,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Code { length: u64 },
    Problem(NotLoaded),
}

/// Why there is no answer.
enum Failed {
    Io(io::Error),
    TooLarge,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl CompilerProgram {
    /// Compiles a component in a process, which is gone when this returns.
    pub(crate) fn compile(&self, bytes: &[u8], limits: Limits, layout: Layout) -> Result<Compiled, NotLoaded> {
        let of_program = |words: String| {
            NotLoaded::Host(format!("it is compiled by a process of its own ({}), and {words}", self.program.display()))
        };
        let cannot = |error: io::Error| of_program(format!("that does not work: {error}"));
        let none = |wanted: &str, error: io::Error| of_program(shortage::in_words(wanted, &error));
        if std::env::var_os(COMPILES).is_some() {
            let problem = "it was started as a compiler, and did not call serve_compiler";
            return Err(cannot(io::Error::other(problem)));
        }
        let mut command = Command::new(&self.program);
        // What reads a stranger's file needs none of the environment's secrets.
        command.args(&self.arguments).env_clear().env(COMPILES, "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| none("process", error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(cannot(io::ErrorKind::BrokenPipe.into()));
        };
        let answer = thread::scope(|scope| {
            let (done, answer) = mpsc::channel();
            // Nobody waits for an answer that comes too late.
            let talk = move || drop(done.send(talk(input, output, bytes, &Order { limits, layout })));
            let talking = thread::Builder::new().name("wharf-compile".to_owned()).spawn_scoped(scope, talk);
            let answer = talking.map(|_| answer.recv_timeout(limits.compile.time));
            // However it ended: the process has nothing left to do.
            let _ = child.kill();
            answer
        });
        let ended = child.wait().map_err(cannot)?;
        match answer.map_err(|error| none("thread to wait for it", error))? {
            Ok(Ok(compiled)) => compiled,
            Ok(Err(Failed::TooLarge)) => {
                Err(limit("compile_output", size(limits.compile.output), "its code takes more").into())
            }
            Ok(Err(Failed::Io(error))) => Err(of_end(ended, limits.compile).unwrap_or_else(|| cannot(error))),
            Err(_) => {
                let time = humantime::format_duration(limits.compile.time).to_string();
                Err(limit("compile_time", time, "it was still being compiled").into())
            }
        }
    }
}

fn limit(name: &'static str, value: String, what: &str) -> String {
    LimitReached::new(name, value, what).of_a_component()
}

fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().iec().to_string()
}

/// What an end without an answer means.
fn of_end(ended: ExitStatus, limits: CompileLimits) -> Option<NotLoaded> {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended);
    #[cfg(not(unix))]
    let signal = ended.code();
    let what = format!("the process that compiled it was ended (signal {}), most likely for want of memory", signal?);
    // Where the system has less, it is the system's limit that was reached.
    Some(match shortage::of_memory_below(limits.memory).as_slice() {
        [] => limit("compile_memory", size(limits.memory), &what).into(),
        lower => NotLoaded::Host(format!("{what}; {}", shortage::raise(lower))),
    })
}

/// The parent's side of the talk.
fn talk(
    mut input: ChildStdin,
    output: ChildStdout,
    bytes: &[u8],
    order: &Order,
) -> Result<Result<Compiled, NotLoaded>, Failed> {
    let limits = order.limits;
    let mut line = serde_json::to_vec(order).map_err(io::Error::from)?;
    line.push(b'\n');
    input.write_all(&line)?;
    input.write_all(bytes)?;
    drop(input);

    let mut answer = Vec::new();
    output.take(limits.compile.output.saturating_add(1)).read_to_end(&mut answer)?;
    if answer.len() as u64 > limits.compile.output {
        return Err(Failed::TooLarge);
    }
    let ended = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let line_ends = answer.iter().position(|byte| *byte == b'\n').ok_or_else(ended)?;
    let mut code = answer.split_off(line_ends + 1);
    match serde_json::from_slice(&answer).map_err(io::Error::from)? {
        Answer::Problem(problem) => Ok(Err(problem)),
        Answer::Code { length } => {
            let length = usize::try_from(length).ok().filter(|length| *length <= code.len()).ok_or_else(ended)?;
            let description = Description::from_bytes(code.split_off(length)).ok_or_else(ended)?;
            Ok(Ok(Compiled { code, description }))
        }
    }
}

/// Compiles the one component that the parent process hands over, and ends: what a program does that was named to
/// [`HostBuilder::compile_in_child`](crate::HostBuilder::compile_in_child), and nothing else.
#[expect(clippy::disallowed_methods, reason = "a process reads this, not people")]
pub fn serve_compiler() -> ExitCode {
    match serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => out_of_memory(),
        // The parent is gone, or nobody that a message would help.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Ends the process as an allocation that fails does, which the parent understands.
fn out_of_memory() -> ! {
    std::process::abort()
}

fn serve(mut input: io::StdinLock<'_>, mut output: io::StdoutLock<'_>) -> io::Result<()> {
    const LONGEST: u64 = 64 << 10;
    let mut line = Vec::new();
    input.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
    let Order { limits, layout } = serde_json::from_slice(&line)?;
    // It runs one plugin, once.
    let limits = Limits { engine: EngineLimits { calls: 1, ..limits.engine }, ..limits };
    let engine = Engine::of_layout(layout, &limits);
    confine(limits.compile)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let answer = match &engine {
        Ok(engine) => compile(engine, &bytes, limits),
        Err(fault) => Err(NotLoaded::Host(fault.to_string())),
    };
    // Some of what runs out of memory says so, and the rest ends the process.
    if engine.is_ok() && answer.as_ref().is_err_and(is_of_memory) {
        out_of_memory();
    }
    let line = match &answer {
        Ok(compiled) => Answer::Code { length: compiled.code.len() as u64 },
        Err(problem) => Answer::Problem(problem.clone()),
    };
    serde_json::to_writer(&mut output, &line)?;
    output.write_all(b"\n")?;
    if let Ok(compiled) = answer {
        output.write_all(&compiled.code)?;
        output.write_all(&compiled.description.to_bytes()?)?;
    }
    output.flush()
}

fn is_of_memory(problem: &NotLoaded) -> bool {
    let (NotLoaded::Plugin(words) | NotLoaded::Host(words)) = problem;
    words.contains("Cannot allocate memory")
}

fn compile(engine: &Engine, bytes: &[u8], limits: Limits) -> Result<Compiled, NotLoaded> {
    let linker = sandbox::linker(engine).map_err(|error| format!("the contract cannot be linked: {error}"))?;
    compile_here(engine, &linker, bytes, limits, allocated)
}

/// Gives this process no more than a compilation may take, and leaves the processor to calls.
#[cfg(unix)]
fn confine(limits: CompileLimits) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
    let most = |most| Rlimit { current: Some(most), maximum: Some(most) };
    // It counts what can be written to; address space that the engine reserves is free. None is raised: nobody but root may.
    let allowed = getrlimit(Resource::Data).maximum.unwrap_or(u64::MAX);
    setrlimit(Resource::Data, most(limits.memory.min(allowed)))?;
    setrlimit(Resource::Core, most(0))?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // A higher one is refused by some systems, and is no reason not to go on.
    let _ = nice(10);
    Ok(())
}

#[cfg(not(unix))]
fn confine(_: CompileLimits) -> io::Result<()> {
    Ok(())
}
