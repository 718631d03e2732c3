//! What the system has no more of, in words: what could not be had, which limits stand behind it, and what makes room. A limit
//! is told as what is to be raised, with how it is called and what it is.

use std::io;

/// What the system said when it was asked for something, such as a `thread`, with what to do about it.
pub fn in_words(wanted: &str, error: &io::Error) -> String {
    let remedy = behind(error).map(|remedy| format!("; {remedy}")).unwrap_or_default();
    format!("the system gives no {wanted}: {error}{remedy}")
}

/// Whether it is the system that has no more, or allows no more.
pub fn is_behind(error: &io::Error) -> bool {
    behind(error).is_some()
}

/// The words as an error of the same kind.
pub fn explained(wanted: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), in_words(wanted, error))
}

/// What to raise.
pub fn raise(limits: &[String]) -> String {
    match limits {
        [] => "raise what the system allows".to_owned(),
        limits => format!("raise {}", limits.join(" or ")),
    }
}

#[cfg(unix)]
fn behind(error: &io::Error) -> Option<String> {
    use rustix::io::Errno;
    match Errno::from_io_error(error)? {
        // A thread's stack is memory, and a lack of it is told as this too.
        Errno::AGAIN => Some(raise(&[of_threads(), of_address_space()].concat()) + ", or end other programs"),
        Errno::MFILE | Errno::NFILE => Some(raise(&of_files())),
        Errno::FBIG => Some(raise(&of_file_size())),
        Errno::NOMEM => Some(raise(&of_address_space())),
        _ => None,
    }
}

#[cfg(not(unix))]
fn behind(_: &io::Error) -> Option<String> {
    None
}

fn limit(what: &str, how: &str, now: impl std::fmt::Display) -> String {
    format!("{what} (`{how}`, {now} now)")
}

/// What limits threads and processes, which the system counts together.
pub fn of_threads() -> Vec<String> {
    let user = threads_of_user().map(|most| limit("the threads and processes of the user", "ulimit -u", most));
    let group = threads_of_group().map(|most| limit("those of the control group", "pids.max", most));
    [user, group].into_iter().flatten().collect()
}

/// What limits the files and sockets that are open.
pub fn of_files() -> Vec<String> {
    files().map(|most| limit("the open files of the process", "ulimit -n", most)).into_iter().collect()
}

/// What limits the size of a file.
pub fn of_file_size() -> Vec<String> {
    file_size()
        .map(|most| limit("the size of files", "ulimit -f", bytesize::ByteSize::b(most).display().iec()))
        .into_iter()
        .collect()
}

/// What limits the memory that a process may ask for, whether or not it is used.
pub fn of_address_space() -> Vec<String> {
    linux::asked_for().into_iter().map(|(_, text)| text).chain(linux::commit()).collect()
}

/// The limits of memory that are lower than this many bytes, also of memory that is used.
pub fn of_memory_below(bytes: u64) -> Vec<String> {
    let all = linux::asked_for().into_iter().chain(linux::used());
    all.filter(|(most, _)| *most < bytes).map(|(_, text)| text).collect()
}

/// The least of what a process may ask for, in bytes, where there is such a limit.
pub fn address_space() -> Option<u64> {
    linux::asked_for().into_iter().map(|(most, _)| most).min()
}

/// Threads and processes of the user (`RLIMIT_NPROC`).
pub fn threads_of_user() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nproc).current;
    #[cfg(not(unix))]
    None
}

/// Threads and processes of the control group, as containers have one.
pub fn threads_of_group() -> Option<u64> {
    linux::of_group("pids", "pids.max", "pids.max")
}

/// Files and sockets of the process (`RLIMIT_NOFILE`).
pub fn files() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    #[cfg(not(unix))]
    None
}

/// The size of a file that the process writes, in bytes (`RLIMIT_FSIZE`). The system ends a process that writes more.
pub fn file_size() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    #[cfg(not(unix))]
    None
}

/// The stack of the main thread, in bytes (`RLIMIT_STACK`).
pub fn stack() -> Option<u64> {
    #[cfg(unix)]
    return rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    #[cfg(not(unix))]
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;

    use bytesize::ByteSize;
    use rustix::process::{Resource, getrlimit};

    use super::limit;

    /// Where control groups are, by convention.
    const GROUPS: &str = "/sys/fs/cgroup";

    /// More than this is how the first version of control groups says that there is no limit.
    const NO_LIMIT: u64 = 1 << 60;

    fn size(bytes: u64) -> impl std::fmt::Display {
        ByteSize::b(bytes).display().iec()
    }

    pub(super) fn asked_for() -> Vec<(u64, String)> {
        let limits = [(Resource::As, "the address space", "ulimit -v"), (Resource::Data, "the data", "ulimit -d")];
        let known = limits.into_iter().filter_map(|(limit, what, how)| Some((getrlimit(limit).current?, what, how)));
        known.map(|(most, what, how)| (most, limit(&format!("{what} of a process"), how, size(most)))).collect()
    }

    pub(super) fn used() -> Vec<(u64, String)> {
        let group = of_group("memory", "memory.max", "memory.limit_in_bytes");
        let group = group.map(|most| (most, limit("the memory of the control group", "memory.max", size(most))));
        let info = rustix::system::sysinfo();
        let all = (info.totalram as u64).saturating_mul(u64::from(info.mem_unit));
        group.into_iter().chain([(all, format!("the memory of the machine ({} now)", size(all)))]).collect()
    }

    /// The system may promise no more than it has.
    pub(super) fn commit() -> Option<String> {
        let strict = fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|mode| mode.trim() == "2");
        strict.then(|| limit("what the system promises", "vm.overcommit_memory", 2))
    }

    /// The lowest number in a file of the control groups that this process is in, which has another name in version 1.
    pub(super) fn of_group(controller: &str, file: &str, file_v1: &str) -> Option<u64> {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        groups.lines().filter_map(|line| lowest(line, controller, file, file_v1)).min()
    }

    /// Of one line: `0::/path` in version 2, `7:pids:/path` in version 1.
    fn lowest(line: &str, controller: &str, file: &str, file_v1: &str) -> Option<u64> {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let (root, file) = match controllers {
            "" => (Path::new(GROUPS).to_owned(), file),
            _ if controllers.split(',').any(|name| name == controller) => {
                (Path::new(GROUPS).join(controllers), file_v1)
            }
            _ => return None,
        };
        // Within a container the path may be that outside, and its own group the root.
        let above = Path::new(path.trim_start_matches('/')).ancestors();
        let numbers =
            above.filter_map(|group| fs::read_to_string(root.join(group).join(file)).ok()?.trim().parse().ok());
        numbers.filter(|most| *most < NO_LIMIT).min()
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    pub(super) fn asked_for() -> Vec<(u64, String)> {
        Vec::new()
    }

    pub(super) fn used() -> Vec<(u64, String)> {
        Vec::new()
    }

    pub(super) fn commit() -> Option<String> {
        None
    }

    pub(super) fn of_group(_: &str, _: &str, _: &str) -> Option<u64> {
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_could_not_be_had_is_told_with_the_limit_behind_it() {
        let words = in_words("file", &Errno::MFILE.into());
        assert!(words.starts_with("the system gives no file: ") && words.contains("; raise "), "{words}");
        let words = in_words("thread", &Errno::AGAIN.into());
        assert!(
            words.starts_with("the system gives no thread: ") && words.ends_with(", or end other programs"),
            "{words}"
        );
        assert!(of_threads().iter().all(|limit| words.contains(limit)), "{words}");
        let words = in_words("file", &Errno::NOENT.into());
        assert!(words.ends_with("(os error 2)"), "no limit has to do with it: {words}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_memory_of_the_machine_is_a_limit_of_what_is_more() {
        assert!(of_memory_below(u64::MAX).iter().any(|limit| limit.starts_with("the memory of the machine")));
        assert_eq!(of_memory_below(1), Vec::<String>::new());
    }
}
