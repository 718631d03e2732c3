//! `[server.mcp]`: what agents are offered.

use std::collections::BTreeMap;

use serde::Deserialize;
use wharf_egress::declaration::Effect;

use super::{Wrong, wrong};
use crate::grant::Pattern;

/// `[server.mcp]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpConfig {
    /// Whether there is `/mcp`.
    pub enabled: bool,
    /// Operations that are tools of their own, by a name that orders them.
    pub tools: BTreeMap<String, McpTools>,
}

/// `[server.mcp.tools.NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpTools {
    /// Whose operations.
    pub plugin: String,
    /// Which of them; all where it is left out.
    pub operations: Option<Vec<Pattern>>,
    /// With which effects; any where it is left out.
    pub effects: Option<Vec<Effect>>,
    /// The connection that they use; where it is left out, the caller may name one.
    pub connection: Option<String>,
}

impl Default for McpConfig {
    fn default() -> Self {
        Self { enabled: true, tools: BTreeMap::new() }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileMcp {
    enabled: Option<bool>,
    #[serde(default)]
    tools: BTreeMap<String, FileMcpTools>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMcpTools {
    plugin: Option<String>,
    operations: Option<Vec<String>>,
    effects: Option<Vec<Effect>>,
    connection: Option<String>,
}

impl FileMcp {
    pub(super) fn read(self) -> Result<McpConfig, Wrong> {
        let tools = self.tools.into_iter().map(|(name, tools)| {
            let read = tools.read(&format!("server.mcp.tools.{name}"))?;
            Ok((name, read))
        });
        Ok(McpConfig {
            enabled: self.enabled.unwrap_or(McpConfig::default().enabled),
            tools: tools.collect::<Result<_, Wrong>>()?,
        })
    }
}

impl FileMcpTools {
    fn read(self, path: &str) -> Result<McpTools, Wrong> {
        let plugin = self.plugin.filter(|plugin| !plugin.is_empty());
        let operations = self.operations.map(|all| all.iter().map(|text| text.parse()).collect()).transpose();
        Ok(McpTools {
            plugin: plugin.ok_or_else(|| wrong(path, "it has no `plugin`; write plugin = \"chatwoot\" below it"))?,
            operations: operations.map_err(|problem: String| wrong(format!("{path}.operations"), problem))?,
            effects: self.effects,
            connection: self.connection,
        })
    }
}
