//! `request-approval`: asks an operator to agree. It approves nothing.

use std::sync::Arc;

use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::json;
use wharf::Json;

use super::{Face, read};
use crate::app::App;
use crate::mcp::asker::Asker;
use crate::problem::{self, Problem};

pub(super) const NAME: &str = "request-approval";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "nothing has to be approved yet")]
struct Arguments {
    call: Option<String>,
    plugin: Option<String>,
    operation: Option<String>,
    reason: String,
}

pub(super) fn tool() -> Tool {
    let face = Face {
        name: NAME,
        title: "Ask an operator to agree",
        description: "Asks an operator to agree to a call that waits for a person, or to something that you may not do. It approves \
                      nothing itself. Say why in `reason`: a person reads it.",
        input: json!({
            "type": "object",
            "required": ["reason"],
            "properties": {
                "call": {"type": "string", "description": "The id of a call that waits."},
                "plugin": {"type": "string"},
                "operation": {"type": "string"},
                "reason": {"type": "string", "minLength": 1, "maxLength": 1000},
            },
            "additionalProperties": false,
        }),
        output: json!({
            "type": "object",
            "properties": {
                "approval": {"type": "string", "description": "Its id."},
                "state": {"type": "string", "description": "`waiting`, `approved`, `refused` or `expired`."},
                "call": {"type": "string"},
                "expiresAt": {"type": "string"},
            },
        }),
        hints: ToolAnnotations::new().read_only(false).destructive(false).idempotent(true).open_world(false),
    };
    face.tool()
}

pub(super) async fn run(_: &Arc<App>, _: &Asker, arguments: &Json) -> Result<CallToolResult, Problem> {
    let _: Arguments = read(NAME, arguments)?;
    Err(Problem::new(problem::UNKNOWN, "no call of yours waits for a person, and no operation here needs one to agree"))
}
