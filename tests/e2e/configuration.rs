//! `wharf.toml`: where it is looked for, and what is wrong with it.

use std::fs;

use wharf_simulated::appwrite::API_KEY;

use crate::world::{OTHER_KEY, World};

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let world = World::new();
    world.write("wharf.toml", "[connections.a]\nprovider = \"appwrite\"\nbase_ulr = \"https://x.example\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:3", "`connections.a.base_ulr`", "did you mean `base_url`?"]);
    world.write("wharf.toml", "plugins = [\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:1"]);
    world.wharf(&["plugins", "--config", "nowhere.toml"]).fails(2, &["nowhere.toml", "cannot be read"]);
}

#[test]
fn an_unknown_field_is_refused_with_the_nearest_known_one() {
    let world = World::new();
    let text = world.connections().replace("project_id", "projectid");
    world.configure(&text);
    world
        .call("appwrite users.list")
        .fails(2, &["connection `appwrite`", "no field `projectid`", "did you mean `project_id`?"]);
    let slip = world.connections().replace("provider = \"appwrite\"", "provider = \"apwrite\"");
    world.configure(&slip);
    let run = world.call("appwrite users.list");
    assert!(run.err.contains("`apwrite`, which is not loaded; did you mean `appwrite`?"), "{}", run.err);
    world.configure(&text);
    // Another plugin's calls are not kept from working.
    assert_eq!(world.call("chatwoot profile.get").code, 0);
}

#[test]
fn an_inline_secret_works_with_a_warning_that_does_not_tell_it() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let fields = format!("project_id = \"simulated-project\"\napi_key = \"{API_KEY}\"");
    world.configure(&format!(
        "[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n[connections.a.fields]\n{fields}\n"
    ));
    let run = world.call("appwrite users.list");
    assert_eq!(run.code, 0);
    assert!(
        run.err.contains("warning: connection `a`: the secret `api_key` stands in the configuration itself"),
        "{}",
        run.err
    );
    assert!(!run.err.contains(API_KEY) && !run.err.contains("project_id"));
}

#[test]
fn a_secret_that_can_be_guessed_is_refused_with_the_line_that_allows_it() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let configure = |more: &str| {
        world.configure(&format!(
            "[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n{more}\n\
             [connections.a.fields]\nproject_id = \"simulated-project\"\napi_key = {{ env = \"MY_KEY\" }}\n"
        ));
    };
    let call = |key: &str| world.wharf_with(&[("MY_KEY", key)], &["call", "appwrite", "users.list"]);

    configure("");
    let weak = call("sommerurlaub2023");
    weak.fails(2, &["connection `a`", "`api_key` can be guessed", "allow_weak = [\"api_key\"] under [connections.a]"]);
    assert!(!weak.err.contains("sommerurlaub"), "{}", weak.err);
    call(&format!("{OTHER_KEY} ")).fails(2, &["`api_key` begins or ends with a space"]);
    assert!(world.simulation.appwrite.requests().is_empty());

    configure("allow_weak = [\"api_key\"]");
    let allowed = call("sommerurlaub2023");
    allowed.fails(4, &["warning: connection `a`: the secret `api_key` can be guessed", "shows it to the plugin"]);
    assert!(!allowed.err.contains("sommerurlaub"), "{}", allowed.err);
    assert!(!call(OTHER_KEY).err.contains("can be guessed"));

    for (wrong, words) in [("api_kee", "did you mean `api_key`?"), ("project_id", "is no secret field of `appwrite`")] {
        configure(&format!("allow_weak = [\"{wrong}\"]"));
        call(OTHER_KEY).fails(2, &["connection `a`", wrong, words]);
    }
    configure("allow_waek = []");
    call(OTHER_KEY).fails(2, &["`connections.a.allow_waek`", "did you mean `allow_weak`?"]);
}

#[test]
fn a_variable_of_the_environment_with_a_weak_secret_is_refused_with_what_to_write() {
    let world = World::new();
    world.configure("");
    let url = world.simulation.wibiclick.url();
    let environment = [("WIBICLICK_API_URL", url.as_str()), ("WIBICLICK_API_KEY", "123456789")];
    let run = world
        .wharf_with(&environment, &["call", "wibiclick", "users.disconnect-from-website", "websiteId=w", "userId=u"]);
    run.fails(2, &["variable WIBICLICK_API_KEY", "can be guessed", "[connections.NAME]", "allow_weak = [\"api_key\"]"]);
    assert!(!run.err.contains("123456789"), "{}", run.err);
}

#[test]
fn a_secret_comes_from_a_variable_or_a_file() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let head = format!(
        "[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n[connections.a.fields]\nproject_id = \"simulated-project\"\n"
    );
    let words = ["call", "appwrite", "users.list"];

    world.configure(&format!("{head}api_key = {{ env = \"MY_KEY\" }}"));
    world
        .wharf(&words)
        .fails(2, &["connection `a` of `appwrite` has no `api_key`", "variable MY_KEY, which it names, is not set"]);
    assert_eq!(world.wharf_with(&[("MY_KEY", API_KEY)], &words).code, 0);

    world.configure(&format!("{head}api_key = {{ file = \"key.txt\" }}"));
    world.wharf(&words).fails(2, &["connection `a`", "`api_key`", "key.txt", "cannot be read"]);
    world.write("key.txt", format!("{API_KEY}\n"));
    assert_eq!(world.wharf(&words).code, 0, "the line break at the end is left out");

    world.configure(&format!("{head}api_key = {{ enw = \"MY_KEY\" }}"));
    world.wharf(&words).fails(2, &["connections.a.fields.api_key", "{ env = \"NAME\" }"]);
}

#[test]
fn a_value_with_something_unseen_at_an_end_is_refused_with_its_field_and_where_it_comes_from() {
    let world = World::new();
    let url = world.simulation.appwrite.url();
    let words = ["call", "appwrite", "users.list"];
    let configure = |key: &str, project: &str, more: &str| {
        world.configure(&format!(
            "[connections.a]\nprovider = \"appwrite\"\nbase_url = \"{url}\"\n{more}\n\
             [connections.a.fields]\nproject_id = {project}\napi_key = {key}\n"
        ));
    };
    let project = "\"simulated-project\"";
    let padded: [(&[u8], &str); 8] = [
        (b"\n\n", "a line break, U+000A"),
        (b"\r\n\r\n", "a line break, U+000A"),
        (b" \n", "a space, U+0020"),
        (b"\t", "a tab, U+0009"),
        ("\u{a0}\n".as_bytes(), "a no-break space, U+00A0"),
        ("\u{200b}".as_bytes(), "a zero-width space, U+200B"),
        ("\u{feff}".as_bytes(), "a byte order mark, U+FEFF"),
        (b"\nsecond line\n", "has a line break"),
    ];
    configure("{ file = \"key.txt\" }", project, "");
    for (after, what) in padded {
        world.write("key.txt", [API_KEY.as_bytes(), after].concat());
        let run = world.wharf(&words);
        run.fails(2, &["connection `a`: the file", "key.txt: the value of `api_key`", what, "take it away"]);
        assert!(!run.err.contains(API_KEY), "{}", run.err);
    }
    world.write("key.txt", format!("\u{feff}\u{feff}{API_KEY}"));
    world.wharf(&words).fails(2, &["key.txt", "`api_key`", "a byte order mark"]);

    configure("{ env = \"MY_KEY\" }", project, "");
    let run = world.wharf_with(&[("MY_KEY", &format!("{API_KEY}\n"))], &words);
    run.fails(2, &["the environment variable MY_KEY: the value of `api_key`", "a line break"]);
    configure(&format!("\"{API_KEY}\\u00a0\""), project, "");
    world.wharf(&words).fails(2, &["connection `a`: the value of `api_key`", "a no-break space"]);
    configure(&format!("\"{API_KEY}\""), "\"simulated-project \"", "");
    world.wharf(&words).fails(2, &["connection `a`: the value of `project_id`", "a space"]);
    configure("{ file = \"key.txt\" }", project, "proxy = { file = \"proxy.txt\" }");
    world.write("key.txt", API_KEY);
    world.write("proxy.txt", "http://user:geheim@proxy.example:3128\n ");
    let run = world.wharf(&words);
    run.fails(2, &["proxy.txt: the proxy's URL", "a space"]);
    assert!(!run.err.contains("geheim"), "{}", run.err);
    configure("{ file = \"key.txt\" }", project, "");
    world.configure(&fs::read_to_string(world.path().join("wharf.toml")).unwrap().replace(&url, &format!("{url} ")));
    world.wharf(&words).fails(2, &["connection `a`: the base URL", "a space"]);

    world.configure("");
    let url = world.simulation.wibiclick.url();
    for (address, key, what) in [
        (url.clone(), format!("{OTHER_KEY} "), "variable WIBICLICK_API_KEY: the value of `api_key`"),
        (format!("{url}\n"), OTHER_KEY.to_owned(), "variable WIBICLICK_API_URL: the base URL"),
    ] {
        let environment = [("WIBICLICK_API_URL", address.as_str()), ("WIBICLICK_API_KEY", key.as_str())];
        let words = ["call", "wibiclick", "users.disconnect-from-website", "websiteId=w", "userId=u"];
        world.wharf_with(&environment, &words).fails(2, &[what]);
    }
    assert!(world.simulation.appwrite.requests().is_empty() && world.simulation.wibiclick.requests().is_empty());
}

#[test]
fn a_key_file_may_begin_with_a_byte_order_mark_and_end_with_a_line_break() {
    let world = World::new();
    let connections = world.connections();
    let file = world.path().join("appwrite.api_key");
    for (before, after) in [("", ""), ("", "\n"), ("", "\r\n"), ("\u{feff}", "\r\n")] {
        fs::write(&file, format!("{before}{API_KEY}{after}")).unwrap();
        assert_eq!(world.call("appwrite users.list").code, 0, "{before:?} {after:?}");
    }
    world.configure(&format!("\u{feff}{connections}"));
    assert_eq!(world.call("appwrite users.list").code, 0, "so may the configuration");
}

#[test]
fn a_connection_without_a_base_url_says_what_to_write() {
    let world = World::new();
    world.configure("[connections.w]\nprovider = \"wibiclick\"\n");
    world.call("wibiclick users.disconnect-from-website websiteId=a userId=b").fails(
        2,
        &["connection `w`", "no base URL", "base_url = \"https://wibi.wilbertzgroup.com\"", "WIBICLICK_API_URL"],
    );
    world.configure("[connections.w]\nprovider = \"wibiclick\"\nbase_url = \"wibi.example\"\n");
    world
        .call("wibiclick users.disconnect-from-website websiteId=a userId=b")
        .fails(2, &["`wibi.example` is not a URL"]);
}

#[test]
fn one_of_several_connections_has_to_be_named() {
    let world = World::new();
    let connections = world.connections();
    let second = connections.replace("connections.chatwoot", "connections.second");
    let second: String = second
        .split("[connections.")
        .filter(|part| part.starts_with("second"))
        .map(|p| format!("[connections.{p}"))
        .collect();
    world.configure(&format!("{connections}\n{second}"));
    world
        .call("chatwoot profile.get")
        .fails(2, &["several connections", "--connection chatwoot or --connection second"]);
    assert_eq!(world.call("chatwoot profile.get --connection second").code, 0);
}

#[test]
fn the_users_configuration_folder_is_looked_into_last() {
    let world = World::new();
    let of_user = world.path().join(".config/wharf");
    fs::create_dir_all(&of_user).unwrap();
    fs::rename(world.path().join("wharf.toml"), of_user.join("wharf.toml")).unwrap();
    assert_eq!(world.call("chatwoot profile.get").code, 0);
    world.write("wharf.toml", "");
    world.call("chatwoot profile.get").fails(2, &["no connection"]);
}

/// The connections with further keys for that of a provider.
fn narrowed(world: &World, provider: &str, keys: &str) -> String {
    let head = format!("provider = \"{provider}\"\n");
    world.connections().replace(&head, &format!("{head}{keys}\n"))
}

#[test]
fn a_connection_is_granted_for_the_operations_that_it_names() {
    let world = World::new();
    world.configure(&narrowed(&world, "appwrite", "operations = [\"users.list\", \"teams.*\"]"));
    let run = world.call("appwrite users.list");
    assert_eq!(run.code, 0);
    assert!(run.err.contains("`teams.*`, which covers no operation of `appwrite`"), "{}", run.err);
    world.simulation.appwrite.clear_requests();
    world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop").fails(
        3,
        &[
            "the connection `appwrite` is not granted for `users.delete-session`, only for `users.list`, `teams.*`",
            "add \"users.delete-session\" to `operations` of [connections.appwrite]",
            "rule grant",
        ],
    );
    assert!(world.simulation.appwrite.requests().is_empty());

    world.configure(&narrowed(&world, "appwrite", "operations = []"));
    world.call("appwrite users.list").fails(3, &["only for nothing"]);
    world.configure(&narrowed(&world, "appwrite", "operations = [\"users\"]"));
    world.call("appwrite users.list").fails(2, &["connections.appwrite.operations", "`users.list`, `users.*` or `*`"]);
}

#[test]
fn a_connection_is_granted_for_the_effects_that_it_names() {
    let world = World::new();
    let read = narrowed(&world, "appwrite", "effects = [\"read\"]");
    let read = read.replace("provider = \"chatwoot\"\n", "provider = \"chatwoot\"\neffects = [\"read\"]\n");
    world.configure(&read);
    assert_eq!(world.call("appwrite users.list").code, 0);
    world.call("appwrite users.delete-session userId=ada sessionId=ada-laptop --dry-run").fails(
        3,
        &[
            "has the effect `delete`, and the connection `appwrite` is granted for `read`",
            "add \"delete\" to `effects`",
        ],
    );
    // A link that signs somebody in is not read, although the request is a GET.
    world.call("chatwoot users.get-sso-url id=1").fails(3, &["has the effect `write`"]);
    world.configure(&narrowed(&world, "appwrite", "effects = [\"raed\"]"));
    world.call("appwrite users.list").fails(2, &["wharf.toml"]);
}

#[test]
fn a_connection_has_limits_of_its_own() {
    let world = World::new();
    world.configure(&narrowed(&world, "chatwoot", "limits = { answer = \"100B\" }"));
    world.call("chatwoot profile.get").fails(5, &["limit `answer` of 100 B"]);
    assert_eq!(world.call("appwrite users.list").code, 0);
    world.configure(&narrowed(&world, "chatwoot", "limits = { anser = \"100B\" }"));
    world.call("chatwoot profile.get").fails(2, &["`connections.chatwoot.limits.anser`", "did you mean `answer`?"]);
    world.configure(&narrowed(&world, "chatwoot", "limits = { memory = \"2GiB\" }"));
    world.call("chatwoot profile.get").fails(2, &["connections.chatwoot.limits", "raise them where they stand before"]);
}

#[test]
fn an_address_that_is_no_network_is_refused() {
    let world = World::new();
    world.configure(&narrowed(&world, "chatwoot", "allow_addresses = [\"10.0.0.0/8\", \"::1\", \"ten\"]"));
    world.call("chatwoot profile.get").fails(2, &["connections.chatwoot.allow_addresses", "`ten` is neither"]);
}

#[test]
fn a_limit_that_cannot_be_is_told_where_it_stands() {
    let world = World::new();
    world.configure("[limits]\nmemory = \"8GiB\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:2", "`limits.memory`: 4GiB at most"]);
    world.configure("[limits]\ntimeout = \"soon\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:2", "`limits.timeout` is a time", "write timeout = \"30s\""]);
    world.configure(&format!("[limits]\ntimeout = \"999999999y\"\n{}", world.connections()));
    assert_eq!(world.call("chatwoot profile.get").code, 0, "more time than any clock has");
    world.configure(&format!("[limits]\nmemory = \"64KiB\"\n{}", world.connections()));
    world.call("appwrite users.list").fails(5, &["limit `memory` of 64.0 KiB", "`memory` under [limits]"]);
}

#[test]
fn limits_come_from_the_configuration() {
    let world = World::new();
    world.configure(&format!("[limits]\ntimeout = \"0ms\"\n{}", world.connections()));
    world.call("chatwoot profile.get").fails(5, &["limit `timeout` of 0s"]);
    world.configure(&format!("[limits]\nanswer = \"100B\"\n{}", world.connections()));
    world.call("chatwoot profile.get").fails(5, &["limit `answer` of 100 B", "`answer` under [limits] in wharf.toml"]);
}

#[test]
fn a_plugin_has_limits_of_its_own_and_a_connection_before_it() {
    let world = World::new();
    let limits = "[limits.plugins.chatwoot]\nanswer = \"100B\"\n";
    world.configure(&format!("{limits}{}", world.connections()));
    world
        .call("chatwoot profile.get")
        .fails(5, &["`answer` of 100 B", "raise `answer` under [limits.plugins.chatwoot] in wharf.toml"]);
    assert_eq!(world.call("appwrite users.list").code, 0);
    world.configure(&format!("{limits}{}", narrowed(&world, "chatwoot", "limits = { answer = \"1MiB\" }")));
    assert_eq!(world.call("chatwoot profile.get").code, 0);
    world.configure(&format!("{limits}{}", narrowed(&world, "chatwoot", "limits = { answer = \"50B\" }")));
    world
        .call("chatwoot profile.get")
        .fails(5, &["`answer` of 50 B", "raise `answer` under [connections.chatwoot.limits] in wharf.toml"]);
    // Another key stands in each of the tables: also one that has the same value as that which holds for all.
    let cpu = narrowed(&world, "chatwoot", "limits = { cpu = \"9s\" }");
    world.configure(&format!("{limits}{cpu}"));
    world
        .call("chatwoot profile.get")
        .fails(5, &["`answer` of 100 B", "raise `answer` under [limits.plugins.chatwoot] in wharf.toml"]);
    world.configure(&format!(
        "[limits]\nanswer = \"100B\"\n{}",
        limits.replace("answer = \"100B\"", "cpu = \"9s\"") + &cpu
    ));
    world.call("chatwoot profile.get").fails(5, &["`answer` of 100 B", "raise `answer` under [limits] in wharf.toml"]);
    world.configure(&format!("[limits]\nanswer = \"100B\"\n{limits}{cpu}"));
    world.call("chatwoot profile.get").fails(5, &["raise `answer` under [limits.plugins.chatwoot] in wharf.toml"]);
    world.configure(&narrowed(&world, "chatwoot", "limits = { timeout = \"0ms\" }"));
    world.call("chatwoot profile.get").fails(5, &["raise `timeout` under [connections.chatwoot.limits]"]);
    world.configure("[limits.plugins.chatwoot]\nanser = \"1B\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:2", "`limits.plugins.chatwoot.anser`", "did you mean `answer`?"]);
}

#[test]
fn what_the_engine_is_made_for_is_one_for_all() {
    let world = World::new();
    world.configure(&format!("[limits]\ncalls = 5\nstack = \"256KiB\"\ninstances = 50\n{}", world.connections()));
    assert_eq!(world.call("chatwoot profile.get").code, 0);
    world.configure("[limits]\nstack = \"8MiB\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:2", "`limits.stack`: 64KiB at least", "1MiB at most"]);
    world.configure("[limits]\nmemories = 100000000\n");
    let run = world.wharf(&["plugins"]);
    assert!(
        run.code == 0 && run.err.contains("8 are let in at one time"),
        "no machine has so much to set aside: {run:?}"
    );
    world.configure(&narrowed(&world, "chatwoot", "limits = { stack = \"1MiB\" }"));
    world.call("chatwoot profile.get").fails(2, &["`connections.chatwoot.limits.stack` is one for all calls"]);
    world.configure(&format!("[limits]\ninstances = 1\n{}", world.connections()));
    let run = world.call("chatwoot profile.get");
    run.fails(6, &["it does not fit into this host", "`instances` of 1", "raise `instances` under [limits]"]);
}

#[test]
fn a_ca_file_and_a_proxy_come_from_the_configuration() {
    let world = World::new();
    world.configure(&narrowed(&world, "chatwoot", "ca_file = \"ca.pem\""));
    world.call("chatwoot profile.get").fails(2, &["connection `chatwoot`: its ca_file, ", "ca.pem, cannot be read"]);
    world.write("ca.pem", "not a certificate");
    world
        .call("chatwoot profile.get")
        .fails(2, &["connection `chatwoot`: the CA file has no certificate in it", "PEM"]);

    world.configure(&narrowed(&world, "chatwoot", "proxy = \"socks5://user:geheim@localhost\""));
    let run = world.call("chatwoot profile.get");
    run.fails(2, &["connection `chatwoot`: the proxy is neither `http://…` nor `https://…`"]);
    assert!(!run.err.contains("geheim"), "{}", run.err);
    world.configure(&narrowed(&world, "chatwoot", "proxy = { env = \"MY_PROXY\" }"));
    world.call("chatwoot profile.get").fails(2, &["its proxy is missing", "MY_PROXY"]);
    // Nothing listens there: the request does not go around it.
    let through = world.wharf_with(&[("MY_PROXY", "http://127.0.0.1:9")], &["call", "chatwoot", "profile.get"]);
    through.fails(4, &["unavailable", "nothing listens at the proxy on the way to", "connection refused"]);
    assert!(world.simulation.chatwoot.requests().is_empty());
}

#[test]
fn a_proxy_that_refuses_a_tunnel_is_told_by_the_port_and_without_its_password() {
    let world = World::new();
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:geheim@{}", proxy.local_addr().unwrap());
    let port = world.simulation.chatwoot.url().rsplit(':').next().unwrap().to_owned();
    world.configure(&narrowed(&world, "chatwoot", "proxy = { env = \"MY_PROXY\" }"));
    for (answer, words) in [
        ("403 Forbidden", format!("refused a tunnel to port {port}")),
        ("407 Proxy Authentication Required", "does not take the user name and password of `proxy`".to_owned()),
    ] {
        let run = std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut socket, _) = proxy.accept().unwrap();
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                std::io::Write::write_all(&mut socket, answer.as_bytes()).unwrap();
                // What is left unread would make a reset of the close.
                let _ = std::io::Read::read_to_end(&mut socket, &mut Vec::new());
            });
            world.wharf_with(&[("MY_PROXY", &url)], &["call", "chatwoot", "profile.get"])
        });
        run.fails(4, &["unavailable: the proxy on the way to", &words, &answer[..3]]);
        assert!(!run.err.contains("geheim"), "{}", run.err);
    }
    assert!(world.simulation.chatwoot.requests().is_empty());
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let world = World::new();
    let nowhere = "http://127.0.0.1:9";
    let environment = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"].map(|name| (name, nowhere));
    assert_eq!(world.wharf_with(&environment, &["call", "chatwoot", "profile.get"]).code, 0);
}

#[test]
fn an_audit_that_cannot_be_is_told_where_it_stands() {
    let world = World::new();
    world.configure("[audit]\nfiel = \"x\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:2", "`audit.fiel`", "did you mean `file`?"]);
    world.configure("[audit]\nrequired = \"no\"\n");
    world.wharf(&["plugins"]).fails(2, &["wharf.toml:2", "`audit.required` is true or false"]);
}

#[cfg(unix)]
#[test]
fn a_configuration_that_cannot_be_read_is_told_and_no_other_one_takes_its_place() {
    let world = World::new();
    let of_user = world.path().join(".config/wharf");
    fs::create_dir_all(&of_user).unwrap();
    fs::rename(world.path().join("wharf.toml"), of_user.join("wharf.toml")).unwrap();
    assert_eq!(world.call("appwrite users.list").code, 0, "the one of the user");
    let here = world.path().join("wharf.toml");
    std::os::unix::fs::symlink("nowhere.toml", &here).unwrap();
    world.call("appwrite users.list").fails(2, &["wharf.toml: it cannot be read: No such file"]);
    fs::remove_file(&here).unwrap();
    fs::create_dir(&here).unwrap();
    world.call("appwrite users.list").fails(2, &["wharf.toml: it cannot be read: it is a folder"]);
    fs::remove_dir(&here).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&here).status().unwrap().success());
    world.call("appwrite users.list").fails(2, &["wharf.toml: it cannot be read: it is a pipe"]);
}

#[cfg(unix)]
#[test]
fn a_self_test_and_an_audit_that_lead_nowhere_are_told() {
    let world = World::new();
    let link = |name: &str| std::os::unix::fs::symlink("nowhere", world.path().join(name)).unwrap();
    fs::copy(wharf_artifacts::OBEDIENT.path, world.path().join("acme.wasm")).unwrap();
    link("acme.cassette.json");
    world.wharf(&["install", "acme.wasm"]).fails(2, &["acme.cassette.json", "cannot be read"]);
    world
        .wharf(&["record", "--to", "acme.cassette.json", "appwrite", "users.list"])
        .fails(2, &["acme.cassette.json", "cannot be read"]);
    link("audit.jsonl");
    world.configure(&format!("[audit]\nfile = \"audit.jsonl\"\n{}", world.connections()));
    world.wharf(&["audit", "show"]).fails(2, &["audit.jsonl cannot be read"]);
}
