//! Connections that are kept in the vault: making them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wharf_egress::declaration::{CredentialKind, GrantType, Told, ToldBy};
use wharf_egress::tokens::{self, DeviceAsked, Spend, TokenError};
use wharf_egress::{Connection, Deadline, Secret};
use zeroize::Zeroizing;

use super::Host;
use crate::credentials::connect::{Awaited, Connect, Connected, check_given, check_name};
use crate::credentials::live::OfCall;
use crate::credentials::oauth::{allowance, not_obtained, obtained};
use crate::credentials::prepared::Prepared;
use crate::credentials::random;
use crate::credentials::renewal::{MOST_FOR_A_TOKEN, NotLive, NotObtained, Want};
use crate::credentials::shelf::lock;
use crate::credentials::{made, row_name};
use crate::failure::{CallError, Detail, Failure, Fault, Refusal};
use crate::grant::Grant;
use crate::manifest::{About, ConnectionField};

/// A consent that somebody gives in a browser.
pub struct Consent {
    /// Where the browser goes. It has a secret in it, the state, that is good for one answer.
    pub url: String,
    browser: Zeroizing<String>,
    /// The digest of the state.
    state: String,
}

impl Consent {
    /// What the browser has to keep, in letters and digits, as by a cookie: the answer counts only from the browser that has it. It is
    /// a secret.
    pub fn browser(&self) -> &str {
        &self.browser
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a consent that is waited for")
    }
}

/// A consent that somebody gives on another device (RFC 8628).
pub struct Device {
    /// What is typed in there.
    pub user_code: String,
    /// Where.
    pub address: String,
    /// The same with the code in it.
    pub complete: Option<String>,
    /// How long there is time for it.
    pub lasts: Duration,
    asked: DeviceAsked,
    begun: Instant,
    start: Start,
}

/// What a connection is made with.
struct Start {
    connect: Connect,
    of: OfCall,
    credential: Option<(Arc<Prepared>, GrantType)>,
    /// Whether there is no row of it yet.
    is_new: bool,
}

impl Start {
    /// Whether the provider tells the value of a field when the connection is made.
    fn is_told(&self, field: &str) -> bool {
        let oauth2 = self.credential.as_ref().and_then(|(prepared, _)| prepared.oauth2());
        oauth2.is_some_and(|(oauth2, _)| oauth2.fields.iter().any(|told| told.name == field))
    }

    fn oauth2(&self) -> Result<(&Arc<Prepared>, GrantType), Refusal> {
        let credential = self.credential.as_ref().filter(|(prepared, _)| prepared.oauth2().is_some());
        credential.map(|(prepared, grant)| (prepared, *grant)).ok_or_else(|| {
            Refusal::Connection(format!("`{}` has no credential that somebody agrees to", self.connect.plugin))
        })
    }
}

impl Host {
    /// Which grants of OAuth 2 a plugin's credential can be obtained by, the usual one first; none where nobody has to agree to
    /// anything.
    ///
    /// # Errors
    /// [`Refusal`] where there is no such plugin or credential.
    pub fn grants_of(&self, plugin: &str, credential: Option<&str>) -> Result<Vec<GrantType>, Refusal> {
        let tenure = self.registry.get(plugin)?;
        let prepared = chosen(&tenure.release.about, tenure.release.credentials(), credential)?;
        Ok(match prepared.map(|prepared| &prepared.declared.kind) {
            Some(CredentialKind::Oauth2(oauth2)) => oauth2.grants.clone(),
            Some(CredentialKind::Session(_)) | None => Vec::new(),
        })
    }

    /// Makes a connection that nobody has to agree to: its fields are put into the vault, and what it lives by is obtained once, so
    /// that it is known to work. One of the same name is changed.
    ///
    /// # Errors
    /// [`CallError`]: nothing is kept of a new connection then.
    pub fn connect_unattended(&self, connect: Connect) -> Result<Connected, CallError> {
        let start = self.start(connect)?;
        let connected = self.credentials.install(&start.of, &start.connect, None, &[])?;
        let Some((prepared, _)) = &start.credential else { return Ok(connected) };
        let obtained = start.of.job(prepared).and_then(|job| {
            let generation =
                self.credentials.known(&job.row())?.row.credentials.get(&job.credential).map(|live| live.generation);
            let want = Want { beyond: generation.unwrap_or_default(), at_once: true };
            self.credentials.renewal.obtain(&job, want, Deadline::within(MOST_FOR_A_TOKEN))
        });
        match obtained {
            Ok(live) => Ok(Connected { scopes: live.scopes, ..connected }),
            Err(why) => {
                if start.is_new {
                    self.forget(&start.connect.plugin, &start.connect.name)?;
                }
                Err(named(why.into(), &start))
            }
        }
    }

    /// Begins a connection to which somebody agrees in a browser, which comes back to the redirect address: one that the provider
    /// knows.
    ///
    /// # Errors
    /// [`CallError`] where the connection lacks what it needs.
    pub fn consent(&self, connect: Connect, redirect: &str) -> Result<Consent, CallError> {
        let start = self.start(Connect { grant: Some(GrantType::AuthorizationCode), ..connect })?;
        let (prepared, grant) = start.oauth2()?;
        let Some((oauth2, client)) = prepared.oauth2() else { return Err(no_oauth(&start)) };
        let scopes = start.connect.scopes.as_ref().unwrap_or(&oauth2.scopes);
        let (state, kept) = (Secret::new(random::hex::<32>()?.as_str()), random::hex::<32>()?);
        let browser = Secret::new(kept.as_str());
        let proof = client
            .uses_pkce()
            .then(|| tokens::pkce().ok_or_else(|| random::none("they are all used up")))
            .transpose()?;
        let (verifier, challenge) = proof.unzip();
        let connection = &start.of.grant.connection;
        let url =
            client.authorize_url(connection, scopes, &state, challenge.as_deref(), redirect).map_err(Refusal::from)?;
        let awaited = Awaited {
            prepared: Arc::clone(prepared),
            grant,
            verifier,
            redirect: redirect.to_owned(),
            browser,
            begun: Instant::now(),
            of: start.of,
            connect: start.connect,
        };
        self.credentials.waiting.add(&state, awaited)?;
        Ok(Consent { url, browser: kept, state: state.digest() })
    }

    /// Whether the answer to a consent is still to come: one that was refused because of where it came from leaves it so.
    pub fn is_awaited(&self, consent: &Consent) -> bool {
        self.credentials.waiting.has(&consent.state)
    }

    /// Takes what a browser came back with: the query of its address, and what it keeps. Each consent has one answer; one that nobody
    /// waits for, or that comes from another browser or another server, is refused, and recorded.
    ///
    /// # Errors
    /// [`CallError`]
    pub fn consented(&self, query: &str, browser: &Secret) -> Result<Connected, CallError> {
        let refused = |words: String| {
            self.note_callback(&words);
            CallError::from(Refusal::Connection(format!("the answer is refused: {words}; begin again")))
        };
        let callback = tokens::callback(query).map_err(|error| refused(error.to_string()))?;
        let Some(state) = &callback.state else { return Err(refused("it has no `state`".to_owned())) };
        let awaited = self.credentials.waiting.take(state, browser).map_err(|words| refused(words.to_owned()))?;
        let Awaited { connect, of, prepared, grant, verifier, redirect, .. } = awaited;
        let start = Start { connect, of, credential: Some((prepared, grant)), is_new: false };
        let (prepared, _) = start.oauth2()?;
        let Some((_, client)) = prepared.oauth2() else { return Err(no_oauth(&start)) };
        let code = client.code(&start.of.grant.connection, &callback).map_err(|error| {
            self.note_callback(&error.to_string());
            named(token_error(error), &start)
        })?;
        let told = client.told(&callback);
        self.redeem(&start, Spend::Code { code: &code, verifier: verifier.as_ref(), redirect: &redirect }, told)
    }

    /// Begins a connection to which somebody agrees on another device.
    ///
    /// # Errors
    /// [`CallError`] where the provider gives no code for it.
    pub fn device(&self, connect: Connect) -> Result<Device, CallError> {
        let start = self.start(Connect { grant: Some(GrantType::DeviceCode), ..connect })?;
        let (prepared, _) = start.oauth2()?;
        let Some((oauth2, client)) = prepared.oauth2() else { return Err(no_oauth(&start)) };
        let scopes = start.connect.scopes.as_ref().unwrap_or(&oauth2.scopes);
        let by = start.of.on_behalf();
        let connection = &start.of.grant.connection;
        let who = by.who(connection.name(), "connect");
        let asked = client
            .device(connection, scopes, allowance(MOST_FOR_A_TOKEN), by.recorder(who))
            .map_err(|error| named(token_error(error), &start))?;
        Ok(Device {
            user_code: asked.user_code.clone(),
            address: asked.address.clone(),
            complete: asked.complete.clone(),
            lasts: asked.lasts,
            begun: Instant::now(),
            asked,
            start,
        })
    }

    /// Waits until somebody has agreed, or not, as often as the provider wants to be asked.
    ///
    /// # Errors
    /// [`CallError`], also where the time is over.
    pub fn device_agreed(&self, device: Device) -> Result<Connected, CallError> {
        /// By RFC 8628, section 3.5.
        const SLOWER: Duration = Duration::from_secs(5);
        let Device { asked, begun, start, .. } = device;
        let mut interval = asked.interval;
        while begun.elapsed() + interval < asked.lasts {
            std::thread::sleep(interval);
            match self.redeem(&start, Spend::Device(&asked.code), Vec::new()) {
                Err(CallError::Failure(Failure::Unavailable(detail))) if detail.message == PENDING => {}
                Err(CallError::Failure(Failure::Unavailable(detail))) if detail.message == SLOW_DOWN => {
                    interval += SLOWER;
                }
                done => return done,
            }
        }
        Err(Refusal::Connection("nobody has agreed in time; begin again".to_owned()).into())
    }

    /// The first token, and the connection with it.
    fn redeem(&self, start: &Start, spend: Spend<'_>, mut told: Vec<(Told, String)>) -> Result<Connected, CallError> {
        let (prepared, grant) = start.oauth2()?;
        let Some((oauth2, client)) = prepared.oauth2() else { return Err(no_oauth(start)) };
        let by = start.of.on_behalf();
        let connection = &start.of.grant.connection;
        let who = by.who(connection.name(), "connect");
        let scopes = start.connect.scopes.as_ref().unwrap_or(&oauth2.scopes);
        let mut tokens = client
            .token(connection, spend, scopes, allowance(MOST_FOR_A_TOKEN), by.recorder(who))
            .map_err(|error| named(token_error(error), start))?;
        tokens.scopes = tokens.scopes.or_else(|| Some(scopes.clone()).filter(|scopes| !scopes.is_empty()));
        told.append(&mut tokens.told);
        self.credentials.install(&start.of, &start.connect, Some((prepared, grant, obtained(tokens))), &told)
    }

    /// The fields of a connection that has no value for them yet, and that the provider does not tell. Those that are required have to
    /// be given before it can be made.
    ///
    /// # Errors
    /// [`CallError`] where it cannot be made for another reason.
    pub fn lacking(&self, connect: &Connect) -> Result<Vec<String>, CallError> {
        let start = self.prepare(connect.clone())?;
        let fields = start.of.release.about.fields.iter().filter(|field| !start.is_told(&field.name));
        let absent = fields.filter(|field| start.of.grant.connection.require(&field.name).is_err());
        Ok(absent.map(|field| field.name.clone()).collect())
    }

    fn start(&self, connect: Connect) -> Result<Start, CallError> {
        let start = self.prepare(connect)?;
        let is_needed = |field: &&ConnectionField| field.required && !start.is_told(&field.name);
        for field in start.of.release.about.fields.iter().filter(is_needed) {
            start.of.grant.connection.require(&field.name).map_err(Refusal::from)?;
        }
        Ok(start)
    }

    fn prepare(&self, mut connect: Connect) -> Result<Start, CallError> {
        check_name(&connect.name)?;
        let release = Arc::clone(&self.registry.get(&connect.plugin)?.release);
        check_given(&release.about, &connect)?;
        let (row, version) = self.credentials.renewal.row(&row_name(&connect.plugin, &connect.name))?;
        let grant = match self.granted(&connect.plugin, Some(&connect.name)) {
            Some(granted) => {
                if !connect.fields.is_empty() || !connect.servers.is_empty() || connect.from.is_some() {
                    let words = format!(
                        "the connection `{}` of `{}` is a configured one: its fields and servers are changed there",
                        connect.name, connect.plugin
                    );
                    return Err(Refusal::Connection(words).into());
                }
                connect.from = Some(connect.name.clone());
                granted
            }
            None => {
                let before = row.made.as_ref();
                // Nobody is given what another tenant has without being asked.
                let is_own = |only: &String| tenant(only) == tenant(&connect.name);
                let only = || self.only(&connect.plugin).filter(|only| !connect.is_alone && is_own(only));
                let usual = || before.map_or_else(only, |made| made.from.clone());
                connect.from = connect.from.clone().or_else(usual);
                let made = connect.made(before, self.credentials.renewal.now());
                let from = self.from(&connect.plugin, &connect.name, connect.from.as_deref())?;
                made::first(&release.about, &connect.name, &made, from.as_deref())?
            }
        };
        let prepared = chosen(&release.about, release.credentials(), connect.credential.as_deref())?.cloned();
        let credential = prepared.map(|prepared| usual_grant(prepared, &connect)).transpose()?;
        let of = OfCall { credentials: Arc::clone(&self.credentials), release, grant, audit: self.audit.clone() };
        Ok(Start { connect, of, credential, is_new: version.is_none() })
    }

    /// Whether a plugin has a connection of this name: one that was granted to it, or one that the vault knows.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used.
    pub fn has_connection(&self, plugin: &str, name: &str) -> Result<bool, Fault> {
        Ok(self.granted(plugin, Some(name)).is_some() || self.is_there(plugin, name)?)
    }

    /// The names of a tenant's connections of a plugin, or of those that are of no tenant: those that were granted to the plugin, and
    /// those that the vault knows; so many at most, in no order.
    ///
    /// # Errors
    /// [`Fault::Host`] where the vault cannot be used.
    pub fn connection_names(&self, plugin: &str, of: Option<&str>, most: usize) -> Result<Vec<String>, Fault> {
        let mut names = self.granted_names(plugin);
        names.retain(|name| tenant(name) == of);
        let prefix = row_name(plugin, &of.map(|of| format!("{of}:")).unwrap_or_default());
        let (vault, mut after) = (&self.credentials.renewal.vault, None::<String>);
        while names.len() < most {
            let page = vault.list(&prefix, after.as_deref(), most);
            let page = page.map_err(|error| Fault::Host(error.to_string()))?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            for name in page.iter().filter_map(|row| row.split_once('/')).map(|(_, name)| name) {
                if let Some(other) = tenant(name).filter(|_| of.is_none()) {
                    // All of that tenant's are passed over at one time: the character after the colon comes after them.
                    after = Some(row_name(plugin, &format!("{other};")));
                    break;
                }
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
        names.truncate(most);
        Ok(names)
    }

    fn only(&self, plugin: &str) -> Option<String> {
        self.granted(plugin, None).map(|grant| grant.connection.name().to_owned())
    }

    pub(super) fn from(&self, plugin: &str, name: &str, from: Option<&str>) -> Result<Option<Arc<Grant>>, Refusal> {
        let Some(from) = from else { return Ok(None) };
        let granted = self.granted(plugin, Some(from));
        granted.map(Some).ok_or_else(|| {
            Refusal::Connection(format!(
                "the connection `{name}` is made from `{from}`, and `{plugin}` has no such connection in the configuration"
            ))
        })
    }

    /// The connection of a plugin that was made at run time: the one of this name, or else the only one.
    pub(super) fn made(&self, about: &About, name: Option<&str>) -> Result<Option<Arc<Grant>>, CallError> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => match self.credentials.names(&about.name, 2)?.as_slice() {
                [only] => only.clone(),
                [] => return Ok(None),
                _ => {
                    let words = format!("`{}` has several connections; say which one: --connection NAME", about.name);
                    return Err(Refusal::Connection(words).into());
                }
            },
        };
        let known = self.credentials.known(&row_name(&about.name, &name))?;
        let Some(made) = &known.row.made else { return Ok(None) };
        let from = self.from(&about.name, &name, made.from.as_deref())?;
        // A connection of the configuration may be another one by now.
        let is_same = |known: &(Option<Arc<Connection>>, Arc<Grant>)| match (&known.0, &from) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, &now.connection),
            (None, None) => true,
            _ => false,
        };
        let mut kept = lock(&known.grant);
        if let Some((_, grant)) = kept.as_ref().filter(|known| is_same(known)) {
            return Ok(Some(Arc::clone(grant)));
        }
        let grant = made::grant(about, &name, made, from.as_deref())?;
        *kept = Some((from.map(|from| Arc::clone(&from.connection)), Arc::clone(&grant)));
        Ok(Some(grant))
    }

    /// Whether a connection of the configuration may have been told something when it was connected.
    pub(super) fn is_told(about: &About) -> bool {
        about.credentials.iter().any(|credential| match &credential.kind {
            CredentialKind::Oauth2(oauth2) => oauth2
                .fields
                .iter()
                .chain(&oauth2.servers)
                .any(|told| matches!(told.by, ToldBy::Answer(_) | ToldBy::Callback(_))),
            CredentialKind::Session(_) => false,
        })
    }

    fn note_callback(&self, words: &str) {
        if let Some(audit) = &self.audit {
            let _ = audit.connection("", "", "", &format!("refused what a browser came back with: {words}"));
        }
    }
}

/// The credential that is meant: the one of this name, or else the only one.
fn chosen<'r>(
    about: &About,
    credentials: &'r [Arc<Prepared>],
    name: Option<&str>,
) -> Result<Option<&'r Arc<Prepared>>, Refusal> {
    let names = || credentials.iter().map(|one| one.declared.name.as_str()).collect::<Vec<_>>().join("`, `");
    match (credentials, name) {
        (all, Some(name)) => all.iter().find(|one| one.declared.name == name).map(Some).ok_or_else(|| {
            Refusal::Connection(format!("`{}` has no credential `{name}`; it has `{}`", about.name, names()))
        }),
        ([], None) => Ok(None),
        ([only], None) => Ok(Some(only)),
        (_, None) => {
            Err(Refusal::Connection(format!("`{}` has several credentials; say which one: `{}`", about.name, names())))
        }
    }
}

/// The grant that is meant.
fn usual_grant(prepared: Arc<Prepared>, connect: &Connect) -> Result<(Arc<Prepared>, GrantType), Refusal> {
    let grants = prepared.oauth2().map(|(oauth2, _)| oauth2.grants.clone()).unwrap_or_default();
    // A session has none, and needs nobody.
    let usual = grants.first().copied().unwrap_or(GrantType::ClientCredentials);
    match connect.grant {
        Some(grant) if !grants.contains(&grant) => Err(Refusal::Connection(format!(
            "the credential `{}` of `{}` is not obtained by {}; its manifest says how",
            prepared.declared.name,
            connect.plugin,
            grant.as_str()
        ))),
        grant => Ok((prepared, grant.unwrap_or(usual))),
    }
}

const PENDING: &str = "nobody has agreed yet";
const SLOW_DOWN: &str = "nobody has agreed yet, and the provider wants to be asked less often";

fn token_error(error: TokenError) -> CallError {
    let pending =
        |words: &str| CallError::from(Failure::Unavailable(Detail { message: words.to_owned(), ..Detail::default() }));
    match error {
        TokenError::Pending => pending(PENDING),
        TokenError::SlowDown => pending(SLOW_DOWN),
        other => match not_obtained(other) {
            NotObtained::Final(message) => Failure::Unauthorized(Detail { message, ..Detail::default() }).into(),
            NotObtained::Rejected(detail) => Failure::Unauthorized(detail).into(),
            NotObtained::Later { words, after, .. } => NotLive::Later { words, after }.into(),
            NotObtained::Refusal(refusal) => refusal.into(),
            NotObtained::Fault(fault) => fault.into(),
        },
    }
}

fn named(error: CallError, start: &Start) -> CallError {
    match &error {
        CallError::Failure(Failure::Unavailable(detail))
            if detail.message == PENDING || detail.message == SLOW_DOWN =>
        {
            error
        }
        _ => error.and(&format!("`{}` of `{}` is not connected", start.connect.name, start.connect.plugin)),
    }
}

fn no_oauth(start: &Start) -> CallError {
    Refusal::Connection(format!("`{}` has no credential by OAuth 2", start.connect.plugin)).into()
}

/// The tenant that a connection is of: it stands before its name.
fn tenant(name: &str) -> Option<&str> {
    name.split_once(':').map(|(tenant, _)| tenant)
}
