//! The floor of a call: the engine with the same component and the same settings, and nothing else.

use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

#[expect(clippy::all, clippy::restriction, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/0.2", world: "provider" });
}

use bindings::wharf::provider::blobs::{Blob, BlobWriter};
use bindings::wharf::provider::call::Call;
use bindings::wharf::provider::{blobs, call, connection, http, log, state};

/// A host that answers nothing: what is timed asks for nothing.
#[derive(Default)]
struct Nobody {
    wasi: Option<WasiCtx>,
    table: ResourceTable,
}

/// Made when a guest asks for it.
impl WasiView for Nobody {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: self.wasi.get_or_insert_with(|| WasiCtxBuilder::new().build()), table: &mut self.table }
    }
}

/// A component that is ready to be instantiated.
pub struct Bare {
    engine: Engine,
    plugin: bindings::ProviderPre<Nobody>,
}

impl Bare {
    /// The engine as tuned as it gets.
    #[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
    pub fn new(bytes: &[u8]) -> Self {
        let mut pool = PoolingAllocationConfig::default();
        pool.pagemap_scan(Enabled::Auto).linear_memory_keep_resident(2 << 20).table_keep_resident(64 << 10);
        let mut config = Config::new();
        config.epoch_interruption(true).allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        bindings::Provider::add_to_linker::<_, HasSelf<Nobody>>(&mut linker, |nobody| nobody).unwrap();
        let plugin = bindings::ProviderPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, plugin }
    }

    /// Makes an instance and calls one operation without an input.
    #[expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
    pub fn call(&self, operation: &str) {
        let mut store = Store::new(&self.engine, Nobody::default());
        store.set_epoch_deadline(1);
        let instance = self.plugin.instantiate(&mut store).unwrap();
        let call = Call {
            operation: operation.to_owned(),
            id: String::new(),
            input: "{}".to_owned(),
            attachments: Vec::new(),
        };
        let output = instance.wharf_provider_plugin().call_invoke(&mut store, &call).unwrap();
        drop(output.unwrap());
    }
}

impl http::Host for Nobody {
    fn send(&mut self, _: http::Request) -> Result<http::Response, http::Error> {
        Err(http::Error::Unavailable(String::new()))
    }
}

impl connection::Host for Nobody {
    fn field(&mut self, _: String) -> Option<String> {
        None
    }
}

impl state::Host for Nobody {
    fn get(&mut self, _: String) -> Option<String> {
        None
    }

    fn set(&mut self, _: String, _: String, _: u32) -> Result<(), String> {
        Ok(())
    }

    fn delete(&mut self, _: String) {}

    fn exclusive(&mut self) -> Result<Resource<state::Section>, String> {
        Ok(Resource::new_own(0))
    }
}

impl state::HostSection for Nobody {
    fn drop(&mut self, _: Resource<state::Section>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl log::Host for Nobody {
    fn write(&mut self, _: log::Level, _: String) {}
}

impl blobs::HostBlobWriter for Nobody {
    fn new(&mut self, _: String, _: Option<String>) -> Resource<BlobWriter> {
        Resource::new_own(0)
    }

    fn write(&mut self, _: Resource<BlobWriter>, _: Vec<u8>) {}

    fn append(&mut self, _: Resource<BlobWriter>, _: Resource<Blob>) {}

    fn finish(&mut self, _: Resource<BlobWriter>) -> Resource<Blob> {
        Resource::new_own(0)
    }

    fn drop(&mut self, _: Resource<BlobWriter>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl blobs::HostBlob for Nobody {
    fn create(&mut self, _: Vec<u8>, _: String, _: Option<String>) -> Resource<Blob> {
        Resource::new_own(0)
    }

    fn size(&mut self, _: Resource<Blob>) -> u64 {
        0
    }

    fn media_type(&mut self, _: Resource<Blob>) -> String {
        String::new()
    }

    fn file_name(&mut self, _: Resource<Blob>) -> Option<String> {
        None
    }

    fn read(&mut self, _: Resource<Blob>, _: u64, _: u32) -> Vec<u8> {
        Vec::new()
    }

    fn slice(&mut self, _: Resource<Blob>, _: u64, _: u64) -> Resource<Blob> {
        Resource::new_own(0)
    }

    fn drop(&mut self, _: Resource<Blob>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl blobs::Host for Nobody {}
impl call::Host for Nobody {}
