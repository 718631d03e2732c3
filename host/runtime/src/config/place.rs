//! `[vault]`, and where its key stands, which is never in the configuration itself.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use wharf_egress::Secret;

use super::FieldValue;
use super::command::SecretCommand;
use super::connect::{Environment, value};

/// Where a secret stands, other than in the configuration itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(PathBuf),
    /// A program prints it.
    Command(SecretCommand),
}

impl Place {
    /// As it stands in the configuration, with paths from a folder.
    pub(super) fn read(table: toml::Table, folder: &Path) -> Option<Self> {
        let mut entries = table.into_iter();
        let (Some((key, at)), None) = (entries.next(), entries.next()) else { return None };
        match (key.as_str(), at) {
            ("env", toml::Value::String(name)) => Some(Self::Env(name)),
            ("file", toml::Value::String(file)) => Some(Self::File(folder.join(file))),
            ("command", toml::Value::Array(words)) => {
                let words = words.into_iter().map(|word| match word {
                    toml::Value::String(word) => Some(word),
                    _ => None,
                });
                SecretCommand::new(&words.collect::<Option<Vec<_>>>()?, folder).map(Self::Command)
            }
            _ => None,
        }
    }

    /// What stands there, for a key of the configuration by this name. `warn` is told of a file that is open to others.
    ///
    /// # Errors
    /// Why there is nothing, and what to do.
    pub fn secret(
        &self,
        name: &str,
        environment: Environment<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Secret, String> {
        let from = match self.clone() {
            Self::Env(name) => FieldValue::Env(name),
            Self::File(file) => FieldValue::File(file),
            Self::Command(command) => FieldValue::Command(command),
        };
        let (secret, remedy) = value(&from, name, environment, warn)?;
        secret.filter(|secret| !secret.is_empty()).ok_or(remedy)
    }

    /// The same of what was typed as it would stand in the configuration, such as `{ env = "NEW_KEY" }`.
    pub fn parse(text: &str, folder: &Path) -> Option<Self> {
        let mut table = toml::from_str::<toml::Table>(&format!("place = {text}")).ok()?;
        match (table.remove("place")?, table.is_empty()) {
            (toml::Value::Table(place), true) => Self::read(place, folder),
            _ => None,
        }
    }
}

/// `[vault]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultConfig {
    /// The file; none where there is no folder for it.
    pub file: Option<PathBuf>,
    /// Where its key stands; where it is left out, Wharf makes one.
    pub key: Option<Place>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileVault {
    file: Option<PathBuf>,
    key: Option<toml::Table>,
}

/// The name of the vault's file in the store.
pub(super) const VAULT_FILE: &str = "vault.db";

impl FileVault {
    pub(super) fn read(self, folder: &Path, store: &Path) -> VaultConfig {
        VaultConfig {
            file: Some(self.file.map_or_else(|| store.join(VAULT_FILE), |file| folder.join(file))),
            key: self.key.and_then(|key| Place::read(key, folder)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_typed_as_it_stands_in_the_configuration() {
        let parse = |text: &str| Place::parse(text, Path::new("/etc/wharf"));
        assert_eq!(parse("{ env = \"KEY\" }"), Some(Place::Env("KEY".to_owned())));
        assert_eq!(parse("{ file = \"key\" }"), Some(Place::File("/etc/wharf/key".into())));
        let command = SecretCommand::new(&["pass".to_owned(), "show".to_owned()], Path::new("")).unwrap();
        assert_eq!(parse("{command=[\"pass\",\"show\"]}"), Some(Place::Command(command)));
        for wrong in [
            "",
            "\"geheim\"",
            "{}",
            "{ env = 1 }",
            "{ env = \"A\", file = \"b\" }",
            "{ command = [] }",
            "{ command = \"pass show\" }",
            "{ command = [\"pass\", 1] }",
            "{ env = \"KEY\" }\nother = 1",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
