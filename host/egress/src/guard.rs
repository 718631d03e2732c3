//! The guard: an asked-for request meets its declaration.
//!
//! [`prepare`] is the one function that turns what a plugin asks for into what is sent. The [rules](crate::rules) are
//! applied here, and to the address while it is [resolved](crate::address).

use std::borrow::Cow;

use crate::asked::printable;
pub use crate::asked::{Asked, AskedBody, AskedPart};
use crate::body;
use crate::connection::Connection;
use crate::declaration::{Declaration, Effect, Field, Location, MAIN_SERVER, Part, Scheme};
use crate::encode::percent_encoded;
pub use crate::field::Item;
use crate::field::{Place, Scale, Values};
use crate::free;
use crate::outgoing::Outgoing;
use crate::path::{Given, Whose};
use crate::range::Range;
pub use crate::refusal::Refusal;
use crate::rules::{Denial, LONGEST_CREDENTIALS, LONGEST_HEADER, LONGEST_URL, Rule, header_too_long, too_long};
use crate::scheme::{self, Credential, Derived, Given as Placed};
use crate::secret::{MASK, Text};
use crate::sign::ToSign;
use crate::work::Work;

/// Names that a message lists, at most.
const MOST_NAMED: usize = 20;

/// Builds the request that a plugin asks for, or refuses it.
///
/// # Errors
/// [`Refusal::Denied`] with the rule; [`Refusal::MissingCredential`] where the connection lacks a value;
/// [`Refusal::OutOfTime`] where building it takes longer than the call has.
pub fn prepare(
    declarations: &[Declaration],
    asked: &Asked,
    item: Item<'_>,
    connection: &Connection,
    work: &Work,
) -> Result<Outgoing, Refusal> {
    let declaration = declared(declarations, &asked.name)?;
    free::only_free_values(declaration, asked)?;

    let request = &declaration.request;
    let connection = connection.server(request.server.as_deref())?;
    for_server(declaration)?;
    request.connection_fields().try_for_each(|field| readable(connection, field))?;
    let values = Values { declaration, asked, item, connection, work };
    let derived = Derived::default();
    let scheme = declaration.scheme.as_deref();
    let (signing, placing) = (scheme.filter(|s| s.is_of_request()), scheme.filter(|s| !s.is_of_request()));
    let mut credentials = placed(placing, &values, &derived, None)?;
    let url = url(declaration, &values, &credentials, connection)?;
    let body = body::build(&values, &credentials)?;
    // What is made of the request as it is sent stands in headers alone.
    let to_sign = ToSign::new(request.method, &url, body.as_ref(), work);
    credentials.extend(placed(signing, &values, &derived, Some(&to_sign))?);
    let mut headers = headers(&values, credentials)?;
    if let Some(sign) = scheme.and_then(|scheme| scheme.sign.as_ref()) {
        headers.extend(to_sign.signed(sign, &headers, connection, &derived)?);
    }
    headers.iter().try_for_each(check_header)?;
    let (strong, weak) = derived.into_maskers(connection);
    let range = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("range"));
    Ok(Outgoing {
        name: request.name.clone(),
        method: request.method,
        server: request.server.clone(),
        url,
        body,
        range: range.map(|(_, value)| Range::parse(value.real())).transpose()?,
        headers,
        answer: request.answer,
        redirects_to: request.redirects_to.clone(),
        reads: request.effect() == Effect::Read,
        has_key: request.has_key(),
        for_host: false,
        strong,
        weak,
    })
}

/// How large a request would be, roughly and before anything is built, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// What the plugin gives, and each bound value in each of its places.
    pub in_memory: u64,
    /// Files on disk, which are read while they are sent.
    pub on_disk: u64,
}

/// Weighs a request. Zero for one that is not declared. Of one that is larger than `most` in memory it is some number
/// above that: no more is looked at.
pub fn weight(
    declarations: &[Declaration],
    asked: &Asked,
    item: Item<'_>,
    connection: &Connection,
    most: u64,
    work: &Work,
) -> Weight {
    let Ok(declaration) = declared(declarations, &asked.name) else { return Weight::default() };
    let request = &declaration.request;
    let values = Values { declaration, asked, item, connection, work };
    let mut fields = request.query.iter().chain(&request.headers).chain(request.body.fields());
    let mut scale = Scale::to(most.saturating_sub(asked.bytes()));
    if let Some(source) = request.body.whole() {
        values.weigh(source, &mut scale);
    }
    while !scale.is_over()
        && let Some(field) = fields.next()
    {
        values.weigh_field(field, &mut scale);
    }
    let looked_into = body::looked_into(&values);
    Weight {
        in_memory: asked.bytes().saturating_add(scale.sum()).saturating_add(looked_into),
        on_disk: asked.bytes_on_disk().saturating_add(scale.on_disk()).saturating_sub(looked_into),
    }
}

/// Refuses credentials that are not for the server that the request goes to. The check of a manifest has done so before.
fn for_server(declaration: &Declaration) -> Result<(), Denial> {
    let server = declaration.request.server.as_deref();
    match &declaration.scheme {
        Some(scheme) if !scheme.is_for(server) => Err(Rule::Credential.denies(format!(
            "the credentials of the scheme `{}` are not for the server `{}`",
            scheme.name,
            server.unwrap_or(MAIN_SERVER)
        ))),
        _ => Ok(()),
    }
}

/// Refuses a field of the connection as a value where it is missing, or a secret, which has its place in a scheme alone.
fn readable(connection: &Connection, field: &str) -> Result<(), Refusal> {
    connection.require(field)?;
    match connection.field(field) {
        Some(_) => Ok(()),
        None => Err(Rule::Credential
            .denies(format!("the field `{field}` of the connection is a secret, and only a scheme may place it"))
            .into()),
    }
}

/// The credentials of a scheme.
fn placed<'a>(
    scheme: Option<&'a Scheme>,
    values: &Values<'_>,
    derived: &Derived,
    request: Option<&ToSign<'_>>,
) -> Result<Vec<Credential<'a>>, Refusal> {
    let Some(scheme) = scheme else { return Ok(Vec::new()) };
    // Not as masked ones: what is made of them is no secret of the connection, which answers are searched for.
    let variable = |name: &str| Ok(Text::open(values.variable(name)?.real().to_owned()));
    let given = Placed { connection: values.connection, derived, variable, request };
    Ok(hidden(scheme::credentials(scheme, &given)?, scheme, values, request))
}

/// Credentials with nothing to be shown of those that a sensitive variable, or a part of the request that has something sensitive in
/// it, is a part of.
fn hidden<'a>(
    credentials: Vec<Credential<'a>>,
    scheme: &Scheme,
    values: &Values<'_>,
    request: Option<&ToSign<'_>>,
) -> Vec<Credential<'a>> {
    let is_hidden = |part: &Part| match part {
        Part::Variable(variable) => match values.request().source_of(variable).input() {
            Some(input) => values.is_sensitive(input),
            None => values.is_sensitive(variable),
        },
        Part::Request(part) => request.is_some_and(|request| request.hides(*part)),
        _ => false,
    };
    let hidden = scheme.placed_with(is_hidden);
    credentials
        .into_iter()
        .map(|credential| match hidden.get(credential.placement).is_some_and(|hidden| *hidden) {
            true => Credential { text: credential.text.but_shown_as(MASK.to_owned()), ..credential },
            false => credential,
        })
        .collect()
}

fn declared<'a>(declarations: &'a [Declaration], name: &str) -> Result<&'a Declaration, Denial> {
    declarations.iter().find(|d| d.request.name == name).ok_or_else(|| {
        let known: Vec<&str> = declarations.iter().map(|d| d.request.name.as_str()).take(MOST_NAMED).collect();
        Rule::UndeclaredRequest.denies(format!(
            "the plugin asked for a request `{}`, which the operation does not declare (it declares {})",
            printable(name),
            if known.is_empty() { "none".to_owned() } else { format!("`{}`", known.join("`, `")) },
        ))
    })
}

fn url(
    declaration: &Declaration,
    values: &Values<'_>,
    credentials: &[Credential<'_>],
    connection: &Connection,
) -> Result<Text, Refusal> {
    let mut url = Url { text: Text::begin(connection.base_url()), pairs: 0, credentials: 0 };
    let of_path = |name: &str| {
        if let Some(credential) = credentials.iter().find(|c| c.location == Location::Path && c.name == name) {
            return Ok(Given { text: credential.text.clone(), whose: Whose::Credential, slashes: false });
        }
        let declared = declaration.request.variables.iter().find(|variable| variable.name == name);
        let slashes = declared.is_some_and(|variable| !variable.slashes.are_refused());
        let field = declared.and_then(|variable| variable.source.connection_field());
        let whose = field.map_or(Whose::Caller, |field| Whose::Field(field.to_owned()));
        Ok(Given { text: values.variable(name)?, whose, slashes })
    };
    url.credentials = declaration.request.path.expand(&mut url.text, &declaration.siblings, values.work, of_path)?;
    let is_free = |field: &&Field| field.source.is_free();
    let fields = || declaration.request.query.iter();
    // What the host writes, then what the plugin gives: a server that passes over what is too much passes over the latter.
    fields().filter(|field| !is_free(field)).try_for_each(|field| url.add(values, field))?;
    for credential in credentials.iter().filter(|c| c.location == Location::Query) {
        url.credentials += url.push(credential.name, &credential.text);
    }
    if url.credentials > LONGEST_CREDENTIALS {
        let message = format!("the credentials in the URL have more than {LONGEST_CREDENTIALS} bytes");
        return Err(Rule::Credential.denies(message).into());
    }
    fields().filter(is_free).try_for_each(|field| url.add(values, field))?;
    let is_declared = |name: &String| fields().any(|field| field.name == *name);
    for (name, value) in values.asked.query.iter().filter(|(name, _)| !is_declared(name)) {
        url.push(name, &values.text(value.clone(), values.hides(name)));
        url.check_length()?;
    }
    url.check_length()?;
    Ok(url.text)
}

/// A URL in the making.
struct Url {
    text: Text,
    pairs: usize,
    /// What its credentials take, in bytes.
    credentials: usize,
}

impl Url {
    /// Adds a parameter of the query.
    fn add(&mut self, values: &Values<'_>, field: &Field) -> Result<(), Denial> {
        if field.name.is_empty() {
            for (name, value) in values.open_names(field)? {
                self.push(&name, &value);
                self.check_length()?;
            }
            return Ok(());
        }
        values.fits(field, &values.asked.query, Place::Query)?;
        for (name, value) in values.pairs(field, &values.asked.query) {
            self.push(&name, &value);
        }
        self.check_length()
    }

    /// Adds a name and a value: how many bytes that takes.
    fn push(&mut self, name: &str, value: &Text) -> usize {
        let before = self.text.real().len();
        self.text.push_str(if self.pairs == 0 { "?" } else { "&" });
        self.pairs += 1;
        percent_encoded(name).for_each(|piece| self.text.push_str(piece));
        self.text.push_str("=");
        self.text.push_percent_encoded(value);
        self.text.real().len() - before
    }

    /// The credentials do not count: how long they are is nobody's to find out.
    fn check_length(&self) -> Result<(), Denial> {
        if self.text.real().len() - self.credentials > LONGEST_URL { Err(too_long()) } else { Ok(()) }
    }
}

fn headers(values: &Values<'_>, credentials: Vec<Credential<'_>>) -> Result<Vec<(String, Text)>, Denial> {
    let declared = &values.request().headers;
    declared.iter().try_for_each(|field| values.fits(field, &values.asked.headers, Place::Header))?;
    let fields = declared.iter().flat_map(|f| values.pairs(f, &values.asked.headers));
    let placed = credentials.into_iter().filter(|c| c.location == Location::Header);
    Ok(fields
        .chain(placed.map(|c| (Cow::Borrowed(c.name), c.text)))
        .map(|(n, value)| (n.into_owned(), value))
        .collect())
}

/// Refuses a value that no header can have.
fn check_header((name, value): &(String, Text)) -> Result<(), Denial> {
    if value.real().len() > LONGEST_HEADER {
        return Err(header_too_long(name));
    }
    let visible = value.real().bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if visible && value.real().trim() == value.real() {
        return Ok(());
    }
    Err(Rule::HeaderValue.denies(format!(
        "the value of the header `{name}` has a character that is not visible ASCII, or a space at its end"
    )))
}
