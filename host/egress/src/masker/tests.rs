use std::cell::Cell;

use proptest::prelude::*;

use super::*;

fn masker(secrets: &[&str]) -> Masker {
    let mut masker = Masker::default();
    secrets.iter().for_each(|secret| masker.add(secret));
    masker
}

/// More needles than are looked for one by one, beside these.
fn among_many(secrets: &[&str]) -> Masker {
    let others: Vec<String> = (0..FEW).map(|number| format!("another secret {number}")).collect();
    masker(&others.iter().map(String::as_str).chain(secrets.iter().copied()).collect::<Vec<_>>())
}

/// As it is for each line of a log, and each header. Where each needle was prepared, this took minutes.
#[test]
fn a_needle_that_is_longer_than_a_text_costs_nothing() {
    let masker = masker(&["Aé/+".repeat(20_000).as_str(), "k7RmX2vQp9LzT4wB"]);
    assert!(masker.needles.len() <= FEW);
    let began = std::time::Instant::now();
    for _ in 0..50_000 {
        assert_eq!(masker.mask_text("a line".to_owned()), "a line");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn an_echoed_secret_is_taken_out_in_each_of_its_forms() {
    let secret = "pass word+\"1\"";
    let echo = r#"{"plain":"pass word+"1"","json":"pass word+\"1\"","form":"pass+word%2B%221%22","url":"pass%20word%2B%221%22"}"#;
    for masker in [masker(&[secret]), among_many(&[secret])] {
        let masked = String::from_utf8(masker.mask_bytes(echo.as_bytes().to_vec())).unwrap();
        assert_eq!(masked, r#"{"plain":"•••","json":"•••","form":"•••","url":"•••"}"#);
        assert_eq!(masker.mask_text(echo.to_owned()), masked);
    }
}

#[test]
fn a_secret_that_begins_another_one_does_not_save_its_rest() {
    let secrets = ["abcdefgh", "abcdefgh-and-more"];
    for masker in [masker(&secrets), among_many(&secrets)] {
        assert_eq!(masker.mask_text("abcdefgh-and-more abcdefgh".to_owned()), "••• •••");
    }
}

#[test]
fn php_writes_json_in_its_own_way() {
    assert_eq!(masker(&["a/b+c/dé=="]).mask_text(r#""a\/b+c\/d\u00e9==""#.to_owned()), "\"•••\"");
}

#[test]
fn json_in_a_text_is_written_in_a_way_of_its_own() {
    let masker = masker(&[r"pass\u0041word"]);
    assert_eq!(masker.mask_text(r#""pass\\\u00750041word" "pass\\u0041word""#.to_owned()), "\"•••\" \"•••\"");
}

#[test]
fn a_text_of_ones_own_can_stand_in_the_place_of_each() {
    let mut masker = Masker::default();
    masker.replace("session/17", "first");
    masker.replace("session/18", "second");
    masker.replace("session/17", "not this");
    assert_eq!(masker.mask_text("session/17 session%2F18".to_owned()), "first second");
    assert_eq!(masker.mask_bytes(br#""session\/18""#.to_vec()), br#""second""#);
}

#[test]
fn a_short_secret_is_not_looked_for() {
    assert_eq!(masker(&["7chars!"]).mask_text("7chars!".to_owned()), "7chars!");
}

#[test]
fn the_name_of_a_header_has_it_in_lower_case() {
    let (name, key) = ("x-k7rmx2vqp9lzt4wb".to_owned(), "k7RmX2vQp9LzT4wB");
    assert_eq!(masker(&[key]).mask_text(name.clone()), "x-•••");
    let nearly_as_long = "kRmXvQpLzTwB";
    assert!(!strength::is_strong(&nearly_as_long.to_lowercase()));
    let name = nearly_as_long.to_lowercase();
    assert_eq!(masker(&[nearly_as_long]).mask_text(name.clone()), name, "who guesses in lower case has fewer to try");
}

#[test]
fn a_secret_is_found_wherever_the_clock_is_looked_at() {
    let secret = "abcdefgh-and-more";
    for masker in [masker(&[secret, "abcdefgh"]), among_many(&[secret, "abcdefgh"])] {
        for before in STRIDE - secret.len() - 1..=STRIDE + 1 {
            let echo = [&b".".repeat(before), secret.as_bytes(), b"."].concat();
            let masked = masker.mask_bytes(echo);
            assert_eq!(masked.len(), before + MASK.len() + 1, "{before}");
            assert!(masked.ends_with("•••.".as_bytes()), "{before}");
        }
    }
}

fn by_pieces(masker: &Masker, text: &[u8], pieces: usize) -> Vec<u8> {
    let (mut stream, mut masked) = (Stream::new(masker, pieces), Vec::new());
    text.chunks(pieces).for_each(|piece| stream.push(piece, false, &mut masked));
    stream.push(b"", true, &mut masked);
    masked
}

#[test]
fn a_secret_is_found_wherever_a_text_is_cut_into_pieces() {
    let echo = b"..abcdefgh-and-more..abcdefgh-and-mor..abcdefgh%2Fabcdefgh-and-moreabcdefgh-and-more";
    for masker in [masker(&["abcdefgh-and-more", "abcdefgh"]), among_many(&["abcdefgh-and-more", "abcdefgh"])] {
        let whole = masker.mask_bytes(echo.to_vec());
        for pieces in 1..=echo.len() {
            assert_eq!(by_pieces(&masker, echo, pieces), whole, "pieces of {pieces}");
        }
    }
}

#[test]
fn what_repeats_itself_is_not_held_back_for_ever() {
    let masker = masker(&["abababababab"]);
    let (mut stream, mut masked) = (Stream::new(&masker, 64), Vec::new());
    for _ in 0..100 {
        stream.push("ab".repeat(32).as_bytes(), false, &mut masked);
        assert!(stream.text.len() < masker.longest());
    }
    stream.push(b"", true, &mut masked);
    assert_eq!(masked, masker.mask_bytes("ab".repeat(3200).into_bytes()));
    assert!(stream.text.capacity() <= 64 + masker.longest(), "nothing was left where it grew");
}

#[test]
fn where_nothing_is_looked_for_nothing_is_held_back() {
    let (masker, mut masked) = (Masker::default(), Vec::new());
    Stream::new(&masker, 3).push(b"abc", false, &mut masked);
    assert_eq!(masked, b"abc");
}

proptest! {
    #[test]
    fn a_text_in_pieces_is_masked_like_the_whole(text in "(abcdefgh|bcdefghi|[abchi]){0,30}", pieces in 1_usize..40) {
        for masker in [masker(&["abcdefgh"]), among_many(&["abcdefgh", "bcdefghij"])] {
            prop_assert_eq!(by_pieces(&masker, text.as_bytes(), pieces), masker.mask_bytes(text.clone().into_bytes()));
        }
    }
}

#[test]
fn a_search_ends_with_its_time() {
    for masker in [masker(&["a secret"]), among_many(&["a secret"])] {
        let looks = Cell::new(0);
        let is_late = || looks.replace(looks.get() + 1) >= 3;
        assert!(masker.mask_in_time(vec![b'.'; 20 * STRIDE], &is_late).is_err());
        assert_eq!(looks.get(), 4, "a look for each stride");
    }
}

#[test]
fn what_another_one_looks_for_is_not_looked_for_twice() {
    let masker = masker(&["plain-text"]);
    assert_eq!(masker.needles.len(), 1, "all of its forms are the same");
    let texts = [Text::open("plain-text"), Text::open("another one")];
    let beside = masker.beside(texts.iter());
    assert_eq!(beside.mask_text("plain-text another one another%20one".to_owned()), "plain-text ••• •••");
}
