/// The name that was probably meant: the most similar of the known ones, if any is similar at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// From this on two names look alike to a reader (0 is different, 1 is equal).
    const ALIKE: f64 = 0.7;
    /// Comparing two takes time that grows with the product of their lengths, in bytes.
    const LONGEST: usize = 256;
    if name.len() > LONGEST {
        return None;
    }
    known
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_finds_its_name() {
        let known = ["users.delete-session", "users.list-sessions", "users.list"];
        assert_eq!(nearest("users.delet-session", known.into_iter()), Some("users.delete-session"));
        assert_eq!(nearest("User.List", known.into_iter()), Some("users.list"));
        assert_eq!(nearest("zzz", known.into_iter()), None);
        let long = "users.list".repeat(100_000);
        assert_eq!(nearest(&long, known.into_iter()), None);
        assert_eq!(nearest("users.lis", [long.as_str(), "users.list"].into_iter()), Some("users.list"));
    }
}
