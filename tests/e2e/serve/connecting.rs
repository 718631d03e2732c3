//! A product asks for a link, somebody opens it in a browser of cookies and connects an account, and others get nothing out of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::{Value, json};
use wharf_simulated::oauth::{CLIENT_ID, CLIENT_SECRET, Options};

use crate::connect::{Acme, by_a_person};
use crate::world::Running;

struct Serving {
    acme: Acme,
    at: String,
    _process: Running,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// A browser that keeps cookies.
#[derive(Default)]
struct Browser {
    cookies: Vec<String>,
    form_token: String,
}

impl Serving {
    fn start() -> Self {
        let acme = Acme::new(Options::default(), by_a_person());
        acme.world.write("secret", CLIENT_SECRET);
        acme.world.configure(&format!(
            "plugins = [\"plugins/\"]\n[server]\ntitle = \"Our <product>\"\nreturn_urls = [\"https://product.example.com\"]\n\
             [connections.app]\nprovider = \"acme\"\nbase_url = \"{}\"\ntenants = [\"acme\"]\n\
             [connections.app.fields]\nclient_id = \"{CLIENT_ID}\"\nclient_secret = {{ file = \"secret\" }}\n",
            acme.server.url()
        ));
        let mut command = acme.world.command(&[], &["serve", "--listen", "127.0.0.1:0", "--json"]);
        let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        Self { acme, at: told["listen"].as_str().unwrap().to_owned(), _process: process }
    }

    fn token(&self, name: &str, tenant: &str, role: &str) -> String {
        let run = self.acme.world.wharf(&["tokens", "create", name, "--tenant", tenant, "--role", role]);
        assert_eq!(run.code, 0, "{run:?}");
        run.out.trim().to_owned()
    }

    fn send(&self, line: &str, fields: &[String], body: &str) -> Answer {
        let mut socket = TcpStream::connect(&self.at).unwrap();
        let host = match fields.iter().any(|field| field.starts_with("Host:")) {
            true => String::new(),
            false => format!("Host: {}\r\n", self.at),
        };
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: {length}\r\n{fields}\r\n");
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// What a program asks for, in JSON.
    #[track_caller]
    fn ask(&self, token: &str, line: &str, body: &Value, status: u16) -> Value {
        let fields = [format!("Authorization: Bearer {token}"), "Content-Type: application/json".to_owned()];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(line, &fields, &body);
        assert_eq!(answer.status, status, "{line}: {answer:?}");
        assert!(!answer.body.contains(CLIENT_SECRET), "{answer:?}");
        serde_json::from_str(&answer.body).unwrap()
    }

    fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        browser.took(self.send(&format!("GET {path}"), &browser.says(), ""))
    }

    fn post(&self, browser: &mut Browser, path: &str, further: &[&str]) -> Answer {
        let mut fields = browser.says();
        fields.push("Content-Type: application/x-www-form-urlencoded".to_owned());
        fields.extend(further.iter().map(ToString::to_string));
        browser.took(self.send(&format!("POST {path}"), &fields, &format!("form-token={}", browser.form_token)))
    }

    /// The path of an address of the server.
    #[track_caller]
    fn path(&self, address: &str) -> String {
        address.strip_prefix(&format!("http://{}", self.at)).unwrap_or_else(|| panic!("{address}")).to_owned()
    }
}

impl Browser {
    fn says(&self) -> Vec<String> {
        if self.cookies.is_empty() { Vec::new() } else { vec![format!("Cookie: {}", self.cookies.join("; "))] }
    }

    fn took(&mut self, answer: Answer) -> Answer {
        let cookies = answer.head.lines().filter_map(|line| line.split_once(": "));
        for (_, cookie) in cookies.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            assert!(cookie.contains("; HttpOnly; SameSite=Lax; Path=/; "), "{cookie}");
            self.cookies.push(cookie.split(';').next().unwrap().to_owned());
        }
        if let Some((_, rest)) = answer.body.split_once("name=\"form-token\" value=\"") {
            rest.split('"').next().unwrap().clone_into(&mut self.form_token);
        }
        answer
    }
}

/// Where a page sends its browser.
#[track_caller]
fn on(answer: &Answer) -> String {
    let (_, rest) = answer.body.split_once("content=\"0;url=").unwrap_or_else(|| panic!("{answer:?}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

#[test]
fn somebody_connects_an_account_with_a_link_that_is_good_once_in_one_browser() {
    let serving = Serving::start();
    let product = serving.token("product", "acme", "manage");
    let wanted = json!({
        "plugin": "acme", "name": "ada", "from": "app", "returnUrl": "https://product.example.com/done", "minutes": 5,
    });
    let session = serving.ask(&product, "POST /v1/connect-sessions", &wanted, 201);
    let link = serving.path(session["url"].as_str().unwrap());
    let (mut ada, mut eve) = (Browser::default(), Browser::default());

    // Whoever looks ahead is not the first one.
    assert_eq!(serving.send(&format!("GET {link}"), &["Sec-Purpose: prefetch".to_owned()], "").status, 403);
    assert_eq!(serving.send(&format!("HEAD {link}"), &[], "").status, 403);
    let page = serving.get(&mut ada, &link);
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("Our &lt;product&gt;, for acme") && page.body.contains("Acme"), "{page:?}");
    let head = page.head.to_ascii_lowercase();
    for field in
        ["cache-control: no-store", "referrer-policy: no-referrer", "default-src 'none'; ", "frame-ancestors 'none'"]
    {
        assert!(head.contains(field), "{field}: {head}");
    }
    assert_eq!(serving.get(&mut eve, &link).status, 403);
    assert_eq!(serving.get(&mut eve, "/connect/0123456789abcdef").status, 404);
    assert_eq!(serving.send(&format!("GET {link}"), &["Host: evil.example".to_owned()], "").status, 421);

    // A form that others made.
    assert_eq!(serving.post(&mut ada, &link, &["Origin: https://evil.example"]).status, 403);
    assert_eq!(serving.post(&mut ada, &link, &["Sec-Fetch-Site: cross-site"]).status, 403);
    let good = std::mem::replace(&mut ada.form_token, "guessed".to_owned());
    assert_eq!(serving.post(&mut ada, &link, &[]).status, 403);
    ada.form_token = good;

    let page = serving.post(&mut ada, &link, &["Origin: null", "Sec-Fetch-Site: same-origin"]);
    assert_eq!(page.status, 200, "{page:?}");
    let back = serving.path(&serving.acme.server.visit(&on(&page)).unwrap());
    assert_eq!(serving.get(&mut eve, &back).status, 403);
    let page = serving.get(&mut ada, &back);
    assert_eq!(page.status, 200, "{page:?}");
    let id = session["id"].as_str().unwrap();
    assert_eq!(on(&page), format!("https://product.example.com/done?session={id}&status=connected"));
    assert_eq!(serving.get(&mut ada, &back).status, 404);
    assert_ne!(serving.get(&mut ada, &link).status, 200);

    let told = serving.ask(&product, &format!("GET /v1/connect-sessions/{id}"), &Value::Null, 200);
    assert_eq!((&told["state"], &told["outcome"]["account"].is_string()), (&json!("connected"), &true), "{told}");
    let listed = serving.ask(&product, "GET /v1/connections", &Value::Null, 200);
    assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["from"]), (&json!("ada"), &json!("app")), "{listed}");
    assert_eq!((&listed["items"].as_array().unwrap().len(), &listed["next"]), (&1, &Value::Null), "{listed}");

    let caller = serving.token("caller", "acme", "call");
    let call = json!({ "connection": "ada", "input": {} });
    serving.ask(&caller, "POST /v1/plugins/acme/operations/me.get", &call, 200);
    serving.ask(&product, "POST /v1/connections/acme/ada/test", &Value::Null, 200);
    serving.ask(&product, "POST /v1/connections/acme/ada/refresh", &Value::Null, 200);
    let gone = serving.ask(&product, "DELETE /v1/connections/acme/ada?revoke=true", &Value::Null, 200);
    assert_eq!(gone["providerTold"], true, "{gone}");
    serving.ask(&product, "GET /v1/connections/acme/ada", &Value::Null, 404);
    serving.acme.keeps_to_itself();
}

#[test]
fn who_may_not_manage_or_is_of_another_tenant_makes_nothing() {
    let serving = Serving::start();
    let product = serving.token("product", "acme", "manage");
    let (caller, other) = (serving.token("caller", "acme", "call"), serving.token("other", "beta", "manage"));
    let wanted = json!({ "plugin": "acme", "name": "ada", "from": "app" });
    let session = serving.ask(&product, "POST /v1/connect-sessions", &wanted, 201);
    let path = format!("GET /v1/connect-sessions/{}", session["id"].as_str().unwrap());
    serving.ask(&other, &path, &Value::Null, 404);
    serving.ask(&caller, "POST /v1/connect-sessions", &wanted, 403);
    let refused = serving.ask(&other, "POST /v1/connect-sessions", &wanted, 404);
    let absent = json!({ "plugin": "acme", "name": "ada", "from": "nil" });
    let absent = serving.ask(&other, "POST /v1/connect-sessions", &absent, 404);
    assert_eq!(refused["detail"].as_str().unwrap().replace("`app`", "`nil`"), absent["detail"].as_str().unwrap());
    for (wrong, status) in [
        (json!({ "plugin": "acme", "name": "ada", "from": "app", "returnUrl": "https://evil.example/" }), 422),
        (json!({ "plugin": "acme", "name": "beta:ada", "from": "app" }), 404),
        (json!({ "plugin": "acme", "name": "ada", "from": "app", "servers": { "main": "https://evil.example" } }), 422),
        (json!({ "plugin": "acme", "name": "ada", "from": "app", "minutes": 600 }), 422),
        (json!({ "plugin": "acme", "name": "ada", "secret": "geheim" }), 400),
    ] {
        let refused = serving.ask(&product, "POST /v1/connect-sessions", &wrong, status);
        assert!(!refused.to_string().contains("geheim"), "{refused}");
    }
    let made = json!({ "plugin": "acme", "name": "ada", "servers": { "main": "http://127.0.0.1:1" } });
    serving.ask(&product, "POST /v1/connections", &made, 422);
    let by_browser = json!({ "plugin": "acme", "name": "ada", "from": "app" });
    serving.ask(&product, "POST /v1/connections", &by_browser, 409);
    serving.ask(&product, "DELETE /v1/connections/acme/app", &Value::Null, 404);
    assert_eq!(serving.ask(&product, "GET /v1/connections", &Value::Null, 200)["items"], json!([]));
}
