//! Principals and their tokens.

use super::*;

fn principal(name: &str) -> Principal {
    Principal {
        name: name.to_owned(),
        tenant: Some("acme".to_owned()),
        roles: [Role::Call].into(),
        policy: Policy { plugins: Some(vec![Names::try_from("shop-*".to_owned()).unwrap()]), ..Policy::default() },
    }
}

#[test]
fn a_token_is_known_at_once_and_only_until_it_is_removed_by_another_process_too() {
    let place = Place::new();
    let (server, command) = (place.serve(), place.open());
    assert!(!server.has_principals().unwrap());
    let token = command.add_principal(&principal("shop"), None).unwrap();
    assert!(token.len() == 49 && token.starts_with("wharf_"), "{}", token.len());
    assert_eq!(*server.principal_of(&token).unwrap().unwrap(), principal("shop"));
    assert!(server.has_principals().unwrap());

    let mut wrong = token.to_string();
    wrong.pop();
    assert_eq!(server.principal_of(&wrong).unwrap(), None);
    wrong.push(if token.ends_with('A') { 'B' } else { 'A' });
    for wrong in [wrong.as_str(), "", "wharf_", &token[6..]] {
        assert_eq!(server.principal_of(wrong).unwrap(), None);
    }
    assert!(command.remove_principal("shop").unwrap() && !command.remove_principal("shop").unwrap());
    assert_eq!(server.principal_of(&token).unwrap(), None);
    let again = server.add_principal(&principal("shop"), None).unwrap();
    assert!(server.principal_of(&token).unwrap().is_none() && server.principal_of(&again).unwrap().is_some());
}

#[test]
fn a_token_ends_and_its_use_is_written_down() {
    let place = Place::new();
    let store = place.serve();
    let (valid, over) = (principal("valid"), principal("over"));
    let (valid, over) =
        (store.add_principal(&valid, Some(now() + 60_000)).unwrap(), store.add_principal(&over, Some(now())).unwrap());
    assert!(store.principal_of(&valid).unwrap().is_some() && store.principal_of(&over).unwrap().is_none());
    let metas: Vec<_> =
        store.principals().unwrap().into_iter().map(|(one, meta)| (one.name, meta.last_used.is_some())).collect();
    assert_eq!(metas, [("over".to_owned(), false), ("valid".to_owned(), true)]);
}

#[test]
fn a_token_stands_nowhere_and_is_of_no_use_with_other_keys() {
    let place = Place::new();
    let token = place.open().add_principal(&principal("shop"), None).unwrap();
    for entry in place.file.parent().unwrap().read_dir().unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(20).any(|window| window == &token.as_bytes()[6..26]));
    }
}

#[test]
fn names_that_are_none_are_refused_in_words() {
    let place = Place::new();
    let store = place.open();
    let words = |principal: &Principal| match store.add_principal(principal, None) {
        Err(StoreError::Refused(words)) => words,
        other => panic!("{other:?}"),
    };
    for name in ["", "login/ada", "a b", "-a", ".a", "a\n", &"a".repeat(65)] {
        assert!(words(&principal(name)).contains("no name of a token"), "{name}");
    }
    for tenant in ["", "a:b", "a.b", "-a", "a/b", &"a".repeat(65)] {
        let principal = Principal { tenant: Some(tenant.to_owned()), ..principal("shop") };
        assert!(words(&principal).contains("no name of a tenant"), "{tenant}");
    }
    assert!(words(&Principal { roles: BTreeSet::new(), ..principal("shop") }).contains("has no role"));
    store.add_principal(&principal("shop"), None).unwrap();
    assert!(words(&principal("shop")).contains("`wharf tokens remove shop` first"));
}
