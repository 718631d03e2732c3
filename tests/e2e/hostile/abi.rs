//! Attacks below the contract, at the binary interface: pointers, lengths, encodings, handles, traps.
//!
//! The guests are core modules in `tests/guests/wat`. What they have in common is added here: the image of a manifest, which
//! a guest would otherwise have to write byte by byte, and the types of the contract.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use wharf::failure::{CallError, Refusal};
use wharf::{Call, EngineLimits, Host, Limits, Report};
use wharf_artifacts::HOSTILE_MODULES;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::{broken, connection, host};

/// Where the manifest stands in a guest's memory.
const MANIFEST: u32 = 1024;

/// The component that the text of a module becomes.
fn component(module: &str) -> Vec<u8> {
    let data: String = Image::of_manifest().bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let text = module.replace(";; manifest", &format!("(data (i32.const {MANIFEST}) \"{data}\")"));
    encoded(wat::parse_str(text).unwrap()).unwrap()
}

/// The component that a module becomes, if it has the imports and exports of one.
pub(crate) fn encoded(mut module: Vec<u8>) -> Option<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/0.1")).unwrap();
    let world = resolve.select_world(&[package], Some("provider")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).ok()?.encode().ok()
}

fn guest(name: &str) -> Vec<u8> {
    component(HOSTILE_MODULES.iter().find(|(known, _)| *known == name).unwrap().1)
}

/// The memory of a guest, from [`MANIFEST`] on, as the canonical ABI lays records out.
struct Image {
    bytes: Vec<u8>,
}

impl Image {
    /// A manifest with one operation, `things.do`, that declares one request, `GET /things`.
    fn of_manifest() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        // Records have their places first; texts follow.
        let (operation, request) = (100, 100 + 88);
        let mut image = Self { bytes: vec![0; 100 + 88 + 100] };
        // A name of its own, as all guests are loaded into one host.
        let name = format!("module-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        for (at, text) in [
            (0, name.as_str()),
            (8, "Module"),
            (16, "0.1.0"),
            (24, "A core module."),
            (32, "Any."),
            (operation, "things.do"),
            (operation + 8, "Do"),
            (operation + 16, "Does something."),
            (operation + 24, r#"{"type": "object", "additionalProperties": false}"#),
            (request, "list"),
            (request + 12, "/things"),
        ] {
            image.text(at, text);
        }
        image.list(92, operation, 1);
        image.list(operation + 80, request, 1);
        image
    }

    fn text(&mut self, at: usize, text: &str) {
        let place = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.list(at, place, text.len());
    }

    fn list(&mut self, at: usize, place: usize, length: usize) {
        self.bytes[at..at + 4].copy_from_slice(&(MANIFEST + place as u32).to_le_bytes());
        self.bytes[at + 4..at + 8].copy_from_slice(&(length as u32).to_le_bytes());
    }
}

/// Runs a guest's one operation, and then a neighbour.
fn run(name: &str, change: impl FnOnce(&mut Limits)) -> Report {
    let release = host().load_bytes(&guest(name)).map_err(|error| format!("{name}: {error}")).unwrap();
    let plugin = release.about.name.as_str();
    let mut limits = Limits::default();
    change(&mut limits);
    let grant = wharf::Grant::from(connection(plugin, "main", "http://127.0.0.1:9")).limits(limits);
    host().connect(plugin, grant);
    let report = host().run(Call::new(plugin, "things.do"));
    assert!(host().call(Call::new("obedient", "good.greet")).is_ok(), "a neighbour");
    report
}

#[track_caller]
fn reached(report: &Report, name: &str) {
    match &report.result {
        Err(CallError::Refusal(Refusal::Limit(limit))) => assert_eq!(limit.name, name, "{limit}"),
        other => panic!("no limit was reached: {other:?}"),
    }
}

/// Why a guest is not loaded, in a host that gives it little time.
fn refused(name: &str) -> String {
    let limits = Limits { timeout: Duration::from_millis(500), ..Limits::default() };
    let host = Host::builder().limits(limits).build().unwrap();
    let error = host.load_bytes(&guest(name)).map(drop).unwrap_err().to_string();
    assert!(!error.contains("backtrace") && error.len() < 1000, "{error}");
    error
}

/// A guest that is broken when it runs, and these words say how.
macro_rules! broken {
    ($($guest:ident $words:literal;)*) => { $(
        #[test]
        pub(super) fn $guest() {
            broken(&run(stringify!($guest), |_| ()), $words);
        }
    )* };
}

/// A guest that is not loaded, and these words say why.
macro_rules! refused {
    ($($guest:ident $words:literal;)*) => { $(
        #[test]
        pub(super) fn $guest() {
            let error = refused(stringify!($guest));
            assert!(error.contains($words), "{error}");
        }
    )* };
}

refused! {
    describes_itself_at_a_bad_pointer "pointer out of bounds";
    describes_itself_at_a_crooked_pointer "not aligned";
    describes_itself_in_no_utf8 "utf-8";
    describes_more_operations_than_there_is_memory "list pointer/length out of bounds";
    describes_an_operation_that_wraps_around "list pointer/length out of bounds";
    loops_when_it_starts "`timeout` of 500ms";
    traps_when_it_starts "it stopped itself";
    recurses_when_it_starts "`stack` of 512.0 KiB";
    starts_with_too_much_memory "`memory`";
    starts_with_too_large_a_table "`table_entries`";
}

broken! {
    reaches_the_unreachable "it stopped itself";
    divides_by_zero "integer divide by zero";
    overflows_a_conversion "integer overflow";
    reads_beyond_its_memory "out of bounds memory access";
    calls_through_an_empty_table "uninitialized element";
    calls_a_function_as_what_it_is_not "indirect call type mismatch";
    returns_a_bad_pointer "out of bounds";
    returns_a_case_that_does_not_exist "invalid";
    returns_text_from_beyond_its_memory "out of bounds";
    reallocates_to_a_bad_pointer "beyond end of memory";
    traps_while_it_reallocates "it stopped itself";
    calls_the_host_while_it_reallocates "cannot leave component instance";
    logs_from_beyond_its_memory "out of bounds";
    logs_no_utf8 "utf-8";
    logs_with_a_level_that_does_not_exist "unexpected discriminant";
    uses_a_blob_that_it_was_not_given "unknown handle index";
    drops_a_blob_twice "unknown handle index";
    gives_a_blob_away_twice "unknown handle index";
    ends_a_section_twice "unknown handle index";
}

#[test]
pub(super) fn reallocates_over_its_manifest() {
    let report = run("reallocates_over_its_manifest", |_| ());
    assert_eq!(report.result.unwrap().json, json!({}), "it harmed nobody, not even itself");
}

#[test]
pub(super) fn loops_while_it_reallocates() {
    reached(&run("loops_while_it_reallocates", |limits| limits.timeout = Duration::from_millis(300)), "timeout");
}

#[test]
pub(super) fn hands_the_same_text_over_many_times() {
    reached(&run("hands_the_same_text_over_many_times", |_| ()), "transfer");
}

#[test]
pub(super) fn grows_its_tables() {
    reached(&run("grows_its_tables", |_| ()), "table_entries");
}

#[test]
pub(super) fn grows_many_memories() {
    reached(&run("grows_many_memories", |_| ()), "memory");
}

/// Components that ask for more instances, memories or tables than the engine has room for in one call.
#[test]
fn a_component_of_too_many_parts_is_refused_with_the_limit() {
    let of = |part: &str, count: usize| {
        let instances = "(core instance (instantiate $m))".repeat(count);
        wat::parse_str(format!("(component (core module $m {part}) {instances})")).unwrap()
    };
    let engine = EngineLimits { instances: 10, memories: 2, tables: 3, ..EngineLimits::default() };
    let host = Host::builder().limits(Limits { engine, ..Limits::default() }).build().unwrap();
    for (part, count, limit) in
        [("", 11, "`instances` of 10"), ("(memory 1)", 3, "`memories` of 2"), ("(table 1 funcref)", 4, "`tables` of 3")]
    {
        let error = host.load_bytes(&of(part, count)).map(drop).unwrap_err().to_string();
        assert!(error.contains(limit) && error.contains("under [limits] in wharf.toml"), "{error}");
    }
}
