//! The guard: an asked-for request meets its declaration.
//!
//! [`prepare`] is the one function that turns what a plugin asks for into what is sent. The [rules](crate::rules) are
//! applied here, and to the address while it is [resolved](crate::address).

use std::borrow::Cow;

use crate::asked::printable;
pub use crate::asked::{Asked, AskedBody, AskedPart};
use crate::body;
use crate::connection::Connection;
use crate::declaration::{BodyForm, Declaration, Location};
use crate::encode::percent_encoded;
pub use crate::field::Item;
use crate::field::Values;
use crate::free;
use crate::outgoing::Outgoing;
pub use crate::refusal::Refusal;
use crate::rules::{Denial, LONGEST_HEADER, LONGEST_URL, Rule, too_long};
use crate::scheme::{self, Credential, Derived};
use crate::secret::Text;

/// Names that a message lists, at most.
const MOST_NAMED: usize = 20;

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
    free::only_free_values(declaration, asked)?;

    let request = &declaration.request;
    let values = Values { declaration, asked, item };
    let derived = Derived::default();
    let credentials = match &declaration.scheme {
        Some(scheme) => scheme::credentials(scheme, connection, &derived, |name| Ok(values.variable(name)?))?,
        None => Vec::new(),
    };
    Ok(Outgoing {
        name: request.name.clone(),
        method: request.method,
        url: url(declaration, &values, &credentials, connection)?,
        body: body::build(&values, &credentials)?,
        headers: headers(&values, credentials)?,
        answer: request.answer,
        derived: derived.into_texts(),
    })
}

/// How large a request would be, roughly and before anything is built, in bytes: what the plugin gives, and each bound
/// value in each of its places. Zero for a request that is not declared.
pub fn weight(declarations: &[Declaration], asked: &Asked, item: Item<'_>) -> u64 {
    let Ok(declaration) = declared(declarations, &asked.name) else { return 0 };
    let request = &declaration.request;
    let values = Values { declaration, asked, item };
    let fields = request.query.iter().chain(&request.headers).chain(request.body.fields()).map(|f| &f.source);
    let whole = match &request.body {
        BodyForm::Blob(source) => Some(source),
        _ => None,
    };
    asked.bytes() + fields.chain(whole).map(|source| values.weight(source)).sum::<u64>()
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
) -> Result<Text, Denial> {
    let mut url = Text::begin(connection.base_url());
    declaration.request.path.expand(&mut url, &declaration.siblings, |name| values.variable(name))?;
    let pairs_of = |free: bool| {
        let fields = declaration.request.query.iter().filter(move |f| f.source.is_free() == free);
        fields.flat_map(|f| values.pairs(f, &values.asked.query))
    };
    let placed = credentials.iter().filter(|c| c.location == Location::Query);
    let placed = placed.map(|c| (Cow::Borrowed(c.name), c.text.clone()));
    // What the host writes, then what the plugin gives: a server that passes over what is too much passes over the latter.
    for (index, (name, value)) in pairs_of(false).chain(placed).chain(pairs_of(true)).enumerate() {
        url.push_str(if index == 0 { "?" } else { "&" });
        percent_encoded(&name).for_each(|piece| url.push_str(piece));
        url.push_str("=");
        url.push_percent_encoded(&value);
    }
    if url.real().len() > LONGEST_URL {
        return Err(too_long(url.real().len()));
    }
    Ok(url)
}

fn headers(values: &Values<'_>, credentials: Vec<Credential<'_>>) -> Result<Vec<(String, Text)>, Denial> {
    let fields = values.request().headers.iter().flat_map(|f| values.pairs(f, &values.asked.headers));
    let placed = credentials.into_iter().filter(|c| c.location == Location::Header);
    fields
        .chain(placed.map(|c| (Cow::Borrowed(c.name), c.text)))
        .map(|(name, value)| {
            if value.real().len() > LONGEST_HEADER {
                let most = format!("the value of the header `{name}` has more than {LONGEST_HEADER} bytes");
                return Err(Rule::HeaderValue.denies(most));
            }
            let visible = value.real().bytes().all(|byte| matches!(byte, b' '..=b'~'));
            if visible && value.real().trim() == value.real() {
                Ok((name.into_owned(), value))
            } else {
                Err(Rule::HeaderValue.denies(format!(
                    "the value of the header `{name}` has a character that is not visible ASCII, or a space at its end"
                )))
            }
        })
        .collect()
}
