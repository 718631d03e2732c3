//! `wharf init`: a configuration to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::args::Init;
use crate::exit::Usage;
use crate::print;

/// What is written: each key that there is, with what it is for.
const CONFIGURATION: &str = include_str!("init/wharf.toml");

pub(crate) fn run(options: &Init) -> Result<ExitCode> {
    let file = &options.file;
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    // Secrets may come to stand in it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut opened = match open.open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(
                Usage(format!("{} is there already, and stays as it is; name another file", file.display())).into()
            );
        }
        opened => opened.with_context(|| format!("the file {}", file.display()))?,
    };
    opened.write_all(CONFIGURATION.as_bytes()).with_context(|| format!("the file {}", file.display()))?;
    print::out(format!(
        "{} is written. Next: a connection in it, `wharf check`, `wharf tokens create NAME --role call`, and `wharf serve`",
        file.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use wharf::config::Config;

    use super::*;

    /// What is commented out is a line of configuration, and what explains it begins with a capital letter and a space.
    fn with_everything() -> String {
        let uncommented = CONFIGURATION.lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest,
            _ => line,
        });
        uncommented.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_written_is_a_configuration_and_so_is_all_that_it_shows() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("as-it-is.toml", CONFIGURATION.to_owned()), ("everything.toml", with_everything())] {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            let config = Config::read(&file).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(config.server.listen.port(), 8080);
        }
    }
}
