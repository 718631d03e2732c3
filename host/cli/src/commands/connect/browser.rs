//! Somebody agrees in a browser, which comes back here.

use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow};
use url::Url;
use wharf::failure::{CallError, Kind};
use wharf::{Connect as Wanted, Connected, Consent, Host, Secret, TIME_TO_CONSENT};
use wharf_server::Page;

use super::listener::{Listener, Request, refused};
use super::{given, is_somebody_there};
use crate::args::Connect;
use crate::exit::{self, Usage};
use crate::print::{self, BOLD, DIM, styled, text};
use crate::setup::on_signal;

/// What is waited for.
enum Event {
    Request(Request),
    /// A line of the terminal, such as the address at which a browser elsewhere ended.
    Line(String),
    Stopped,
}

/// What somebody types after the browser came back, where lines of the terminal are read for its address already.
pub(super) struct Typed(Receiver<Event>);

impl Typed {
    /// The next line; none where the process is to stop.
    pub(super) fn line(&self) -> Option<String> {
        self.0.iter().find_map(|event| match event {
            Event::Line(line) => Some(Some(line)),
            Event::Stopped => Some(None),
            Event::Request(request) => {
                request.answer(&refused(404));
                None
            }
        })?
    }
}

/// One consent, as it is waited for.
struct Flow<'a> {
    host: &'a Host,
    consent: Consent,
    redirect: Url,
    /// Where the browser begins: it gets its cookie there. Nobody guesses it, so that no other user of this machine begins in the
    /// person's place; and it is good once, so that whoever was quicker all the same is noticed.
    start: Option<String>,
    /// Each process has its own: cookies are the same for all ports of a host.
    cookie: String,
    plugin: String,
    name: String,
}

pub(super) fn connect(host: &Host, wanted: Wanted, options: &Connect) -> Result<(Connected, Option<Typed>)> {
    let listener = Listener::new(options.listen, options.redirect.as_deref())?;
    let redirect = listener.redirect.clone();
    let cookie = format!("wharf-connect-{}", listener.port());
    let (plugin, name) = (wanted.plugin.clone(), wanted.name.clone());
    let consent = host.consent(wanted, redirect.as_str())?;
    let start = format!("/start/{}", random()?);
    let (tell, told) = mpsc::channel();
    let (stop, request) = (tell.clone(), tell.clone());
    on_signal(move || {
        if stop.send(Event::Stopped).is_err() {
            // Nobody waits for it any more: what was agreed to is kept.
            std::process::exit(i32::from(exit::of_kind(Kind::Host)));
        }
    })?;
    listener.serve(move |taken| request.send(Event::Request(taken)).is_ok())?;
    let address = redirect.join(&start)?;
    let is_pasted = options.no_browser && is_somebody_there(options);
    show(&address, &consent, options, is_pasted);
    if is_pasted {
        read_lines(tell)?;
    }
    let flow = Flow { host, consent, redirect, start: Some(start), cookie, plugin, name };
    let connected = flow.wait(&told)?;
    Ok((connected, is_pasted.then_some(Typed(told))))
}

/// A text that nobody guesses.
fn random() -> Result<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn show(address: &Url, consent: &Consent, options: &Connect, is_pasted: bool) {
    let is_open = !options.no_browser && open(address.as_str());
    let how = if is_open { "Your browser opens, or open this yourself:" } else { "Open this in your browser:" };
    print::note(text![how, "\n", styled(BOLD, address.as_str().to_owned())]);
    if is_pasted {
        print::note(text![
            "\nWhere that browser cannot reach this machine, open this, and paste the address at which it ends:\n",
            styled(BOLD, consent.url.clone()),
            "\n",
        ]);
    }
    let minutes = TIME_TO_CONSENT.as_secs() / 60;
    print::note(styled(DIM, format!("Waiting for {minutes} minutes at most; Ctrl-C ends it.")));
}

/// Whether there is somebody who opens it: the address is printed in any case.
fn open(address: &str) -> bool {
    let (program, arguments): (_, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    // It may be the browser itself, which stays. Where nobody waits for it, it is a zombie for as long as this process lives.
    let waits = thread::Builder::new().name("browser".to_owned()).spawn(move || drop(child.wait()));
    waits.is_ok()
}

/// Reads lines of the terminal until there are no more.
fn read_lines(tell: Sender<Event>) -> Result<()> {
    let read = move || {
        while let Ok(Some(line)) = given::line() {
            if tell.send(Event::Line(line)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("terminal".to_owned()).spawn(read)?;
    Ok(())
}

impl Flow<'_> {
    fn wait(mut self, told: &Receiver<Event>) -> Result<Connected> {
        let begun = Instant::now();
        loop {
            let event = match told.recv_timeout(TIME_TO_CONSENT.saturating_sub(begun.elapsed())) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let words = "nobody has agreed in time: nothing was connected; run it again";
                    return Err(Usage(words.to_owned()).into());
                }
            };
            let done = match event {
                Event::Stopped => return Err(anyhow!("stopped before anybody has agreed: nothing was connected")),
                Event::Request(request) => self.answer(request),
                Event::Line(line) => self.pasted(line.trim()),
            };
            if let Some(done) = done {
                return Ok(done?);
            }
        }
    }

    /// Answers a request; where it brought what is waited for, that is over.
    fn answer(&mut self, request: Request) -> Option<Result<Connected, CallError>> {
        if request.path == self.redirect.path() {
            return self.come_back(request);
        }
        if self.start.take_if(|start| *start == request.path).is_some() {
            let secure = if self.redirect.scheme() == "https" { "; Secure" } else { "" };
            let cookie = format!("{}={}; HttpOnly; SameSite=Lax; Path=/{secure}", self.cookie, self.consent.browser());
            request.answer(&Page::redirect(&self.consent.url).with("Set-Cookie", cookie));
        } else if request.path.starts_with("/start/") {
            let words = "This address is good once, and was used, or is none. If it was not you who used it, press Ctrl-C in the \
                         terminal. Otherwise go on in the window that it opened, or run the command again.";
            request.answer(&Page::new(410, "Used already", words));
        } else {
            request.answer(&refused(404));
        }
        None
    }

    fn come_back(&self, request: Request) -> Option<Result<Connected, CallError>> {
        let browser = Secret::new(request.cookie(&self.cookie).unwrap_or_default());
        let done = self.host.consented(&request.query, &browser);
        let is_over = done.is_ok() || !self.host.is_awaited(&self.consent);
        let page = match &done {
            Ok(_) => {
                let words = format!(
                    "The connection {} of {} is connected. You can close this window, and go back to the terminal.",
                    self.name, self.plugin
                );
                Page::new(200, "Connected", words)
            }
            Err(error) if is_over => {
                Page::new(400, "Not connected", format!("{error}. Go back to the terminal, and run the command again."))
            }
            Err(error) => Page::new(400, "Refused", format!("{error}.")),
        };
        let gone = format!("{}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0", self.cookie);
        request.answer(&if is_over { page.with("Set-Cookie", gone) } else { page });
        if let Err(error) = done.as_ref().map_err(ToString::to_string).map(drop)
            && !is_over
        {
            print::warning(&format!("a browser came back, and is not the one that is waited for: {error}"));
        }
        is_over.then_some(done)
    }

    /// The same of an address that somebody at the terminal took from their browser: that they have it takes the cookie's place.
    fn pasted(&self, line: &str) -> Option<Result<Connected, CallError>> {
        if line.is_empty() {
            return None;
        }
        let is_redirect = |url: &Url| url.origin() == self.redirect.origin() && url.path() == self.redirect.path();
        let Some(url) = Url::parse(line).ok().filter(is_redirect) else {
            print::warning(&format!("paste the whole address at which the browser ended: {}?…", self.redirect));
            return None;
        };
        let done = self.host.consented(url.query().unwrap_or_default(), &Secret::new(self.consent.browser()));
        let is_over = done.is_ok() || !self.host.is_awaited(&self.consent);
        if let (Err(error), false) = (&done, is_over) {
            print::warning(&error.to_string());
        }
        is_over.then_some(done)
    }
}
