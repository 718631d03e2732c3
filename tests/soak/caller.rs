//! Somebody who calls, in every way that there is.

use std::io;
use std::time::Instant;

use serde_json::{Value, json};

use crate::books::{Books, Telling, Told};
use crate::chance::Chance;
use crate::client::{Answer, Ask, Client};
use crate::judge::ITEMS;
use crate::stage::Stage;

#[derive(Clone, Copy)]
enum What {
    Add,
    Keyed,
    Twins,
    Again,
    Pay,
    Later,
    Items,
    HangUp,
    Acme,
    Rogue,
    Wrong,
    DryRun,
    Look,
}

const WHATS: &[(u64, What)] = &[
    (300, What::Add),
    (60, What::Keyed),
    (60, What::Twins),
    (60, What::Again),
    (80, What::Pay),
    (120, What::Later),
    (30, What::Items),
    (60, What::HangUp),
    (100, What::Acme),
    (8, What::Rogue),
    (20, What::Wrong),
    (20, What::DryRun),
    (40, What::Look),
];

const ROGUES: &[(u64, &str)] = &[
    (1, "limits.computes-for-ever"),
    (1, "limits.sleeps-for-ever"),
    (1, "limits.hoards-memory"),
    (3, "limits.recurses-for-ever"),
    (3, "limits.hoards-resources"),
    (3, "limits.draws-randomness-without-end"),
    (3, "limits.floods-the-log"),
];

const PLACES_TO_LOOK: &[(u64, &str)] = &[
    (4, "/v1/calls?limit=20"),
    (1, "/v1/plugins"),
    (1, "/v1/operations?q=order"),
    (1, "/v1/plugins/shop/operations"),
    (1, "/openapi.json"),
    (2, "/readyz"),
    (2, "/v1/whoami"),
];

/// A request for an order.
#[derive(Clone)]
struct Wish {
    order: String,
    operation: &'static str,
    key: Option<String>,
    more: Value,
    is_later: bool,
}

/// A call that was accepted, and has not ended as far as is known.
struct Pending {
    wish: Wish,
    trace: String,
    call: String,
}

pub(crate) struct Caller<'s> {
    stage: &'s Stage,
    name: String,
    chance: Chance,
    client: Client,
    other: Client,
    count: u64,
    pending: Vec<Pending>,
    /// Requests with keys, which may be made again.
    keyed: Vec<Wish>,
}

impl<'s> Caller<'s> {
    pub(crate) fn new(stage: &'s Stage, number: u64) -> Self {
        let client = || Client::new(stage.address(), &stage.world.token);
        let chance = Chance::new(stage.seed.wrapping_mul(1000).wrapping_add(number));
        let (pending, keyed) = (Vec::new(), Vec::new());
        Self { stage, name: format!("c{number}"), chance, client: client(), other: client(), count: 0, pending, keyed }
    }

    /// Calls until it is over, and then looks after what was accepted.
    pub(crate) fn run(mut self) {
        while !self.stage.is_over() {
            self.go_where_the_server_is();
            let what = self.chance.of(WHATS);
            self.once(what);
            if self.pending.len() > 4 {
                self.look_up();
            }
        }
        self.go_where_the_server_is();
        // What was cut off has an end too, for whoever asks once more.
        for wish in std::mem::take(&mut self.keyed) {
            self.ask_for(&wish);
        }
        while !self.pending.is_empty() {
            self.look_up();
        }
    }

    fn books(&self) -> &'s Books {
        &self.stage.books
    }

    fn go_where_the_server_is(&mut self) {
        let address = self.stage.address();
        self.client.moved(address);
        self.other.moved(address);
    }

    fn once(&mut self, what: What) {
        match what {
            What::Add => {
                let wish = self.wish("orders.add");
                self.ask_for(&wish);
            }
            What::Pay => {
                let mut wish = self.wish("orders.pay");
                wish.more = json!({ "retries": self.chance.below(3) });
                if self.chance.percent(30) {
                    wish = self.with_key(wish);
                }
                self.ask_for(&wish);
            }
            What::Keyed => {
                let wish = self.keyed_wish();
                self.ask_for(&wish);
                self.remember(wish);
            }
            What::Twins => self.twins(),
            What::Again => self.again(),
            What::Later => self.later(),
            What::Items => self.items(),
            What::HangUp => self.hang_up(),
            What::Acme => self.acme(),
            What::Rogue => self.rogue(),
            What::Wrong => self.wrong(),
            What::DryRun => {
                let mut wish = self.wish("orders.add");
                wish.more = json!({ "dryRun": true });
                let (ask, trace) = self.ask_of(&wish);
                if let Some(answer) = self.answered(&ask) {
                    if answer.status != 200 || answer.json()["requests"].as_array().is_none_or(Vec::is_empty) {
                        self.refused_well(&answer);
                    }
                    self.tell(&wish, trace, None, Told::Refused("dry-run".to_owned()));
                }
            }
            What::Look => self.look(),
        }
    }

    fn wish(&mut self, operation: &'static str) -> Wish {
        self.count += 1;
        let order = format!("{}-{}", self.name, self.count);
        Wish { order, operation, key: None, more: json!({}), is_later: false }
    }

    fn with_key(&self, wish: Wish) -> Wish {
        Wish { key: Some(format!("key-{}", wish.order)), ..wish }
    }

    fn keyed_wish(&mut self) -> Wish {
        let wish = self.wish("orders.add");
        self.with_key(wish)
    }

    fn remember(&mut self, wish: Wish) {
        if self.keyed.len() > 20 {
            let at = self.chance.below(self.keyed.len() as u64) as usize;
            self.keyed.swap_remove(at);
        }
        self.keyed.push(wish);
    }

    /// What is sent, and what the history knows it by.
    fn ask_of(&mut self, wish: &Wish) -> (Ask, String) {
        let mut body = json!({ "input": { "id": wish.order, "note": "x".repeat(self.chance.below(200) as usize) } });
        if wish.key.is_some() {
            // The same each time.
            body["input"]["note"] = json!(wish.order);
        }
        for (name, value) in wish.more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let trace = format!("{:016x}{:016x}", self.chance.next() >> 1 | 1 << 63, self.chance.next());
        let mut ask = self.ask(&format!("shop/operations/{}", wish.operation), &body, &trace);
        ask.headers.extend(wish.key.clone().map(|key| ("Idempotency-Key", key)));
        if wish.is_later {
            ask.headers.push(("Prefer", "respond-async".to_owned()));
        }
        (ask, trace)
    }

    fn ask(&mut self, operation: &str, body: &Value, trace: &str) -> Ask {
        let parent = format!("00-{trace}-{:016x}-01", self.chance.next() | 1);
        let line = format!("POST /v1/plugins/{operation}");
        Ask { line, headers: vec![("traceparent", parent)], body: body.to_string() }
    }

    /// The answer; none where the server is gone.
    fn answered(&mut self, ask: &Ask) -> Option<Answer> {
        let started = Instant::now();
        let answer = self.client.ask(ask);
        let answer = self.unless_cut(answer)?;
        self.books().took(started.elapsed());
        self.check(ask, &answer);
        Some(answer)
    }

    fn unless_cut(&mut self, answer: io::Result<Answer>) -> Option<Answer> {
        let error = match answer {
            Ok(answer) => return Some(answer),
            Err(error) => error,
        };
        self.books().count("cut off");
        if !self.stage.kills {
            self.books().fault(format!("no answer: {error}"));
        }
        self.stage.wait_for_another();
        None
    }

    /// It is the answer to what was asked, and no fault of the server.
    fn check(&self, ask: &Ask, answer: &Answer) {
        if answer.status == 500 {
            self.books().fault(format!("{}: {}", ask.line, String::from_utf8_lossy(&answer.body)));
        }
        let asked = ask.headers.iter().find(|(name, _)| *name == "traceparent").map(|(_, value)| &value[..35]);
        let told = answer.header("traceparent").map(|value| &value[..35]);
        if asked.is_some() && told != asked && answer.status < 300 {
            self.books().fault(format!("{}: the answer is of {told:?} and not of {asked:?}", ask.line));
        }
    }

    fn tell(&self, wish: &Wish, trace: String, call: Option<String>, told: Told) {
        let words = match &told {
            Told::Good => "succeeded".to_owned(),
            Told::Bad(problem) => format!("failed: {problem}"),
            Told::Refused(problem) => format!("not begun: {problem}"),
            Told::Unknown => "unknown".to_owned(),
            Told::Nothing => "nothing told".to_owned(),
        };
        let how = match (wish.is_later, &wish.key) {
            (true, _) => "later",
            (false, Some(_)) => "with a key",
            (false, None) => "alone",
        };
        self.books().count(format!("{} {how}, {words}", wish.operation));
        let (order, is_keyed) = (wish.order.clone(), wish.key.is_some());
        self.books().add(Telling { order, is_keyed, trace: Some(trace), call, told });
    }

    /// Asks, and writes down what came of it.
    fn ask_for(&mut self, wish: &Wish) {
        let (ask, trace) = self.ask_of(wish);
        match self.answered(&ask) {
            Some(answer) => self.tell_of(wish, trace, &answer),
            None => self.tell(wish, trace, None, Told::Nothing),
        }
    }

    fn tell_of(&mut self, wish: &Wish, trace: String, answer: &Answer) {
        let json = answer.json();
        let call = json["call"].as_str().map(str::to_owned);
        if answer.status == 202 {
            let (wish, call) = (wish.clone(), call.unwrap());
            return self.pending.push(Pending { wish, trace, call });
        }
        let (call, told) = told_of(answer.status, &json);
        self.tell(wish, trace, call, told);
    }

    /// The same request twice at one time.
    fn twins(&mut self) {
        let wish = self.keyed_wish();
        let ((one, of_one), (other, of_other)) = (self.ask_of(&wish), self.ask_of(&wish));
        let sent = (self.client.send(&one), self.other.send(&other));
        let first = sent.0.and_then(|()| self.client.receive());
        let second = sent.1.and_then(|()| self.other.receive());
        for (ask, trace, answer) in [(one, of_one, first), (other, of_other, second)] {
            match self.unless_cut(answer) {
                Some(answer) => {
                    self.check(&ask, &answer);
                    self.tell_of(&wish, trace, &answer);
                }
                None => self.tell(&wish, trace, None, Told::Nothing),
            }
        }
        self.remember(wish);
    }

    /// A request with a key once more, or another one with its key.
    fn again(&mut self) {
        let Some(at) = self.chance.next().checked_rem(self.keyed.len() as u64) else { return };
        let mut wish = self.keyed[at as usize].clone();
        if self.chance.percent(10) {
            wish.order = format!("{}-other", wish.order);
        }
        self.ask_for(&wish);
    }

    fn later(&mut self) {
        let mut wish = self.wish("orders.add");
        wish.is_later = true;
        if self.chance.percent(40) {
            wish = self.with_key(wish);
            self.remember(wish.clone());
        }
        self.ask_for(&wish);
    }

    /// Waits for the end of the oldest that was accepted.
    fn look_up(&mut self) {
        let path = format!("/v1/calls/{}?wait=30", self.pending[0].call);
        let answer = self.client.get(&path);
        let Some(answer) = self.unless_cut(answer) else { return self.go_where_the_server_is() };
        let json = answer.json();
        let problem = json["problem"].as_str().or(json["problem"]["type"].as_str()).unwrap_or_default();
        let told = match json["state"].as_str() {
            Some("succeeded") => Told::Good,
            Some("failed") => Told::Bad(last(problem)),
            Some("unknown") => Told::Unknown,
            Some("accepted" | "running") => return self.books().count("looked up and not at its end"),
            _ => {
                self.books().fault(format!("{path}: {answer:?}: {json}"));
                Told::Nothing
            }
        };
        let Pending { wish, trace, call } = self.pending.remove(0);
        self.tell(&wish, trace, Some(call), told);
    }

    fn items(&mut self) {
        let count = 2 + self.chance.below(5) as usize;
        let wishes: Vec<Wish> = (0..count).map(|_| self.wish("orders.add")).collect();
        let items: Vec<Value> = wishes.iter().map(|wish| json!({ "id": wish.order })).collect();
        let trace = format!("{ITEMS}{:027x}", u128::from(self.chance.next()));
        let body = json!({ "items": items, "continueOnFail": self.chance.percent(50) });
        let ask = self.ask("shop/operations/orders.add", &body, &trace);
        let answer = self.answered(&ask);
        let mut all = vec![(None, Told::Nothing); count];
        if let Some(answer) = &answer {
            let mut lines = answer.lines();
            let last = lines.pop().unwrap_or_default();
            let not_run = last["notRun"].as_u64().unwrap_or(u64::MAX);
            if last["done"] != true || lines.len() as u64 + not_run != count as u64 {
                self.books().fault(format!("{count} items, {} lines and {last}", lines.len()));
            }
            all.fill((None, Told::Refused("not run".to_owned())));
            for line in lines {
                let call = line["call"].as_str().map(str::to_owned);
                let status = if line["problem"].is_null() { 200 } else { 502 };
                let what = told(status, &line["problem"], call);
                all[line["index"].as_u64().unwrap() as usize] = what;
            }
        }
        for (wish, (call, told)) in wishes.into_iter().zip(all) {
            self.books().count(format!("an item, {}", if told == Told::Good { "succeeded" } else { "not" }));
            self.books().add(Telling { order: wish.order, is_keyed: false, trace: None, call, told });
        }
    }

    /// Leaves while the call runs, or while its request is on the way.
    fn hang_up(&mut self) {
        let mut wish = self.wish("orders.add");
        if self.chance.percent(50) {
            wish = self.with_key(wish);
        }
        let (ask, trace) = self.ask_of(&wish);
        let is_half = self.chance.percent(30);
        // Where it cannot be sent, it is not answered either.
        let _ = if is_half { self.other.send_half(&ask) } else { self.other.send(&ask) };
        (0..self.chance.below(200)).for_each(|_| std::thread::yield_now());
        self.other.hang_up();
        let told = if is_half { Told::Refused("half sent".to_owned()) } else { Told::Nothing };
        self.tell(&wish, trace, None, told);
        if wish.key.is_some() && !is_half {
            self.ask_for(&wish);
        }
    }

    fn acme(&mut self) {
        let trace = format!("ac3e{:028x}", u128::from(self.chance.next()));
        let ask = self.ask("acme/operations/me.get", &json!({ "input": {} }), &trace);
        let Some(answer) = self.answered(&ask) else { return };
        let (_, told) = told_of(answer.status, &answer.json());
        if told != Told::Good && !self.stage.kills {
            self.books().fault(format!("acme: {}", String::from_utf8_lossy(&answer.body)));
        }
        self.books().count(format!("acme, {told:?}"));
    }

    fn rogue(&mut self) {
        let operation = self.chance.of(ROGUES);
        let trace = format!("bad{:029x}", u128::from(self.chance.next()));
        let body = json!({ "input": {}, "timeoutMs": 200 });
        let ask = self.ask(&format!("rogue/operations/{operation}"), &body, &trace);
        let Some(answer) = self.answered(&ask) else { return };
        let (_, told) = told_of(answer.status, &answer.json());
        self.books().count(format!("rogue {operation}, {told:?}"));
        let is_expected = match &told {
            Told::Good => operation.ends_with("the-log"),
            Told::Bad(problem) | Told::Refused(problem) => matches!(problem.as_str(), "limit" | "busy"),
            Told::Unknown | Told::Nothing => false,
        };
        if !is_expected {
            self.books().fault(format!("{operation}: {}", String::from_utf8_lossy(&answer.body)));
        }
    }

    /// What cannot be done, and is told so before anything is sent.
    fn wrong(&mut self) {
        let mut wish = self.wish("orders.add");
        if self.chance.percent(50) {
            wish.operation = "orders.ad";
        } else {
            wish.more = json!({ "input": { "id": 7 } });
        }
        if self.chance.percent(50) {
            wish = self.with_key(wish);
        }
        wish.is_later = self.chance.percent(30);
        self.ask_for(&wish);
    }

    fn look(&mut self) {
        let path = self.chance.of(PLACES_TO_LOOK);
        let answer = self.client.get(path);
        let Some(answer) = self.unless_cut(answer) else { return };
        if answer.status != 200 {
            self.books().fault(format!("{path}: {answer:?}"));
        }
        self.books().count("looked");
    }

    fn refused_well(&self, answer: &Answer) {
        let (_, told) = told_of(answer.status, &answer.json());
        if told != Told::Refused("busy".to_owned()) {
            self.books().fault(format!("a dry run: {told:?}"));
        }
    }
}

/// What an answer says of a call.
fn told_of(status: u16, json: &Value) -> (Option<String>, Told) {
    told(status, json, json["call"].as_str().map(str::to_owned))
}

fn told(status: u16, json: &Value, call: Option<String>) -> (Option<String>, Told) {
    if status == 200 {
        return (call, Told::Good);
    }
    let problem = last(json["type"].as_str().unwrap_or_default());
    match (problem.as_str(), call) {
        ("outcome-unknown", call) => (call, Told::Unknown),
        ("idempotency-in-progress", _) => (None, Told::Nothing),
        (_, Some(call)) => (Some(call), Told::Bad(problem)),
        (_, None) => (None, Told::Refused(problem)),
    }
}

/// What the type of a problem ends in.
fn last(problem: &str) -> String {
    problem.rsplit(':').next().unwrap_or_default().to_owned()
}
