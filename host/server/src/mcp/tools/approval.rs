//! `request-approval`: asks an operator to agree. It approves nothing.

use std::sync::Arc;

use rmcp::model::{CallToolResult, Tool, ToolAnnotations};
use serde_json::json;
use wharf::Json;

use super::{Face, read};
use crate::app::App;
use crate::mcp::asker::Asker;
use crate::mcp::result::{Words, of};
use crate::problem::Problem;
use crate::work::approval::{Wanted, ask};

pub(super) const NAME: &str = "request-approval";

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
                "connection": {"type": "string"},
                "reason": {"type": "string", "minLength": 1, "maxLength": 1000},
            },
            "additionalProperties": false,
        }),
        output: json!({
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "Of a request for access."},
                "kind": {"type": "string"},
                "call": {"type": "string"},
                "state": {"type": "string", "description": "Of the call, or of the request: `waiting`, `open`, `rejected`, …"},
                "approval": {"description": "What a person is asked about the call, and what they decided."},
            },
        }),
        hints: ToolAnnotations::new().read_only(false).destructive(false).idempotent(true).open_world(false),
    };
    face.tool()
}

pub(super) async fn run(app: &Arc<App>, asker: &Asker, arguments: &Json) -> Result<CallToolResult, Problem> {
    let wanted: Wanted = read(NAME, arguments)?;
    let told = ask(app, &asker.principal, wanted).await?;
    Ok(of(&told.into(), Words::OfPlugins, Vec::new()))
}
