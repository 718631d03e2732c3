//! Fields, and what is placed of them.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value, json};

use super::naming::{free, joined};
use super::need::Need;
use super::scopes::Scopes;
use super::way::Way;
use super::{Credentials, MAIN, Schemes, Spot, Ways, alike};
use crate::import::model::Api;
use crate::import::report::{Report, Teller};
use crate::import::servers::Servers;
use crate::import::texts;
use crate::import::words::words;

/// The longest summary of a field or a scheme, in characters.
pub(super) const LONGEST: usize = 200;

/// Words that say of a scheme what its kind says.
const OF_KINDS: [&str; 13] = [
    "auth",
    "authentication",
    "authorization",
    "basic",
    "bearer",
    "default",
    "header",
    "http",
    "oauth",
    "oauth2",
    "query",
    "scheme",
    "security",
];

/// Makes what a manifest says of credentials.
pub(super) struct Builder<'a> {
    pub(super) api: &'a Api,
    plugin: &'a str,
    pub(super) servers: &'a Servers,
    described: &'a Schemes,
    ways: Ways,
    pub(super) made: Credentials,
    /// The fields of the client by which tokens are asked for.
    pub(super) client: Option<(String, String)>,
    /// What is placed of each scheme of the description.
    placed: IndexMap<String, Placed>,
}

/// What is placed of a scheme.
#[derive(Clone, Debug, Default)]
pub(super) struct Placed {
    pub(super) values: Map<String, Value>,
    /// Null where it only signs.
    pub(super) placement: Value,
    pub(super) sign: Option<Value>,
    pub(super) summary: String,
}

impl<'a> Builder<'a> {
    pub(super) fn new(api: &'a Api, plugin: &'a str, servers: &'a Servers, described: &'a Schemes, ways: Ways) -> Self {
        Self {
            api,
            plugin,
            servers,
            described,
            ways,
            made: Credentials::default(),
            client: None,
            placed: IndexMap::new(),
        }
    }

    pub(super) fn done(self) -> Credentials {
        self.made
    }

    /// Where the credentials of a need are written.
    pub(super) fn places(&self, need: &Need) -> Vec<Spot> {
        need.schemes.iter().filter_map(|name| self.ways.get(name)?.spot()).collect()
    }

    /// A scheme for each combination that is needed, the usual one first: their names.
    pub(super) fn schemes(
        &mut self,
        needs: &[Option<Need>],
        usual: Option<&Vec<String>>,
        scopes: &Scopes,
        report: &mut Report,
    ) -> IndexMap<Vec<String>, String> {
        let (mut names, mut tell) = (IndexMap::new(), report.of(None));
        let needed: IndexSet<&Vec<String>> =
            usual.into_iter().chain(needs.iter().flatten().map(|need| &need.schemes)).collect();
        for key in needed {
            let scopes = scopes.all.get(key).cloned().unwrap_or_default();
            let scheme = self.scheme(key, usual == Some(key), &scopes, needs, &mut tell);
            let all: Vec<String> = key.iter().flat_map(|name| words(name)).collect();
            let name =
                free(&joined(&all, "-", "token"), "-", |name| name == "none" || self.made.schemes.contains_key(name));
            self.made.schemes.insert(name.clone(), scheme);
            names.insert(key.clone(), name);
        }
        names
    }

    fn scheme(
        &mut self,
        key: &[String],
        is_usual: bool,
        scopes: &IndexSet<String>,
        needs: &[Option<Need>],
        tell: &mut Teller<'_>,
    ) -> Value {
        let placed: Vec<Placed> = key.iter().map(|name| self.place(name, is_usual, scopes, tell)).collect();
        let summaries: Vec<&str> = placed.iter().map(|placed| placed.summary.as_str()).collect();
        let mut scheme = Map::new();
        scheme.insert("summary".to_owned(), texts::line(&summaries.join(" And: "), LONGEST).into());
        let servers = self.servers_of(key, needs);
        if servers.iter().any(|name| name != MAIN) {
            scheme.insert("servers".to_owned(), servers.into_iter().collect());
        }
        let values: Map<String, Value> = placed.iter().flat_map(|placed| placed.values.clone()).collect();
        if !values.is_empty() {
            scheme.insert("values".to_owned(), values.into());
        }
        if let Some(sign) = placed.iter().find_map(|placed| placed.sign.clone()) {
            scheme.insert("sign".to_owned(), sign);
        }
        let placements: Vec<Value> =
            placed.into_iter().map(|placed| placed.placement).filter(|p| !p.is_null()).collect();
        if !placements.is_empty() {
            scheme.insert("placements".to_owned(), placements.into());
        }
        scheme.into()
    }

    /// The servers of the operations that have these schemes.
    fn servers_of(&self, key: &[String], needs: &[Option<Need>]) -> IndexSet<String> {
        let has = |need: &Option<Need>| need.as_ref().is_some_and(|need| need.schemes == key);
        let of = needs.iter().zip(&self.servers.of).filter(|(need, _)| has(need));
        of.map(|(_, server)| server.clone().unwrap_or_else(|| MAIN.to_owned())).collect()
    }

    /// What is placed of a scheme, whose fields are made once.
    fn place(&mut self, name: &str, is_usual: bool, scopes: &IndexSet<String>, tell: &mut Teller<'_>) -> Placed {
        if let Some(placed) = self.placed.get(name) {
            return placed.clone();
        }
        let way = self.ways.get(name).cloned().unwrap_or_else(|| Way::Nowhere(String::new()));
        let placed = match &way {
            Way::Key(spot) => self.key(name, spot, is_usual),
            Way::Basic => self.basic(name, is_usual),
            Way::AwsV4(service) => self.signed(service, is_usual),
            Way::Oauth2(flows) => match self.oauth2(name, flows, is_usual, scopes, tell) {
                Some(placed) => placed,
                None => self.bearer(name, is_usual),
            },
            Way::Bearer | Way::Token | Way::Nowhere(_) => self.bearer(name, is_usual),
        };
        self.placed.insert(name.to_owned(), placed.clone());
        placed
    }

    fn bearer(&mut self, name: &str, is_usual: bool) -> Placed {
        const SUMMARY: &str = "A token, sent as Authorization: Bearer.";
        // What stands before the token is not for the operator to write.
        let summary = Some(self.summary(name, SUMMARY)).filter(|text| !text.to_lowercase().contains("bearer"));
        let summary = summary.unwrap_or_else(|| SUMMARY.to_owned());
        let field = Some(self.field_name(name, "token")).filter(|field| field != "password");
        let field = field.unwrap_or_else(|| "token".to_owned());
        let field = self.secret(&field, &titled(&field), &summary, is_usual);
        let spot = Spot { name: "Authorization".to_owned(), ..Spot::default() };
        Placed { placement: spot.placement(&format!("Bearer {{{field}}}")), summary, ..Placed::default() }
    }

    fn key(&mut self, name: &str, spot: &Spot, is_usual: bool) -> Placed {
        let described = self.described.get(name).map(|scheme| scheme.description.to_lowercase()).unwrap_or_default();
        let is_authorization = alike(&spot.name) == "authorization";
        if is_authorization && (described.contains("bearer") || name.to_lowercase().contains("bearer")) {
            return self.bearer(name, is_usual);
        }
        let otherwise = match is_authorization {
            true => "The whole value of the header Authorization, with the word before the key where there is one."
                .to_owned(),
            false => format!("Sent as the {} {}.", spot.at.in_words(), texts::line(&spot.name, LONGEST)),
        };
        let summary = self.summary(name, &otherwise);
        let field = self.field_name(name, "api_key");
        let field = self.secret(&field, &titled(&field), &summary, is_usual);
        Placed { placement: spot.placement(&format!("{{{field}}}")), summary, ..Placed::default() }
    }

    /// User and password. A scheme whose name has two parts calls them so: `accountSid_authToken`.
    fn basic(&mut self, name: &str, is_usual: bool) -> Placed {
        let parts: Vec<Vec<String>> = name.split(['_', ':']).map(words).collect();
        let is_secret = |word: &String| ["key", "password", "secret", "token"].contains(&word.as_str());
        let (user, password) = match parts.as_slice() {
            [user, password] if password.iter().any(is_secret) => {
                (joined(user, "_", "user"), joined(password, "_", "password"))
            }
            _ => ("user".to_owned(), "password".to_owned()),
        };
        let summary = self.summary(name, "A user and a password, by HTTP Basic.");
        let of_user = self.field(
            &user,
            &titled(&user),
            &summary,
            is_usual,
            user.split('_').any(|word| is_secret(&word.to_owned())),
        );
        let of_password = self.secret(&password, &titled(&password), &format!("Beside `{of_user}`."), is_usual);
        let template = format!("{{{of_user}}}:{{{of_password}}}");
        let values = Map::from_iter([("both".to_owned(), json!({ "template": template, "functions": ["base64"] }))]);
        let spot = Spot { name: "Authorization".to_owned(), ..Spot::default() };
        Placed { placement: spot.placement("Basic {value.both}"), values, summary, ..Placed::default() }
    }

    /// Signature Version 4 of AWS: the key of an account, and the region of the server.
    fn signed(&mut self, service: &str, is_usual: bool) -> Placed {
        let summary = format!("Signature Version 4 of AWS, for the service {service}.");
        let id = self.field("access_key_id", "Access key ID", "Of a user or role of the account.", is_usual, false);
        let key = self.secret("secret_access_key", "Secret access key", &format!("Beside `{id}`."), is_usual);
        let token = self.secret("session_token", "Session token", "Of a key that holds for a while.", false);
        let region = self.field("region", "Region", "Of the server, such as eu-west-1.", false, false);
        let usual = self.region();
        if let Some(field) = self.made.fields.get_mut(&region).and_then(Value::as_object_mut) {
            field.insert("default".to_owned(), usual.into());
        }
        let sign = json!({"aws-v4": {
            "access-key": id, "secret-key": key, "session-token": token, "region": region, "service": service,
        }});
        Placed { sign: Some(sign), summary, ..Placed::default() }
    }

    /// The region that the description takes where nobody says otherwise.
    fn region(&self) -> String {
        let variables = self.api.servers.iter().flat_map(|server| &server.variables);
        let found =
            variables.filter(|(name, _)| *name == "region").map(|(_, variable)| texts::line(&variable.default, 40));
        found.into_iter().find(|region| !region.is_empty()).unwrap_or_else(|| "us-east-1".to_owned())
    }

    /// What the description says of a scheme, in a line.
    pub(super) fn summary(&self, name: &str, otherwise: &str) -> String {
        let described = self.described.get(name).map(|scheme| texts::line(&scheme.description, LONGEST));
        described.filter(|text| !text.is_empty()).unwrap_or_else(|| otherwise.to_owned())
    }

    /// The name of a field by that of its scheme, without what its kind says.
    fn field_name(&self, scheme: &str, otherwise: &str) -> String {
        let rest: Vec<String> = words(scheme).into_iter().filter(|word| !OF_KINDS.contains(&word.as_str())).collect();
        joined(&rest, "_", otherwise)
    }

    pub(super) fn secret(&mut self, name: &str, title: &str, summary: &str, required: bool) -> String {
        self.field(name, title, summary, required, true)
    }

    /// A field, by this name or one like it: the name.
    pub(super) fn field(&mut self, name: &str, title: &str, summary: &str, required: bool, secret: bool) -> String {
        let name = free(name, "_", |name| self.made.fields.contains_key(name));
        let flags = [("secret", secret), ("required", required)].into_iter().filter(|(_, is_set)| *is_set);
        let texts = [("title", title), ("summary", summary)].map(|(member, text)| (member.to_owned(), text.into()));
        let flags = flags.map(|(member, _)| (member.to_owned(), true.into()));
        let environment = ("environment".to_owned(), self.environment(&name).into());
        let field: Map<String, Value> = texts.into_iter().chain(flags).chain([environment]).collect();
        self.made.fields.insert(name.clone(), field.into());
        name
    }

    /// The variable of a field bears the name of the plugin, once.
    fn environment(&self, field: &str) -> String {
        let plugin = self.plugin.replace('-', "_");
        let rest = field.strip_prefix(&plugin).and_then(|rest| rest.strip_prefix('_')).unwrap_or(field);
        format!("{plugin}_{rest}").to_ascii_uppercase()
    }
}

/// A name as a title: `api_key` is `API key`, and `account_sid` is `Account SID`.
pub(super) fn titled(name: &str) -> String {
    let word = |(number, word): (usize, &str)| match word {
        "api" | "id" | "sid" => word.to_ascii_uppercase(),
        _ if number == 0 => {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
        }
        _ => word.to_owned(),
    };
    name.split('_').enumerate().map(word).collect::<Vec<_>>().join(" ")
}
