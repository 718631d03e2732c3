//! What the versions of the contract have in common: the host's side of the imports, `invoke`, and the conversions between the
//! contract's types and the host's own. The bindings of each version are types of their own, so the code is written down once and
//! compiled for each.

/// For the module of a version, in which `bindings` are the generated ones and `EXPORT` is the interface of plugins.
macro_rules! serve {
    () => {
        use wasmtime::component::{
            Component, ComponentExportIndex, HasSelf, Linker, Resource, ResourceTable, TypedFunc,
        };
        use wasmtime::{Store, format_err};
        use wharf_egress::declaration::AnswerForm;
        use wharf_egress::guard::{Asked, AskedBody, AskedPart, Refusal};
        use wharf_egress::{Blob, configuration};

        use super::{Failed, Invoked, Output};
        use crate::failpoint::failpoint;
        use crate::failure::{Detail, Failure, LimitReached};
        use crate::sandbox::ctx::{Ctx, NoAnswer};
        use crate::sandbox::log::Level;
        use crate::state::StateError;
        use bindings::wharf::provider::{blobs, call, connection, http, log, state};

        /// A component that is linked and ready to be instantiated.
        pub(crate) struct Plugin {
            pre: bindings::ProviderPre<Ctx>,
            /// A call needs one of the exports: the bindings would look up all of them, and compare their types, in each instance.
            invoke: ComponentExportIndex,
        }

        /// An instance that no call had yet, by what a call begins with.
        pub(crate) struct Instance(TypedFunc<(call::Call,), (Result<call::Output, call::Failure>,)>);

        pub(crate) fn add_to_linker(linker: &mut Linker<Ctx>) -> wasmtime::Result<()> {
            bindings::Provider::add_to_linker::<_, HasSelf<Ctx>>(linker, |ctx| {
                ctx.asked = true;
                ctx
            })
        }

        impl Plugin {
            pub(crate) fn link(linker: &Linker<Ctx>, component: &Component) -> wasmtime::Result<Self> {
                let pre = bindings::ProviderPre::new(linker.instantiate_pre(component)?)?;
                let invoke = component
                    .get_export_index(None, EXPORT)
                    .and_then(|plugin| component.get_export_index(Some(&plugin), "invoke"))
                    .ok_or_else(|| format_err!("`{EXPORT}` has no `invoke`"))?;
                Ok(Self { pre, invoke })
            }

            /// Prepares what each instance begins with; else the first one does.
            pub(crate) fn warm_up(&self) -> wasmtime::Result<()> {
                self.pre.instance_pre().component().initialize_copy_on_write_image()
            }

            /// Makes an instance, up to where a call begins.
            pub(crate) fn instantiate(&self, store: &mut Store<Ctx>) -> wasmtime::Result<Instance> {
                let instance = self.pre.instance_pre().instantiate(&mut *store)?;
                Ok(Instance(instance.get_typed_func(store, self.invoke)?))
            }
        }

        impl Instance {
            pub(crate) fn invoke(
                self,
                store: &mut Store<Ctx>,
                operation: &str,
                id: String,
                input: String,
                attachments: Vec<(String, Blob)>,
            ) -> wasmtime::Result<Invoked> {
                let table = &mut store.data_mut().table;
                let attachments = attachments
                    .into_iter()
                    .map(|(name, blob)| Ok(call::Attachment { name, content: table.push(blob)? }))
                    .collect::<wasmtime::Result<_>>()?;
                let call = call::Call { operation: operation.to_owned(), id, input, attachments };
                match self.0.call(&mut *store, (call,))?.0 {
                    Ok(output) => {
                        let table = &mut store.data_mut().table;
                        let attachments = output
                            .attachments
                            .into_iter()
                            .map(|attachment| Ok((attachment.name, table.delete(attachment.content)?)))
                            .collect::<wasmtime::Result<_>>()?;
                        let incomplete = output.incomplete.map(told);
                        Ok(Invoked::Output(Output { json: output.json, attachments, incomplete }))
                    }
                    Err(failure) => Ok(Invoked::Failed(told(failure))),
                }
            }
        }

        impl http::Host for Ctx {
            fn send(&mut self, request: http::Request) -> wasmtime::Result<Result<http::Response, http::Error>> {
                let asked = asked(&mut self.table, request)?;
                answer(self, &asked).or_else(|error| match error.downcast_ref::<LimitReached>() {
                    Some(limit) if self.meter.tell() => Ok(Err(http::Error::Limit(limit.to_string()))),
                    _ => Err(error),
                })
            }
        }

        fn answer(ctx: &mut Ctx, asked: &Asked) -> wasmtime::Result<Result<http::Response, http::Error>> {
            match ctx.send(asked) {
                Ok((answer, form)) => {
                    let body = if form == AnswerForm::Blob && (200..300).contains(&answer.status) {
                        ctx.meter.count_blob(&answer.body)?;
                        http::Content::Blob(ctx.table.push(answer.body)?)
                    } else {
                        http::Content::Bytes(answer.body.bytes()?.to_vec())
                    };
                    Ok(Ok(http::Response { status: answer.status, headers: answer.headers, body }))
                }
                Err(NoAnswer::Refused(refusal)) => Ok(Err(refused(refusal))),
                Err(NoAnswer::Unavailable(message)) => Ok(Err(http::Error::Unavailable(message))),
                Err(NoAnswer::Sent(message)) => Ok(Err(http::Error::NoAnswer(message))),
                Err(NoAnswer::Unreadable { status, message }) => {
                    Ok(Err(http::Error::Unreadable(http::Unreadable { message, status })))
                }
                Err(NoAnswer::Ends(error)) => Err(error),
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
                Ok(self.table.get(&blob)?.len())
            }

            fn media_type(&mut self, blob: Resource<Blob>) -> wasmtime::Result<String> {
                Ok(self.table.get(&blob)?.media_type.clone())
            }

            fn file_name(&mut self, blob: Resource<Blob>) -> wasmtime::Result<Option<String>> {
                Ok(self.table.get(&blob)?.file_name.clone())
            }

            fn read(&mut self, blob: Resource<Blob>, offset: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
                Ok(self.table.get(&blob)?.slice(offset, u64::from(length)).bytes()?.to_vec())
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

        // An interface of types alone.
        impl call::Host for Ctx {}

        /// What a plugin asks for. Blobs that it gives away leave its table.
        fn asked(table: &mut ResourceTable, from: http::Request) -> wasmtime::Result<Asked> {
            let body = match from.body {
                None => None,
                Some(http::Body::Json(text)) => Some(AskedBody::Json(text)),
                Some(http::Body::Form(fields)) => Some(AskedBody::Form(fields)),
                Some(http::Body::Multipart(parts)) => {
                    let mut asked = Vec::with_capacity(parts.len());
                    for part in parts {
                        let content = match part.content {
                            http::PartContent::Text(text) => AskedPart::Text(text),
                            http::PartContent::Blob(blob) => AskedPart::Blob(table.delete(blob)?),
                        };
                        asked.push((part.name, content));
                    }
                    Some(AskedBody::Multipart(asked))
                }
                Some(http::Body::Blob(blob)) => Some(AskedBody::Blob(table.delete(blob)?)),
            };
            Ok(Asked { name: from.name, variables: from.variables, query: from.query, headers: from.headers, body })
        }

        /// A refusal as the plugin is told of it.
        fn refused(refusal: Refusal) -> http::Error {
            match refusal {
                Refusal::Denied(denial) => http::Error::Denied(http::Denial {
                    rule: denial.rule.name().to_owned(),
                    message: denial.message,
                    remedy: configuration::for_plugins(&denial.remedy),
                }),
                Refusal::MissingCredential(missing) => {
                    http::Error::MissingCredential(configuration::for_plugins(&missing.to_string()))
                }
                // The call has ended with it, and hears no more.
                Refusal::OutOfTime(error) => http::Error::Unavailable(error.to_string()),
                Refusal::Spool(error) => http::Error::Unavailable(error.to_string()),
            }
        }

        fn told(from: call::Failure) -> Failed {
            Failed::Told(match from {
                call::Failure::Denied(message) => return Failed::Denied(message),
                call::Failure::InvalidInput(call::InvalidInput { field, message }) => {
                    Failure::InvalidInput { field, message }
                }
                call::Failure::Unauthorized(from) => Failure::Unauthorized(detail(from)),
                call::Failure::Forbidden(from) => Failure::Forbidden(detail(from)),
                call::Failure::NotFound(from) => Failure::NotFound(detail(from)),
                call::Failure::Conflict(from) => Failure::Conflict(detail(from)),
                call::Failure::RateLimited(from) => Failure::RateLimited(detail(from)),
                call::Failure::Provider(from) => Failure::Provider(detail(from)),
                call::Failure::Unavailable(from) => Failure::Unavailable(detail(from)),
                call::Failure::Timeout(from) => Failure::Timeout(detail(from)),
            })
        }

        fn detail(from: call::Detail) -> Detail {
            let call::Detail { message, status, code, retry_after } = from;
            Detail { message, status, code, retry_after, ..Detail::default() }
        }
    };
}

pub(super) use serve;
