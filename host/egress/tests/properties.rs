//! What holds for every value, judged by readers that are not ours: the `url` crate, `form_urlencoded`, `serde_json`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use url::Url;
use wharf_egress::address::reach;
use wharf_egress::declaration::{Declaration, Effect, Operation, Request, compile};
use wharf_egress::guard::{Asked, AskedBody, Item, prepare};
use wharf_egress::outgoing::Shown;
use wharf_egress::work::Work;
use wharf_egress::{Connection, Deadline, Secret};

/// Inputs for each property. All of them together take some seconds.
const CASES: u32 = 10_000;

fn work() -> Work {
    Work::until(Deadline::within(Duration::MAX))
}

fn config() -> Config {
    Config { cases: CASES, failure_persistence: None, ..Config::default() }
}

/// Texts that have been trouble before, and any other.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z./\\\\%?#&=+;:@\\[\\]{} -]{0,12}",
        "(%2e|%2f|%5c|%00|%25|\\.|/){0,6}",
        "[\\u{0}-\\u{20}\\u{7f}\\u{80}\\u{2028}\\u{202e}a-c]{0,6}",
    ]
}

fn declared(given: &Value) -> Option<Vec<Declaration>> {
    declared_beside(given, &[])
}

/// The same beside requests of these paths.
fn declared_beside(given: &Value, others: &[&str]) -> Option<Vec<Declaration>> {
    let mut whole = json!({
        "name": "main", "method": "POST", "path": "/things", "variables": [], "query": [], "headers": [],
        "body": "none", "scheme": null, "answer": "bytes", "read-only": false, "sensitive-answer": [],
    });
    whole.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    let request: Request = serde_json::from_value(whole).ok()?;
    let mut requests = vec![request.clone()];
    for (index, path) in others.iter().enumerate() {
        let path = serde_json::from_value(json!(path)).unwrap();
        requests.push(Request { name: format!("other-{index}"), path, variables: vec![], ..request.clone() });
    }
    let operation = Operation {
        name: "a.b",
        effect: Effect::Write,
        inputs: &["id", "other"],
        attachments: &[],
        requests: &requests,
    };
    compile(&["key"], &[], &[operation]).ok().map(|mut all| all.remove(0))
}

fn connection() -> Connection {
    Connection::builder("acme", "main", "https://acme.example/api").build().unwrap()
}

fn sent(given: &Value, input: &Value, asked: Asked) -> Option<Shown> {
    sent_beside(given, &[], input, asked)
}

fn sent_beside(given: &Value, others: &[&str], input: &Value, asked: Asked) -> Option<Shown> {
    let asked = Asked { name: "main".to_owned(), ..asked };
    let item = Item {
        input: input.as_object().unwrap(),
        attachments: &[],
        sensitive: &HashSet::new(),
        written: None,
        call: "a-call",
    };
    prepare(&declared_beside(given, others)?, &asked, item, &connection(), &work())
        .ok()
        .map(|outgoing| outgoing.shown())
}

/// Segments that have been trouble before, and names of other requests in several spellings.
fn segments() -> impl Strategy<Value = String> {
    let name = "(list|LIST|%6cist|li%2573t|history|History\\.json|history;x|archive|a|b|7|\\.|\\.\\.|%2e|)";
    let segment = prop_oneof![4 => name, 1 => "[a-z%2ef.;: \\\\-]{0,6}"];
    prop::collection::vec(segment, 0..5).prop_map(|all| all.join("/"))
}

/// The path of a URL as the most lenient server reads it: decoded until nothing changes, without parameters and formats.
fn as_read(url: &str) -> Vec<String> {
    let mut path = url.strip_prefix("https://acme.example/api").unwrap().to_owned();
    for _ in 0..8 {
        path = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
    }
    let one = |segment: &str| {
        let named = segment.split([';', '?', '#']).next().unwrap();
        // Nothing but dots, and more than two, is a name.
        let bare = Some(named.trim_end_matches(['.', ' '])).filter(|bare| !bare.is_empty()).unwrap_or(named);
        bare.strip_suffix(".json").unwrap_or(bare).to_ascii_lowercase()
    };
    path.trim_end_matches('/').split('/').skip(1).map(one).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_path_value_stays_in_its_segment(value in text()) {
        let declaration = json!({"path": "/users/{id}/sessions"});
        if let Some(shown) = sent(&declaration, &json!({"id": value}), Asked::default()) {
            let url = Url::parse(&shown.url).unwrap();
            prop_assert_eq!(url.as_str(), &shown.url, "nothing was left to normalise");
            prop_assert_eq!(url.origin().ascii_serialization(), "https://acme.example");
            prop_assert!(url.query().is_none() && url.fragment().is_none());
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            prop_assert_eq!((segments.len(), segments[0], segments[1], segments[3]), (4, "api", "users", "sessions"));
            let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(decoded, value);
        }
    }

    #[test]
    fn a_value_of_several_segments_stays_in_its_place_and_reaches_no_other_route(
        value in prop_oneof![segments(), text()],
        slashes in any::<bool>(),
    ) {
        let declaration = match slashes {
            false => json!({"path": "/files/{+id}"}),
            true => json!({
                "path": "/files/{id}",
                "variables": [{"name": "id", "source": {"input": "id"}, "slashes": "encoded"}],
            }),
        };
        let others = ["/files/list/{id}", "/files/{+id}/history", "/files/{id}/{other}/archive", "/things/list"];
        if let Some(shown) = sent_beside(&declaration, &others, &json!({"id": value}), Asked::default()) {
            let url = Url::parse(&shown.url).unwrap();
            prop_assert_eq!(url.as_str(), &shown.url, "nothing was left to normalise");
            let below = url.path().strip_prefix("/api/files/").unwrap();
            prop_assert_eq!(below.contains('/'), !slashes && value.contains('/'));
            let decoded = percent_encoding::percent_decode_str(below).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(&decoded, &value);
            let read = as_read(&shown.url);
            let read: Vec<&str> = read.iter().map(String::as_str).collect();
            prop_assert!(read.len() > 1 && read.iter().all(|segment| !matches!(*segment, "" | "." | "..")), "{:?}", read);
            let is_other = matches!(read.as_slice(), ["files", "list", _] | ["files", _, _, "archive"] | ["files", _, .., "history"]);
            prop_assert!(!is_other || read == ["files", "history"], "{:?}", read);
        }
    }

    #[test]
    fn a_query_value_arrives_as_it_was_and_alone(value in text(), other in text()) {
        let fields = json!([
            {"name": "operation", "source": {"text": "list"}, "lists": "repeated"},
            {"name": "page[a]", "source": {"free": "a test"}, "lists": "repeated"},
            {"name": "id", "source": {"input": "id"}, "lists": "repeated"},
        ]);
        let asked = Asked { query: vec![("page[a]".to_owned(), other.clone())], ..Asked::default() };
        if let Some(shown) = sent(&json!({"query": fields}), &json!({"id": value.clone()}), asked) {
            let pairs: Vec<_> = Url::parse(&shown.url).unwrap().query_pairs().into_owned().collect();
            let expected = [("operation", "list".to_owned()), ("id", value), ("page[a]", other)];
            prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value)));
        }
    }

    #[test]
    fn a_plugin_cannot_give_a_constant_of_a_form_a_second_time(name in text(), value in text()) {
        let fields = json!([{"name": "operation", "source": {"text": "list"}, "lists": "repeated"}]);
        let body = Some(AskedBody::Form(vec![(name.clone(), value.clone())]));
        let declaration = json!({"body": {"form": {"fields": fields, "open": "a test"}}});
        if let Some(shown) = sent(&declaration, &json!({}), Asked { body, ..Asked::default() }) {
            let body = shown.body.unwrap();
            prop_assume!(!body.contains('…'));
            let pairs: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            prop_assert_eq!(&pairs, &[("operation".to_owned(), "list".to_owned()), (name.clone(), value)]);
            let bare: String = name.chars().take_while(|c| *c != '[' && *c != '\0').collect();
            prop_assert!(!bare.trim().eq_ignore_ascii_case("operation"), "{:?}", name);
        }
    }

    #[test]
    fn a_plugin_cannot_give_a_constant_of_a_json_body_a_second_time(name in text(), value in text(), twice in any::<bool>()) {
        let fields = json!([{"name": "method", "source": {"text": "list"}, "lists": "repeated"}]);
        let member = format!("{}:{}", json!(name), json!(value));
        let text = if twice { format!("{{{member},{member}}}") } else { format!("{{{member}}}") };
        let asked = Asked { body: Some(AskedBody::Json(text)), ..Asked::default() };
        let shown = sent(&json!({"body": {"json": {"fields": fields, "open": "a test"}}}), &json!({}), asked);
        prop_assert!(!(twice && shown.is_some()), "a member twice is refused");
        if let Some(shown) = shown {
            let body: Map<String, Value> = serde_json::from_str(&shown.body.unwrap()).unwrap();
            prop_assert_eq!(body.len(), 2);
            prop_assert_eq!(&body["method"], "list");
            prop_assert_eq!(&body[&name], &json!(value));
        }
    }

    #[test]
    fn a_header_value_cannot_begin_another_header(value in text()) {
        let declaration = json!({"headers": [{"name": "X-Part", "source": {"free": "a test"}, "lists": "repeated"}]});
        let asked = Asked { headers: vec![("X-Part".to_owned(), value.clone())], ..Asked::default() };
        if let Some(shown) = sent(&declaration, &json!({}), asked) {
            prop_assert_eq!(&shown.headers, &[("X-Part".to_owned(), value.clone())]);
            prop_assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && value.trim() == value);
        }
    }

    #[test]
    fn a_name_that_was_not_declared_sends_nothing(name in text()) {
        let declaration = json!({"query": [{"name": "page", "source": {"free": "a test"}, "lists": "repeated"}]});
        prop_assume!(name != "page");
        let pair = || vec![(name.clone(), "1".to_owned())];
        for asked in [
            Asked { query: pair(), ..Asked::default() },
            Asked { headers: pair(), ..Asked::default() },
            Asked { variables: pair(), ..Asked::default() },
        ] {
            let shown = sent(&declaration, &json!({}), asked);
            prop_assert!(shown.is_none(), "sent {:?}", shown);
        }
    }

    #[test]
    fn a_declaration_never_panics(path in text(), name in text(), header in text()) {
        let fields = json!([{"name": name, "source": {"free": header}, "lists": "indexed"}]);
        let headers = json!([{"name": header, "source": {"text": name}, "lists": "commas"}]);
        let given = json!({"path": path, "query": fields, "headers": headers, "body": {"json": {"fields": fields, "open": null}}});
        if let Some(declarations) = declared(&given) {
            let item = Item { input: &Map::new(), attachments: &[], sensitive: &HashSet::new(), written: None, call: "a-call" };
            let asked = Asked { name: "main".to_owned(), ..Asked::default() };
            if let Ok(outgoing) = prepare(&declarations, &asked, item, &connection(), &work()) {
                prop_assert!(outgoing.shown().url.starts_with("https://acme.example/api"));
            }
        }
    }

    #[test]
    fn an_echoed_secret_does_not_get_through(secret in "[!-~à-ü€/\"\\\\+ ]{8,40}", before in text(), after in text()) {
        prop_assume!(secret.len() >= 8 && secret.trim() == secret);
        let connection = Connection::builder("acme", "main", "https://acme.example")
            .secret("key", Secret::new(secret.clone()))
            .allow_weak(["key"])
            .build()
            .unwrap();
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let in_json = json!(secret).to_string();
        for echo in [secret.as_str(), &form, in_json.trim_matches('"')] {
            let masked = connection.mask_for_people(format!("{before}{echo}{after}"));
            prop_assert!(!masked.contains(&secret), "{}", masked);
        }
        let debug = format!("{connection:?}");
        prop_assert!(!debug.contains(&secret));
    }

    #[test]
    fn an_ipv4_address_is_the_same_place_or_a_worse_one_however_it_is_written(address in any::<u32>(), prefix in any::<u64>()) {
        let v4 = Ipv4Addr::from(address);
        let [a, b, c, d] = v4.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let alone = reach(IpAddr::V4(v4));
        for v6 in [
            v4.to_ipv6_mapped(),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        ] {
            prop_assert_eq!(reach(IpAddr::V6(v6)), alone, "{}", v6);
        }
        // In any prefix; as Teredo has a server and a client; and wherever a translator of RFC 6052 may place it.
        let isatap = |u: u128| Ipv6Addr::from(u128::from(prefix) << 64 | u << 48 | 0x5efe << 32 | u128::from(address));
        let [n, e, w, s] = (!address).to_be_bytes();
        let (not_high, not_low) = (u16::from_be_bytes([n, e]), u16::from_be_bytes([w, s]));
        let octets = |places: [usize; 4]| {
            let mut octets = Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0).octets();
            places.into_iter().zip(v4.octets()).for_each(|(place, octet)| octets[place] = octet);
            Ipv6Addr::from(octets)
        };
        for v6 in [
            isatap(0),
            isatap(0x200),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x2001, 0, high, low, 0, 0, not_high, not_low),
            octets([6, 7, 9, 10]),
            octets([7, 9, 10, 11]),
            octets([9, 10, 11, 12]),
            octets([12, 13, 14, 15]),
        ] {
            // `::1` is no IPv4 address.
            prop_assert!(reach(IpAddr::V6(v6)) >= alone || v6.is_loopback(), "{}", v6);
        }
    }

    #[test]
    fn a_base_url_keeps_its_origin_or_is_refused(text in text(), suffix in "(/[a-z.]{1,5}){0,2}") {
        for url in [text.clone(), format!("https://{text}"), format!("http://acme.example/{text}")] {
            if let Ok(connection) = Connection::builder("acme", "main", &url).suffix(&suffix).build() {
                let (given, kept) = (Url::parse(url.trim()).unwrap(), Url::parse(connection.base_url()).unwrap());
                prop_assert_eq!(given.origin(), kept.origin());
                prop_assert!(kept.query().is_none() && kept.fragment().is_none() && kept.username().is_empty());
                prop_assert!(connection.base_url().ends_with(&suffix));
            }
        }
    }
}

/// What a reader of `a[0][b]` makes of pairs: objects under keys, lists under numbers.
fn read_by_index(pairs: &[(String, String)]) -> Value {
    fn put(at: &mut Value, way: &[&str], text: &str) {
        let Some((step, rest)) = way.split_first() else {
            assert!(at.is_null(), "two values in one place");
            *at = json!(text);
            return;
        };
        if let Ok(index) = step.parse::<usize>() {
            if at.is_null() {
                *at = json!([]);
            }
            let items = at.as_array_mut().unwrap();
            if items.len() == index {
                items.push(Value::Null);
            }
            put(items.get_mut(index).unwrap(), rest, text);
        } else {
            if at.is_null() {
                *at = json!({});
            }
            put(at.as_object_mut().unwrap().entry(*step).or_insert(Value::Null), rest, text);
        }
    }
    let mut whole = Value::Null;
    for (name, text) in pairs {
        let inside = name.strip_prefix("id").unwrap();
        let way: Vec<&str> = inside.split_terminator(']').map(|step| step.strip_prefix('[').unwrap()).collect();
        put(&mut whole, &way, text);
    }
    whole
}

fn nested() -> impl Strategy<Value = Value> {
    let leaf = text().prop_map(Value::from);
    let key =
        prop_oneof![4 => "[a-z_-]{1,4}", 1 => "[0-9]{1,2}", 1 => "[\\[\\]. a]{0,3}", 1 => Just("__proto__".to_owned())];
    leaf.prop_recursive(4, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(key.clone(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_by_index_is_read_as_it_was_or_is_refused(value in nested()) {
        let declared = json!({"body": {"form": {"fields": [{"name": "id", "source": {"input": "id"}, "lists": "indexed"}], "open": null}}});
        let Some(shown) = sent(&declared, &json!({"id": value}), Asked::default()) else { return Ok(()) };
        let body = shown.body.unwrap_or_default();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        prop_assert_eq!(read_by_index(&pairs), value);
    }
}
