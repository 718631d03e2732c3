use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use wharf::files::{self, is_there};
use wharf_simulated::Connection;

use crate::args::Simulate;
use crate::exit::Usage;
use crate::print::{self, DIM, NAME, Text, styled, text};
use crate::setup::{on_signal, simulation};

/// The first line of a configuration that may be written over.
const MARK: &str = "# Written by `wharf simulate`, which writes over it the next time.";

/// The same for the folder of the secrets.
const MARK_FILE: &str = "README";

pub(crate) fn run(options: &Simulate) -> Result<ExitCode> {
    let (stop, stopped) = mpsc::channel();
    // A second signal finds nobody waiting, and the process is ending anyway.
    on_signal(move || stop.send(()).unwrap_or_default())?;

    let simulation = simulation()?;
    let connections = simulation.connections();
    if let Some(file) = &options.config_out {
        write_config(file, &connections)?;
    }
    if options.json {
        let members = connections.iter().map(|c| (c.provider.to_owned(), json!(c.base_url)));
        print::json_line(&Value::Object(members.collect()))?;
    } else {
        print::out(overview(&connections, options.config_out.as_deref()))?;
    }
    // Both ends live in this process, so it ends by the signal alone.
    let _ = stopped.recv();
    Ok(ExitCode::SUCCESS)
}

fn overview(connections: &[Connection], config: Option<&Path>) -> Text {
    let mut text = Text::default();
    for connection in connections {
        let provider = styled(NAME, format!("{:<10}", connection.provider));
        text.add(text![provider, " ", &connection.base_url, "\n"]);
    }
    let hint = match config {
        Some(file) => format!(
            "In a second terminal: wharf call appwrite users.list-sessions userId=ada --config {}",
            file.display()
        ),
        None => "With --config-out wharf.toml there is a configuration for them.".to_owned(),
    };
    text.add(styled(DIM, text![hint, "\nCtrl-C stops them."]));
    text
}

/// A configuration that reads its secrets from files beside it, as a real one would.
pub(crate) fn write_config(file: &Path, connections: &[Connection]) -> Result<()> {
    let secrets = secrets_folder(file);
    let ours = is_ours(file)?;
    if !ours && is_there(&secrets) && !is_there(&secrets.join(MARK_FILE)) {
        return Err(
            Usage(format!("{} exists and is not of `wharf simulate`; choose another name", secrets.display())).into()
        );
    }
    private_folder(&secrets).with_context(|| format!("the folder {}", secrets.display()))?;
    fs::write(secrets.join(MARK_FILE), MARK).with_context(|| format!("the folder {}", secrets.display()))?;
    let folder_name = secrets.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        Usage(format!(
            "the name {} is not UTF-8, as what stands in a configuration has to be; choose another name",
            file.display()
        ))
    })?;
    let mut text = format!("{MARK}\n");
    for connection in connections {
        let provider = connection.provider;
        // Writing to a String does not fail.
        let _ = write!(
            text,
            "\n[connections.{provider}]\nprovider = \"{provider}\"\nbase_url = \"{}\"\n\n[connections.{provider}.fields]\n",
            connection.base_url
        );
        for (name, value) in &connection.fields {
            let secret = format!("{provider}.{name}");
            let path = secrets.join(&secret);
            write_secret(&path, value).with_context(|| format!("the file {}", path.display()))?;
            let _ = writeln!(text, "{name} = {{ file = {} }}", json!(format!("{folder_name}/{secret}")));
        }
    }
    fs::write(file, text).with_context(|| format!("the file {}", file.display()))?;
    Ok(())
}

/// Whether there is a configuration that may be written over.
///
/// # Errors
/// There is one that may not.
fn is_ours(file: &Path) -> Result<bool> {
    let begins_with_mark = || {
        let mut bytes = Vec::new();
        files::open(file)?.take(MARK.len() as u64).read_to_end(&mut bytes)?;
        Ok::<_, io::Error>(bytes == MARK.as_bytes())
    };
    match begins_with_mark() {
        Ok(true) => Ok(true),
        _ if file.is_dir() => {
            let name = file.join("wharf.toml");
            Err(Usage(format!("{} is a folder; name a file in it, such as {}", file.display(), name.display())).into())
        }
        Err(_) if !is_there(file) => Ok(false),
        _ => {
            Err(Usage(format!("{} exists and is not of `wharf simulate`; choose another name", file.display())).into())
        }
    }
}

fn secrets_folder(file: &Path) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(".secrets");
    file.with_file_name(name)
}

/// For its owner alone, also where an older one is there.
fn write_secret(path: &Path, value: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(value.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
