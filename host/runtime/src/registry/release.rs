use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use wharf_egress::declaration::{Routes, Scheme};

use super::description::Description;
use super::ready::{Ready, Slot};
use crate::credentials::prepared::Prepared;
use crate::failure::Refusal;
use crate::manifest::{self, About, Manifest};
use crate::operation::{Operation, nearest};
use crate::sandbox::contract::{Contract, Plugin};
use crate::sandbox::spare::Spares;

/// A loaded version of a plugin, ready to answer calls.
pub struct Release {
    /// What the plugin says of itself; it has passed the check.
    pub about: About,
    /// SHA-256 of the component, in lower case hexadecimal.
    pub digest: String,
    /// Size of the component, in bytes.
    pub size: u64,
    /// The file that it was loaded from; none for bytes in memory.
    pub file: Option<PathBuf>,
    description: Description,
    schemes: Vec<Arc<Scheme>>,
    credentials: Vec<Arc<Prepared>>,
    routes: OnceLock<Routes>,
    /// In the order of the description. Each is made ready for use when it is called for the first time.
    operations: Box<[OnceLock<Arc<Slot>>]>,
    ready: Arc<Ready>,
    pub(crate) plugin: Plugin,
    pub(crate) spares: Spares,
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.about.name, self.about.version, self.digest)
    }
}

impl Release {
    pub(crate) fn new(
        plugin: Plugin,
        description: Description,
        digest: String,
        file: Option<PathBuf>,
        ready: Arc<Ready>,
    ) -> Self {
        let schemes: Vec<_> = description.about.schemes.iter().cloned().map(Arc::new).collect();
        Self {
            about: description.about.clone(),
            digest,
            size: description.size,
            file,
            credentials: Prepared::all(&description.about.credentials, &schemes),
            schemes,
            routes: OnceLock::new(),
            operations: description.names().map(|_| OnceLock::new()).collect(),
            ready,
            description,
            plugin,
            spares: Spares::default(),
        }
    }

    /// The version of the contract that it was built for.
    pub fn contract(&self) -> Contract {
        self.plugin.contract()
    }

    /// All that the plugin says of itself, operations included. It is read anew with each call.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] where what is kept of it is damaged, with how that is mended.
    pub fn manifest(&self) -> Result<Manifest, Refusal> {
        let problem = |problem| Refusal::Unknown(format!("`{}` cannot be shown: {problem}", self.about.name));
        self.description.manifest().map_err(problem)
    }

    /// The JSON Schema of what an operation answers, with the definitions that it uses; none where the plugin gives none. No answer
    /// is held against it.
    ///
    /// # Errors
    /// As for [`operation`](Self::operation).
    pub fn output_schema(&self, name: &str) -> Result<Option<Value>, Refusal> {
        let Some(mut schema) = self.operation(name)?.declared.output_schema.clone() else { return Ok(None) };
        self.description.complete(&mut schema).map_err(|problem| Refusal::Unknown(self.unusable(name, &problem)))?;
        Ok(Some(schema))
    }

    /// What the host obtains itself and renews.
    pub(crate) fn credentials(&self) -> &[Arc<Prepared>] {
        &self.credentials
    }

    /// The names of the operations, in the plugin's order.
    pub fn operation_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.description.names()
    }

    /// An operation by its name.
    ///
    /// # Errors
    /// [`Refusal::Unknown`] with the nearest name.
    pub fn operation(&self, name: &str) -> Result<Arc<Operation>, Refusal> {
        let position = self.description.position(name);
        let Some((slot, position)) = position.and_then(|position| Some((self.operations.get(position)?, position)))
        else {
            return Err(Refusal::Unknown(self.no_operation(name)));
        };
        let slot = slot.get_or_init(|| Slot::new(self.description.weight(position)));
        self.ready.get(slot, || self.prepare(name)).map_err(Refusal::Unknown)
    }

    /// Makes ready what the release before this one had ready, so that no call after the swap has to.
    pub(crate) fn warm_up(&self, before: &Self) {
        // What cannot be made ready now is told to the call that needs it.
        let _ = self.plugin.warm_up();
        for (name, slot) in before.operation_names().zip(&before.operations) {
            if slot.get().is_some_and(|slot| slot.is_ready()) && self.description.position(name).is_some() {
                let _ = self.operation(name);
            }
        }
    }

    /// Whether it fits was checked when the release was made.
    fn prepare(&self, name: &str) -> Result<Operation, String> {
        let ready = self.routes().and_then(|routes| {
            let declared = self.description.operation(name)?;
            let ready = manifest::prepare(declared, &self.schemes, routes);
            ready.map_err(|problem| format!("{problem}; delete the compiled components"))
        });
        ready.map_err(|problem| self.unusable(name, &problem))
    }

    /// Those of all requests. What could not be read is tried again.
    fn routes(&self) -> Result<&Routes, String> {
        match self.routes.get() {
            Some(routes) => Ok(routes),
            None => {
                let routes = self.description.routes()?;
                Ok(self.routes.get_or_init(|| routes.into_iter().collect()))
            }
        }
    }

    fn unusable(&self, name: &str, problem: &str) -> String {
        format!("`{}` has an operation `{name}` that cannot be used: {problem}", self.about.name)
    }

    fn no_operation(&self, name: &str) -> String {
        let plugin = &self.about.name;
        // The part after the dot alone is a common way to name it.
        let by_action = self.operation_names().find(|known| known.split('.').nth(1) == Some(name));
        match by_action.or_else(|| nearest(name, self.operation_names())) {
            Some(near) => format!("`{plugin}` has no operation `{name}`; did you mean `{near}`?"),
            None => format!("`{plugin}` has no operation `{name}`; `wharf describe {plugin}` lists them"),
        }
    }
}
