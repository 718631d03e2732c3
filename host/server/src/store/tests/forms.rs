//! Databases of other times: of an earlier Wharf, of a later one, and of something else.

use super::*;

/// As the first Wharf with a server had left it.
fn first(place: &Place) {
    std::fs::create_dir(place.file.parent().unwrap()).unwrap();
    std::fs::write(&place.file, "").unwrap();
    #[cfg(unix)]
    for (path, mode) in [(place.file.parent().unwrap(), 0o700), (&place.file, 0o600)] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    let connection = schema::connect(&place.file).unwrap();
    connection.execute_batch(schema::STEPS[0]).unwrap();
    connection.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    for (id, is_later, state) in [("ended", 0, 2), ("running", 0, 1), ("accepted", 1, 0)] {
        let sql = "INSERT INTO calls (id, principal, plugin, version, digest, operation, effect, trace, is_later, state, at, ended, \
                   retries) VALUES (?1, 'shop', 'appwrite', '1', 'sha256:00', 'users.list', 'read', '', ?2, ?3, 7, ?4, 0)";
        connection.execute(sql, (id, is_later, state, (state == 2).then_some(8))).unwrap();
    }
    let sql = "INSERT INTO principals (name, digest, principal, created) VALUES ('shop', x'00', '{\"name\":\"shop\",\"roles\":[\"call\"]}', 7)";
    connection.execute(sql, ()).unwrap();
}

#[test]
fn what_an_earlier_wharf_has_written_stays() {
    let place = Place::new();
    first(&place);
    let store = place.serve();
    let state = |id| store.call(id).unwrap().unwrap().state;
    assert_eq!([state("ended"), state("running")], [CallState::Succeeded, CallState::Unknown]);
    assert_eq!(store.principals().unwrap()[0].0.name, "shop");
    let copy = place.file.with_file_name(format!("{}.v1.backup", place.file.file_name().unwrap().display()));
    let form = schema::reader(&copy).unwrap().pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0));
    assert_eq!(form, Ok(1), "and what the earlier one can read is beside it");
    assert!(matches!(store.begin(new("a")).unwrap(), Begun::New));
    // Its request was never there, which is told; but it was found.
    assert_eq!((store.take_up().unwrap().len(), state("accepted")), (0, CallState::Failed));
}

#[test]
fn what_an_earlier_server_runs_is_not_forgotten_by_who_calls_beside_it() {
    let place = Place::new();
    first(&place);
    let store = place.call();
    store.take_up().unwrap();
    assert_eq!(store.call("running").unwrap().unwrap().state, CallState::Running);
}

#[test]
fn each_form_has_a_step_that_makes_it() {
    assert_eq!(usize::try_from(schema::FORMAT).unwrap(), schema::STEPS.len());
}

#[test]
fn a_file_of_something_else_or_of_a_newer_wharf_is_refused_in_words() {
    let place = Place::new();
    drop(place.open());
    let words = |place: &Place| {
        Store::open(&place.file, Arc::clone(&place.vault) as Arc<dyn Vault>).err().map(|error| error.to_string())
    };
    assert_eq!(words(&place), None);
    schema::connect(&place.file).unwrap().pragma_update(None, "user_version", schema::FORMAT + 1).unwrap();
    assert!(words(&place).unwrap().contains("and has the form "));
    schema::connect(&place.file).unwrap().pragma_update(None, "application_id", 1).unwrap();
    assert!(words(&place).unwrap().contains("not what the server keeps"));

    let place = Place::new();
    std::fs::create_dir(place.file.parent().unwrap()).unwrap();
    let text = "something that is no database at all, and long enough to be looked at as one".repeat(10);
    std::fs::write(&place.file, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&place.file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert!(words(&place).unwrap().contains("not what the server keeps"));
}

#[test]
fn several_open_a_new_store_at_one_time() {
    let place = Place::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| place.open().has_principals().unwrap());
        }
    });
}
