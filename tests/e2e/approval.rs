//! What an approval shows: how much of what, then what can do harm; only details are left out.

use serde_json::Value;
use wharf_artifacts::PROVIDERS;

use crate::install::{NEXT, VERSION, release, says, world};
use crate::world::World;

/// The lines that a release which waits asks for.
fn lines_of(world: &World, plugin: &str) -> Vec<String> {
    let versions = world.wharf(&["versions", "--json"]).json();
    let asked = versions[plugin]["asked"].as_array().unwrap().iter().filter_map(Value::as_str);
    asked.map(str::to_owned).collect()
}

#[test]
fn what_can_do_harm_is_never_left_out_however_much_a_plugin_asks_for() {
    let world = World::new();
    for provider in &PROVIDERS {
        world.write("first.wasm", provider.bytes);
        let run = world.wharf(&["install", "first.wasm"]);
        let shown = &run.out;
        let name = provider.name;
        for line in lines_of(&world, name) {
            let operation = line.split([':', ' ']).next().unwrap();
            let (resource, action) = operation.split_once('.').unwrap_or_default();
            let has = |word: &str| shown.contains(word);
            let is_exposed = |place: &str| line.starts_with("scheme ") && line.contains(place);
            if line.contains(" (delete): ")
                || ["field ", "suggested address ", "address"].iter().any(|start| line.starts_with(start))
            {
                assert!(has(&format!("+ {line}\n")), "{name}: {line}\n{shown}");
            } else if is_exposed(": query ") || is_exposed(": body ") {
                assert!(has(&format!("+ {line}")), "{name}: {line}\n{shown}");
            } else if line.ends_with(" is free") {
                let value = line.split_once(": ").unwrap().1.rsplit_once(" of ").unwrap().0;
                let folded = shown.lines().find(|shown| shown.contains(&format!("{value} is free")));
                let alone = has(&format!("+ {line}\n"));
                let request = line.strip_suffix(" is free").unwrap().rsplit_once(" of ").unwrap().1;
                let of_request = format!(" of {request} in ");
                let listed = |text: &str| {
                    let names = text.split_once(&of_request).map_or("", |(_, names)| names);
                    names.contains(operation) || names.contains(&format!("{resource}.*"))
                };
                assert!(alone || folded.is_some_and(listed), "{name}: {line}\n{shown}");
            } else if line.contains(" (write): ") {
                let of_resource = format!("+ {resource}: ");
                let folded = shown.lines().find(|shown| shown.starts_with(&of_resource));
                let alone = has(&format!("+ {line}\n"));
                assert!(alone || folded.is_some_and(|text| text.contains(action)), "{name}: {line}\n{shown}");
            }
        }
        assert!(shown.contains(" operations (") && shown.contains(" delete, "), "{shown}");
    }
}

#[test]
fn what_does_most_harm_stands_first_and_details_are_counted() {
    let world = World::new();
    world.write("first.wasm", PROVIDERS.iter().find(|p| p.name == "vtiger").unwrap().bytes);
    let run = world.wharf(&["install", "first.wasm"]);
    let at = |words: &str| run.out.find(words).unwrap_or_else(|| panic!("`{words}` is not in:\n{}", run.out));
    let order = [
        "41 operations (6 delete, ",
        "\nit deletes:\n",
        "\nvalues that the plugin makes up itself:\n",
        "\ncredentials outside of headers:\n",
        "\nwhere it goes:\n+ address from the variable VTIGER_URL",
        "\nfields of the connection:\n",
        "\nit writes:\n",
        "requests that read, ",
        " inputs",
    ];
    for pair in order.windows(2) {
        assert!(at(pair[0]) < run.out.rfind(pair[1]).unwrap(), "{pair:?}\n{}", run.out);
    }
    assert!(run.out.contains("`wharf approve vtiger --dry-run --all` shows every line of it"), "{}", run.out);
    let folded = run.out.lines().filter(|line| line.contains("body field element is free")).count();
    assert_eq!(folded, 1, "what repeats is one line:\n{}", run.out);
    for request in ["of put in app-sync.put", "of related-page in 2 operations (relations.list, "] {
        assert!(run.out.contains(request), "with the request that it is of, `{request}`:\n{}", run.out);
    }
    assert!(run.out.contains("by login in session.login"), "{}", run.out);
    assert!(run.out.contains(" masks\n"), "what is masked is counted:\n{}", run.out);
    assert!(
        run.out.contains("body sessionName = name of the credential session, for "),
        "with who uses it:\n{}",
        run.out
    );
}

#[test]
fn all_of_it_is_shown_where_that_is_asked_for() {
    let world = World::new();
    world.write("first.wasm", PROVIDERS.iter().find(|p| p.name == "chatwoot").unwrap().bytes);
    let installed = world.wharf(&["install", "first.wasm", "--all"]);
    let looked = world.wharf(&["approve", "chatwoot", "--dry-run", "--all"]);
    let lines = lines_of(&world, "chatwoot");
    assert!(lines.iter().any(|line| line.contains(": masks ")), "{lines:?}");
    for line in &lines {
        for run in [&installed, &looked] {
            assert!(run.out.contains(&format!("+ {line}\n")), "{line} is not in {run:?}");
        }
    }
    assert_eq!(looked.out.lines().filter(|line| line.starts_with("+ ")).count(), lines.len());
    let digest = wharf::digest_of(PROVIDERS.iter().find(|p| p.name == "chatwoot").unwrap().bytes);
    says(&world, &["approve", "chatwoot", "--digest", &digest, "--all"], &["0.1.0 is live", "+ conversations."]);
    world.wharf(&["approve", "chatwoot", "--dry-run"]).fails(2, &["no release of `chatwoot` waits"]);
}

#[test]
fn a_look_at_what_waits_approves_nothing() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    let looked = world.wharf(&["approve", "obedient", "--dry-run"]);
    assert!(looked.out.contains("waits for your approval") && !looked.out.contains("is live"), "{looked:?}");
    assert!(looked.out.contains("+ good.enter: query note of enter is free"), "{looked:?}");
    world.call("obedient good.greet").fails(2, &["waits for your approval"]);
    let other = format!("sha256:{}", "0".repeat(64));
    world.wharf(&["approve", "obedient", "--dry-run", "--digest", &other]).fails(2, &["look at it again"]);
}

#[test]
fn a_newer_release_is_shown_by_what_it_asks_for_beyond_the_live_one() {
    let world = world();
    world.wharf(&["install", &release(&world, "a.wasm", &[])]);
    world.wharf(&["approve", "obedient"]);
    let wider = release(&world, "b.wasm", &[(VERSION, NEXT), ("/echo", "/user")]);
    says(
        &world,
        &["install", &wider],
        &[
            "It asks for more:",
            "3 operations (3 read), 3 requests",
            "+ good.work (read): GET /user",
            "- good.work (read): GET /echo",
        ],
    );
    says(&world, &["diff", "obedient", "./b.wasm"], &["it reads:\n+ good.echo (read): GET /user"]);
}
