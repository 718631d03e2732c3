//! Pictures that come with the other values of something. A file goes as multipart, in which every value is a text: `true`
//! would be kept as "true", a null not at all, and some keys would be read as others. What that would change goes before the
//! picture, as JSON.

use wharf_plugin::{
    Body, Call, DeclaredRequest, Detail, Failure, Field, Members, Method, Output, Place, Request, Value,
};

/// The name of the declared request that carries the picture alone.
const SET_AVATAR: &str = "set-avatar";

/// The picture, in that request.
pub(crate) const PICTURE: Field = Field::bound(Place::Body, "avatar", "avatar");
/// What has just been made, in that request.
pub(crate) const NEW_ID: Field = Field::free(Place::Variable, ITSELF.variable, WHY_FREE);
/// Why its id is not bound to the caller's.
pub(crate) const WHY_FREE: &str = "of what the request before has made";

/// How something is found in the answers to its creation and to a change of it.
pub(crate) struct Created {
    /// The names of the members on the way to it, in the answer to its creation.
    pub(crate) made: &'static [&'static str],
    /// The same in the answer to a change.
    pub(crate) changed: &'static [&'static str],
    /// Its member by which paths name it.
    pub(crate) key: &'static str,
    /// The variable of the path.
    pub(crate) variable: &'static str,
}

/// Both answers are the thing itself.
pub(crate) const ITSELF: Created = Created { made: &[], changed: &[], key: "id", variable: "id" };

/// The request that carries the picture alone.
pub(crate) const fn set_avatar(method: Method, path: &'static str, fields: &'static [Field]) -> DeclaredRequest {
    DeclaredRequest::new(SET_AVATAR, method, path).fields(fields).body(Body::Multipart).media_types(&["*/*"])
}

/// Makes something. The output has it as it is in the end.
pub(crate) fn create(call: &Call<'_>, created: &Created) -> Result<Output, Failure> {
    let answer = call.read(&first(call).send()?)?;
    if !is_alone(call) {
        return Ok(Output::text(answer));
    }
    let made = find(&answer, created.made).and_then(Members::of);
    let member = |name: &str| {
        let made = made.as_ref()?;
        made.text(name).or_else(|| made.get(name).map(str::to_owned))
    };
    let note = format!("it was made (id {}), but without its picture", member("id").as_deref().unwrap_or("unknown"));
    let changed = match member(created.key) {
        Some(key) => send(call, call.request(SET_AVATAR).variable(created.variable, key)),
        None => Err(Failure::Provider(Detail::new(format!("the answer has no `{}`", created.key)))),
    };
    Ok(match changed {
        Ok(changed) => {
            let whole = find(&changed, created.changed).and_then(|thing| replaced(&answer, created.made, thing));
            Output::text(whole.unwrap_or(answer))
        }
        Err(failure) => Output::text(answer).incomplete(failure.with_note(&note)),
    })
}

/// Changes something.
pub(crate) fn update(call: &Call<'_>) -> Result<Output, Failure> {
    let answer = call.read(&first(call).send()?)?;
    if !is_alone(call) {
        return Ok(Output::text(answer));
    }
    Ok(match send(call, call.request(SET_AVATAR)) {
        Ok(changed) => Output::text(changed),
        Err(failure) => Output::text(answer).incomplete(failure.with_note("all was changed but the picture")),
    })
}

/// The request with everything, or everything but the picture.
fn first(call: &Call<'_>) -> Request {
    if has_avatar(call) && !is_alone(call) { call.own_request_with_files() } else { call.own_request() }
}

fn send(call: &Call<'_>, request: Request) -> Result<String, Failure> {
    call.read(&request.send()?)
}

fn has_avatar(call: &Call<'_>) -> bool {
    call.attachments("avatar").next().is_some()
}

/// Whether the picture goes by a request of its own.
fn is_alone(call: &Call<'_>) -> bool {
    has_avatar(call) && !call.inputs().all(|(_, value)| is_whole_as_text(value))
}

/// Whether multipart keeps a value. The server knows by itself which of its own settings are numbers and booleans.
fn is_whole_as_text(value: &Value) -> bool {
    let is_key = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    match value {
        Value::Object(members) => {
            !members.is_empty() && members.iter().all(|(key, member)| is_key(key) && member.is_string())
        }
        Value::Null | Value::Array(_) => false,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The value at the end of a way through objects.
fn find<'a>(json: &'a str, way: &[&str]) -> Option<&'a str> {
    way.iter().try_fold(json, |json, name| Members::of(json)?.get(name))
}

/// The same JSON with another value at the end of the way.
fn replaced(json: &str, way: &[&str], value: &str) -> Option<String> {
    let [name, rest @ ..] = way else { return Some(value.to_owned()) };
    let members = Members::of(json)?;
    let inner = replaced(members.get(name)?, rest, value)?;
    Some(members.with(|member| (member == *name).then(|| Some(inner.clone()))))
}

#[cfg(test)]
mod tests {
    use wharf_plugin::json;

    use super::*;

    #[test]
    fn only_texts_under_plain_keys_stay_what_they_are_in_multipart() {
        for whole in [json!("a"), json!(true), json!(7), json!({"plan": "pro", "a-b_2": ""})] {
            assert!(is_whole_as_text(&whole), "{whole}");
        }
        for changed in [
            json!(null),
            json!({}),
            json!({"a": true}),
            json!({"a": 7}),
            json!({"a": null}),
            json!({"a": ["b"]}),
            json!({"a": {"b": "c"}}),
            json!({"order no": "7"}),
            json!({"Größe": "XL"}),
            json!({"a[b]": "c"}),
            json!({"a.b": "c"}),
            json!({"": "c"}),
        ] {
            assert!(!is_whole_as_text(&changed), "{changed}");
        }
    }

    #[test]
    fn what_was_made_is_replaced_where_it_stands_and_the_rest_stays_as_it_is_written() {
        let answer = r#"{"payload":{"contact":{"id":7,"thumbnail":""},"contact_inbox":{"n":1.10}}}"#;
        let whole = replaced(answer, &["payload", "contact"], r#"{"id":7,"thumbnail":"a"}"#).unwrap();
        assert_eq!(whole, r#"{"payload":{"contact":{"id":7,"thumbnail":"a"},"contact_inbox":{"n":1.10}}}"#);
        assert_eq!(replaced(answer, &[], "7").unwrap(), "7");
        assert_eq!(find(answer, &["payload", "contact", "id"]), Some("7"));
        assert_eq!((find(answer, &["payload", "id"]), find("null", &["payload"])), (None, None));
    }
}
