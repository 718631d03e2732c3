//! A redirect is not followed, and the operator is told what to write.

use wharf_simulated::{Canned, Server};

use crate::world::{Run, World};

/// What a call says of an answer that redirects.
fn redirected(world: &World, provider: &Server, status: u16, location: &str, words: &str) -> Run {
    let headers = vec![("Location".to_owned(), location.to_owned())];
    provider.answer_next(Canned { status, headers, ..Canned::default() });
    provider.clear_requests();
    let run = world.call(words);
    assert_eq!(provider.requests().len(), 1, "it is not followed: {run:?}");
    run
}

#[test]
fn each_provider_tells_where_it_moved_to() {
    for status in [301, 302, 303, 307, 308] {
        // A login that failed is not tried again at once, so each has a world of its own.
        let world = World::new();
        let all = &world.simulation;
        for (provider, location, call, base_url) in [
            (&all.appwrite, "https://new.test/v1/users?key=1", "appwrite users.list", "https://new.test/v1"),
            (&all.chatwoot, "https://new.test/chat/api/v1/profile", "chatwoot profile.get", "https://new.test/chat"),
            (
                &all.wibiclick,
                "https://new.test/w/disconnect-user-from-website",
                "wibiclick users.disconnect-from-website websiteId=w userId=u",
                "https://new.test/w",
            ),
            (
                &all.vtiger,
                "https://new.test/webservice.php?x=1",
                "vtiger metadata.list-types",
                "https://new.test/webservice.php",
            ),
            (&all.aigency, "https://new.test/rpc", "aigency users.logout userId=7", "https://new.test/rpc"),
        ] {
            let words = format!("moved to {base_url}: set base_url to it if you trust it; redirects are not followed");
            let run = redirected(&world, provider, status, location, call);
            run.fails(4, &[&words, &format!("(status {status})")]);
        }
    }
}

#[test]
fn a_place_that_no_base_url_leads_to_is_told_alone() {
    let world = World::new();
    for (location, place) in [
        ("https://new.test/users", "it redirects to https://new.test/users: look at base_url"),
        (
            "http://169.254.169.254/v1/users",
            "it redirects to http://169.254.169.254/v1/users, an address that is never",
        ),
        ("ftp://new.test/v1/users", "which is no address: look at base_url"),
    ] {
        let run = redirected(&world, &world.simulation.appwrite, 301, location, "appwrite users.list");
        run.fails(4, &[place, "redirects are not followed"]);
        assert!(!run.err.contains("set base_url"), "{}", run.err);
    }
}

#[test]
fn a_page_to_log_in_is_no_place_that_it_moved_to() {
    let world = World::new();
    for location in ["/users/sign_in", "https://sso.test/auth?client=geheim&next=login"] {
        let run = redirected(&world, &world.simulation.chatwoot, 302, location, "chatwoot profile.get");
        run.fails(4, &["it redirects to", "a login: look at the credentials and at base_url", "not followed"]);
        assert!(!run.err.contains("geheim"), "{}", run.err);
    }
}
