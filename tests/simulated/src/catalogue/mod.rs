//! The providers of the catalogue: GitHub, Google Calendar, Gmail, Slack, Stripe and Telegram, as far as its plugins call them.
//!
//! What each operation takes stands in a table that is made of the provider's own description, so a request with anything else is
//! refused. Where the documentation says something else it counts: Slack's times are texts, and Telegram's description is older than
//! some of its names. The servers have no clock and no chance: the same calls get the same answers.

mod call;
mod github;
mod gmail;
mod google;
mod google_calendar;
mod nested;
mod slack;
mod stripe;
mod telegram;

use std::io;
use std::sync::Arc;

use serde_json::json;

use crate::answer::{Answer, Canned};
use crate::request::Recorded;
use crate::server::{Server, Thread};
use crate::table::Operation;
use crate::{Connection, connection};

/// All of them, running.
pub struct Catalogue {
    /// GitHub.
    pub github: Server,
    /// Google Calendar, with the servers that its tokens come from.
    pub google_calendar: Server,
    /// Gmail, with the servers that its tokens come from.
    pub gmail: Server,
    /// Slack.
    pub slack: Server,
    /// Stripe.
    pub stripe: Server,
    /// Telegram.
    pub telegram: Server,
}

/// A provider of the catalogue.
trait Provider: Send + 'static {
    fn answer(&mut self, request: &Recorded) -> Canned;
}

impl Catalogue {
    /// Starts all of them, on one thread, each on a port that the system picks.
    ///
    /// # Errors
    ///
    /// When a listener, a runtime or a thread cannot be had from the system.
    pub fn start() -> io::Result<Self> {
        let thread = Thread::start()?;
        Ok(Self {
            github: start(&thread, Some(&["authorization", "x-github-api-version"]), github::GitHub::new())?,
            // A browser comes here too, with headers of its own.
            google_calendar: start(&thread, None, google_calendar::GoogleCalendar::new())?,
            gmail: start(&thread, None, gmail::Gmail::new())?,
            slack: start(&thread, Some(&["authorization"]), slack::Slack::new())?,
            stripe: start(&thread, Some(&stripe::HEADERS), stripe::Stripe::new())?,
            telegram: start(&thread, Some(&[]), telegram::Telegram::new())?,
        })
    }

    /// The server of a plugin, by the plugin's name.
    #[must_use]
    pub fn server(&self, plugin: &str) -> Option<&Server> {
        Some(match plugin {
            "github" => &self.github,
            "google-calendar" => &self.google_calendar,
            "gmail" => &self.gmail,
            "slack" => &self.slack,
            "stripe" => &self.stripe,
            "telegram" => &self.telegram,
            _ => return None,
        })
    }

    /// How to reach each of them, with credentials that it accepts. Of Google's, the servers `accounts` and `tokens` have the same
    /// address.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        let client = [("client_id", google::CLIENT_ID), ("client_secret", google::CLIENT_SECRET)];
        vec![
            connection("github", self.github.url(), &[("token", github::TOKEN)]),
            connection("google-calendar", self.google_calendar.url() + "/calendar/v3", &client),
            connection("gmail", self.gmail.url(), &client),
            connection("slack", self.slack.url() + "/api", &[("token", slack::TOKEN)]),
            connection("stripe", self.stripe.url() + "/v1", &[("api_key", stripe::KEY)]),
            connection("telegram", self.telegram.url(), &[("token", telegram::TOKEN)]),
        ]
    }
}

fn start<P: Provider>(
    thread: &Arc<Thread>,
    headers: Option<&'static [&'static str]>,
    mut provider: P,
) -> io::Result<Server> {
    Server::with_headers(thread, headers, |_url| move |request: &Recorded| provider.answer(request))
}

/// What the provider of a plugin answers to one request too many.
#[must_use]
pub fn too_much(plugin: &str) -> Canned {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (status, headers, body) = match plugin {
        "github" => (
            403,
            vec![header("X-RateLimit-Remaining", "0"), header("X-RateLimit-Reset", "1767607200")],
            json!({ "message": "API rate limit exceeded for user ID 7.", "documentation_url": github::DOCUMENTATION }),
        ),
        "slack" => (429, vec![header("Retry-After", "30")], json!({ "ok": false, "error": "ratelimited" })),
        "stripe" => {
            let words = "Request rate limit exceeded. Try again later.";
            (
                429,
                Vec::new(),
                json!({ "error": { "code": "rate_limit", "message": words, "type": "invalid_request_error" } }),
            )
        }
        "telegram" => {
            let words = "Too Many Requests: retry after 30";
            let parameters = json!({ "retry_after": 30 });
            (429, Vec::new(), json!({ "ok": false, "error_code": 429, "description": words, "parameters": parameters }))
        }
        _ => (403, Vec::new(), google::error(403, "rateLimitExceeded", "Rate Limit Exceeded")),
    };
    Canned { headers, ..Answer::json(status, &body).into() }
}

/// What the provider of a plugin takes, by the names of the plugin's operations; nothing of a plugin that is not of the catalogue.
#[must_use]
pub fn table(plugin: &str) -> &'static [Operation] {
    match plugin {
        "github" => &github::OPERATIONS,
        "google-calendar" => &google_calendar::OPERATIONS,
        "gmail" => &gmail::OPERATIONS,
        "slack" => &slack::OPERATIONS,
        "stripe" => &stripe::OPERATIONS,
        "telegram" => &telegram::OPERATIONS,
        _ => &[],
    }
}
