//! How values are read from flags and files: one, or a list of them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is read from text. A number in a file is read as its text is.
pub trait Written: Sized + Clone + PartialEq + PartialOrd {
    /// Reads it, or says what to write instead.
    fn read(text: &str) -> Result<Self, String>;

    /// Reads the values that a table in a file stands for: `[network] delay = "50ms"`. Only a value
    /// of several parts has this form; [`combinations`] reads a table of lists.
    fn of_table(_: toml::Table) -> Result<Vec<Self>, String> {
        Err("write a value, or a list of values, and no table".to_owned())
    }

    /// The shortest text that reads as this value.
    fn brief(&self) -> String
    where
        Self: fmt::Display,
    {
        self.to_string()
    }
}

/// Says which range a value is outside of.
pub fn check_within<T: Written + fmt::Display>(
    value: &T,
    range: &RangeInclusive<T>,
    unit: &str,
) -> Result<(), String> {
    let (from, to) = (range.start().brief(), range.end().brief());
    match range.contains(value) {
        true => Ok(()),
        false => Err(format!("{value} {unit} is not between {from} and {to}")),
    }
}

/// Every combination of the values of a table, as texts by their keys. A key has one value or a
/// list of them.
///
/// # Errors
/// A key has another table, or an empty list.
pub fn combinations(table: toml::Table) -> Result<Vec<Vec<(String, String)>>, String> {
    let mut all = vec![Vec::new()];
    for (key, value) in table {
        let texts = match value {
            toml::Value::Array(values) => values.into_iter().map(text_of).collect(),
            one => text_of(one).map(|text| vec![text]),
        };
        let texts: Vec<String> = texts.map_err(|why| format!("{key}: {why}"))?;
        if texts.is_empty() {
            return Err(format!("{key}: name at least one"));
        }
        let with = |parts: &Vec<(String, String)>, text: &String| {
            let part = (key.clone(), text.clone());
            [&parts[..], &[part]].concat()
        };
        let each = all.iter();
        let each = each.flat_map(|parts| texts.iter().map(move |text| with(parts, text)));
        all = each.collect();
    }
    Ok(all)
}

/// A value of a file as a flag is given it.
fn text_of(value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            Ok(value.to_string())
        }
        _ => Err("write a value, or a list of values".to_owned()),
    }
}

/// The values of a factor that makes a cell of each: at least one, and none twice.
#[derive(Clone, Debug, PartialEq)]
pub struct List<T>(Vec<T>);

impl<T: Written> List<T> {
    /// `None` without any value.
    fn of(values: Vec<T>) -> Option<Self> {
        let mut once: Vec<T> = Vec::new();
        for value in values {
            if !once.contains(&value) {
                once.push(value);
            }
        }
        (!once.is_empty()).then_some(List(once))
    }

    /// All values of several lists, in growing order.
    pub fn join(lists: &[List<T>]) -> Option<Self> {
        let lists = lists.iter();
        let mut all = List::of(lists.flat_map(|list| list.0.clone()).collect())?;
        // Only numbers that are none have no order, and none of them is read.
        all.0
            .sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        Some(all)
    }

    /// One value, in whose text a comma separates nothing: for a flag that is repeated.
    pub fn one(text: &str) -> Result<Self, String> {
        Ok(List(vec![T::read(text)?]))
    }

    /// Each value as another one.
    pub fn map(&self, as_other: impl Fn(&T) -> T) -> Self {
        List::of(self.0.iter().map(as_other).collect()).expect("a list has a value")
    }

    pub fn push(&mut self, value: T) {
        if !self.0.contains(&value) {
            self.0.push(value);
        }
    }
}

impl<T: Written, const N: usize> From<[T; N]> for List<T> {
    fn from(values: [T; N]) -> Self {
        const { assert!(N > 0, "a list has a value") };
        List::of(values.into()).expect("it has a value")
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// `1,2,3`, in any order and with repetitions.
impl<T: Written> FromStr for List<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let values = text.split(',').map(|one| T::read(one.trim()));
        let list = List(values.collect::<Result<_, _>>()?);
        List::join(&[list]).ok_or_else(|| "write at least one value".to_owned())
    }
}

impl<T: fmt::Display> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.0.iter().map(T::to_string).collect();
        f.write_str(&values.join(","))
    }
}

/// One value is written without brackets.
impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [one] => one.serialize(serializer),
            all => all.serialize(serializer),
        }
    }
}

impl<'de, T: Written> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = deserializer.deserialize_any(OneOrMore::<T>::MORE)?;
        List::of(values).ok_or_else(|| D::Error::custom("name at least one"))
    }
}

/// Reads a text or a number as a value, and a list as several where a list is allowed.
struct OneOrMore<T> {
    list: bool,
    value: PhantomData<T>,
}

impl<T> OneOrMore<T> {
    const ONE: Self = OneOrMore {
        list: false,
        value: PhantomData,
    };
    const MORE: Self = OneOrMore {
        list: true,
        value: PhantomData,
    };
}

/// Reads a text or a number as one value.
pub(super) fn read_one<'de, T: Written, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let mut values = deserializer
        .deserialize_any(OneOrMore::<T>::ONE)?
        .into_iter();
    Ok(values.next().expect("a text is one value"))
}

impl<'de, T: Written> Visitor<'de> for OneOrMore<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.list {
            "a value, or a list of values"
        } else {
            "one value"
        })
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        let value = T::read(text).map_err(E::custom)?;
        Ok(vec![value])
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Vec<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Vec<T>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, values: A) -> Result<Vec<T>, A::Error> {
        if !self.list {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let values = Vec::<One<T>>::deserialize(SeqAccessDeserializer::new(values))?;
        Ok(values.into_iter().map(|One(value)| value).collect())
    }

    fn visit_map<A: MapAccess<'de>>(self, keys: A) -> Result<Vec<T>, A::Error> {
        if !self.list {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let table = toml::Table::deserialize(MapAccessDeserializer::new(keys))?;
        T::of_table(table).map_err(A::Error::custom)
    }
}

/// An element of a list.
struct One<T>(T);

impl<'de, T: Written> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_one(deserializer).map(One)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_of_a_table_multiply() {
        let table = |text: &str| combinations(toml::from_str(text).unwrap());
        let texts = |text: &str| {
            let all = table(text).unwrap().into_iter().map(|parts| {
                let parts = parts.iter().map(|(key, value)| format!("{key}={value}"));
                parts.collect::<Vec<_>>().join(",")
            });
            all.collect::<Vec<_>>()
        };
        assert_eq!(texts("delay = \"50ms\""), ["delay=50ms"]);
        assert_eq!(
            texts("delay = [\"1ms\", \"5ms\"]\nloss = [0.5, \"2%\"]\nmtu = 1500"),
            [
                "delay=1ms,loss=0.5,mtu=1500",
                "delay=1ms,loss=2%,mtu=1500",
                "delay=5ms,loss=0.5,mtu=1500",
                "delay=5ms,loss=2%,mtu=1500",
            ]
        );
        for (text, says) in [
            ("delay = []", "delay: name at least one"),
            (
                "[delay]\nup = 1",
                "delay: write a value, or a list of values",
            ),
        ] {
            assert_eq!(table(text).unwrap_err(), says);
        }
    }

    #[test]
    fn a_factor_of_one_part_is_no_table() {
        #[derive(Debug, Deserialize)]
        struct Keys {
            #[expect(dead_code)]
            clients: List<u32>,
        }
        let error = toml::from_str::<Keys>("[clients]\nmost = 5").unwrap_err();
        let says = "write a value, or a list of values, and no table";
        assert!(error.to_string().contains(says), "{error}");
    }
}
