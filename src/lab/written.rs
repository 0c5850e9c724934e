//! How values are read from flags and files: one, or a list of them.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::{Error as _, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is read from text. A number in a file is read as its text is.
pub trait Written: Sized + Clone + PartialEq + PartialOrd {
    /// Reads it, or says what to write instead.
    fn read(text: &str) -> Result<Self, String>;

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
}

/// An element of a list.
struct One<T>(T);

impl<'de, T: Written> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_one(deserializer).map(One)
    }
}
