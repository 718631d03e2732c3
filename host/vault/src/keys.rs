//! Where the vault's key comes from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use wharf::config::SecretCommand;
use wharf_egress::files::create_private_folder;
use wharf_egress::permissions::{Closed, exposed};
use wharf_egress::text::is_of_words;
use zeroize::Zeroizing;

use crate::disk;
use crate::seal::{Key, hex};

/// How large the file of a key may be, in bytes.
const LARGEST: u64 = 4 << 10;

/// What is behind the name of a key's file while it is exchanged: the new one, and the one before.
const NEW: &str = ".new";
const OLD: &str = ".old";

/// Where the key comes from that opens a vault.
///
/// A key is 32 bytes by chance, as a text: 64 digits of hexadecimal, or base64 (43 characters, or 44 with the `=` at its end). One
/// line break behind it does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file with the key and nothing else.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// What a program prints.
    Command(SecretCommand),
    /// A file that Wharf makes, one for each vault.
    Made {
        /// The folder of it, which is not the one that the vault is in.
        folder: PathBuf,
    },
}

/// As it stands in a message.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            Self::Env(name) if is_of_words(name) => write!(f, "the environment variable {name}"),
            Self::Env(_) => f.write_str("the environment variable that `env` names"),
            Self::Command(command) => write!(f, "the command {}", command.shown()),
            Self::Made { folder } => write!(f, "a file in {}", folder.display()),
        }
    }
}

/// Which vault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VaultId(pub(crate) [u8; 16]);

impl KeySource {
    /// The file of the key of a vault, where it is in one.
    pub(crate) fn file(&self, vault: VaultId) -> Option<PathBuf> {
        match self {
            Self::File(file) => Some(file.clone()),
            Self::Made { folder } => Some(folder.join(format!("vault-{}.key", hex(&vault.0)))),
            Self::Env(_) | Self::Command(_) => None,
        }
    }

    /// The key that has an id: that which opens a vault. Where an exchange of the file was not brought to its end, it is now.
    pub(crate) fn find(&self, vault: VaultId, wanted: [u8; 8], tell: &dyn Fn(String)) -> Result<Key, String> {
        let found = self.read(vault, tell);
        if let Ok(key) = &found
            && key.id() == wanted
        {
            return found;
        }
        if let Some(file) = self.file(vault)
            && let Ok(key) = read_file(&disk::beside(&file, NEW), &|_| {})
            && key.id() == wanted
        {
            // It works without, and the next one tries again.
            let _ = take_over(&file);
            return Ok(key);
        }
        // What was sealed before the key was exchanged, such as an earlier backup.
        if let Some(file) = self.file(vault)
            && let Ok(key) = read_file(&disk::beside(&file, OLD), &|_| {})
            && key.id() == wanted
        {
            return Ok(key);
        }
        let key = found?;
        Err(format!(
            "the key of {} is not the one of the vault: its id is {}, and that of the vault's {}; name the right one as `key` \
             under [vault]",
            self.of(vault),
            hex(&key.id()),
            hex(&wanted)
        ))
    }

    /// The key that is there now.
    pub(crate) fn read(&self, vault: VaultId, tell: &dyn Fn(String)) -> Result<Key, String> {
        let text = match self {
            Self::Env(name) => std::env::var(name)
                .ok()
                .filter(|text| !text.is_empty())
                .map(Zeroizing::new)
                .ok_or_else(|| format!("{self} is not set or empty, and the vault's key should be in it; {HOW}"))?,
            Self::Command(command) => command.run()?,
            Self::File(file) => return read_file(file, tell).map_err(|problem| of_file(file, &problem)),
            Self::Made { .. } => {
                let file = self.file(vault).unwrap_or_default();
                return read_file(&file, tell).map_err(|problem| match problem {
                    KeyProblem::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => format!(
                        "the vault's key is not there: put your copy of it back as {}, or say where it is as `key` under \
                         [vault]",
                        file.display()
                    ),
                    problem => of_file(&file, &problem),
                });
            }
        };
        parse(&text).ok_or_else(|| format!("what is in {self} is no key; {HOW}"))
    }

    /// The key for a vault that is about to be made, with the file that was made for it.
    pub(crate) fn for_new(&self, vault: VaultId, tell: &dyn Fn(String)) -> Result<(Key, Option<PathBuf>), String> {
        let Self::Made { .. } = self else { return Ok((self.read(vault, tell)?, None)) };
        let file = self.file(vault).unwrap_or_default();
        let key = new_key()?;
        let unwritable = |error| format!("the vault's key cannot be written to {}: {error}", file.display());
        create_private_folder(disk::folder_of(&file)).map_err(unwritable)?;
        disk::write(&file, &in_text(&key), true).map_err(unwritable)?;
        Ok((key, Some(file)))
    }

    /// A new key beside the one in the file, which [`take_over`] puts in its place.
    pub(crate) fn prepare(&self, vault: VaultId) -> Result<(Key, PathBuf), String> {
        let Some(file) = self.file(vault) else {
            return Err(format!(
                "the key is from {self}, where Wharf cannot write a new one; make one (`openssl rand -base64 32`), and say \
                 where it is with --to"
            ));
        };
        let key = new_key()?;
        let new = disk::beside(&file, NEW);
        let written = disk::write(&new, &in_text(&key), false);
        written.map_err(|error| format!("the new key cannot be written to {}: {error}", new.display()))?;
        Ok((key, file))
    }

    /// With the file's name, where it is in one.
    fn of(&self, vault: VaultId) -> String {
        self.file(vault).map_or_else(|| self.to_string(), |file| format!("the file {}", file.display()))
    }
}

/// Puts a key that was [prepared](KeySource::prepare) in the place of the one before, which is kept: backups are opened by it.
pub(crate) fn take_over(file: &Path) -> io::Result<PathBuf> {
    let old = disk::beside(file, OLD);
    disk::link(file, &old)?;
    disk::rename(&disk::beside(file, NEW), file)?;
    Ok(old)
}

/// How a key is made.
const HOW: &str =
    "a key is 32 bytes by chance, as 64 digits of hexadecimal or in base64, as `openssl rand -base64 32` prints them";

enum KeyProblem {
    Unreadable(io::Error),
    NoKey,
}

fn of_file(file: &Path, problem: &KeyProblem) -> String {
    let file = file.display();
    match problem {
        KeyProblem::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => {
            format!("the file {file}, in which the vault's key should be, is not there; {HOW}")
        }
        KeyProblem::Unreadable(error) => {
            format!("the file {file}, in which the vault's key is, cannot be read: {error}")
        }
        KeyProblem::NoKey => format!("what is in the file {file} is no key; {HOW}"),
    }
}

fn read_file(file: &Path, tell: &dyn Fn(String)) -> Result<Key, KeyProblem> {
    use std::io::Read as _;
    let opened = wharf::files::open(file).map_err(KeyProblem::Unreadable)?;
    if let Some(words) = exposed(file, &opened, Closed::Secret) {
        tell(format!("the vault's key: {words}"));
    }
    // In one piece: no copies are left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(LARGEST).unwrap_or_default() + 1));
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(KeyProblem::Unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| KeyProblem::NoKey)?;
    parse(wharf_egress::text::without_mark(text)).ok_or(KeyProblem::NoKey)
}

fn new_key() -> Result<Key, String> {
    Key::random().map_err(|_| "the system gives no random numbers for a key".to_owned())
}

/// As `openssl rand -base64 32` prints it.
fn in_text(key: &Key) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(vec![0; 45]);
    // It is long enough.
    let written = base64::engine::general_purpose::STANDARD.encode_slice(key.bytes(), &mut text).unwrap_or_default();
    text.truncate(written);
    text.push(b'\n');
    text
}

/// A key that is written as text.
fn parse(text: &str) -> Option<Key> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, _) = line.as_bytes().as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
        return Key::from_slice(&Zeroizing::new(bytes?));
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = Zeroizing::new(line.replace('-', "+").replace('_', "/"));
    let bytes = Zeroizing::new(GeneralPurpose::new(&STANDARD, config).decode(standard.as_bytes()).ok()?);
    Key::from_slice(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: VaultId = VaultId([7; 16]);

    fn silent(_: String) {}

    #[test]
    fn a_key_is_32_bytes_in_hexadecimal_or_base64() {
        let key = Key::of([0xfb; 32]);
        let base64 = String::from_utf8(in_text(&key).to_vec()).unwrap();
        assert_eq!(base64.len(), 45);
        let line = base64.trim_end();
        for text in [
            "fb".repeat(32),
            "FB".repeat(32) + "\r\n",
            base64.clone(),
            line.trim_end_matches('=').to_owned(),
            line.replace('+', "-").replace('/', "_"),
        ] {
            assert_eq!(parse(&text).map(|key| key.id()), Some(key.id()), "{text}");
        }
        for wrong in
            ["", "\n", "geheim", &"fb".repeat(31), &"fg".repeat(32), &format!("{base64}\n"), &format!(" {line}")]
        {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_with_how_to_make_one_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let problem = |source: &KeySource| source.read(ID, &silent).map(drop).unwrap_err();
        let source = KeySource::File(file.clone());
        assert!(problem(&source).contains("is not there; a key is 32 bytes by chance"));
        std::fs::write(&file, "geheim").unwrap();
        let words = problem(&source);
        assert!(words.ends_with("is no key; a key is 32 bytes by chance, as 64 digits of hexadecimal or in base64, as `openssl rand -base64 32` prints them"), "{words}");
        assert!(!words.contains("geheim"));
        assert!(
            problem(&KeySource::Env("WHARF_NO_SUCH_KEY".to_owned())).contains("WHARF_NO_SUCH_KEY is not set or empty")
        );
        assert!(problem(&KeySource::File(folder.path().to_owned())).contains("it is a folder"));
    }

    #[test]
    fn a_key_that_is_made_is_its_owners_alone_and_one_for_each_vault() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Made { folder: folder.path().join("config/keys") };
        assert!(source.read(ID, &silent).map(drop).unwrap_err().contains("put your copy of it back as"));
        let (key, file) = source.for_new(ID, &silent).unwrap();
        let file = file.unwrap();
        assert_eq!(file, folder.path().join("config/keys/vault-07070707070707070707070707070707.key"));
        assert_eq!(source.find(ID, key.id(), &silent).unwrap().id(), key.id());
        assert!(source.for_new(ID, &silent).is_err(), "another one is not written over it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
            let told = std::cell::RefCell::new(String::new());
            source.read(ID, &|words| *told.borrow_mut() = words).unwrap();
            assert!(told.into_inner().starts_with("the vault's key: others can read "));
        }
    }

    #[test]
    fn an_exchange_that_was_not_brought_to_its_end_is_by_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::Made { folder: folder.path().to_owned() };
        let (old, file) = source.for_new(ID, &silent).unwrap();
        let file = file.unwrap();
        let (new, _) = source.prepare(ID).unwrap();
        assert_eq!(source.find(ID, old.id(), &silent).unwrap().id(), old.id(), "the vault has the old one yet");
        assert_eq!(source.find(ID, new.id(), &silent).unwrap().id(), new.id(), "it has the new one");
        let ids = |ending: &str| read_file(&disk::beside(&file, ending), &silent).ok().map(|key| key.id());
        assert_eq!((ids(""), ids(OLD), ids(NEW)), (Some(new.id()), Some(old.id()), None));
        let problem = source.find(ID, [0; 8], &silent).map(drop).unwrap_err();
        assert!(problem.contains("is not the one of the vault: its id is "), "{problem}");
    }
}
