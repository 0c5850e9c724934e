//! A row of a CSV file, each cell as a value of the type that its column has.
//!
//! Other programs write the same value in other ways: a spreadsheet saves `true` as `TRUE` and
//! `1230000` as `1.23E+06`, a data frame saves `1000` as `1000.0`. What is no such value is
//! refused with the column and what was expected.

use serde::de::value::Error;
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};

/// 2^64: from here on, a float is no `u64`.
const WHOLE_END: f64 = 18_446_744_073_709_551_616.0;

/// The columns of a row with their cells. An error begins with the column.
pub(super) struct Row<'c, I> {
    pub cells: I,
    /// The cell whose column was read last.
    pub next: Option<(&'c str, Cell<'c>)>,
}

impl<'de, 'c, I: Iterator<Item = (&'c str, Cell<'c>)>> MapAccess<'de> for Row<'c, I> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next = self.cells.next();
        let column = self.next.map(|(column, _)| column.into_deserializer());
        column.map(|column| seed.deserialize(column)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (column, cell) = self.next.expect("a column comes before its cell");
        let read = seed.deserialize(cell);
        read.map_err(|error| Error::custom(format!("column {column}: {error}")))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Cell<'c> {
    pub text: &'c str,
    /// `.` or `,`.
    pub decimal_mark: char,
    /// Whether the cell may be empty.
    pub optional: bool,
}

impl Cell<'_> {
    fn expected(&self, what: &str) -> Error {
        let or_nothing = if self.optional { " or nothing" } else { "" };
        let found = match self.text {
            "" => "an empty cell".to_owned(),
            text => format!("{text:?}"),
        };
        Error::custom(format!("expected {what}{or_nothing}, found {found}"))
    }

    /// The number, if it is one: finite, and without thousands separators.
    fn number(&self) -> Option<f64> {
        let text = self.text.trim();
        let foreign = if self.decimal_mark == ',' { '.' } else { ',' };
        if text.contains(foreign) {
            return None;
        }
        let number: f64 = text.replace(',', ".").parse().ok()?;
        number.is_finite().then_some(number)
    }

    fn whole(&self) -> Option<i128> {
        let exact = self.text.trim().parse().ok();
        exact.or_else(|| {
            let number = self.number()?;
            // Exact: a whole number within the range of i128.
            (number.fract() == 0.0 && number.abs() < WHOLE_END).then_some(number as i128)
        })
    }

    fn boolean(&self) -> Option<bool> {
        match self.text.trim().to_uppercase().as_str() {
            "TRUE" | "VERDADEIRO" | "1" => Some(true),
            "FALSE" | "FALSO" | "0" => Some(false),
            _ => None,
        }
    }
}

/// Types of numbers that are `$what`: how they are deserialized, and the visitor's method.
macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty: $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let number = self.whole().and_then(|whole| <$type>::try_from(whole).ok());
            visitor.$visit(number.ok_or_else(|| self.expected($what))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Cell<'_> {
    type Error = Error;

    whole_numbers! {
        deserialize_u32 visit_u32 u32: "a whole number from 0 to 4294967295";
        deserialize_u64 visit_u64 u64: "a whole number of 0 or more";
        deserialize_i64 visit_i64 i64: "a whole number";
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let what = match self.decimal_mark {
            ',' => "a number such as 1234,5, without thousands separators",
            _ => "a number such as 1234.5, without thousands separators",
        };
        visitor.visit_f64(self.number().ok_or_else(|| self.expected(what))?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let what = "true or false";
        visitor.visit_bool(self.boolean().ok_or_else(|| self.expected(what))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text {
            "" => visitor.visit_none(),
            _ => visitor.visit_some(Cell {
                optional: true,
                ..self
            }),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let name = names.iter().find(|name| **name == self.text.trim());
        let name = name.ok_or_else(|| self.expected(&format!("one of {}", names.join(", "))))?;
        visitor.visit_enum(name.into_deserializer())
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
