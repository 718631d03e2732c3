//! `[limits]`, for all calls; `[limits.plugins.NAME]`, for those of a plugin; `limits` of a connection.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

use super::keys::Wrong;
use crate::limits::{CompileLimits, EngineLimits, Limits};

/// What 32-bit WebAssembly can address.
const MOST_MEMORY: u64 = 4 << 30;

/// Limits of a part of the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLimits {
    /// These, and where they say nothing those of all calls.
    pub limits: Limits,
    /// The keys that stand in their table.
    pub keys: BTreeSet<String>,
}

/// The same as it is written.
#[derive(Deserialize)]
#[serde(try_from = "toml::Table")]
pub(super) struct FileOwnLimits {
    limits: FileLimits,
    keys: BTreeSet<String>,
}

impl TryFrom<toml::Table> for FileOwnLimits {
    type Error = toml::de::Error;

    fn try_from(table: toml::Table) -> Result<Self, toml::de::Error> {
        Ok(Self { keys: table.keys().cloned().collect(), limits: table.try_into()? })
    }
}

impl FileOwnLimits {
    /// These over the common ones.
    pub(super) fn narrowing(self, common: Limits) -> Result<OwnLimits, String> {
        let limits = self.limits.over(common);
        if limits.memory > common.memory || limits.table_entries > common.table_entries {
            return Err("memory and table_entries can be lowered here; raise them where they stand before: under [limits], or for the plugin".to_owned());
        }
        Ok(OwnLimits { limits, keys: self.keys })
    }
}

/// Limits as they are written. Those of the engine and of plugins stand under `[limits]` alone, which the check of the keys
/// sees to.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileLimits {
    #[serde(default, with = "humantime_serde")]
    timeout: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    cpu: Option<Duration>,
    memory: Option<ByteSize>,
    table_entries: Option<u64>,
    requests: Option<u32>,
    request: Option<ByteSize>,
    answer_head: Option<ByteSize>,
    answer: Option<ByteSize>,
    traffic: Option<ByteSize>,
    blobs: Option<ByteSize>,
    disk: Option<ByteSize>,
    output: Option<ByteSize>,
    attachments: Option<ByteSize>,
    state: Option<ByteSize>,
    randomness: Option<ByteSize>,
    transfer: Option<ByteSize>,
    resources: Option<usize>,
    log: Option<ByteSize>,
    calls: Option<u32>,
    ready: Option<u32>,
    instances: Option<u32>,
    memories: Option<u32>,
    tables: Option<u32>,
    stack: Option<ByteSize>,
    #[serde(default, with = "humantime_serde")]
    compile_time: Option<Duration>,
    compile_memory: Option<ByteSize>,
    compile_output: Option<ByteSize>,
    #[serde(default)]
    plugins: BTreeMap<String, FileOwnLimits>,
}

impl FileLimits {
    /// The limits of all calls, and those of plugins by name.
    pub(super) fn common(mut self) -> Result<(Limits, BTreeMap<String, OwnLimits>), Wrong> {
        let wrong = |path: &str, problem: &str| Wrong { path: path.to_owned(), problem: problem.to_owned() };
        let plugins = std::mem::take(&mut self.plugins);
        let common = self.over(Limits::default());
        if common.memory > MOST_MEMORY {
            let problem =
                "4GiB at most, which is all that a 32-bit plugin can address; write memory = \"4GiB\" or less";
            return Err(wrong("limits.memory", problem));
        }
        if !(EngineLimits::LEAST_STACK..=EngineLimits::MOST_STACK).contains(&common.engine.stack) {
            let problem = "64KiB at least, which a plugin needs to begin with, and 1MiB at most: the threads that calls run on \
                           have little more";
            return Err(wrong("limits.stack", problem));
        }
        let plugins = plugins.into_iter().map(|(name, limits)| {
            let limits =
                limits.narrowing(common).map_err(|problem| wrong(&format!("limits.plugins.{name}"), &problem))?;
            Ok((name, limits))
        });
        Ok((common, plugins.collect::<Result<_, Wrong>>()?))
    }

    fn over(self, default: Limits) -> Limits {
        let bytes = |size: Option<ByteSize>, default| size.map_or(default, |size| size.as_u64());
        Limits {
            timeout: self.timeout.unwrap_or(default.timeout),
            cpu: self.cpu.unwrap_or(default.cpu),
            memory: bytes(self.memory, default.memory),
            table_entries: self.table_entries.unwrap_or(default.table_entries),
            requests: self.requests.unwrap_or(default.requests),
            request: bytes(self.request, default.request),
            answer_head: bytes(self.answer_head, default.answer_head),
            answer: bytes(self.answer, default.answer),
            traffic: bytes(self.traffic, default.traffic),
            blobs: bytes(self.blobs, default.blobs),
            disk: bytes(self.disk, default.disk),
            output: bytes(self.output, default.output),
            attachments: bytes(self.attachments, default.attachments),
            state: bytes(self.state, default.state),
            randomness: bytes(self.randomness, default.randomness),
            transfer: bytes(self.transfer, default.transfer),
            resources: self.resources.unwrap_or(default.resources),
            log: bytes(self.log, default.log),
            engine: EngineLimits {
                calls: self.calls.unwrap_or(default.engine.calls),
                ready: self.ready.unwrap_or(default.engine.ready),
                instances: self.instances.unwrap_or(default.engine.instances),
                memories: self.memories.unwrap_or(default.engine.memories),
                tables: self.tables.unwrap_or(default.engine.tables),
                stack: bytes(self.stack, default.engine.stack),
            },
            compile: CompileLimits {
                time: self.compile_time.unwrap_or(default.compile.time),
                memory: bytes(self.compile_memory, default.compile.memory),
                output: bytes(self.compile_output, default.compile.output),
            },
        }
    }
}
