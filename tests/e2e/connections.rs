//! Several connections of one plugin: a call looks at its own, and at no other.

use std::fs;

use wharf_simulated::chatwoot;

use crate::world::World;

/// Two connections for Chatwoot: `good`, and `other` with these lines, whose last ones are fields.
fn with_other(other: &str) -> World {
    let world = World::new();
    let url = world.simulation.chatwoot.url();
    world.write("token", chatwoot::USER_TOKEN);
    let one = |name: &str, lines: &str| format!("[connections.{name}]\nprovider = \"chatwoot\"\n{lines}\n");
    let fields = format!("base_url = \"{url}\"\nfields.user_token = {{ file = \"token\" }}");
    world.configure(&(one("good", &fields) + &one("other", &other.replace("URL", &url))));
    world
}

#[test]
fn a_connection_that_was_not_asked_for_keeps_no_call_from_working_whatever_is_wrong_with_it() {
    for (other, problem) in [
        ("base_url = \"URL\"\nfields.user_token = { env = \"NOT_SET\" }", "NOT_SET"),
        ("base_url = \"URL\"\nfields.user_token = { file = \"nowhere\" }", "nowhere, cannot be read"),
        ("base_url = \"URL\"\nfields.user_token = \"secret\"", "can be guessed"),
        ("base_url = \"wibi\"\nfields.user_token = { file = \"token\" }", "is not a URL"),
        ("base_url = \"URL\"\nfields.usertoken = \"\"", "no field `usertoken`"),
        ("base_url = \"URL\"\nca_file = \"nowhere.pem\"", "its ca_file, nowhere.pem, cannot be read"),
    ] {
        let world = with_other(other);
        let good = world.call("chatwoot profile.get --connection good");
        assert_eq!((good.code, good.err.as_str()), (0, ""), "{other}: {good:?}");
        world.call("chatwoot profile.get --connection other").fails(2, &[problem]);
        world.call("chatwoot profile.get").fails(2, &["say which one: --connection good or --connection other"]);
        world
            .call("chatwoot profile.get --connection othr")
            .fails(2, &["no connection `othr`", "did you mean `other`?"]);
        let text = fs::read_to_string(world.path().join("wharf.toml")).unwrap();
        world.configure(text.split_once("[connections.other]").unwrap().0);
        assert_eq!(world.call("chatwoot profile.get").code, 0);
        world.configure(&format!("[connections.other]{}", text.split_once("[connections.other]").unwrap().1));
        world.call("chatwoot profile.get").fails(2, &[problem]);
    }
}

#[test]
fn what_could_be_better_of_a_connection_is_told_by_its_own_calls() {
    let other = "base_url = \"URL\"\noperations = [\"profil.*\"]\nfields.user_token = \"k7RmX2vQp9LzT4wBq3N8\"";
    let world = with_other(other);
    assert_eq!(world.call("chatwoot profile.get --connection good").err, "");
    let run = world.call("chatwoot profile.get --connection other");
    for words in [
        "stands in the configuration itself",
        "`profil.*`, which covers no operation of `chatwoot`; did you mean `profile.*`?",
    ] {
        assert!(run.err.contains(words), "`{words}` is not said: {run:?}");
    }
}
