use axum::http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::api::known::{HOST, manifests, principal, served};

#[test]
fn pages_follow_each_other_and_end() {
    let all = ["a", "b", "c", "d", "e"];
    let page = |after: Option<&str>| {
        let page = Page { after: after.map(str::to_owned), limit: Some(2) };
        page.of(all.iter(), |name| name, |name| json!(name)).map_err(|problem| problem.kind.name)
    };
    assert_eq!(page(None), Ok(json!({"items": ["a", "b"], "next": "b"})));
    assert_eq!(page(Some("b")), Ok(json!({"items": ["c", "d"], "next": "d"})));
    assert_eq!(page(Some("d")), Ok(json!({"items": ["e"], "next": null})));
    assert_eq!(page(Some("gone")), Err("bad-request"));
}

#[test]
fn a_plugin_tells_what_a_connection_consists_of_and_no_more_of_what_is_hidden() {
    let release = HOST.plugin("appwrite").unwrap();
    let told = details(&release);
    assert_eq!(
        told["fields"][1],
        json!({
            "name": "api_key", "title": "API key", "secret": true, "required": true, "default": null, "choices": [],
            "summary": "A key of the project with the scopes that the operations need.",
        })
    );
    assert_eq!(releases(&HOST, &release).unwrap()[0]["state"], "live");
    let told = described(&HOST, &principal(), "appwrite", "users.delete-session").unwrap();
    assert_eq!(
        (&told["effect"], &told["inputSchema"]["required"]),
        (&json!("delete"), &json!(["userId", "sessionId"]))
    );
    let policy = serde_json::from_str(r#"{"effects": ["read"]}"#).unwrap();
    let reader = Principal { policy, ..principal() };
    let refused = |operation| described(&HOST, &reader, "appwrite", operation).unwrap_err();
    assert_eq!(
        refused("users.delete-session").detail.replace("delete-session", "delete-sessiom"),
        refused("users.delete-sessiom").detail
    );
}

#[test]
fn what_is_found_comes_in_pages() {
    let index = Index::of(&manifests()).unwrap();
    let asked = |q: Option<&str>, after: Option<&str>| {
        let asked = Search { q: q.map(str::to_owned), after: after.map(str::to_owned), limit: Some(3) };
        found(&index, &asked, &principal()).map_err(|problem| problem.kind.name)
    };
    let first = asked(Some("contact"), None).unwrap();
    let second = asked(Some("contact"), first["next"].as_str()).unwrap();
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    assert_ne!(first["items"], second["items"]);
    assert_eq!(asked(None, Some("480")).unwrap()["items"].as_array().unwrap().len(), 2);
    assert_eq!(asked(None, Some("480")).unwrap()["next"], Value::Null);
    assert_eq!(asked(None, Some("100000")).unwrap()["items"], json!([]));
    assert_eq!(asked(None, Some("x")), Err("bad-request"));
}

/// What a path gives to the owner of a token: status, ETag and JSON.
async fn got(server: &axum::Router, token: &str, path: &str, etag: Option<&str>) -> (u16, String, Value) {
    let mut request = Request::get(path).header("authorization", format!("Bearer {token}"));
    if let Some(etag) = etag {
        request = request.header("if-none-match", etag);
    }
    let response = server.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let etag = response.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned()).unwrap_or_default();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, etag, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn what_can_be_called_is_told_to_who_may_and_once() {
    let policy = serde_json::from_str(r#"{"plugins": ["chatwoot", "vtiger"], "effects": ["read"]}"#).unwrap();
    let (server, tokens, _folder) =
        served([principal(), Principal { name: "reader".to_owned(), policy, ..principal() }]);
    let [all, reader] = tokens.as_slice() else { panic!() };

    for path in ["/openapi.json", "/v1/plugins", "/v1/operations?q=user", "/v1/plugins/vtiger/versions"] {
        assert_eq!(got(&server, "wharf_none", path, None).await.0, 401, "{path}");
        let (status, etag, told) = got(&server, reader, path, None).await;
        assert_eq!(status, 200, "{path}: {told}");
        assert!(!told.to_string().contains("appwrite"), "{path}");
        assert_eq!(got(&server, reader, path, Some(&etag)).await.0, 304, "{path}");
        let (_, others, told) = got(&server, all, path, Some(&etag)).await;
        assert!(others == etag || told.to_string().contains("appwrite"), "{path}");
    }
    let names =
        |told: &Value| told["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    let (_, _, told) = got(&server, reader, "/v1/plugins?limit=1", None).await;
    assert_eq!((names(&told), &told["next"]), (vec![json!("chatwoot")], &json!("chatwoot")));
    let (_, _, told) = got(&server, reader, "/v1/plugins?after=chatwoot", None).await;
    assert_eq!((names(&told), &told["next"]), (vec![json!("vtiger")], &Value::Null));
    let (_, _, told) = got(&server, all, "/v1/operations?q=end%20a%20user%27s%20session&limit=3", None).await;
    assert!(names(&told).contains(&json!("users.delete-session")), "{told}");
    let (_, _, told) = got(&server, reader, "/v1/plugins/chatwoot/operations?limit=1000", None).await;
    assert!(names(&told).contains(&json!("contacts.list")) && !names(&told).contains(&json!("contacts.delete")));

    for (path, status, kind) in [
        ("/v1/plugins/appwrite", 404, "unknown"),
        ("/v1/plugins/chatwoot/operations/contacts.delete", 404, "unknown"),
        ("/v1/plugins?limit=many", 400, "bad-request"),
        ("/v1/plugins?other=1", 400, "bad-request"),
        ("/v1/plugins?after=appwrite", 400, "bad-request"),
        ("/v1/operations?q=user&after=x", 400, "bad-request"),
    ] {
        let (found, _, told) = got(&server, reader, path, None).await;
        assert_eq!(
            (found, told["type"].as_str().unwrap()),
            (status, format!("urn:wharf:problem:{kind}").as_str()),
            "{path}"
        );
    }
}
