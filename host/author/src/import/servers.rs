//! The servers of an API: the one that most operations are on, and others by names.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};
use url::{Host, Url};
use wharf::declaration::is_credential;

use super::model::{Api, Server};
use super::report::Report;
use super::texts;
use super::words::words;

/// Further servers, at most: those of authorization have room beside them.
const MOST: usize = 12;

/// Of a summary, in letters.
const LONGEST: usize = 200;

/// What a manifest says of servers.
pub(crate) struct Servers {
    /// The member `server`.
    pub(crate) main: Map<String, Value>,
    /// The member `servers`.
    pub(crate) others: Map<String, Value>,
    /// The one of each operation; none is the main one.
    pub(crate) of: Vec<Option<String>>,
    /// Operations on servers that are too many to be named.
    pub(crate) beyond: Vec<usize>,
}

/// Where a server is, as far as the description says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Address {
    /// At this URL.
    Known(Url),
    /// What the operator has to write: the URL with variables in braces, or a path.
    Open(String),
}

/// Finds out which servers there are, and which one each operation is on.
pub(crate) fn servers(api: &Api, plugin: &str, report: &mut Report) -> Servers {
    let usual = chosen(&api.servers, None).and_then(|server| Some((server, address(server, None)?)));
    let base = usual.as_ref().map(|(_, address)| address);
    let at: Vec<Option<At<'_>>> = api
        .operations
        .iter()
        .map(|operation| {
            let own = chosen(&operation.servers, base);
            own.and_then(|server| Some((server, address(server, base)?))).or_else(|| usual.clone())
        })
        .collect();
    let main = main(&at, usual.as_ref());
    tell_of_others(api, usual.as_ref().map(|(server, _)| *server), report);
    let address_of_main = main.map(|(_, address)| address);
    let what = what(api);
    let mut named = Named { main: address_of_main, names: HashMap::new(), others: Map::new() };
    let (mut of, mut beyond) = (Vec::new(), Vec::new());
    for (number, at) in at.iter().enumerate() {
        let further = at.as_ref().filter(|(_, address)| Some(address) != address_of_main);
        let name = further.map(|(server, address)| named.name(server, address, plugin, &what)).transpose();
        if name.is_err() {
            beyond.push(number);
        }
        of.push(name.unwrap_or_default());
    }
    let others = named.others;
    let main = rule(&what, main.map(|(server, _)| *server), address_of_main, &environment(plugin, "URL"));
    Servers { main, others, of, beyond }
}

/// A server, and where it is.
type At<'a> = (&'a Server, Address);

/// The one of several that is taken: the first that requests to are encrypted, and whose address is whole.
fn chosen<'s>(servers: &'s [Server], base: Option<&Address>) -> Option<&'s Server> {
    let is_encrypted =
        |server: &&Server| matches!(address(server, base), Some(Address::Known(url)) if url.scheme() == "https");
    let may_be = |server: &&Server| address(server, base).is_some();
    servers.iter().find(is_encrypted).or_else(|| servers.iter().find(may_be))
}

/// Where a server is. None of no address at all.
fn address(server: &Server, base: Option<&Address>) -> Option<Address> {
    let url = server.url.trim();
    let text = with_defaults(server);
    let parsed = match (Url::parse(&text), base) {
        (Ok(url), _) => Some(url),
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(Address::Known(base))) => base.join(&text).ok(),
        // A host without the word before it.
        (Err(url::ParseError::RelativeUrlWithoutBase), _) if text.starts_with("//") => {
            Url::parse(&format!("https:{text}")).ok()
        }
        _ => None,
    };
    let is_whole = |url: &Url| matches!(url.scheme(), "https" | "http") && url.host().is_some() && !text.contains('{');
    match parsed.filter(is_whole) {
        Some(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            let _ = (url.set_username(""), url.set_password(None));
            let path = url.path().trim_end_matches('/').to_owned();
            url.set_path(&path);
            Some(Address::Known(url))
        }
        None if url.is_empty() || url == "/" => None,
        None => Some(Address::Open(texts::line(url, LONGEST))),
    }
}

/// The address with what its variables are where nobody says otherwise. One whose variable has no such value, or one that only
/// stands for it (`your-domain`), keeps it in braces.
fn with_defaults(server: &Server) -> String {
    let stands_for = |name: &str, value: &str| {
        // A secret is no part of an address.
        if is_credential(name) {
            return true;
        }
        let words = words(value);
        value.is_empty()
            || words == self::words(name)
            || words.iter().any(|word| matches!(word.as_str(), "your" | "example"))
    };
    server.variables.iter().fold(server.url.trim().to_owned(), |url, (name, variable)| {
        match stands_for(name, &variable.default) {
            true => url,
            false => url.replace(&format!("{{{name}}}"), &variable.default),
        }
    })
}

/// Where most operations are; of several that are as usual, that of the API, and else the first one of the description.
fn main<'m, 'a>(at: &'m [Option<At<'a>>], usual: Option<&'m At<'a>>) -> Option<&'m At<'a>> {
    let mut counts: HashMap<&Address, usize> = HashMap::new();
    at.iter().flatten().for_each(|(_, address)| *counts.entry(address).or_default() += 1);
    let count = |at: &At<'_>| counts.get(&at.1).copied().unwrap_or_default();
    let most = at.iter().flatten().rev().max_by_key(|at| count(at));
    most.filter(|most| usual.is_none_or(|usual| count(most) > count(usual))).or(usual)
}

fn tell_of_others(api: &Api, usual: Option<&Server>, report: &mut Report) {
    let others: Vec<String> = api
        .servers
        .iter()
        .filter(|server| usual.is_some_and(|usual| usual.url != server.url))
        .map(|server| texts::shown(&server.url))
        .take(8)
        .collect();
    if let (Some(usual), false) = (usual, others.is_empty()) {
        let (taken, others) = (texts::shown(&usual.url), others.join(", "));
        report.of(None).note(
            &usual.place,
            "several-servers",
            format!("{taken} was taken; a connection may have another base URL: {others}"),
        );
    }
}

/// Servers that have got a name.
struct Named<'m> {
    main: Option<&'m Address>,
    names: HashMap<Address, String>,
    others: Map<String, Value>,
}

/// There is no room for one more.
struct Full;

impl Named<'_> {
    fn name(&mut self, server: &Server, address: &Address, plugin: &str, what: &str) -> Result<String, Full> {
        if let Some(known) = self.names.get(address) {
            return Ok(known.clone());
        }
        if self.others.len() >= MOST {
            return Err(Full);
        }
        let name = self.free(address);
        let variable = environment(plugin, &format!("{}_URL", name.to_ascii_uppercase()));
        let mut rule = json!({"summary": summary(Some(server), Some(address), &format!("`{name}` of {what}"))});
        put_address(&mut rule, Some(address), &variable);
        self.others.insert(name.clone(), rule);
        self.names.insert(address.clone(), name.clone());
        Ok(name)
    }

    /// What tells its address from the main one: `uploads` of `uploads.example.com`.
    fn free(&self, address: &Address) -> String {
        let host = |address: &Address| match address {
            Address::Known(url) => url.host_str().unwrap_or_default().to_owned(),
            Address::Open(text) => {
                let behind = text.split_once("://").map_or(text.as_str(), |(_, behind)| behind);
                behind.split('/').next().unwrap_or_default().to_owned()
            }
        };
        let path = |address: &Address| match address {
            Address::Known(url) => url.path().to_owned(),
            Address::Open(text) => text.clone(),
        };
        let of_main = self.main.map(|main| words(&host(main))).unwrap_or_default();
        let own: Vec<String> = words(&host(address)).into_iter().filter(|word| !of_main.contains(word)).collect();
        let own = if own.is_empty() { words(&path(address)) } else { own };
        let begins = |word: &&String| !word.starts_with(|c: char| c.is_ascii_lowercase());
        let own: Vec<&str> = own.iter().skip_while(begins).map(String::as_str).take(3).collect();
        let name: String = if own.is_empty() { "further".to_owned() } else { own.join("_").chars().take(40).collect() };
        let name = name.trim_end_matches('_').to_owned();
        let taken: HashSet<&str> = self.others.keys().map(String::as_str).chain(["main"]).collect();
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name.as_str())).unwrap_or(name)
    }
}

/// Of which API it is.
fn what(api: &Api) -> String {
    let title = texts::line(&api.title, 80);
    if title.is_empty() { "the provider".to_owned() } else { title }
}

/// The member `server`.
fn rule(what: &str, server: Option<&Server>, address: Option<&Address>, variable: &str) -> Map<String, Value> {
    let mut rule = json!({"summary": summary(server, address, what)});
    put_address(&mut rule, address, variable);
    match rule {
        Value::Object(rule) => rule,
        _ => Map::new(),
    }
}

fn put_address(rule: &mut Value, address: Option<&Address>, variable: &str) {
    let Some(rule) = rule.as_object_mut() else { return };
    match address {
        // What is sent without encryption is for the operator to decide.
        Some(Address::Known(url)) if url.scheme() == "https" && is_public(url) => {
            let url = url.as_str().trim_end_matches('/');
            rule.insert("default".to_owned(), url.into());
        }
        _ => {}
    }
    rule.insert("environment".to_owned(), variable.into());
}

/// Whether an address may be suggested: none of a machine or a network of one's own, which nobody has at a provider.
fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".localhost") && !name.ends_with(".internal"),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => false,
    }
}

/// What the operator has to know to write the address.
fn summary(server: Option<&Server>, address: Option<&Address>, what: &str) -> String {
    let text = match address {
        Some(Address::Known(url)) => format!("Where {what} is: {}", url.as_str().trim_end_matches('/')),
        Some(Address::Open(open)) if open.contains("://") => format!("Where {what} is: {open}{}", choices(server)),
        Some(Address::Open(path)) => {
            let slash = if path.starts_with('/') { "" } else { "/" };
            format!("Where {what} is, such as https://api.example.com{slash}{path}{}", choices(server))
        }
        None => format!("Where {what} is, such as https://api.example.com"),
    };
    texts::line(&text, LONGEST)
}

/// ` (region: us, eu)`
fn choices(server: Option<&Server>) -> String {
    let variables = server.into_iter().flat_map(|server| &server.variables);
    let told = variables.filter_map(|(name, variable)| {
        let values: Vec<&str> = variable.choices.iter().map(String::as_str).take(6).collect();
        (!values.is_empty()).then(|| format!("{name}: {}", values.join(", ")))
    });
    let told: Vec<String> = told.take(4).collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) }
}

fn environment(plugin: &str, of: &str) -> String {
    format!("{}_{of}", plugin.replace('-', "_").to_ascii_uppercase())
}

#[cfg(test)]
mod tests;
