//! What a browser sees of a connect session: a page that says what is about to be connected, the provider, and what came of it.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::{Value, json};
use url::Url;
use wharf::config::ServerConfig;
use wharf::declaration::GrantType;
use wharf::failure::{CallError, Failure};
use wharf::{Connect, Connected, Host, Secret};

use super::Connecting;
use super::form::{Entered, Form};
use super::page::Page;
use super::reach::Reach;
use super::sessions::{Opened, Outcome, Refused, Session, State};
use super::wish::{Plan, plan};
use crate::events::Event;
use crate::problem::Problem;

/// Where a provider sends browsers back to: what stands in its settings, behind the public URL.
pub(crate) const CALLBACK: &str = "/connect/callback";

/// What the pages need of the server.
pub(crate) struct Flow<'a> {
    pub(crate) host: &'a Host,
    pub(crate) config: &'a ServerConfig,
    pub(crate) connecting: &'a Connecting,
    /// How browsers call the server, without a path.
    pub(crate) public_url: &'a str,
    pub(crate) tell: &'a dyn Fn(Event),
}

/// What a browser says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    /// Whether it only looks ahead, and nobody has asked it to.
    pub(crate) is_ahead: bool,
    /// Whether a page of another site made it ask.
    pub(crate) is_sent_by_others: bool,
}

impl Flow<'_> {
    /// A link is opened.
    pub(crate) fn show(&self, token: &str, browser: &Browser) -> Page {
        if browser.is_ahead {
            // Else the browser of whoever opens it would not be the first one.
            return self.page(403, "Not yet", "This page shows itself once somebody opens it.");
        }
        let opened = match self.connecting.sessions.open(token, |id| self.kept(browser, id)) {
            Ok(opened) => opened,
            Err(refused) => return self.refused(refused),
        };
        let Opened { session, browser } = opened;
        let wrong = match &session.state {
            State::Waiting(wrong) => wrong.clone(),
            _ => None,
        };
        let page = match self.plan(&session).and_then(|plan| self.form(&session, &plan).map(|form| (plan, form))) {
            Ok((plan, form)) => self.form_page(200, &session, &plan, &form, wrong.as_deref()),
            Err(problem) => self.impossible(&session, &problem),
        };
        match browser {
            Some(kept) => page.with("Set-Cookie", self.cookie(&session.id, &kept, session.left().as_secs())),
            None => page,
        }
    }

    /// A form comes back.
    pub(crate) fn submit(&self, token: &str, browser: &Browser, body: &[u8]) -> Page {
        if browser.is_sent_by_others {
            return self.refused(Refused::Forged);
        }
        let entered = Entered::read(body);
        let session = self.connecting.sessions.enter(token, |id| self.kept(browser, id), entered.token());
        let session = match session {
            Ok(session) => session,
            Err(refused) => return self.refused(refused),
        };
        match self.entered(&session, &entered) {
            Ok(page) => page,
            Err(problem) => {
                let words = self.in_words(&session, &problem.detail);
                self.settle(&session, State::Waiting(Some(words)));
                self.impossible(&session, &problem)
            }
        }
    }

    fn entered(&self, session: &Session, entered: &Entered) -> Result<Page, Problem> {
        let plan = self.plan(session)?;
        let form = self.form(session, &plan)?;
        let again = |words: String| {
            self.settle(session, State::Waiting(Some(words.clone())));
            let form = self.form(session, &plan)?.filled(entered);
            Ok(self.form_page(422, session, &plan, &form, Some(&words)))
        };
        let taken = match form.taken(entered) {
            Ok(taken) => taken,
            Err(words) => return again(words),
        };
        let mut connect = plan.connect.clone();
        connect.servers.extend(taken.servers);
        connect.fields.extend(taken.fields);
        let _held = self.connecting.changing.hold(&connect.plugin, &connect.name)?;
        if self.is_by_browser(session, &plan)? {
            return self.send_away(session, &plan, connect).or_else(|error| again(self.failed(session, &error)));
        }
        match self.connect_with_fields(&plan, connect) {
            Ok(outcome) => Ok(self.connected(session, outcome)),
            Err(error) => again(self.failed(session, &error)),
        }
    }

    /// To the provider, where somebody agrees.
    fn send_away(&self, session: &Session, plan: &Plan, connect: Connect) -> Result<Page, CallError> {
        let connect = Connect { grant: Some(GrantType::AuthorizationCode), ..connect };
        let consent = self.host.consent(connect, &format!("{}{CALLBACK}", self.public_url))?;
        let url = consent.url.clone();
        let state = Url::parse(&url).ok().and_then(|url| {
            let mut pairs = url.query_pairs();
            pairs.find(|(name, _)| name == "state").map(|(_, state)| state.into_owned())
        });
        self.connecting.sessions.away(&session.id, &state.unwrap_or_default(), consent);
        let title = &plan.release.about.title;
        let words = format!("You are sent to {title}, where you say whether it may be connected.");
        Ok(self.page(200, &format!("To {title}"), &words).on(&url, &format!("Go on to {title}")))
    }

    /// Makes a connection of what was entered. One that the provider does not take is none.
    fn connect_with_fields(&self, plan: &Plan, connect: Connect) -> Result<Outcome, CallError> {
        let (plugin, name) = (connect.plugin.clone(), connect.name.clone());
        let connected = self.host.connect_unattended(connect)?;
        let (account, test) = self.test(plan, &connected);
        match test {
            Some(error @ CallError::Failure(Failure::Unauthorized(_))) => {
                if plan.info.is_none() && !plan.is_configured {
                    self.host.forget(&plugin, &name)?;
                }
                Err(error)
            }
            test => Ok(Outcome { connected, account, test: test.map(|error| error.to_string()) }),
        }
    }

    /// Whose it is, or why that is not known.
    fn test(&self, plan: &Plan, connected: &Connected) -> (Option<String>, Option<CallError>) {
        if plan.release.about.test.is_none() || !connected.proposed.is_empty() {
            return (None, None);
        }
        match self.host.test_connection(&connected.plugin, &connected.name) {
            Ok(tested) => (tested.account, None),
            Err(error) => (None, Some(error)),
        }
    }

    /// Somebody comes back from the provider, with what stands in the address.
    pub(crate) fn come_back(&self, query: &str, browser: &Browser) -> Page {
        let state = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state");
        let state = state.map(|(_, state)| state.into_owned()).unwrap_or_default();
        let back = self.connecting.sessions.come_back(&state, |id| self.kept(browser, id));
        let (session, consent) = match back {
            Ok(back) => back,
            Err(refused) => {
                if refused == Refused::OtherBrowser {
                    // So that it is on record.
                    let _ = self.host.consented(query, &Secret::new(""));
                }
                return self.refused(refused);
            }
        };
        let done = self.host.consented(query, &Secret::new(consent.browser()));
        match done {
            Ok(connected) => {
                let (account, test) = match self.plan(&session) {
                    Ok(plan) => self.test(&plan, &connected),
                    Err(_) => (None, None),
                };
                let test = test.map(|error| error.to_string());
                self.connected(&session, Outcome { connected, account, test })
            }
            Err(error) => {
                let words = self.failed(&session, &error);
                let state = match self.host.is_awaited(&consent) {
                    true => State::Away(consent),
                    false => State::Waiting(Some(words.clone())),
                };
                self.settle(&session, state);
                let page =
                    self.page(400, "Not connected", "To try again, open the link once more that you came here with.");
                self.back(page.wrong(&words), &session, "failed")
            }
        }
    }

    fn plan(&self, session: &Session) -> Result<Plan, Problem> {
        // What its principal may do and what the configuration says may be other than when it began.
        let reach = Reach { host: self.host, principal: &session.principal };
        plan(&reach, &session.wish, BTreeMap::new())
    }

    fn form(&self, session: &Session, plan: &Plan) -> Result<Form, Problem> {
        let reach = Reach { host: self.host, principal: &session.principal };
        Form::of(&reach, plan, self.is_by_browser(session, plan)?)
    }

    fn is_by_browser(&self, session: &Session, plan: &Plan) -> Result<bool, Problem> {
        let reach = Reach { host: self.host, principal: &session.principal };
        Ok(plan.grants(&reach)?.contains(&GrantType::AuthorizationCode))
    }

    /// It is connected: nothing else is to be done with the link.
    fn connected(&self, session: &Session, outcome: Outcome) -> Page {
        let whose = outcome.account.as_ref().map(|account| format!(" It is of {account}.")).unwrap_or_default();
        let words = format!("It is connected.{whose} You can close this window.");
        let mut page = self.page(200, "Connected", &words);
        if let Some(test) = &outcome.test {
            page = page.wrong(&format!("A first try with it failed: {}", self.in_words(session, test)));
        }
        if !outcome.connected.proposed.is_empty() {
            page = page.words("It can be used once it was confirmed where its requests go.");
        }
        (self.tell)(event(session, "connect-session.completed", &outcome_json(session, &outcome)));
        self.settle(session, State::Connected(Box::new(outcome)));
        let page = page.with("Set-Cookie", self.cookie(&session.id, "", 0));
        self.back(page, session, "connected")
    }

    fn settle(&self, session: &Session, state: State) {
        self.connecting.sessions.settle(&session.id, state);
    }

    /// What went wrong, for the person; those who asked for the session are told, too.
    fn failed(&self, session: &Session, error: &CallError) -> String {
        let words = self.in_words(session, &error.to_string());
        let data = json!({ "session": session.id, "problem": Problem::of(error).to_json() });
        (self.tell)(event(session, "connect-session.failed", &data));
        words
    }

    /// As the tenant calls it.
    fn in_words(&self, session: &Session, words: &str) -> String {
        let host_name = session.principal.host_name(&session.wish.name);
        let words = words.replace(&host_name, &session.wish.name);
        if words.ends_with('.') { words } else { format!("{words}.") }
    }

    fn form_page(&self, status: u16, session: &Session, plan: &Plan, form: &Form, wrong: Option<&str>) -> Page {
        let about = &plan.release.about;
        let product = self.product();
        let tenant = session.principal.tenant.as_ref().map(|tenant| format!(", for {tenant}")).unwrap_or_default();
        let words = format!(
            "{product}{tenant} is about to be connected with your account at {}, as the connection {}: from then on it can do \
             there what you let it. Go on only if it was you who asked for it.",
            about.title, session.wish.name
        );
        let mut page = self.page(status, &format!("Connect {}", about.title), &words);
        for (server, url) in &session.wish.servers {
            page = page.words(&format!("The address ({server}): {url}"));
        }
        if let Some(scopes) = session.wish.scopes.as_ref().filter(|scopes| !scopes.is_empty()) {
            page = page.words(&format!("It asks for: {}", scopes.join(", ")));
        }
        if let Some(wrong) = wrong {
            page = page.wrong(wrong);
        }
        let button = match self.is_by_browser(session, plan) {
            Ok(true) => format!("Go on to {}", about.title),
            _ => "Connect".to_owned(),
        };
        page.form(&session.form_token, form.inputs(), &button)
    }

    fn impossible(&self, session: &Session, problem: &Problem) -> Page {
        let page = self.page(409, "Not connected", "It cannot be connected as it is. Tell whoever gave you the link.");
        self.back(page.wrong(&self.in_words(session, &problem.detail)), session, "failed")
    }

    fn refused(&self, refused: Refused) -> Page {
        let (status, title, words) = match refused {
            Refused::Unknown => (
                404,
                "Nothing here",
                "This link leads nowhere, or not any more. Go back to where you got it, and begin again.",
            ),
            Refused::TooOld => (
                410,
                "Too late",
                "This link was good for some minutes, which are over. Go back to where you got it, and begin again.",
            ),
            Refused::Used => {
                (410, "Used already", "This link is good once, and was used. Go back to where you got it.")
            }
            Refused::OtherBrowser => (
                403,
                "Another browser",
                "This link was opened in another browser, or yours keeps no cookies. If it was not you, tell whoever gave it to \
                 you; else go on there, or go back to where you got it, and begin again.",
            ),
            Refused::Busy => (409, "Busy", "It is being connected at this moment. Wait, and open the link again."),
            Refused::Forged => {
                (403, "Refused", "This form was not sent by the page of this link. Open the link again.")
            }
            Refused::TooOften => {
                (429, "Too often", "It was tried too often. Go back to where you got the link, and begin again.")
            }
        };
        self.page(status, title, words)
    }

    fn page(&self, status: u16, title: &str, words: &str) -> Page {
        Page::new(status, title, words).of(self.product())
    }

    fn product(&self) -> &str {
        self.config.title.as_deref().unwrap_or("Wharf")
    }

    /// With the way back to the product.
    fn back(&self, page: Page, session: &Session, status: &str) -> Page {
        let url = session.return_url.as_ref().and_then(|url| Url::parse(url).ok());
        let Some(mut url) = url else { return page };
        url.query_pairs_mut().append_pair("session", &session.id).append_pair("status", status);
        let words = format!("Back to {}", self.product());
        if status == "connected" { page.on(url.as_str(), &words) } else { page.link(url.as_str(), &words) }
    }

    /// Of a server that is reached by https, no other site of the same domain can set it.
    fn cookie_name(&self, id: &str) -> String {
        if self.is_secure() { format!("__Host-wharf-{id}") } else { format!("wharf-{id}") }
    }

    fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    fn cookie(&self, id: &str, value: &str, seconds: u64) -> String {
        let secure = if self.is_secure() { "; Secure" } else { "" };
        format!("{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}", self.cookie_name(id))
    }

    fn kept(&self, browser: &Browser, id: &str) -> Option<String> {
        browser.cookies.get(&self.cookie_name(id)).cloned()
    }
}

fn event(session: &Session, kind: &'static str, data: &Value) -> Event {
    Event {
        kind,
        tenant: session.principal.tenant.clone(),
        plugin: Some(session.wish.plugin.clone()),
        connection: Some(session.wish.name.clone()),
        data: data.clone(),
    }
}

/// What came of a session, for those who asked for it.
pub(crate) fn outcome_json(session: &Session, outcome: &Outcome) -> Value {
    json!({
        "session": session.id,
        "account": outcome.account,
        "scopes": outcome.connected.scopes,
        "proposed": outcome.connected.proposed,
        "test": outcome.test,
    })
}

/// Where a session may send somebody back to: an origin that the operator lists.
pub(crate) fn is_listed(config: &ServerConfig, url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let is_plain = matches!(url.scheme(), "https" | "http")
        && url.username().is_empty()
        && url.password().is_none()
        && url.origin().is_tuple();
    let mut listed = config.return_urls.iter().filter_map(|listed| Url::parse(listed).ok());
    is_plain && listed.any(|listed| listed.origin() == url.origin())
}

/// What a browser says of itself in the head of a request.
pub(crate) fn browser_of(headers: &HeaderMap, own: &str) -> Browser {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let cookies = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let is_ahead = ["sec-purpose", "purpose"]
        .iter()
        .any(|name| value(name).is_some_and(|value| value.to_ascii_lowercase().contains("prefetch")));
    // A page that says nothing of where it comes from, as these do, has the origin `null`.
    let is_other_origin = value("origin").is_some_and(|origin| origin != "null" && origin != own);
    let is_other_site = value("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    Browser {
        cookies: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        is_ahead,
        is_sent_by_others: is_other_origin || is_other_site,
    }
}
