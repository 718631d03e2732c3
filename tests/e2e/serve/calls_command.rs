//! `wharf calls`: what was asked of a server.

use serde_json::json;

use crate::world::World;

#[test]
fn where_no_server_ran_there_are_no_calls_and_nothing_is_made() {
    let world = World::new();
    let list = world.wharf(&["calls"]);
    assert!(list.code == 0 && list.out.is_empty() && list.err.contains("No call was made yet"), "{list:?}");
    assert_eq!(world.wharf(&["calls", "--json"]).json(), json!([]));
    let narrowed = world.wharf(&["calls", "--state", "failed", "--since", "1h", "--tenant", "", "--limit", "3"]);
    assert!(narrowed.code == 0 && narrowed.err.contains("There is no such call"), "{narrowed:?}");
    world.wharf(&["calls", "show", "nothing"]).fails(2, &["there is no call `nothing`", "`wharf calls` lists"]);
    world
        .wharf(&["calls", "--state", "over"])
        .fails(2, &["it is one of accepted, running, succeeded, failed, unknown"]);
    assert!(!world.path().join(".wharf/server.db").exists());
}
