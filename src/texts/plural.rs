//! Which form of a noun follows a number: the categories of Unicode CLDR, "Language Plural Rules".

/// A category of a plural rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plural {
    One,
    /// In Portuguese, whole millions: "2 milhões de mensagens".
    Many,
    Other,
}

/// English: one is 1.
pub fn english_plural(number: f64) -> Plural {
    match number {
        1.0 => Plural::One,
        _ => Plural::Other,
    }
}

/// Portuguese as in Brazil: one is all below 2, and many is whole millions.
pub fn brazilian_plural(number: f64) -> Plural {
    match number {
        n if (0.0..2.0).contains(&n) => Plural::One,
        n if n % 1e6 == 0.0 => Plural::Many,
        _ => Plural::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_categories_of_cldr() {
        let table = [
            (0.0, Plural::Other, Plural::One),
            (0.5, Plural::Other, Plural::One),
            (1.0, Plural::One, Plural::One),
            (1.5, Plural::Other, Plural::One),
            (2.0, Plural::Other, Plural::Other),
            (1e6, Plural::Other, Plural::Many),
        ];
        for (number, english, brazilian) in table {
            assert_eq!(english_plural(number), english, "{number}");
            assert_eq!(brazilian_plural(number), brazilian, "{number}");
        }
    }
}
