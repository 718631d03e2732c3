//! What an agent's client may send to `wharf mcp`: the process ends in peace when its input does, writes nothing but messages, and answers
//! what is asked last, whatever came before.

use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Value, json};
use wharf::Host;
use wharf::config::ServerConfig;
use wharf::vault::MemoryVault;
use wharf_server::{Events, Local, Policy, Principal, Role, Server, Store};

/// The longest line that is taken, in bytes.
const LONGEST: u64 = 1 << 16;

/// What begins a session.
const FIRST: &str = concat!(
    r#"{"jsonrpc":"2.0","id":"the first one","method":"initialize","params":{"protocolVersion":"2025-06-18","#,
    r#""capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#,
    "\n"
);

/// One host, and what is known of its calls, for all inputs.
static KNOWN: LazyLock<(Arc<Host>, Arc<Store>)> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/tmp/fuzz-{}", std::process::id()));
    // Of another process with this number.
    let _ = std::fs::remove_dir_all(&folder);
    let store = Store::open_to_call(&folder.join("server.db"), Arc::new(MemoryVault::default())).expect("a store");
    (Arc::new(Host::builder().build().expect("a host")), Arc::new(store))
});

/// A line, or several.
#[derive(Arbitrary, Debug)]
enum Said<'b> {
    Bytes(&'b [u8]),
    Message { id: Id<'b>, method: Method<'b>, params: Params<'b>, is_of_second_era: bool, is_batch: bool },
    Response { id: Id<'b>, is_error: bool },
    Nested { depth: u16, is_object: bool, is_closed: bool },
    Long { kilobytes: u8, is_json: bool },
    Half(&'b [u8]),
}

#[derive(Arbitrary, Debug)]
enum Id<'b> {
    None,
    Number(i64),
    Huge,
    Fraction,
    Text(&'b str),
    Null,
    Array,
}

#[derive(Arbitrary, Debug)]
enum Method<'b> {
    Initialize,
    Initialized,
    Discover,
    Ping,
    Tools,
    Call,
    Resources,
    Templates,
    Read,
    Listen,
    Cancelled,
    Unknown(&'b str),
    Number,
}

#[derive(Arbitrary, Debug)]
enum Params<'b> {
    None,
    Right,
    Wrong,
    Array,
    Number(f64),
    Tool { tool: Tool, key: &'b str, value: Argument<'b> },
}

#[derive(Arbitrary, Debug)]
enum Tool {
    Search,
    Describe,
    Call,
    Connect,
    Approval,
}

#[derive(Arbitrary, Debug)]
enum Argument<'b> {
    Text(&'b str),
    Number(f64),
    Null,
    List(u8),
    Nested(u8),
}

/// Says all of it, and whether some of it was understood.
///
/// # Panics
/// Where the process would not go on as it should.
pub fn mcp(bytes: &[u8]) -> bool {
    let mut rest = Unstructured::new(bytes);
    let mut input = Vec::new();
    // A client that has begun gets further.
    if rest.arbitrary().unwrap_or_default() {
        input.extend_from_slice(FIRST.as_bytes());
    }
    while let (false, Ok(said)) = (rest.is_empty(), Said::arbitrary(&mut rest)) {
        said.write(&mut input);
        if !matches!(said, Said::Half(_)) {
            input.push(b'\n');
        }
    }
    // Whatever half a line came last.
    input.extend_from_slice(b"\n{\"jsonrpc\":\"2.0\",\"id\":\"the last one\",\"method\":\"ping\"}\n");
    let answers = answers(input);
    assert!(answers.iter().any(|answer| answer["id"] == "the last one"), "the last one has no answer: {answers:?}");
    let is_between = |answer: &&Value| answer["id"] != "the first one" && answer["id"] != "the last one";
    let is_message =
        |answer: &Value| !answer["id"].is_null() && !matches!(answer["error"]["code"].as_i64(), Some(-32700 | -32600));
    answers.iter().filter(is_between).any(is_message)
}

fn answers(input: Vec<u8>) -> Vec<Value> {
    let (host, store) = &*KNOWN;
    let config = ServerConfig { body: LONGEST, ..ServerConfig::default() };
    let server = Server {
        host: Arc::clone(host),
        store: Arc::clone(store),
        events: Arc::new(Events::new()),
        metrics: Arc::default(),
        config: config.clone(),
        spool: None,
        audit: None,
        places: 2,
        watched: Vec::new(),
        reload: Arc::new(move || Ok(config.clone())),
        telemetry: None,
        tell: Arc::new(|_: &str| ()),
    };
    let local = Principal {
        name: "local".to_owned(),
        tenant: None,
        roles: [Role::Call, Role::Manage].into(),
        policy: Policy::default(),
    };
    let output = Output::default();
    let served = server.serve_mcp(Local::Somebody(local), Cursor::new(input), output.clone());
    assert!(served.is_ok(), "{served:?}");
    let written = std::mem::take(&mut *output.0.lock().expect("nobody broke it"));
    let written = String::from_utf8(written).expect("what is written is text");
    let message = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("this is no message: {line}"));
    written.lines().map(message).inspect(|message| assert_eq!(message["jsonrpc"], "2.0", "{message}")).collect()
}

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody broke it").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Said<'_> {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Bytes(bytes) | Self::Half(bytes) => to.extend_from_slice(bytes),
            Self::Message { id, method, params, is_of_second_era, is_batch } => {
                let mut text = String::from("{\"jsonrpc\":\"2.0\"");
                id.write(&mut text);
                let _ = write!(text, ",\"method\":{}", method.in_json());
                if let Some(params) = params.in_json(method, *is_of_second_era) {
                    let _ = write!(text, ",\"params\":{params}");
                }
                text.push('}');
                let text = if *is_batch { format!("[{text},{text}]") } else { text };
                to.extend_from_slice(text.as_bytes());
            }
            Self::Response { id, is_error } => {
                let mut text = String::from("{\"jsonrpc\":\"2.0\"");
                id.write(&mut text);
                let told = if *is_error { ",\"error\":{\"code\":1,\"message\":\"no\"}}" } else { ",\"result\":{}}" };
                text.push_str(told);
                to.extend_from_slice(text.as_bytes());
            }
            Self::Nested { depth, is_object, is_closed } => {
                let (open, close) = if *is_object { ("{\"a\":", "}") } else { ("[", "]") };
                to.extend_from_slice(open.repeat(usize::from(*depth)).as_bytes());
                if *is_closed {
                    to.extend_from_slice(b"1");
                    to.extend_from_slice(close.repeat(usize::from(*depth)).as_bytes());
                }
            }
            Self::Long { kilobytes, is_json } => {
                let filler = "x".repeat(usize::from(*kilobytes) << 10);
                let text =
                    if *is_json { json!({ "jsonrpc": "2.0", "id": 1, "method": filler }).to_string() } else { filler };
                to.extend_from_slice(text.as_bytes());
            }
        }
    }
}

impl Id<'_> {
    fn write(&self, to: &mut String) {
        let id = match self {
            Self::None => return,
            Self::Number(number) => json!(number).to_string(),
            Self::Huge => "9".repeat(400),
            Self::Fraction => "1.5".to_owned(),
            Self::Text(text) => json!(text).to_string(),
            Self::Null => "null".to_owned(),
            Self::Array => "[1]".to_owned(),
        };
        let _ = write!(to, ",\"id\":{id}");
    }
}

impl Method<'_> {
    fn in_json(&self) -> Value {
        json!(match self {
            Self::Initialize => "initialize",
            Self::Initialized => "notifications/initialized",
            Self::Discover => "server/discover",
            Self::Ping => "ping",
            Self::Tools => "tools/list",
            Self::Call => "tools/call",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
            Self::Read => "resources/read",
            Self::Listen => "subscriptions/listen",
            Self::Cancelled => "notifications/cancelled",
            Self::Unknown(method) => *method,
            Self::Number => return json!(7),
        })
    }
}

impl Params<'_> {
    fn in_json(&self, method: &Method<'_>, is_of_second_era: bool) -> Option<Value> {
        let mut params = match self {
            Self::None if !is_of_second_era => return None,
            Self::None => json!({}),
            Self::Right => match method {
                Method::Initialize => {
                    json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}})
                }
                Method::Read => json!({"uri": "wharf://calls/1/files/0"}),
                Method::Listen => json!({"notifications": {"toolsListChanged": true}}),
                Method::Cancelled => json!({"requestId": 1}),
                _ => json!({}),
            },
            Self::Wrong => json!({"name": 7, "arguments": "x", "uri": [], "cursor": {}, "protocolVersion": null}),
            Self::Array => json!([1, 2]),
            Self::Number(number) => json!(number),
            Self::Tool { tool, key, value } => {
                json!({"name": tool.name(), "arguments": tool.arguments(key, &value.in_json())})
            }
        };
        if let (true, Some(members)) = (is_of_second_era, params.as_object_mut()) {
            members.insert(
                "_meta".to_owned(),
                json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": {"name": "a", "version": "1"},
                }),
            );
        }
        Some(params)
    }
}

impl Tool {
    fn name(&self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Describe => "describe",
            Self::Call => "call",
            Self::Connect => "connect",
            Self::Approval => "request-approval",
        }
    }

    fn arguments(&self, key: &str, value: &Value) -> Value {
        let mut arguments = match self {
            Self::Search => json!({"query": value}),
            Self::Describe | Self::Connect => json!({"plugin": value}),
            Self::Call => json!({"plugin": "a", "operation": value, "input": value}),
            Self::Approval => json!({"reason": value}),
        };
        if let Some(members) = arguments.as_object_mut() {
            members.insert(key.to_owned(), value.clone());
        }
        arguments
    }
}

impl Argument<'_> {
    fn in_json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Null => Value::Null,
            Self::List(count) => json!(vec![1; usize::from(*count)]),
            Self::Nested(depth) => (0..*depth).fold(json!(1), |inner, _| json!({ "a": inner })),
        }
    }
}
