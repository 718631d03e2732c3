//! Functions and the deployments of their code.

use serde_json::{Value, json};

use super::State;
use super::call::Call;
use super::fault::Fault;
use super::kinds;
use super::plain::{text, unique};
use crate::answer::Answer;

const RUNTIMES: [(&str, &str, &str); 3] =
    [("node-22", "Node.js", "22"), ("python-3.12", "Python", "3.12"), ("php-8.3", "PHP", "8.3")];
const SPECIFICATIONS: [(&str, u32, f64); 2] = [("s-0.5vcpu-512mb", 512, 0.5), ("s-1vcpu-512mb", 512, 1.0)];

impl State {
    pub(super) fn functions(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        let one_of = |name: &str, known: &[&str]| match call.text(name) {
            Some(text) if !known.contains(&text) => Err(Fault::param(name, format!("`{text}` is not known"))),
            _ => Ok(()),
        };
        one_of("runtime", &RUNTIMES.map(|(id, ..)| id))?;
        one_of("specification", &SPECIFICATIONS.map(|(id, ..)| id))?;
        match call.action() {
            "list-runtimes" => Ok(Some(all(call, RUNTIMES.iter().map(runtime).collect()))),
            "list-specifications" => Ok(Some(all(call, SPECIFICATIONS.iter().map(specification).collect()))),
            "update-deployment" => {
                let deployment = call.text("deploymentId").unwrap_or_default();
                let list = format!("functions/{}/deployments", call.id());
                let found = self.store.find(&list, deployment);
                let found = found.ok_or_else(|| kinds::of("deployments").not_found(deployment))?;
                if text(found, "status") != "ready" {
                    return Err(Fault::new(400, "build_not_ready", "The build is not ready"));
                }
                let function = self.change(call, call.body())?;
                Ok(Some(call.answer(&function)))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn deployments(&mut self, call: &Call<'_>) -> Result<Option<Answer>, Fault> {
        Ok(Some(match call.action() {
            "create" => {
                let id = self.receive(call, |state, upload| {
                    upload.name.ends_with(".gz").then_some(()).ok_or_else(|| {
                        Fault::new(400, "storage_file_type_unsupported", "It must be a file that ends in .gz")
                    })?;
                    Ok(text(&state.new_deployment(call, "manual", upload.size), "$id").to_owned())
                })?;
                let deployment = self.store.find(&call.list(), &id).cloned().unwrap_or_default();
                call.answer(&deployment)
            }
            "create-duplicate" => {
                let of = call.text("deploymentId").unwrap_or_default();
                let found = self.store.find(&call.list(), of).ok_or_else(|| call.kind().not_found(of))?;
                let size = found.get("sourceSize").and_then(Value::as_u64).unwrap_or_default();
                let deployment = self.new_deployment(call, "manual", usize::try_from(size).unwrap_or_default());
                let code = self.uploads.get(&format!("{}/{of}", call.list())).map(|upload| upload.bytes.clone());
                let id = text(&deployment, "$id").to_owned();
                self.keep(&call.list(), &id, "code.tar.gz", "application/gzip", &code.unwrap_or_default());
                call.answer(&deployment)
            }
            "create-template" | "create-vcs" => {
                let deployment = self.new_deployment(call, "vcs", 7);
                let id = text(&deployment, "$id").to_owned();
                self.keep(&call.list(), &id, "code.tar.gz", "application/gzip", b"\x1f\x8bcode");
                call.answer(&deployment)
            }
            "get" => {
                self.finish_build(call);
                call.answer(&self.found(call)?)
            }
            "download" => {
                let upload = self.content(call).ok_or_else(|| call.kind().not_found(call.id()))?;
                Answer::file("application/gzip", upload.bytes.clone())
            }
            "update-status" => {
                if text(&self.found(call)?, "status") != "waiting" {
                    return Err(Fault::new(400, "build_already_completed", "The build has ended"));
                }
                let deployment = self.change(call, [("status".to_owned(), "canceled".into())].into_iter().collect())?;
                call.answer(&deployment)
            }
            _ => return Ok(None),
        }))
    }

    fn new_deployment(&mut self, call: &Call<'_>, kind: &str, size: usize) -> Value {
        let entrypoint = call.given("entrypoint").cloned().unwrap_or_else(|| "".into());
        let activate = call.given("activate").cloned().unwrap_or_else(|| false.into());
        let members = json!({
            "type": kind, "resourceId": call.place("functionId"), "resourceType": "functions",
            "entrypoint": entrypoint, "sourceSize": size, "buildSize": 0, "totalSize": size, "buildId": unique(),
            "activate": activate, "status": "waiting", "buildLogs": "", "buildDuration": 0,
        });
        let members = members.as_object().cloned().unwrap_or_default();
        self.make(&call.list(), &unique(), call.kind(), members)
    }

    /// A build lasts until it is first looked at.
    fn finish_build(&mut self, call: &Call<'_>) {
        let waits = |d: &Value| text(d, "status") == "waiting";
        let uploaded = self.content(call).is_some();
        let Some(deployment) = self.store.find(&call.list(), call.id()).filter(|d| waits(d) && uploaded) else {
            return;
        };
        let activate = deployment.get("activate") == Some(&Value::Bool(true));
        self.set(&call.list(), call.id(), [("status".to_owned(), "ready".into())].into_iter().collect());
        if activate {
            let members = [("deploymentId".to_owned(), call.id().into())];
            self.set("functions", call.place("functionId"), members.into_iter().collect());
        }
    }
}

fn all(call: &Call<'_>, items: Vec<Value>) -> Answer {
    call.answer(&json!({ "total": items.len(), call.plural(): items }))
}

fn runtime((id, name, version): &(&str, &str, &str)) -> Value {
    let key = id.split('-').next().unwrap_or_default();
    json!({ "$id": id, "key": key, "name": name, "version": version, "base": "", "image": "", "logo": "", "supports": [] })
}

fn specification((slug, memory, cpus): &(&str, u32, f64)) -> Value {
    json!({ "memory": memory, "cpus": cpus, "enabled": true, "slug": slug })
}
