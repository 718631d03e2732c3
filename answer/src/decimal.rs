//! A number by its digits. A float is the nearest one that there is, and so may be another number.

use std::cmp::Ordering;

/// A number as it is written, however many digits it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// Without zeros at either end; none for zero.
    digits: String,
    /// The number is `0.` and the digits, times ten to the power of this.
    point: i64,
}

impl Decimal {
    /// Of a text that says a number, if it does: also with a plus, zeros before it, or nothing on one side of its point.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = text.strip_prefix('+').unwrap_or(text);
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let is_number = are_digits(before) && are_digits(after) && !(before.is_empty() && after.is_empty());
        (is_number && are_digits(exponent) && !exponent.is_empty()).then(|| Self::of(number))
    }

    /// Of a JSON number (RFC 8259, section 6).
    pub fn of(number: &str) -> Self {
        /// What is larger than this is larger than every length.
        const FAR: i64 = i64::MAX / 4;
        let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [before, after].concat();
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Self { negative: false, digits, point: 0 };
        }
        let far = if exponent.starts_with('-') { -FAR } else { FAR };
        let exponent = exponent.parse::<i64>().unwrap_or(far).clamp(-FAR, FAR);
        let zeros = all.len() - significant.len();
        Self { negative, digits, point: exponent.saturating_add(length(before)).saturating_sub(zeros as i64) }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether there is nothing but zeros behind the point.
    pub fn is_whole(&self) -> bool {
        length(&self.digits) <= self.point.max(0)
    }

    /// A whole number in digits alone, if it is one and no larger than a float can be.
    pub fn in_digits(&self) -> Option<String> {
        const LONGEST: usize = 309;
        let places = usize::try_from(self.point).ok().filter(|places| *places <= LONGEST && self.is_whole())?;
        let sign = if self.negative { "-" } else { "" };
        Some(if self.digits.is_empty() { "0".to_owned() } else { format!("{sign}{:0<places$}", self.digits) })
    }

    /// Whether it is a multiple of a step of 19 digits at most, by long division.
    pub fn is_multiple_of(&self, step: &Self) -> bool {
        let more = self.last_place().saturating_sub(step.last_place());
        let Some(divisor) = step.digits.parse::<u64>().ok().filter(|divisor| *divisor > 0) else { return false };
        // Neither of them ends in a zero.
        let Ok(zeros) = usize::try_from(more) else { return self.digits.is_empty() };
        let digits = self.digits.bytes().chain(std::iter::repeat_n(b'0', zeros.min(1 << 10)));
        let rest = digits.fold(0_u128, |rest, digit| (rest * 10 + u128::from(digit - b'0')) % u128::from(divisor));
        rest == 0
    }

    /// The power of ten that its last digit stands for.
    fn last_place(&self) -> i64 {
        self.point.saturating_sub(length(&self.digits))
    }
}

fn length(digits: &str) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        // Without zeros at their ends digits are in the order of letters.
        let size = self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        sign(self).cmp(&sign(other)).then(if self.negative { size.reverse() } else { size })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(number: &str) -> Decimal {
        Decimal::of(number)
    }

    #[test]
    fn one_number_has_many_ways_to_be_written() {
        for (one, other) in [
            ("1.0", "1"),
            ("1e2", "100"),
            ("0.0e7", "-0"),
            ("120e-1", "12.000"),
            ("0.00120", "12E-4"),
            ("0e99999999999999999999", "0"),
        ] {
            assert_eq!(of(one), of(other));
        }
        assert_ne!(of("12.00000000000000000001"), of("12"));
        assert_ne!(of("1e-99999999999999999999"), of("0"));
    }

    #[test]
    fn a_text_says_a_number_or_none() {
        for (text, number) in [(" +5 ", "5"), ("007.", "7"), (".5e+1", "5"), ("-0", "0"), ("1E400", "1e400")] {
            assert_eq!(Decimal::parse(text), Some(of(number)), "{text}");
        }
        for text in ["", "+-5", "--5", ".", "1e", "e1", "1.2.3", "0x10", "inf", "NaN", "1 2", "1e5.", "٣"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_told_from_their_neighbours() {
        for (number, digits) in [
            ("7", Some("7")),
            ("-1.50e3", Some("-1500")),
            ("-0.0", Some("0")),
            ("123456789012345678901", Some("123456789012345678901")),
            ("1e22", Some("10000000000000000000000")),
            ("7.00000000000000000001", None),
            ("9007199254740990.4", None),
            ("4503599627370495.9999", None),
            ("1e-400", None),
            ("1e999999", None),
        ] {
            assert_eq!(of(number).in_digits().as_deref(), digits, "{number}");
        }
    }

    #[test]
    fn multiples_are_found_by_their_digits() {
        for (number, step, is_one) in [
            ("9007199254740993", "2", false),
            ("1.10", "0.1", true),
            ("1.15", "0.1", false),
            ("123456789012345678900", "100", true),
            ("123456789012345678901", "100", false),
            ("1e300", "7", false),
            ("0", "7", true),
        ] {
            assert_eq!(of(number).is_multiple_of(&of(step)), is_one, "{number} of {step}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_in_the_order_of_their_values(one in -9999_i64..9999, other in -9999_i64..9999, zeros in 0_usize..3) {
            let (left, right) = (format!("{one}.{}e-2", "0".repeat(zeros + 1)), format!("{other}e-2"));
            prop_assert_eq!(of(&left).cmp(&of(&right)), one.cmp(&other));
        }
    }
}
