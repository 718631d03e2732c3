//! What signs requests: read, written again, and checked.

use serde_json::{Value, json};

use super::super::{CONTRACT, check, read, write};
use crate::manifest::capabilities::Capabilities;

fn sample() -> Value {
    let field = |secret: bool| match secret {
        true => json!({ "title": "F", "summary": "f", "secret": true }),
        false => json!({ "title": "F", "summary": "f" }),
    };
    json!({
        "contract": CONTRACT, "name": "acme", "title": "Acme", "version": "1.0.0", "summary": "Orders of Acme.",
        "server": {
            "summary": "Where it is.", "client-certificate": { "certificate": "certificate", "key": "certificate_key" },
        },
        "servers": { "files": { "summary": "Where files are." } },
        "fields": {
            "certificate": field(true), "certificate_key": field(true), "key_id": field(false), "region": field(false),
            "secret_key": field(true), "token": field(true),
        },
        "schemes": {
            "hmac": { "summary": "An HMAC.", "placements": [
                { "header": "X-Time", "template": "{request.time}" },
                {
                    "header": "X-Signature",
                    "template": "{request.method}\n{request.target}\n{request.time}\n{request.body-sha256}",
                    "functions": [{ "hmac-sha256-hex": "secret_key" }],
                },
            ] },
            "aws": { "summary": "A signature.", "servers": ["files"], "sign": { "aws-v4": {
                "access-key": "key_id", "secret-key": "secret_key", "session-token": "token", "region": "region", "service": "s3",
            } } },
        },
        "scheme": "hmac",
        "operations": {
            "orders.get": { "title": "G", "summary": "g", "request": { "method": "GET", "path": "/orders" } },
            "files.get": {
                "title": "F", "summary": "f", "request": { "method": "GET", "server": "files", "path": "/f", "scheme": "aws" },
            },
        },
    })
}

fn with(pointer: &str, value: Value) -> String {
    let mut document = sample();
    *document.pointer_mut(pointer).unwrap() = value;
    check(&document.to_string()).map(|_| ()).unwrap_err().iter().map(|problem| format!("{problem}\n")).collect()
}

#[test]
fn what_signs_is_written_as_it_was_read() {
    let manifest = read(&sample().to_string()).unwrap();
    assert_eq!(write(&manifest), sample());
    assert_eq!(check(&sample().to_string()).err(), None);
}

#[test]
fn it_is_a_part_of_what_is_approved() {
    let lines: Vec<String> =
        Capabilities::of(&read(&sample().to_string()).unwrap()).lines().map(str::to_owned).collect();
    for line in [
        "shows the certificate of field certificate with the key of field certificate_key",
        "scheme hmac: header X-Time = time of the request",
        "scheme hmac: header X-Signature = method of the request + \"\\n\" + target of the request + \"\\n\" + time of the request + \
         \"\\n\" + body-sha256 of the request, hmac-sha256-hex by field secret_key",
        "scheme aws: signs for the service s3 as aws-v4 by access-key field key_id, secret-key field secret_key, region field region, \
         session-token field token, for the servers files",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line}\n{lines:#?}");
    }
}

#[test]
fn what_cannot_sign_is_told_with_its_place() {
    const AWS: &str = "/schemes/aws/sign/aws-v4";
    const CERTIFICATE: &str = "/server/client-certificate";
    for (pointer, value, words) in [
        (
            format!("{AWS}/secret-key"),
            json!("key_id"),
            format!("{AWS}/secret-key: the connection field `key_id` has to be a secret"),
        ),
        (
            format!("{AWS}/region"),
            json!("area"),
            "the connection field `area` as `region`, which is not declared".to_owned(),
        ),
        (format!("{AWS}/service"), json!("S3"), "`S3` is no service".to_owned()),
        ("/schemes/aws/sign".to_owned(), json!({ "aws-v2": {} }), "aws-v4".to_owned()),
        (
            format!("{CERTIFICATE}/key"),
            json!("region"),
            format!("{CERTIFICATE}/key: the connection field `region` has to be a secret"),
        ),
        (format!("{CERTIFICATE}/certificate"), json!("x"), "the connection field `x` is not declared".to_owned()),
        ("/schemes/hmac/placements/0/template".to_owned(), json!("{request.tim}"), "there are `method`".to_owned()),
        ("/schemes/hmac/placements/0/template".to_owned(), json!("{request.path}"), "no digest or HMAC".to_owned()),
        ("/schemes/hmac/placements/0/template".to_owned(), json!("a\n{request.time}"), "line break".to_owned()),
        ("/schemes/hmac/placements".to_owned(), json!([]), "it places no credential".to_owned()),
    ] {
        let problems = with(&pointer, value);
        assert!(problems.contains(&words), "{problems}");
    }
}
