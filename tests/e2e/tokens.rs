//! What a provider hands out in the course of a call, and who gets to see it.

use std::fs;

use serde_json::json;
use wharf::{Call, Report};
use wharf_artifacts::OBEDIENT;
use wharf_simulated::Server;
use wharf_simulated::vtiger::ACCESS_KEY;

use crate::obedient::{builder, connect};
use crate::world::{World, answer};

const TICKET: &str = "a-ticket/17";

fn shown(report: &Report) -> String {
    let failure = report.result.as_ref().err().map(ToString::to_string).unwrap_or_default();
    format!("{}{}{failure}", json!(report.exchanges), json!(report.log))
}

#[test]
fn a_token_that_an_answer_hands_out_is_in_nothing_that_people_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let server = Server::recorder(|_| json!({ "ticket": TICKET })).unwrap();
    let host = builder().audit(&file, true).build().unwrap();
    host.load_bytes(OBEDIENT.bytes).unwrap();
    connect(&host, &server);

    let (report, recorded) = host.record(Call::new("obedient", "good.enter"));
    assert_eq!(server.requests()[1].target, "/enter?note=a-ticket%2F17", "the provider gets it");
    assert_eq!(
        report.result.as_ref().unwrap().json,
        json!({ "ticket": TICKET }),
        "and the caller, as the plugin wishes"
    );
    let cassette = json!(recorded.unwrap()).to_string();
    server.answer_next(answer(200, "application/json", &json!({ "ticket": TICKET }).to_string()));
    server.answer_next(answer(403, "application/json", "{}"));
    let failed = host.run(Call::new("obedient", "good.enter"));
    assert!(failed.result.is_err());

    let audit = fs::read_to_string(&file).unwrap();
    for text in [&shown(&report), &shown(&failed), &audit, &cassette] {
        assert!(!text.contains(TICKET) && !text.contains("a-ticket%2F17"), "{text}");
    }
    assert!(audit.contains("/enter?note=•••") && shown(&failed).contains("no way in with •••"), "{audit}");
}

#[test]
fn the_session_of_a_login_is_in_no_dry_run_audit_or_cassette() {
    let world = World::new();
    let challenge =
        r#"{"success":true,"result":{"token":"a-challenge-of-the-server","serverTime":0,"expireTime":300}}"#;
    let login = r#"{"success":true,"result":{"sessionName":"a-session-of-the-server","userId":"19x1"}}"#;
    for text in [challenge, login] {
        world.simulation.vtiger.answer_next(answer(200, "application/json", text));
    }
    let recorded = world.wharf(&["record", "--to", "vtiger.json", "vtiger", "session.login"]);
    assert_eq!(recorded.code, 0, "{recorded:?}");
    let dry = world.call("vtiger metadata.list-types --dry-run");
    assert!(dry.out.contains("sessionName=•••"), "{dry:?}");

    let read = |file: &str| fs::read_to_string(world.path().join(file)).unwrap();
    for text in [dry.out, read(".wharf/audit.jsonl"), read("vtiger.json")] {
        for secret in ["a-session-of-the-server", "a-challenge-of-the-server", ACCESS_KEY] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    assert_eq!(world.wharf(&["replay", "vtiger", "vtiger.json"]).code, 0);
}
