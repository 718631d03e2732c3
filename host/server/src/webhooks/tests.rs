use std::sync::mpsc::{Receiver as Words, Sender, channel};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;
use wharf::config::Place;
use wharf::vault::MemoryVault;
use wharf_simulated::oauth::{Odd, Options, Request, TokenServer};

use super::*;
use crate::events::Event;

const SECRET: [u8; 32] = [7; 32];

/// A receiver, and a store that outlives servers.
struct World {
    receiver: TokenServer,
    folder: TempDir,
    vault: Arc<MemoryVault>,
    tell: Sender<String>,
    told: Words<String>,
}

/// A server, as far as it concerns webhooks. What is first is dropped first.
struct Running {
    _webhooks: Option<Webhooks>,
    events: Arc<Events>,
    store: Arc<Store>,
}

fn answer(status: u16) -> Odd {
    Odd::Answer { status, content_type: String::new(), headers: Vec::new(), body: String::new() }
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, format!("whsec_{}\n", STANDARD.encode(SECRET))).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let (tell, told) = channel();
        let receiver = TokenServer::start(Options::default()).unwrap();
        Self { receiver, folder, vault: Arc::default(), tell, told }
    }

    fn hook(&self, path: &str) -> WebhookConfig {
        WebhookConfig {
            url: format!("{}{path}", self.receiver.url()),
            secret: Place::File(self.folder.path().join("secret")),
            events: vec!["connection.*".to_owned()],
            tenant: None,
            allow_addresses: Vec::new(),
        }
    }

    fn start(&self, hooks: &[(&str, WebhookConfig)], pauses: &[Duration]) -> Running {
        let vault = Arc::clone(&self.vault) as Arc<dyn wharf::vault::Vault>;
        let store =
            Arc::new(Store::open_to_serve(&self.folder.path().join("private").join("server.db"), vault).unwrap());
        let hooks = hooks.iter().map(|(name, hook)| ((*name).to_owned(), hook.clone())).collect();
        let (events, words) = (Arc::new(Events::new()), Mutex::new(self.tell.clone()));
        let tell: Tell = Arc::new(move |text: &str| words.lock().unwrap().send(text.to_owned()).unwrap_or_default());
        let webhooks = Webhooks::start_at(&hooks, pauses, &events, &store, &tell).unwrap();
        Running { _webhooks: webhooks, events, store }
    }

    #[track_caller]
    fn next_word(&self) -> String {
        self.told.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// What arrived, once so many did.
    #[track_caller]
    fn arrived(&self, path: &str, count: usize) -> Vec<Request> {
        assert!(self.receiver.wait_for(path, count));
        self.receiver.requests_of(path)
    }
}

impl Running {
    fn tell(&self, kind: &'static str, tenant: Option<&str>) {
        self.events.tell(Event {
            kind,
            tenant: tenant.map(str::to_owned),
            plugin: Some("crm".to_owned()),
            connection: Some("shop".to_owned()),
            data: json!({"credential": "key"}),
        });
    }

    /// Waits until nothing is left to be sent.
    fn settled(&self, hook: &str) {
        let end = std::time::Instant::now();
        while self.store.next_delivery(hook).unwrap().is_some() {
            assert!(end.elapsed() < Duration::from_secs(60));
            thread::yield_now();
        }
    }
}

#[test]
fn a_message_is_signed_and_says_what_happened() {
    let world = World::new();
    world.receiver.next_at("/hook", answer(204));
    let running = world.start(&[("product", world.hook("/hook"))], &[]);
    running.tell("call.ended", None);
    running.tell("connection.active", Some("acme"));
    let arrived = world.arrived("/hook", 1).remove(0);
    let body: Value = serde_json::from_str(&arrived.body).unwrap();
    assert_eq!(body["type"], "connection.active");
    assert_eq!(body["data"], json!({"tenant": "acme", "plugin": "crm", "connection": "shop", "credential": "key"}));
    assert!(humantime::parse_rfc3339(body["timestamp"].as_str().unwrap()).is_ok());
    assert_eq!(arrived.header("content-type"), Some("application/json"));
    let header = |name: &str| arrived.header(name).unwrap().to_owned();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    assert!(id.starts_with("msg_") && !id.contains('.'), "{id}");
    assert!(millis(SystemTime::now()) / 1000 - time.parse::<u64>().unwrap() < 60);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &SECRET);
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    hmac::verify(&key, format!("{id}.{time}.{}", arrived.body).as_bytes(), &signature).unwrap();
    running.settled("product");
    assert_eq!(world.receiver.requests_of("/hook").len(), 1);
}

#[test]
fn a_message_that_was_not_taken_is_sent_again_also_by_the_next_server() {
    let world = World::new();
    for odd in [answer(500), Odd::HangUp, answer(302)] {
        world.receiver.next_at("/hook", odd);
    }
    world.receiver.next_at("/hook", Odd::Hold);
    let soon = [Duration::ZERO; 9];
    let hooks = [("product", world.hook("/hook"))];
    let running = world.start(&hooks, &soon);
    running.tell("connection.needs-reconnect", None);
    assert!(world.receiver.wait_for_held(1));
    assert!(
        world
            .next_word()
            .contains("does not take messages, which are sent again for three days: it answered with status 500")
    );
    drop(running);
    world.receiver.next_at("/hook", answer(200));
    let running = world.start(&hooks, &soon);
    running.settled("product");
    let arrived = world.arrived("/hook", 5);
    let id = |request: &Request| (request.header("webhook-id").unwrap().to_owned(), request.body.clone());
    assert!(arrived.iter().all(|one| id(one) == id(&arrived[0])), "it is the same message");
    world.receiver.release();
}

#[test]
fn a_message_is_given_up_in_the_end_and_the_operator_is_told() {
    let world = World::new();
    let running = world.start(&[("product", world.hook("/hook"))], &[Duration::ZERO; 2]);
    running.tell("connection.active", None);
    assert!(world.next_word().contains("does not take messages"));
    assert!(world.next_word().contains("which is given up: it answered with status 404"));
    running.settled("product");
    assert_eq!(world.receiver.requests_of("/hook").len(), 3);
    world.receiver.next_at("/hook", answer(200));
    running.tell("connection.active", None);
    assert!(world.next_word().contains("takes messages again"));
}

#[test]
fn one_that_wants_no_more_gets_no_more() {
    let world = World::new();
    world.receiver.next_at("/hook", answer(410));
    let running = world.start(&[("product", world.hook("/hook"))], &PAUSES);
    running.tell("connection.active", None);
    assert!(world.next_word().contains("wants no more messages (status 410)"));
    running.tell("connection.active", None);
    running.settled("product");
    drop(running);
    assert_eq!(world.receiver.requests_of("/hook").len(), 1);
}

#[test]
fn a_slow_receiver_holds_up_nobody_else_and_each_hears_of_its_own_tenant() {
    let world = World::new();
    for path in ["/fast", "/fast"] {
        world.receiver.next_at(path, answer(200));
    }
    world.receiver.next_at("/slow", Odd::Hold);
    let fast = WebhookConfig { tenant: Some("acme".to_owned()), ..world.hook("/fast") };
    let running = world.start(&[("fast", fast), ("slow", world.hook("/slow"))], &PAUSES);
    running.tell("connection.active", Some("other"));
    assert!(world.receiver.wait_for_held(1));
    running.tell("connection.active", Some("acme"));
    running.tell("connection.revoked", Some("acme"));
    let kinds: Vec<Value> = world
        .arrived("/fast", 2)
        .iter()
        .map(|one| serde_json::from_str::<Value>(&one.body).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds, ["connection.active", "connection.revoked"]);
    running.settled("fast");
    assert_eq!(world.receiver.requests_of("/slow").len(), 1);
    world.receiver.release();
}

#[test]
fn addresses_are_judged_and_what_cannot_be_used_is_told() {
    let world = World::new();
    let port = world.receiver.url().rsplit(':').next().unwrap().to_owned();
    // A name that leads to this machine is not one that the operator wrote as an address.
    let inside = WebhookConfig { url: format!("http://inside.localhost:{port}/hook?key=geheim"), ..world.hook("") };
    let running = world.start(&[("product", inside)], &PAUSES);
    running.tell("connection.active", None);
    let told = world.next_word();
    assert!(!told.contains("geheim") && told.contains("the webhook `product`"), "{told}");
    assert_eq!(world.receiver.requests().len(), 0);
    drop(running);
    let wrong = |change: &dyn Fn(&mut WebhookConfig)| {
        let mut hook = world.hook("/hook");
        change(&mut hook);
        let tell: Tell = Arc::new(|_| {});
        Hook::new("product", &hook, &PAUSES, &tell).err().unwrap()
    };
    let told = wrong(&|hook| hook.url = "ftp://u:geheim@product.example".to_owned());
    assert!(told.contains("`server.webhooks.product.url`") && !told.contains("geheim"), "{told}");
    let told = wrong(&|hook| hook.secret = Place::Env("WHARF_NOT_SET_ANYWHERE".to_owned()));
    assert!(told.contains("`server.webhooks.product.secret`") && told.contains("WHARF_NOT_SET_ANYWHERE"), "{told}");
    std::fs::write(world.folder.path().join("secret"), "geheim").unwrap();
    let told = wrong(&|_| {});
    assert!(told.contains("`server.webhooks.product.secret`: it is `whsec_`"), "{told}");
}
