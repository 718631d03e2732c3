//! A client of the protocol, of both eras.

use serde_json::{Value, json};

use super::super::client::{Answer, Client, Open};
use super::super::server::Serving;

/// The last version that begins with `initialize`, and the first one that does not.
const WITH_SESSIONS: &str = "2025-11-25";
const WITHOUT: &str = "2026-07-28";

/// An agent's client.
pub(super) struct Agent {
    client: Client,
    /// Of an era in which there are sessions.
    session: Option<String>,
    can: Value,
}

/// A client of each era, with the first token.
pub(super) fn of_both_eras(serving: &Serving) -> [Agent; 2] {
    [Agent::with_session(serving.client()), Agent::new(serving.client())]
}

impl Agent {
    /// One that says with each request what it can.
    pub(super) fn new(client: Client) -> Self {
        Self { client, session: None, can: json!({}) }
    }

    /// The same that opens links for its person.
    pub(super) fn that_opens_links(client: Client) -> Self {
        Self { can: json!({"elicitation": {"url": {}}}), ..Self::new(client) }
    }

    /// One that begins a session.
    pub(super) fn with_session(client: Client) -> Self {
        let mut agent = Self::new(client);
        let wanted = json!({
            "protocolVersion": WITH_SESSIONS, "capabilities": agent.can, "clientInfo": {"name": "agent", "version": "1"},
        });
        let begun = agent.send("initialize", &wanted).answer();
        assert_eq!(message(&begun)["result"]["serverInfo"]["name"], "wharf", "{begun:?}: {}", begun.text());
        agent.session = Some(begun.header("mcp-session-id").unwrap().to_owned());
        let noted = agent.post(&[], &json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).answer();
        assert_eq!(noted.status, 202, "{noted:?}");
        agent
    }

    pub(super) fn session(&self) -> &str {
        self.session.as_deref().unwrap()
    }

    fn post(&self, headers: &[(&str, &str)], body: &Value) -> Open {
        self.post_text(headers, &body.to_string())
    }

    fn post_text(&self, headers: &[(&str, &str)], body: &str) -> Open {
        let mut all = vec![("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
        if let Some(session) = &self.session {
            all.extend([("Mcp-Session-Id", session.as_str()), ("MCP-Protocol-Version", WITH_SESSIONS)]);
        }
        all.extend(headers);
        self.client.open("POST /mcp", &all, body.as_bytes())
    }

    /// Sends a request: its answer is yet to be read.
    pub(super) fn send(&self, method: &str, params: &Value) -> Open {
        let mut params = params.clone();
        if self.session.is_some() || method == "initialize" {
            return self.post(&[], &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}));
        }
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": WITHOUT,
            "io.modelcontextprotocol/clientInfo": {"name": "agent", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": self.can,
        });
        let name = params.get("name").or(params.get("uri")).and_then(Value::as_str).map(str::to_owned);
        let mut headers = vec![("MCP-Protocol-Version", WITHOUT), ("Mcp-Method", method)];
        headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        self.post(&headers, &json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    }

    /// The message that answers a request.
    #[track_caller]
    pub(super) fn ask(&self, method: &str, params: &Value) -> Value {
        message(&self.send(method, params).answer())
    }

    /// What a tool gives, as data; with what else there is of the result.
    #[track_caller]
    pub(super) fn result(&self, tool: &str, arguments: &Value) -> Value {
        let told = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        told.get("result").cloned().unwrap_or_else(|| panic!("{told}"))
    }

    /// What a tool gives, as data.
    #[track_caller]
    pub(super) fn tool(&self, name: &str, arguments: &Value) -> Value {
        let result = self.result(name, arguments);
        assert_eq!(result["isError"], false, "{result}");
        result["structuredContent"].clone()
    }

    /// The problem of a tool that fails, of this type, whose detail has these words.
    #[track_caller]
    pub(super) fn fails(&self, name: &str, arguments: &Value, kind: &str, words: &[&str]) -> Value {
        let result = self.result(name, arguments);
        let problem = &result["structuredContent"]["problem"];
        assert_eq!(
            (&result["isError"], &problem["type"]),
            (&json!(true), &json!(format!("urn:wharf:problem:{kind}"))),
            "{result}"
        );
        for word in words {
            assert!(problem["detail"].as_str().unwrap().contains(word), "`{word}` is not said: {problem}");
        }
        problem.clone()
    }

    /// The arguments of a tool as they are written.
    #[track_caller]
    pub(super) fn tool_as_written(&self, name: &str, arguments: &str) -> Value {
        let meta = format!(
            r#"{{"io.modelcontextprotocol/protocolVersion": "{WITHOUT}", "io.modelcontextprotocol/clientCapabilities": {{}}}}"#
        );
        let body = format!(
            r#"{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {{"name": "{name}", "arguments": {arguments}, "_meta": {meta}}}}}"#
        );
        let headers = [("MCP-Protocol-Version", WITHOUT), ("Mcp-Method", "tools/call"), ("Mcp-Name", name)];
        let headers = if self.session.is_some() { &[][..] } else { &headers };
        let body = if self.session.is_some() { body.replace(&format!(", \"_meta\": {meta}"), "") } else { body };
        message(&self.post_text(headers, &body).answer())["result"].clone()
    }

    pub(super) fn names(&self) -> Vec<String> {
        let tools = self.ask("tools/list", &json!({}));
        let tools = tools["result"]["tools"].as_array().unwrap_or_else(|| panic!("{tools}")).clone();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// The answer in JSON, or the last event of a stream.
#[track_caller]
pub(super) fn message(answer: &Answer) -> Value {
    let text = answer.text();
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        let mut data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
        let last = data.rfind(|data| !data.is_empty()).unwrap_or_else(|| panic!("{answer:?}: {text}"));
        return serde_json::from_str(last).unwrap();
    }
    serde_json::from_str(text).unwrap_or_else(|_| panic!("{answer:?}: {text}"))
}
