//! `/connect/…`: the pages of connect sessions, for browsers. They have no bearer token: the link is what lets somebody in, once.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::routing::get;

use super::body::read_form;
use super::segments::Segments;
use crate::app::App;
use crate::connect::flow::{Browser, CALLBACK, Flow, browser_of};
use crate::connect::page::Page;
use crate::problem::Problem;
use crate::work::job::blocking;

/// The largest form, in bytes.
const LARGEST: u64 = 1 << 20;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route(CALLBACK, get(come_back)).route("/connect/{token}", get(show).post(submit))
}

/// A page that waits for the vault, or for a provider.
async fn page(app: Arc<App>, part: impl FnOnce(&Flow<'_>) -> Page + Send + 'static) -> Result<Page, Problem> {
    let done = blocking(move || {
        let config = app.config.load();
        let tell = |event| app.events.tell(event);
        let flow =
            Flow { host: &app.host, config: &config, connecting: &app.connecting, public_url: &app.url, tell: &tell };
        let page = part(&flow);
        // What was done is told once it is on record.
        app.host.flush_audit()?;
        Ok(page)
    });
    done.await?
}

async fn show(
    State(app): State<Arc<App>>,
    Segments(token): Segments<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Page, Problem> {
    let browser = browser_of(&headers, &app.url);
    // Whoever asks for the head alone shows nobody the page.
    let browser = Browser { is_ahead: browser.is_ahead || method == Method::HEAD, ..browser };
    page(app, move |flow| flow.show(&token, &browser)).await
}

async fn submit(
    State(app): State<Arc<App>>,
    Segments(token): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Page, Problem> {
    let body = read_form(&app, &headers, body, LARGEST).await?;
    let browser = browser_of(&headers, &app.url);
    page(app, move |flow| flow.submit(&token, &browser, &body)).await
}

async fn come_back(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Page, Problem> {
    let browser = browser_of(&headers, &app.url);
    page(app, move |flow| flow.come_back(&query.unwrap_or_default(), &browser)).await
}
