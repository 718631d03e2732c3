//! A client of `wharf mcp`, in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::{Value, json};
use wharf::Deadline;

use super::server::LONG;
use crate::world::{Running, World};

pub(super) struct Agent {
    process: Running,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What was read while something else was waited for.
    unread: Vec<Value>,
    asked: u64,
}

impl Agent {
    /// A session of the first era.
    pub(super) fn start(world: &World, words: &[&str]) -> Self {
        let mut agent = Self::quiet(world.command(&[], &[&["mcp"][..], words].concat()));
        let told = agent.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "agent", "version": "1"},
            }),
        );
        assert_eq!(told["result"]["serverInfo"]["name"], "wharf", "{told}");
        agent.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string());
        agent
    }

    /// One that says nothing yet.
    pub(super) fn quiet(mut command: Command) -> Self {
        let mut process = Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let (tell, lines) = mpsc::channel();
        let output = BufReader::new(process.0.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| tell.send(line).unwrap_or(())));
        Self { input: process.0.stdin.take(), process, lines, unread: Vec::new(), asked: 0 }
    }

    pub(super) fn write(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Asks, and waits for no answer.
    pub(super) fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.asked += 1;
        self.write(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}).to_string());
        self.asked
    }

    /// The next message that is meant.
    #[track_caller]
    pub(super) fn told(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        let deadline = Deadline::within(LONG);
        if let Some(at) = self.unread.iter().position(&is_meant) {
            return self.unread.remove(at);
        }
        loop {
            let line = self.lines.recv_timeout(deadline.left()).unwrap();
            let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("this is no message: {line}"));
            if is_meant(&message) {
                return message;
            }
            self.unread.push(message);
        }
    }

    #[track_caller]
    pub(super) fn answer(&mut self, id: u64) -> Value {
        self.told(|message| message["id"] == id)
    }

    #[track_caller]
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Begins to call an operation: `obedient good.pay`.
    pub(super) fn begin_call(&mut self, operation: &str, more: Value) -> u64 {
        let (plugin, operation) = operation.split_once(' ').unwrap();
        let mut arguments = json!({"plugin": plugin, "operation": operation});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.begin("tools/call", json!({"name": "call", "arguments": arguments}))
    }

    /// What a call gave, or its problem.
    #[track_caller]
    pub(super) fn call(&mut self, operation: &str, more: Value) -> Value {
        let id = self.begin_call(operation, more);
        self.called(id)
    }

    #[track_caller]
    pub(super) fn called(&mut self, id: u64) -> Value {
        self.answer(id)["result"]["structuredContent"].clone()
    }

    pub(super) fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.process.0.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Says that nothing more comes.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    /// Waits until it has ended: with what it said last.
    #[track_caller]
    pub(super) fn ended(mut self) -> Vec<Value> {
        let code = self.process.0.wait().unwrap().code();
        assert_eq!(code, Some(0));
        self.unread.extend(self.lines.iter().map(|line| serde_json::from_str::<Value>(&line).unwrap()));
        self.unread
    }

    /// Kills it, so that it can do nothing more.
    pub(super) fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }
}
