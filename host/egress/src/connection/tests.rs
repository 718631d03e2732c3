use super::*;
use crate::given::Given;

fn base(url: &str, suffix: &str) -> Result<String, ConnectionError> {
    Connection::builder("p", "c", url).suffix(suffix).build().map(|c| c.base)
}

#[test]
fn a_base_url_is_normalised() {
    assert_eq!(base("https://cloud.example", "/v1").unwrap(), "https://cloud.example/v1");
    assert_eq!(base("https://cloud.example/v1/", "/v1").unwrap(), "https://cloud.example/v1");
    assert_eq!(
        base("https://Crm.Example:443/crm//", "/webservice.php").unwrap(),
        "https://crm.example/crm/webservice.php"
    );
    assert_eq!(base("http://127.0.0.1:8080/rpc", "").unwrap(), "http://127.0.0.1:8080/rpc");
}

#[test]
fn what_cannot_be_a_base_url_is_refused_without_repeating_a_password() {
    assert!(matches!(base("crm.example", ""), Err(ConnectionError::Unreadable(..))));
    assert!(matches!(base("ftp://crm.example", ""), Err(ConnectionError::Scheme(_))));
    assert!(matches!(base("https://u:geheim@crm.example", ""), Err(ConnectionError::UserInfo)));
    assert!(matches!(base("https://crm.example/?a=1", ""), Err(ConnectionError::Tail)));
    let error = base("https//u:geheim@crm.example", "").unwrap_err().to_string();
    assert!(!error.contains("geheim"), "{error}");
}

#[test]
fn debug_names_the_fields_without_their_values() {
    let connection = with("key", "geheim").allow_weak(["key"]).build().unwrap();
    let debug = format!("{connection:?}");
    assert!(debug.contains("key") && !debug.contains("geheim"), "{debug}");
    assert_eq!(connection.field("key"), None);
}

fn with(field: &str, secret: &str) -> ConnectionBuilder {
    Connection::builder("p", "c", "https://x.example").secret(field, Secret::new(secret))
}

#[test]
fn a_weak_secret_is_refused_by_its_field_unless_it_may_be_weak() {
    for weak in ["geheim", "a1b2c3d", "correct horse battery staple", "2026-11-24"] {
        let error = with("pin", weak).build().unwrap_err();
        assert_eq!(error, ConnectionError::Weak { field: "pin".to_owned() });
        assert!(error.to_string().contains("`pin`") && !error.to_string().contains(weak), "{error}");
        let connection = with("pin", weak).allow_weak(["pin"]).build().unwrap();
        assert_eq!(connection.weak_fields().collect::<Vec<_>>(), ["pin"]);
    }
    let strong = with("pin", "k7RmX2vQp9LzT4wB").allow_weak(["pin"]).build().unwrap();
    assert_eq!(strong.weak_fields().count(), 0);
}

#[test]
fn only_a_secret_may_be_weak() {
    let builder = with("key", "k7RmX2vQp9LzT4wB").field("user", "ada").absent("token", "");
    assert!(builder.allow_weak(["key", "token"]).build().is_ok());
    for field in ["user", "kye"] {
        let error = with("key", "k7RmX2vQp9LzT4wB").field("user", "ada").allow_weak([field]).build().unwrap_err();
        assert_eq!(error, ConnectionError::NotSecret { field: field.to_owned() });
    }
}

#[test]
fn a_value_with_something_unseen_in_it_is_refused_whatever_it_is_for() {
    let plain = || with("key", "k7RmX2vQp9LzT4wB");
    for (builder, place) in [
        (with("key", "k7RmX2vQp9LzT4wB\u{a0}"), Given::Field("key".to_owned())),
        (with("key", "geheim\n").allow_weak(["key"]), Given::Field("key".to_owned())),
        (plain().field("user", "\u{feff}ada"), Given::Field("user".to_owned())),
        (plain().proxy(Secret::new("http://proxy.example:3128\r\n")), Given::Proxy),
        // Both of these would be taken away from a URL in silence.
        (Connection::builder("p", "c", "https://x.example "), Given::BaseUrl),
        (Connection::builder("p", "c", "https://x.exa\nmple"), Given::BaseUrl),
    ] {
        match builder.build() {
            Err(ConnectionError::Stray { given, .. }) => assert_eq!(given, place),
            other => panic!("{place}: {other:?}"),
        }
    }
}

#[test]
fn people_see_no_secret_and_the_plugin_no_strong_one() {
    let connection = with("key", "k7RmX2vQp9LzT4wB")
        .secret("password", Secret::new("sommerurlaub"))
        .allow_weak(["password"])
        .build()
        .unwrap();
    let text = "k7RmX2vQp9LzT4wB sommerurlaub";
    assert_eq!(connection.mask_for_people(text.to_owned()), "••• •••");
    assert_eq!(connection.strong().mask_text(text.to_owned()), "••• sommerurlaub");
}

#[test]
fn a_secret_that_is_too_short_for_a_mask_is_known_to_be_in_a_text() {
    let connection = with("key", "pin12").allow_weak(["key"]).build().unwrap();
    assert_eq!(connection.mask_for_people("it is pin12".to_owned()), "it is pin12");
    assert!(connection.has_secret_in("it is pin12"));
    assert!(!connection.has_secret_in("it is pin13"));
    let empty = with("key", "").allow_weak(["key"]).build().unwrap();
    assert!(!empty.has_secret_in("it is pin12"), "nothing is no secret");
}
