//! The guard: an asked-for request meets its declaration.
//!
//! [`prepare`] is the one function that turns what a plugin asks for into what is sent. The [rules](crate::rules) are
//! applied here, and to the address while it is [resolved](crate::address).

pub use crate::asked::{Asked, AskedBody, AskedPart};
use crate::asked::{canonical, printable};
use crate::body;
use crate::connection::Connection;
use crate::declaration::{BodyForm, Declaration, Field, Location};
use crate::encode::percent_encode;
pub use crate::field::Item;
use crate::field::Values;
use crate::outgoing::Outgoing;
pub use crate::refusal::Refusal;
use crate::rules::{Denial, Rule};
use crate::scheme::{self, Credential};
use crate::secret::Text;

/// Builds the request that a plugin asks for, or refuses it.
///
/// # Errors
/// [`Refusal::Denied`] with the rule; [`Refusal::MissingCredential`] where the connection lacks a value.
pub fn prepare(
    declarations: &[Declaration],
    asked: &Asked,
    item: Item<'_>,
    connection: &Connection,
) -> Result<Outgoing, Refusal> {
    let declaration = declared(declarations, &asked.name)?;
    only_free_values(declaration, asked)?;

    let request = &declaration.request;
    let values = Values { request, asked, item };
    let credentials = match &declaration.scheme {
        Some(scheme) => scheme::credentials(scheme, connection, |name| Ok(values.variable(name)?))?,
        None => Vec::new(),
    };
    Ok(Outgoing {
        name: request.name.clone(),
        method: request.method,
        url: url(declaration, &values, &credentials, connection)?,
        headers: headers(&values, &credentials)?,
        body: body::build(&values, &credentials)?,
        answer: request.answer,
    })
}

fn declared<'a>(declarations: &'a [Declaration], name: &str) -> Result<&'a Declaration, Denial> {
    declarations.iter().find(|d| d.request.name == name).ok_or_else(|| {
        let known: Vec<&str> = declarations.iter().map(|d| d.request.name.as_str()).collect();
        Rule::UndeclaredRequest.denies(format!(
            "the plugin asked for a request `{}`, which the operation does not declare (it declares {})",
            printable(name),
            if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) },
        ))
    })
}

/// Refuses every value that the plugin gives and the declaration does not leave free.
fn only_free_values(declaration: &Declaration, asked: &Asked) -> Result<(), Denial> {
    let request = &declaration.request;
    for (name, _) in &asked.variables {
        if !request.variables.iter().any(|v| v.name == *name && v.source.free_reason().is_some()) {
            return Err(bound("variable", name, &request.name));
        }
    }
    for (place, given, fields) in
        [("query parameter", &asked.query, &request.query), ("header", &asked.headers, &request.headers)]
    {
        if let Some((name, _)) = given.iter().find(|(name, _)| !is_free(fields, name)) {
            return Err(bound(place, name, &request.name));
        }
    }
    only_free_body(declaration, asked.body.as_ref())
}

fn only_free_body(declaration: &Declaration, body: Option<&AskedBody>) -> Result<(), Denial> {
    let form = &declaration.request.body;
    let names: Vec<&str> = match (form, body) {
        (_, None) => return Ok(()),
        // The members of a JSON body are looked at when it is parsed.
        (BodyForm::Json(_), Some(AskedBody::Json(_))) => return Ok(()),
        (BodyForm::Blob(source), Some(AskedBody::Blob(_))) if source.free_reason().is_some() => return Ok(()),
        (BodyForm::Form(_), Some(AskedBody::Form(fields))) => fields.iter().map(|(name, _)| name.as_str()).collect(),
        (BodyForm::Multipart(_), Some(AskedBody::Multipart(parts))) => {
            parts.iter().map(|(name, _)| name.as_str()).collect()
        }
        _ => {
            return Err(Rule::Body.denies(format!(
                "the plugin gave a body that the request `{}` does not declare (declared: {})",
                declaration.request.name,
                form.name()
            )));
        }
    };
    names.into_iter().try_for_each(|name| free_body_field(declaration, name))
}

/// Refuses a body field that is not free, or that the provider could take for one that is not.
pub(crate) fn free_body_field(declaration: &Declaration, name: &str) -> Result<(), Denial> {
    let request = &declaration.request;
    if is_free(request.body.fields(), name) {
        return Ok(());
    }
    let read_as = canonical(name);
    if read_as == "_method" {
        return Err(
            Rule::MethodOverride.denies("the plugin gave a field `_method`, by which some servers replace the method")
        );
    }
    let taken = |fields: &[Field]| fields.iter().any(|f| canonical(body::top_level(&f.name)) == read_as);
    if request.body.open_reason().is_none() || taken(request.body.fields()) || taken(&request.query) {
        return Err(bound("body field", name, &request.name));
    }
    let placements = declaration.scheme.iter().flat_map(|s| &s.placements);
    if placements.filter(|p| p.location != Location::Header).any(|p| canonical(&p.name) == read_as) {
        return Err(Rule::Credential
            .denies(format!("the plugin gave `{}`, which is the place of a credential", printable(name))));
    }
    Ok(())
}

fn is_free(fields: &[Field], name: &str) -> bool {
    fields.iter().any(|f| f.name == name && f.source.free_reason().is_some())
}

fn bound(place: &str, name: &str, request: &str) -> Denial {
    Rule::BoundValue.denies(format!(
        "the plugin gave the {place} `{}`, which the request `{request}` does not leave free",
        printable(name)
    ))
}

fn url(
    declaration: &Declaration,
    values: &Values<'_>,
    credentials: &[Credential<'_>],
    connection: &Connection,
) -> Result<Text, Denial> {
    let mut url = Text::open(connection.base_url());
    url.push(&declaration.request.path.expand(&declaration.siblings, |name| values.variable(name))?);
    let fields = declaration.request.query.iter().flat_map(|f| values.pairs(f, &values.asked.query));
    let placed = credentials.iter().filter(|c| c.location == Location::Query);
    let pairs = fields.chain(placed.map(|c| (c.name.to_owned(), c.text.clone())));
    for (index, (name, value)) in pairs.enumerate() {
        url.push_str(if index == 0 { "?" } else { "&" });
        url.push_str(&percent_encode(&name));
        url.push_str("=");
        url.push(&value.encoded(percent_encode));
    }
    Ok(url)
}

fn headers(values: &Values<'_>, credentials: &[Credential<'_>]) -> Result<Vec<(String, Text)>, Denial> {
    let fields = values.request.headers.iter().flat_map(|f| values.pairs(f, &values.asked.headers));
    let placed = credentials.iter().filter(|c| c.location == Location::Header);
    fields
        .chain(placed.map(|c| (c.name.to_owned(), c.text.clone())))
        .map(|(name, value)| {
            let visible = value.real().bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if visible && value.real().trim() == value.real() {
                Ok((name, value))
            } else {
                Err(Rule::HeaderValue.denies(format!(
                    "the value of the header `{name}` has a character that is not visible ASCII, or a space at its end"
                )))
            }
        })
        .collect()
}
