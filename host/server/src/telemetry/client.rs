//! How telemetry is sent: its library asks this for each request, and this goes by the one way out.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use wharf_egress::collector::{Collected, Collector};

use super::queue::Queue;

/// How long one request may take.
const WITHIN: Duration = Duration::from_secs(10);

/// Sends to one path of a collector.
pub(super) struct Client {
    collector: Arc<Collector>,
    path: &'static str,
    queue: Arc<Queue>,
}

impl Client {
    pub(super) fn new(collector: &Arc<Collector>, path: &'static str, queue: &Arc<Queue>) -> Self {
        Self { collector: Arc::clone(collector), path, queue: Arc::clone(queue) }
    }

    /// Of what the library asks for only the body is taken: where it goes, and with which headers, the configuration says alone, whatever
    /// the environment has.
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.collector.post(self.path, "application/x-protobuf", request.into_body(), WITHIN);
        let Collected { status, retry_after, body } = sent.inspect_err(|problem| self.queue.failed(problem.clone()))?;
        if !(200..300).contains(&status) {
            let elsewhere = if (300..400).contains(&status) { ", and redirects are not followed" } else { "" };
            self.queue.failed(format!("it answered with status {status}{elsewhere}"));
        }
        let mut response = Response::builder().status(status);
        if let Some(wait) = retry_after {
            response = response.header("retry-after", wait);
        }
        Ok(response.body(body)?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a client for {}", self.path)
    }
}

impl HttpClient for Client {
    /// It waits as a function does: each queue has a thread of its own for that.
    fn send_bytes<'life, 'sent>(
        &'life self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'life: 'sent,
        Self: 'sent,
    {
        Box::pin(ready(self.send(request)))
    }
}
