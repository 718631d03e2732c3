//! What a test needs: simulated providers, a configuration for them in a folder of its own, and the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use wharf_simulated::{Canned, Simulation};

/// A key that no simulated provider knows.
pub(crate) const OTHER_KEY: &str = "Zq8TnYx3Wk5BvHc7";

/// Simulated providers and a folder with a `wharf.toml` that has a connection to each.
pub(crate) struct World {
    pub(crate) simulation: Simulation,
    folder: TempDir,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self { simulation: Simulation::start().unwrap(), folder: TempDir::new().unwrap() };
        world.configure(&world.connections());
        world
    }

    /// The connections to the simulated providers, as a configuration file has them.
    pub(crate) fn connections(&self) -> String {
        let mut text = String::new();
        for connection in self.simulation.connections() {
            let provider = connection.provider;
            text += &format!(
                "[connections.{provider}]\nprovider = \"{provider}\"\nbase_url = \"{}\"\n",
                connection.base_url
            );
            text += &format!("[connections.{provider}.fields]\n");
            for (name, value) in connection.fields {
                let file = self.write(&format!("{provider}.{name}"), &value);
                text += &format!("{name} = {{ file = \"{}\" }}\n", file.display());
            }
        }
        text
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, text: &str) {
        // As a whole: whoever follows the file may read it at any time.
        let written = self.write("wharf.toml.new", text);
        fs::rename(written, self.folder.path().join("wharf.toml")).unwrap();
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // It may be a secret.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        std::io::Write::write_all(&mut options.open(&file).unwrap(), content.as_ref()).unwrap();
        file
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the binary in the world's folder, with an empty environment and the given words.
    pub(crate) fn wharf(&self, words: &[&str]) -> Run {
        self.wharf_with(&[], words)
    }

    /// The same with environment variables.
    pub(crate) fn wharf_with(&self, environment: &[(&str, &str)], words: &[&str]) -> Run {
        finish(self.command(environment, words).output().unwrap())
    }

    /// The same with standard input.
    pub(crate) fn wharf_reading(&self, input: &str, words: &[&str]) -> Run {
        let mut child = self
            .command(&[], words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        finish(child.wait_with_output().unwrap())
    }

    /// The same where a file of more than 128 MiB can have no byte more, as on a full disk.
    #[cfg(unix)]
    pub(crate) fn wharf_without_room(&self, words: &[&str]) -> Run {
        let inner = self.command(&[], words);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 131072; exec \"$0\" \"$@\""]).arg(inner.get_program());
        command.args(inner.get_args()).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        finish(command.output().unwrap())
    }

    /// A call: `"appwrite users.list search=ada"`, split at spaces.
    pub(crate) fn call(&self, words: &str) -> Run {
        let words: Vec<&str> = ["call"].into_iter().chain(words.split(' ')).collect();
        self.wharf(&words)
    }

    pub(crate) fn command(&self, environment: &[(&str, &str)], words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).args(words);
        // Compiled components are shared by all tests, which saves compiling them again.
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"));
        command.envs(environment.iter().copied()).stdin(Stdio::null());
        command
    }
}

pub(crate) fn finish(output: Output) -> Run {
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!run.err.contains("panicked") && !run.err.contains("backtrace"), "{run:?}");
    run
}

impl Run {
    /// The output of a run that went well.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }

    /// A run that failed with this code and says all of these.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.lines().filter(|line| line.starts_with("error:")).count() == 1, "one error: {self:?}");
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not said: {self:?}");
        }
    }
}

/// A process that does not outlive its test, however that ends.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An answer of a provider that is not what it usually says.
pub(crate) fn answer(status: u16, content_type: &str, body: &str) -> Canned {
    Canned { status, content_type: content_type.to_owned(), body: body.as_bytes().to_vec(), ..Canned::default() }
}
