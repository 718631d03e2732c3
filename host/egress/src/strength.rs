//! How hard a secret is to guess, in bits.
//!
//! An estimate of our own, and a careful one: where a part of a secret looks like something that people choose, it counts as
//! that. The crates for it are made for passwords that people type. `zxcvbn` counts in 64 bits, so what a long key is made of
//! gets lost; it takes 13 ms for its first secret, which is more than a whole call may; and it leaves copies of the secret in
//! memory that is given back.

/// From here on a secret is strong: of n guesses, one is right with a probability of n · 2⁻⁶⁴.
const STRONG: f64 = 64.0;

/// A secret is judged by its beginning, in bytes. Who guesses the whole guesses that too, so more of it makes it no weaker.
const LOOKED_AT: usize = 128;

/// The least that a word counts, and each letter of a long one: a common word is one of some 2,000, and words in a row tell
/// much of each other.
const WORD: f64 = 11.0;
const LETTER: f64 = 1.5;

/// A year of this century or the one before it.
const YEAR: f64 = 7.6;

/// A sign between letters and digits. People write few of them, and in few places.
const SIGN: f64 = 2.0;

/// What stands beside each other on a keyboard or in the alphabet.
const ROWS: [&str; 9] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// The letters that often follow on `a`, on `b`, and so on: 95 % of the pairs in English words, names and common passwords.
const FOLLOWERS: [&str; 26] = [
    "abcdefghiklmnprstuvwyz",
    "abeilorsuy",
    "acehiklortuy",
    "adegilorsuy",
    "abcdefghiklmnoprstuvwxy",
    "aefiloru",
    "aeghilnorsu",
    "aeiortuy",
    "abcdefgklmnoprstvz",
    "aeou",
    "aeilosy",
    "abdefiklmostuvy",
    "abceimopsuy",
    "abcdefghiknostuvy",
    "abcdefghiklmnoprstuvwy",
    "aehiloprstu",
    "u",
    "abcdefgiklmnoprstuvy",
    "acehiklmnopstuwy",
    "acehilorstuy",
    "abcdefgilmnprst",
    "aeio",
    "aehino",
    "",
    "abelmnos",
    "aei",
];

/// Whether nobody guesses it, with as many guesses as there is time for.
pub(crate) fn is_strong(secret: &str) -> bool {
    bits(secret) >= STRONG
}

fn bits(secret: &str) -> f64 {
    let text = secret.as_bytes().get(..LOOKED_AT).unwrap_or(secret.as_bytes());
    let random = of_random(text);
    let mut bits: Vec<f64> = text.iter().map(|byte| alone(*byte, random)).collect();
    lower(&mut bits, text, |a, b| a.is_ascii_digit() && b.is_ascii_digit(), digits);
    lower(&mut bits, text, in_a_word, |run| (run.len() >= 3).then(|| WORD.max(LETTER * run.len() as f64)));
    for row in ROWS {
        let row = row.as_bytes();
        let in_a_row = |run: &[u8]| (run.len() >= 3).then_some(WORD / 2.0 + run.len() as f64);
        lower(&mut bits, text, |a, b| row.windows(2).any(|pair| is_pair(pair, a, b)), in_a_row);
        lower(&mut bits, text, |a, b| row.windows(2).any(|pair| is_pair(pair, b, a)), in_a_row);
    }
    without_repetitions(text, &bits)
}

/// Of a letter or a digit of a random secret that is written with what this one is written with.
fn of_random(text: &[u8]) -> f64 {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let (digits, small, large) = (has(u8::is_ascii_digit), has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let hexadecimal = text.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-') && !(small && large);
    let of = |is: bool, many: u8| if is { many } else { 0 };
    let letters = if hexadecimal { of(small || large, 6) } else { of(small, 26) + of(large, 26) };
    f64::from(of(digits, 10) + letters).max(1.0).log2()
}

fn alone(byte: u8, random: f64) -> f64 {
    match byte {
        byte if byte.is_ascii_alphanumeric() => random,
        byte if byte.is_ascii() => SIGN,
        // A letter of another script, which is taken for one of a word: it begins with a byte of this kind.
        0xc0.. => LETTER,
        _ => 0.0,
    }
}

/// Lowers what the bytes of a run count to what the run as a whole counts. A run is as long as each two bytes belong together.
fn lower(bits: &mut [f64], text: &[u8], together: impl Fn(u8, u8) -> bool, whole: impl Fn(&[u8]) -> Option<f64>) {
    let mut rest = bits.iter_mut();
    for run in text.chunk_by(|a, b| together(*a, *b)) {
        let most = whole(run).map_or(f64::INFINITY, |bits| bits / run.len() as f64);
        rest.by_ref().take(run.len()).for_each(|bits| *bits = bits.min(most));
    }
}

fn digits(run: &[u8]) -> Option<f64> {
    match run {
        [b'1', b'9', _, _] | [b'2', b'0', _, _] => Some(YEAR),
        [_, _, ..] => Some(10_f64.log2() * run.len() as f64),
        _ => None,
    }
}

/// Whether two letters may be in one word: they often follow on each other, and no new word begins with the second one.
fn in_a_word(a: u8, b: u8) -> bool {
    let index = a.to_ascii_lowercase().wrapping_sub(b'a');
    let followers = FOLLOWERS.get(usize::from(index)).copied().unwrap_or_default();
    followers.as_bytes().contains(&b.to_ascii_lowercase()) && !(a.is_ascii_lowercase() && b.is_ascii_uppercase())
}

fn is_pair(pair: &[u8], a: u8, b: u8) -> bool {
    *pair == [a.to_ascii_lowercase(), b.to_ascii_lowercase()]
}

/// The sum, in which what stood there before counts as little as saying where, and how much of it.
fn without_repetitions(text: &[u8], bits: &[f64]) -> f64 {
    let (mut sum, mut at) = (0.0, 0);
    while at < text.len() {
        let longest = (0..at).map(|from| common(text.get(from..), text.get(at..))).max().unwrap_or_default().max(1);
        let anew = bits.get(at..at + longest).into_iter().flatten().sum::<f64>();
        let again = (at.max(2) as f64).log2() + (longest as f64).log2();
        if longest >= 3 && again < anew {
            (sum, at) = (sum + again, at + longest);
        } else {
            (sum, at) = (sum + bits.get(at).copied().unwrap_or_default(), at + 1);
        }
    }
    sum
}

/// How long two texts are the same, small and large letters alike.
fn common(one: Option<&[u8]>, other: Option<&[u8]>) -> usize {
    let pairs = one.into_iter().flatten().zip(other.into_iter().flatten());
    pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_as_providers_make_them_are_strong() {
        for key in [
            "4f9a1c0be7d3528866a0b19c4d7ef213",
            "k7RmX2vQp9LzT4wB",
            "qN5wYtR8mKc3VxJ7hPz2Ds",
            "tKz8Wq3VnJ5mRx7YbLc2PdHs",
            "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "F47AC10B58CC4372A5670E02B2C3D479",
            "standard_8d1f6b0c3a97e254f0b86d1c7a3e9250",
            "sk_live_9wXq2LmV7tRzK4pB8nYcJ3fD",
            "zqk4vx8m1wjt7hx2bnd9",
            "90416728351960274853",
            "V7#kq9$Lx2!mZ4@w",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEifQ.4Adcj3UFYzPUVaVF43FmMab6RlaQD8A9V8wFzzht-KQ",
        ] {
            assert!(is_strong(key), "{key}: {}", bits(key));
        }
    }

    #[test]
    fn what_people_choose_is_weak() {
        for chosen in [
            "",
            "1234",
            "geheim",
            "7chars!",
            "31121999",
            "31.12.1999-01.01.2000",
            "123456789012345678",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "zyxwvutsrqponmlkjihgfedcba",
            "qwertyuiopasdfghjklzxcvbnm1234567890",
            "1qaz2wsx3edc4rfv5tgb6yhn",
            "Tr0ub4dor&3",
            "P4ssw0rdP4ssw0rd",
            "password123password123",
            "Sommerurlaub2023!",
            "correct horse battery staple",
            "CorrectHorseBatteryStaple",
            "the secret key",
            "a-secret-of-the-connection",
            "letmein-letmein-letmein",
            "MeinSehrGeheimesPasswort2024!",
            "iloveyouverymuchmydarling",
            "пароль-от-сервера",
        ] {
            assert!(!is_strong(chosen), "{chosen}: {}", bits(chosen));
        }
        for part in ["a", "abc", "Xk7", "90", "k7RmX2v"] {
            assert!(!is_strong(&part.repeat(100)), "{part} a hundred times: {}", bits(&part.repeat(100)));
        }
    }

    /// What a key is made of, how many are drawn of it, and the fewest that are to be strong, of a thousand.
    #[test]
    fn of_random_keys_hardly_one_is_taken_for_weak() {
        const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move |alphabet: usize, length: usize| -> String {
            let next = |_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                char::from(LETTERS[(seed >> 20) as usize % alphabet])
            };
            (0..length).map(next).collect()
        };
        for (alphabet, length, fewest) in
            [(16, 32, 1000), (36, 32, 1000), (62, 16, 970), (62, 24, 1000), (62, 20, 998), (16, 256, 1000)]
        {
            let strong = (0..1000).filter(|_| is_strong(&random(alphabet, length))).count();
            assert!(strong >= fewest, "{strong} of 1,000 with {length} of {alphabet} characters");
        }
    }

    proptest! {
        #[test]
        fn no_text_counts_more_than_random_characters(text in any::<String>(), more in any::<String>()) {
            let bits_of = bits(&text);
            prop_assert!(bits_of >= 0.0 && bits_of <= text.len() as f64 * 62_f64.log2());
            prop_assert!(!is_strong(text.get(..text.floor_char_boundary(10)).unwrap_or_default()));
            let longer = bits(&format!("{}{more}", "k7RmX2vQp9LzT4wBqN5wYtR8mKc3VxJ7hPz2DstKz8Wq3VnJ5mRx7YbLc2PdHsV7kq9Lx2mZ4w90416728351960274853zqk4vx8m1wjt7hx2bnd9f47ac10b58cc4372"));
            prop_assert!(longer >= STRONG);
        }
    }
}
