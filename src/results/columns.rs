//! One entry a column: [`columns!`] makes the fields of a row, the columns of its file, and what each
//! of them is.

macro_rules! columns {
    (
        $(#[doc = $about:literal])+ $row:ident;
        $($(#[doc = $line:literal])+ $name:ident: $type:ty = $entry:expr;)*
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $row {
            $($(#[doc = $line])+ pub $name: $type,)*
        }

        impl $row {
            /// The row with empty cells for figures that are no numbers, as 0/0 is none.
            pub fn finite(mut self) -> Self {
                $(self.$name.keep_finite();)*
                self
            }
        }

        /// A row without figures.
        impl Default for $row {
            fn default() -> Self {
                $row { $($name: ColumnType::empty(),)* }
            }
        }

        /// The columns, in the order of the file.
        pub(super) fn columns() -> Vec<MetricOf<$row>> {
            vec![$($entry.column(
                stringify!($name),
                concat!($($line),+).trim_ascii(),
                |row| row.$name.figure(),
                |row| row.$name.text(),
                <$type as ColumnType>::KIND,
            ),)*]
        }
    };
}

pub(super) use columns;
