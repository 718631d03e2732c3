//! The values of a request: where they stand, and where they come from.

use wharf_egress::Json;
use wharf_egress::declaration::{BlobBody, BodyFields, BodyForm, Field, ListStyle, MultipartFields, Source, TextBody};
use wharf_egress::json::Literal;

use super::Problem;
use super::node::At;

/// The members that say where a value comes from.
pub(super) const SOURCE: &[&str] = &["input", "otherwise", "text", "json", "field", "call-id", "free"];

/// Those of which there is one.
const KINDS: &[&str] = &["input", "text", "json", "field", "call-id", "free"];

pub(super) const LISTS: [(&str, ListStyle); 5] = [
    ("repeated", ListStyle::Repeated),
    ("brackets", ListStyle::Brackets),
    ("indexed", ListStyle::Indexed),
    ("commas", ListStyle::Commas),
    ("json", ListStyle::Json),
];

/// Where a value comes from.
pub(super) fn source(what: &str, at: &At<'_>) -> Result<Source, Problem> {
    let kind = at.only_one(what, KINDS)?;
    let otherwise = at.find("otherwise");
    if let Some(otherwise) = otherwise.filter(|_| kind.name() != "input") {
        return Err(
            otherwise.wrong("only an `input` can be left out; delete `otherwise`, or bind the value to an input")
        );
    }
    Ok(match (kind.name(), otherwise) {
        ("input", None) => Source::Input(kind.text()?),
        ("input", Some(json)) => Source::InputOr(kind.text()?, literal(json)?),
        ("text", _) => Source::Text(kind.text()?),
        ("json", _) => Source::Json(literal(kind)?),
        ("field", _) => Source::Field(kind.text()?),
        ("call-id", _) if kind.flag()? => Source::CallId,
        ("call-id", _) => return Err(kind.wrong("write `true`, or delete it")),
        _ => Source::Free(kind.text()?),
    })
}

fn literal(at: At<'_>) -> Result<Literal, Problem> {
    let unreadable = |error| at.wrong(format!("it cannot be read: {error}"));
    Literal::try_from(Json::parse(at.to_json()).map_err(unreadable)?).map_err(unreadable)
}

/// Fields in a list; none where there is no list.
pub(super) fn fields(at: Option<At<'_>>) -> Result<Vec<Field>, Problem> {
    match at {
        Some(at) => at.entries()?.map(field).collect(),
        None => Ok(Vec::new()),
    }
}

/// The name of an input, whose own name the field has, or what it is called and where it comes from.
fn field(at: At<'_>) -> Result<Field, Problem> {
    if let Some(name) = at.as_text() {
        let source = Source::Input(name.to_owned());
        return Ok(Field { name: name.to_owned(), source, lists: ListStyle::Repeated, media_type: None });
    }
    let what = "a field";
    let members: Vec<&str> = [&["name", "lists", "media-type"], SOURCE].concat();
    let at = at.of_members(what, &members)?;
    let name = at.text_needed(what, "name")?;
    let is_bound = KINDS.iter().all(|kind| at.find(kind).is_none());
    Ok(Field {
        source: match is_bound {
            true if at.find("otherwise").is_none() => Source::Input(name.clone()),
            true => return Err(at.wrong("`otherwise` stands in for an input; say which one: `input`")),
            false => source(what, &at)?,
        },
        lists: at.find("lists").map_or(Ok(ListStyle::Repeated), |lists| lists.one_of(&LISTS))?,
        media_type: at.text_of("media-type")?,
        name,
    })
}

const FORMS: &[&str] = &["json", "form", "multipart", "file", "text"];

pub(super) fn body(at: Option<At<'_>>) -> Result<BodyForm, Problem> {
    let Some(at) = at else { return Ok(BodyForm::None) };
    let what = "a body";
    let members: Vec<&str> = [FORMS, &["open", "media-types", "media-type"]].concat();
    let at = at.of_members(what, &members)?;
    let form = at.only_one(what, FORMS)?;
    let allowed: &[&str] = match form.name() {
        "json" => &["open", "media-type"],
        "form" => &["open"],
        "multipart" => &["open", "media-types"],
        "file" => &["media-types"],
        _ => &["media-type"],
    };
    for name in ["open", "media-types", "media-type"].into_iter().filter(|name| !allowed.contains(name)) {
        if let Some(found) = at.find(name) {
            return Err(found.wrong(format!("a body of the form `{}` has no `{name}`", form.name())));
        }
    }
    let (open, media_type) = (at.text_of("open")?, at.text_of("media-type")?);
    let media_types = at.texts_of("media-types")?;
    let whole = |what: &'static str| {
        let value = form.of_members(what, SOURCE)?;
        source(what, &value)
    };
    Ok(match form.name() {
        "json" => BodyForm::Json(BodyFields { fields: whole_or_fields(form)?, open, media_type }),
        "form" => BodyForm::Form(BodyFields { fields: fields(Some(form))?, open, media_type: None }),
        "multipart" => BodyForm::Multipart(MultipartFields { fields: fields(Some(form))?, open, media_types }),
        "file" => BodyForm::Blob(BlobBody { source: whole("a file")?, media_types }),
        _ => {
            let media_type = media_type.ok_or_else(|| at.wrong("a text needs `media-type`, such as `text/plain`"))?;
            BodyForm::Text(TextBody { source: whole("a text")?, media_type })
        }
    })
}

/// The members of the body, or what it is as a whole.
fn whole_or_fields(at: At<'_>) -> Result<Vec<Field>, Problem> {
    if at.is_list() {
        return fields(Some(at));
    }
    let at = at.of_members("the whole body", SOURCE)?;
    let source = source("the whole body", &at)?;
    Ok(vec![Field { name: String::new(), source, lists: ListStyle::Repeated, media_type: None }])
}
