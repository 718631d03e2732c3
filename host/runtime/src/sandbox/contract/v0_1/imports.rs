//! What a plugin can call: the host's side of the contract.

use bytes::Bytes;
use wasmtime::component::Resource;
use wharf_egress::Blob;
use wharf_egress::declaration::AnswerForm;
use wharf_egress::guard::Asked;

use super::super::super::ctx::{Ctx, NoAnswer};
use super::super::super::log::Level;
use super::bindings::wharf::provider::{blobs, call, connection, http, log, manifest, state};
use super::convert;
use crate::failpoint::failpoint;
use crate::failure::LimitReached;
use crate::state::StateError;

impl http::Host for Ctx {
    fn send(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::Error>> {
        let asked = convert::asked(&mut self.table, request)?;
        self.answer(&asked).or_else(|error| match error.downcast_ref::<LimitReached>() {
            Some(limit) if self.meter.tell() => Ok(Err(http::Error::Limit(limit.to_string()))),
            _ => Err(error),
        })
    }
}

impl Ctx {
    fn answer(&mut self, asked: &Asked) -> wasmtime::Result<Result<http::Response, http::Error>> {
        match self.send(asked) {
            Ok((answer, form)) => {
                let body = if form == AnswerForm::Blob && (200..300).contains(&answer.status) {
                    let blob = self.create_blob(answer.body)?;
                    http::Content::Blob(self.table.push(blob)?)
                } else {
                    http::Content::Bytes(answer.body.bytes.to_vec())
                };
                Ok(Ok(http::Response { status: answer.status, headers: answer.headers, body }))
            }
            Err(NoAnswer::Refused(refusal)) => Ok(Err(convert::refusal(refusal))),
            Err(NoAnswer::Unavailable(message)) => Ok(Err(http::Error::Unavailable(message))),
            Err(NoAnswer::Sent(message)) => Ok(Err(http::Error::NoAnswer(message))),
            Err(NoAnswer::Unreadable { status, message }) => {
                Ok(Err(http::Error::Unreadable(http::Unreadable { message, status })))
            }
            Err(NoAnswer::Ends(error)) => Err(error),
        }
    }
}

impl connection::Host for Ctx {
    fn field(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        failpoint("field");
        Ok(self.call.as_ref().and_then(|call| call.grant.connection.field(&name)).map(str::to_owned))
    }
}

impl state::Host for Ctx {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.call.as_ref().and_then(|call| call.state.get(&key)))
    }

    fn set(&mut self, key: String, value: String, seconds: u32) -> wasmtime::Result<Result<(), String>> {
        // A dry run leaves no traces.
        let Some(call) = self.call.as_ref().filter(|call| !call.way.is_dry_run()) else { return Ok(Ok(())) };
        match call.state.set(&key, &value, seconds, self.meter.limits().state) {
            Ok(()) => Ok(Ok(())),
            Err(StateError::Full) => Err(self.meter.state_full().into()),
            Err(StateError::Unavailable(message)) => Ok(Err(message)),
        }
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        if let Some(call) = self.call.as_ref().filter(|call| !call.way.is_dry_run()) {
            call.state.delete(&key);
        }
        Ok(())
    }

    fn exclusive(&mut self) -> wasmtime::Result<Result<Resource<state::Section>, String>> {
        // A call has one at most, so that it needs no number.
        Ok(self.enter_section()?.map(|()| Resource::new_own(0)))
    }
}

impl state::HostSection for Ctx {
    fn drop(&mut self, _: Resource<state::Section>) -> wasmtime::Result<()> {
        self.section = None;
        Ok(())
    }
}

impl log::Host for Ctx {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warning => Level::Warning,
            log::Level::Error => Level::Error,
        };
        self.log.write(level, &message);
        Ok(())
    }
}

impl blobs::Host for Ctx {}

impl blobs::HostBlob for Ctx {
    fn create(
        &mut self,
        bytes: Vec<u8>,
        media_type: String,
        file_name: Option<String>,
    ) -> wasmtime::Result<Resource<Blob>> {
        let blob = self.create_blob(Blob::new(bytes, media_type, file_name))?;
        Ok(self.table.push(blob)?)
    }

    fn size(&mut self, blob: Resource<Blob>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&blob)?.bytes.len() as u64)
    }

    fn media_type(&mut self, blob: Resource<Blob>) -> wasmtime::Result<String> {
        Ok(self.table.get(&blob)?.media_type.clone())
    }

    fn file_name(&mut self, blob: Resource<Blob>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&blob)?.file_name.clone())
    }

    fn read(&mut self, blob: Resource<Blob>, offset: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
        let part: Bytes = self.table.get(&blob)?.slice(offset, u64::from(length)).bytes;
        Ok(part.to_vec())
    }

    fn slice(&mut self, blob: Resource<Blob>, offset: u64, length: u64) -> wasmtime::Result<Resource<Blob>> {
        let part = self.table.get(&blob)?.slice(offset, length);
        Ok(self.table.push(part)?)
    }

    fn drop(&mut self, blob: Resource<Blob>) -> wasmtime::Result<()> {
        self.table.delete(blob)?;
        Ok(())
    }
}

// Interfaces of types alone.
impl manifest::Host for Ctx {}
impl call::Host for Ctx {}
