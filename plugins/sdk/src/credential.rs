//! Credentials that the host obtains itself and renews. No plugin ever sees one: [schemes](crate::Scheme) place them.

use crate::request::DeclaredRequest;

mod oauth2;

pub use oauth2::{Assertion, Client, Endpoint, Grant, Key, Oauth2, Parameter, TokenAnswer, Told};
pub(crate) use oauth2::{Authentication, ParameterValue, ToldBy};

/// A credential that lives: how the host obtains it. [`Part::Credential`](crate::Part::Credential) says where one of its values stands.
#[derive(Clone, Copy, Debug)]
pub struct Credential {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) kind: CredentialKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum CredentialKind {
    Oauth2(&'static Oauth2),
    Session(&'static Session),
}

impl Credential {
    /// By OAuth 2. It has one value, `access`. The name is in kebab case.
    pub const fn oauth2(name: &'static str, summary: &'static str, oauth2: &'static Oauth2) -> Self {
        Self { name, summary, kind: CredentialKind::Oauth2(oauth2) }
    }

    /// By requests that log in. It has the values that these take. The name is in kebab case.
    pub const fn session(name: &'static str, summary: &'static str, session: &'static Session) -> Self {
        Self { name, summary, kind: CredentialKind::Session(session) }
    }
}

/// A session: the host logs in, and again where it is over.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    pub(crate) login: &'static [Login],
    pub(crate) lasts: Option<u32>,
    pub(crate) over: &'static [Sign],
    pub(crate) again: &'static [Sign],
}

impl Session {
    /// One that begins with these requests, one after the other.
    pub const fn new(login: &'static [Login]) -> Self {
        Self { login, lasts: None, over: &[], again: &[] }
    }

    /// For how many seconds after the login it is used. Without this, until an answer says that it is over.
    pub const fn lasts(mut self, seconds: u32) -> Self {
        self.lasts = Some(seconds);
        self
    }

    /// The answers that say that it is over, and that nothing was done. Status 401 says so too.
    pub const fn over(mut self, signs: &'static [Sign]) -> Self {
        self.over = signs;
        self
    }

    /// The answers of a login after which it is begun anew, as another one can be in its way.
    pub const fn again(mut self, signs: &'static [Sign]) -> Self {
        self.again = signs;
        self
    }
}

/// A request of a login.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    pub(crate) request: DeclaredRequest,
    pub(crate) takes: &'static [Taken],
}

impl Login {
    /// Its values are constants, [fields of the connection](crate::Field::of_connection), and what was taken before: such a value is
    /// [free](crate::Field::free), and has the name by which it was taken. Its scheme is the one that it names, and not the provider's.
    pub const fn new(request: DeclaredRequest) -> Self {
        Self { request, takes: &[] }
    }

    /// What is taken out of the answer. All of it has to be there.
    pub const fn takes(mut self, values: &'static [Taken]) -> Self {
        self.takes = values;
        self
    }
}

/// A text or a number that is taken out of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub(crate) name: &'static str,
    pub(crate) from: TakenFrom,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TakenFrom {
    Answer(&'static str),
    Header(&'static str),
    Cookie(&'static str),
}

impl Taken {
    /// Out of the JSON, at a JSON Pointer. The name is of letters, digits, `-` and `_`.
    pub const fn answer(name: &'static str, pointer: &'static str) -> Self {
        Self { name, from: TakenFrom::Answer(pointer) }
    }

    /// Out of a header.
    pub const fn header(name: &'static str, header: &'static str) -> Self {
        Self { name, from: TakenFrom::Header(header) }
    }

    /// Out of a cookie that the answer sets.
    pub const fn cookie(name: &'static str, cookie: &'static str) -> Self {
        Self { name, from: TakenFrom::Cookie(cookie) }
    }
}

/// An answer that is told from others.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    pub(crate) status: Option<u16>,
    pub(crate) at: Option<&'static str>,
    pub(crate) is: &'static [&'static str],
}

impl Sign {
    /// By its status alone, which is not that of good answers.
    pub const fn status(status: u16) -> Self {
        Self { status: Some(status), at: None, is: &[] }
    }

    /// By what is there at a JSON Pointer.
    pub const fn at(pointer: &'static str) -> Self {
        Self { status: None, at: Some(pointer), is: &[] }
    }

    /// What stands there is one of these texts.
    pub const fn is(mut self, texts: &'static [&'static str]) -> Self {
        assert!(self.at.is_some(), "say where these texts stand: `Sign::at`");
        self.is = texts;
        self
    }

    /// It has this status, too.
    pub const fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// How a connection is tested.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionTest {
    pub(crate) operation: &'static str,
    pub(crate) identity: &'static [&'static str],
}

impl ConnectionTest {
    /// By this operation, which only reads and needs no input: `me.get`.
    pub const fn new(operation: &'static str) -> Self {
        Self { operation, identity: &[] }
    }

    /// JSON Pointers to what of its output says whose connection it is: the first one that is there.
    pub const fn identity(mut self, pointers: &'static [&'static str]) -> Self {
        self.identity = pointers;
        self
    }
}
