use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read(values: &[&str]) -> Result<Coding, String> {
    Coding::read(values.iter().map(|value| value.as_bytes()))
}

fn unpack(bytes: Vec<u8>, layers: usize) -> Option<(Vec<u8>, bool)> {
    Coding { layers, charset: None }.unpack(bytes, 1 << 20, &|| false).ok()
}

#[test]
fn an_encoding_is_known_in_any_case_and_in_lists() {
    for (values, layers) in [
        (&["GZIP"][..], 1),
        (&["x-gzip"], 1),
        (&["X-GZip "], 1),
        (&["identity, gzip"], 1),
        (&["gzip, identity"], 1),
        (&["identity", "gzip"], 1),
        (&["gzip, gzip"], 2),
        (&["identity"], 0),
        (&[""], 0),
        (&["none"], 0),
        (&["UTF-8"], 0),
        (&["utf-8, gzip"], 1),
        (&["windows-1251"], 0),
        (&["charset=Shift_JIS"], 0),
        (&["utf-8; q=1"], 0),
        (&["\"gzip\""], 1),
        (&["gzip;"], 1),
        (&["application/json"], 0),
        (&["chunked"], 0),
        (&[], 0),
    ] {
        assert_eq!(read(values).unwrap().layers, layers, "{values:?}");
    }
    assert_eq!(read(&["ISO-8859-1"]).unwrap().charset.unwrap(), "iso-8859-1");
    for unknown in ["br", "deflate", "gzip, br", "zstd", "compress", "x-custom", "gzip, gzip, gzip"] {
        assert!(read(&[unknown]).is_err(), "{unknown}");
    }
}

#[test]
fn members_in_a_row_are_one_body_and_what_follows_is_none() {
    let mut packed = gzip(b"one, ");
    packed.extend(gzip(b""));
    packed.extend(gzip(b"two"));
    assert_eq!(unpack(packed.clone(), 1).unwrap(), (b"one, two".to_vec(), false));
    packed.extend([0; 100]);
    assert_eq!(unpack(packed, 1).unwrap(), (b"one, two".to_vec(), true));
}

#[test]
fn two_layers_are_undone_and_nothing_is_nothing() {
    assert_eq!(unpack(gzip(&gzip(b"twice")), 2).unwrap().0, b"twice");
    assert_eq!(unpack(Vec::new(), 1).unwrap(), (Vec::new(), false));
}

/// Piece by piece: what comes of it, and whether something followed.
fn unpack_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<(Vec<u8>, bool)> {
    let (mut unpacker, mut bytes) = (Unpacker::default(), Vec::new());
    for mut piece in pieces {
        while !piece.is_empty() {
            let some = unpacker.unpack(&mut piece).ok()?;
            assert!(some.len() < 256 << 10, "{} bytes at one time", some.len());
            bytes.extend(some);
        }
    }
    bytes.extend(unpacker.end().ok()?);
    Some((bytes, unpacker.followed))
}

#[test]
fn what_comes_in_pieces_is_the_same_however_it_is_split() {
    let members = [gzip(b"one, "), gzip(b""), gzip(&[7; 10_000])].concat();
    let padded = [&members[..], &[0; 10]].concat();
    for packed in [members, padded] {
        let whole = unpack(packed.clone(), 1);
        assert_eq!(unpack_pieces(packed.chunks(1)), whole);
        for at in 0..packed.len() {
            let (first, second) = packed.split_at(at);
            assert_eq!(unpack_pieces([first, second].into_iter()), whole, "{at}");
        }
    }
    let packed = gzip(&vec![0; 64 << 20]);
    assert_eq!(unpack_pieces([&packed[..]].into_iter()).unwrap().0.len(), 64 << 20);
}

#[test]
fn what_was_packed_by_then_is_there_with_each_piece() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut unpacker = Unpacker::default();
    for line in ["one", "two"] {
        encoder.write_all(line.as_bytes()).unwrap();
        encoder.flush().unwrap();
        let packed = std::mem::take(encoder.get_mut());
        let (mut piece, mut bytes) = (&packed[..], Vec::new());
        while !piece.is_empty() {
            bytes.extend(unpacker.unpack(&mut piece).unwrap());
        }
        assert_eq!(bytes, line.as_bytes());
    }
    assert!(unpacker.end().is_err(), "it has no end");
    assert!(Unpacker::default().unpack(&mut &b"plain, and no gzip"[..]).is_err());
}

#[test]
fn what_is_cut_short_or_damaged_is_not_handed_on() {
    let packed = gzip(&[7; 10_000]);
    for end in 1..packed.len() {
        assert!(unpack(packed[..end].to_vec(), 1).is_none(), "{end} of {} bytes", packed.len());
    }
    assert!(unpack(b"{\"plain\":true}".to_vec(), 1).is_none());
    let mut second = gzip(b"one");
    second.extend(&gzip(&[7; 1000])[..20]);
    assert!(unpack(second, 1).is_none(), "the second member is cut short");
}

#[test]
fn no_more_is_unpacked_than_allowed() {
    let packed = gzip(&vec![0; 1 << 20]);
    assert!(unpack(packed.clone(), 1).is_some());
    let coding = Coding { layers: 1, charset: None };
    assert!(matches!(coding.unpack(packed.clone(), (1 << 20) - 1, &|| false), Err(NotUnpacked::TooLarge)));
    assert!(matches!(coding.unpack(packed, 1 << 20, &|| true), Err(NotUnpacked::TooLate)));
}
