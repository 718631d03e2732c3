//! Calls over real sockets, to a provider that looks at the clock.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wasmtime::component::Component;
use wharf_artifacts::OBEDIENT;
use wharf_egress::{Connection, Secret};

use super::{SECOND, millis};
use crate::call::{Call, Report};
use crate::config::RateConfig;
use crate::failure::{CallError, LimitReached, Refusal};
use crate::grant::Grant;
use crate::manifest::document;
use crate::{Host, TraceContext};

static HOST: LazyLock<(Host, Component)> = LazyLock::new(|| {
    let host = Host::builder().build().unwrap();
    let component = Component::from_binary(host.engine.inner(), OBEDIENT.bytes).unwrap();
    (host, component)
});

const SECRET: &str = "a-secret-k7RmX2vQp9LzT4wB";
const OTHER: &str = "a-secret-Zq8TnYx3Wk5BvHc7";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What a provider saw.
#[derive(Default)]
struct Seen {
    at: Vec<Instant>,
    heads: Vec<String>,
    under_way: usize,
    most_under_way: usize,
}

/// A provider, and a plugin for it.
struct World {
    plugin: String,
    url: String,
    seen: Arc<Mutex<Seen>>,
}

/// Answers each request of a socket with this head, so long after it came.
fn serve(socket: TcpStream, seen: &Mutex<Seen>, head: &str, takes: Duration) {
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    loop {
        let mut asked = String::new();
        while !asked.ends_with("\r\n\r\n") {
            if reader.read_line(&mut asked).unwrap_or(0) == 0 {
                return;
            }
        }
        {
            let mut seen = seen.lock().unwrap();
            seen.at.push(Instant::now());
            seen.heads.push(asked);
            seen.under_way += 1;
            seen.most_under_way = seen.most_under_way.max(seen.under_way);
        }
        thread::sleep(takes);
        seen.lock().unwrap().under_way -= 1;
        let answer = format!("HTTP/1.1 {head}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}");
        (&socket).write_all(answer.as_bytes()).unwrap_or(());
    }
}

impl World {
    /// With a rate of the manifest, and a provider that takes so long.
    fn of(rate: Option<Value>, head: &'static str, takes: Duration) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (host, component) = &*HOST;
        let plugin = format!("budget-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut document = json!({
            "contract": "0.2.0-draft", "name": plugin, "title": "Acme", "version": "1.0.0", "summary": "Orders.",
            "server": {"summary": "Where it is."}, "fields": {"key": {"title": "Key", "summary": "A key.", "secret": true}},
            "operations": {
                "orders.get": {
                    "title": "Get", "summary": "Gets one.", "input": {"properties": {"id": {"type": "string"}}},
                    "request": {"method": "GET", "path": "/orders/{id}", "headers": [{"name": "X-Call", "call-id": true}]},
                },
                "orders.watch": {
                    "title": "Watch", "summary": "Watches all.", "answer": [{"output": {"lines": {}}}],
                    "request": {"method": "GET", "path": "/orders"},
                },
            },
        });
        if let Some(rate) = rate {
            document["rate"] = rate;
        }
        let manifest = document::read(&document.to_string()).unwrap_or_else(|problem| panic!("{problem}"));
        host.publish(Arc::new(host.loader.described(&host.engine, component, &manifest))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Seen>>::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&shared);
                thread::spawn(move || serve(socket, &seen, head, takes));
            }
        });
        let world = Self { plugin, url, seen };
        world.connect("main", SECRET, RateConfig::default());
        world
    }

    fn grant(&self, name: &str, secret: &str) -> Grant {
        let connection = Connection::builder(&self.plugin, name, &self.url).secret("key", Secret::new(secret));
        Grant::from(connection.build().unwrap())
    }

    fn connect(&self, name: &str, secret: &str, rate: RateConfig) {
        HOST.0.connect(&self.plugin, self.grant(name, secret).rate(rate));
    }

    fn get(&self) -> Call {
        Call::new(&self.plugin, "orders.get").input(json!({"id": "7"})).connection("main")
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().at.len()
    }

    /// The limit that a call reached.
    #[track_caller]
    fn limit(&self, call: Call) -> LimitReached {
        match HOST.0.run(call).result {
            Err(CallError::Refusal(Refusal::Limit(limit))) => limit,
            other => panic!("{other:?}"),
        }
    }
}

fn rate(requests: Option<u32>, per: Duration, concurrent: Option<u32>) -> RateConfig {
    RateConfig { requests, per: Some(per), concurrent }
}

/// Calls beside each other, all of which go well.
fn run_all(calls: Vec<Call>) -> Vec<Report> {
    let each = calls.into_iter().map(|call| thread::spawn(|| HOST.0.run(call))).collect::<Vec<_>>();
    let reports: Vec<Report> = each.into_iter().map(|call| call.join().unwrap()).collect();
    reports.iter().for_each(|report| assert!(report.result.is_ok(), "{:?}", report.result));
    reports
}

#[test]
fn a_provider_gets_no_more_requests_in_a_time_than_its_budget_has() {
    const PER: Duration = Duration::from_millis(300);
    let world = World::of(None, "200 OK", Duration::ZERO);
    world.connect("main", SECRET, rate(Some(3), PER, None));
    let reports = run_all((0..8).map(|_| world.get()).collect());
    let at = world.seen.lock().unwrap().at.clone();
    assert_eq!(at.len(), 8);
    for four in at.windows(4) {
        // A request is a while under way.
        assert!(four[3] - four[0] >= PER.mul_f64(0.8), "{:?}", four[3] - four[0]);
    }
    let waited = reports.iter().filter(|report| report.timing.waiting >= PER.mul_f64(0.9)).count();
    assert_eq!(waited, 5, "{:?}", reports.iter().map(|report| report.timing).collect::<Vec<_>>());
    assert!(reports.iter().all(|report| report.timing.network < PER && report.timing.host < PER));
}

#[test]
fn a_provider_has_no_more_requests_at_one_time_than_its_budget_has() {
    let world = World::of(Some(json!({"concurrent": 2})), "200 OK", millis(40));
    run_all((0..6).map(|_| world.get()).collect());
    let seen = world.seen.lock().unwrap();
    assert_eq!((seen.at.len(), seen.most_under_way), (6, 2));
}

#[test]
fn a_request_that_cannot_go_in_time_is_refused_at_once_and_not_sent() {
    let world = World::of(Some(json!({"requests": 1, "per-seconds": 600})), "200 OK", Duration::ZERO);
    HOST.0.call(world.get()).unwrap();
    let began = Instant::now();
    let limit = world.limit(world.get());
    assert!(began.elapsed() < 5 * SECOND);
    assert_eq!((limit.name, limit.retry_after, world.count()), ("rate", Some(600), 1));
    assert!(limit.to_string().contains("`rate` of 1 request in 10m by the plugin's manifest"), "{limit}");
    assert!(limit.what.contains("the account of Acme that the connection `main` uses"), "{limit}");
    let json = CallError::from(Refusal::Limit(limit)).to_json();
    assert_eq!((&json["limit"], &json["retry-after"]), (&json!("rate"), &json!(600)));

    // What the operator says goes before it, member by member.
    world.connect("main", SECRET, rate(Some(2), SECOND, None));
    HOST.0.call(world.get()).unwrap();
    assert_eq!(world.count(), 2);
}

#[test]
fn a_dry_run_needs_no_turn_and_takes_none() {
    let world = World::of(Some(json!({"requests": 1, "per-seconds": 600})), "200 OK", Duration::ZERO);
    for _ in 0..3 {
        HOST.0.call(world.get().dry_run()).unwrap();
    }
    HOST.0.call(world.get()).unwrap();
    HOST.0.call(world.get().dry_run()).unwrap();
    assert_eq!(world.count(), 1);
}

#[test]
fn what_the_provider_says_holds_up_its_account_and_nobody_without_a_budget() {
    for (head, by) in [
        ("429 Too Many Requests\r\nRetry-After: 600", "retry-after"),
        ("503 Service Unavailable\r\nRetry-After: 600", "retry-after"),
        ("200 OK\r\nRateLimit: \"default\";r=0;t=600", "ratelimit"),
        ("200 OK\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 600", "x-ratelimit-reset"),
    ] {
        let world = World::of(Some(json!({"requests": 100})), head, Duration::ZERO);
        drop(HOST.0.run(world.get()));
        let limit = world.limit(world.get());
        assert_eq!((limit.value, world.count()), (format!("the provider's header `{by}`"), 1));

        let free = World::of(None, head, Duration::ZERO);
        drop(HOST.0.run(free.get()));
        drop(HOST.0.run(free.get()));
        assert_eq!(free.count(), 2, "{by}");
    }
}

#[test]
fn connections_of_one_account_share_its_budget_and_those_of_others_do_not() {
    let world = World::of(Some(json!({"requests": 1, "per-seconds": 600})), "200 OK", Duration::ZERO);
    world.connect("same", SECRET, RateConfig::default());
    world.connect("tenant:same", SECRET, RateConfig::default());
    world.connect("other", OTHER, RateConfig::default());
    HOST.0.call(world.get()).unwrap();
    for same in ["same", "tenant:same"] {
        assert_eq!(world.limit(world.get().connection(same)).name, "rate");
    }
    HOST.0.call(world.get().connection("other")).unwrap();
    // Another plugin has its own, whoever it is.
    let another = World::of(Some(json!({"requests": 1, "per-seconds": 600})), "200 OK", Duration::ZERO);
    HOST.0.call(another.get()).unwrap();
}

#[test]
fn an_answer_is_under_way_until_its_last_line_has_come() {
    let world = World::of(None, "200 OK", Duration::ZERO);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (say, said) = mpsc::channel::<()>();
    let connection = Connection::builder(&world.plugin, "main", &format!("http://{}", listener.local_addr().unwrap()));
    let grant = Grant::from(connection.secret("key", Secret::new(SECRET)).build().unwrap());
    HOST.0.connect(&world.plugin, grant.rate(rate(None, SECOND, Some(1))));
    let provider = thread::spawn(move || {
        let mut socket = listener.accept().unwrap().0;
        let mut asked = BufReader::new(socket.try_clone().unwrap()).lines().map_while(Result::ok);
        assert!(asked.any(|line| line.is_empty()));
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n1\n";
        socket.write_all(head.as_bytes()).unwrap();
        said.recv().unwrap();
        socket.write_all(b"2\n").unwrap();
        socket.shutdown(std::net::Shutdown::Both).unwrap();
        let (socket, seen) = (listener.accept().unwrap().0, Mutex::default());
        serve(socket, &seen, "200 OK\r\nConnection: close", Duration::ZERO);
    });
    let mut stream = HOST.0.stream(Call::new(&world.plugin, "orders.watch").connection("main"));
    assert_eq!(stream.next().unwrap().as_str(), "1");
    let limit = world.limit(world.get().timeout(millis(100)));
    assert_eq!((limit.name, limit.retry_after), ("rate", None));
    assert!(limit.what.contains("no further request beside those under way"), "{limit}");
    say.send(()).unwrap();
    assert_eq!(stream.by_ref().map(|item| item.as_str().to_owned()).collect::<Vec<_>>(), ["2"]);
    // The stream is still there, and its answer is not.
    HOST.0.call(world.get()).unwrap();
    stream.end().result.unwrap();
    drop(provider);
}

#[test]
fn a_connection_without_a_budget_leaves_no_trace_of_it() {
    let host = Host::builder().build().unwrap();
    let release = HOST.0.plugin(&World::of(None, "200 OK", Duration::ZERO).plugin).unwrap();
    let connection = Connection::builder(&release.about.name, "main", "https://acme.example").build().unwrap();
    let grant = Grant::from(connection);
    let began = Instant::now();
    for _ in 0..1000 {
        assert!(host.budgets.of_call(&release, &grant, &host.credentials).is_none());
    }
    assert!(began.elapsed() < millis(100), "{:?}", began.elapsed());
    assert_eq!(host.budgets.accounts.lock().unwrap().len(), 0);
}

#[test]
fn the_provider_is_told_of_the_trace_where_the_connection_says_so() {
    let world = World::of(None, "200 OK", Duration::ZERO);
    let trace: TraceContext = TRACE.parse().unwrap();
    let traced = || world.get().trace(trace);
    HOST.0.call(traced()).unwrap();
    HOST.0.connect(&world.plugin, world.grant("main", SECRET).tells_trace(true));
    HOST.0.call(world.get()).unwrap();
    let told = |heads: &[String]| {
        let all = heads
            .iter()
            .map(|head| head.lines().find_map(|line| line.strip_prefix("traceparent: ").map(str::to_owned)));
        all.collect::<Vec<_>>()
    };
    assert_eq!(told(&world.seen.lock().unwrap().heads), [None, None]);
    HOST.0.call(traced()).unwrap();
    HOST.0.call(traced()).unwrap();
    let told = told(&world.seen.lock().unwrap().heads);
    let parents: Vec<TraceContext> = told.iter().flatten().map(|told| told.parse().unwrap()).collect();
    assert_eq!(parents.len(), 2);
    assert!(parents.iter().all(|parent| parent.trace_id() == trace.trace_id() && *parent != trace), "{told:?}");
    assert_ne!(parents[0], parents[1]);
    let shown = HOST.0.run(traced().dry_run());
    assert!(shown.exchanges[0].request.headers.iter().any(|(name, _)| name == "traceparent"), "{:?}", shown.exchanges);
}

#[test]
fn a_call_has_the_id_of_its_caller_and_the_provider_its_key() {
    let world = World::of(None, "200 OK", Duration::ZERO);
    let host = &HOST.0;
    let (id, before) = (host.new_call_id(), host.new_call_id());
    assert_ne!(id, before);
    let report = host.run(world.get().id(&id).key("key-of-the-caller"));
    assert_eq!((report.id.as_str(), report.connection.as_deref()), (id.as_str(), Some("main")));
    assert_eq!(report.release.map(|release| release.about.version.clone()).as_deref(), Some("1.0.0"));
    host.run(world.get().id("another"));
    let heads = world.seen.lock().unwrap().heads.concat().to_lowercase();
    assert!(heads.contains("x-call: key-of-the-caller") && heads.contains("x-call: another"), "{heads}");

    let wrong = host.run(world.get().key("A b"));
    assert!(matches!(wrong.result, Err(CallError::Refusal(Refusal::InvalidInput { .. }))), "{:?}", wrong.result);
    let unknown = host.run(Call::new(&world.plugin, "orders.none").id("a-third"));
    assert_eq!((unknown.id.as_str(), unknown.release.is_some(), unknown.connection), ("a-third", true, None));
}

#[test]
fn grants_are_replaced_all_at_once_or_taken_away_one_by_one() {
    let world = World::of(None, "200 OK", Duration::ZERO);
    let host = Host::builder().build().unwrap();
    let named = |names: &[&str]| names.iter().map(|name| world.grant(name, SECRET)).collect::<Vec<_>>();
    host.connect("gone", world.grant("main", SECRET));
    host.grant_all(BTreeMap::from([("acme".to_owned(), named(&["a", "b"]))]));
    assert_eq!(
        (host.granted_names("acme"), host.granted_names("gone")),
        (vec!["a".to_owned(), "b".to_owned()], vec![])
    );
    assert!(host.disconnect("acme", "a") && !host.disconnect("acme", "a") && !host.disconnect("none", "a"));
    assert_eq!(host.granted_names("acme"), ["b"]);
}
