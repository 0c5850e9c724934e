//! One entry a column: [`columns!`] makes the fields of a row, the columns of its file, and what each
//! of them is.

macro_rules! columns {
    ($($(#[doc = $line:literal])+ $name:ident: $type:ty = $entry:expr;)*) => {
        /// One row of `trials.csv`: one measured repetition of one cell. A figure that does not
        /// exist is an empty cell, never 0.
        ///
        /// Counts and bytes cover the ledger's time: from the opening of the window until the end
        /// of the drain. Percentages are of one core.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct TrialRow {
            $($(#[doc = $line])+ pub $name: $type,)*
        }

        impl TrialRow {
            /// The row with empty cells for figures that are no numbers, as 0/0 is none.
            pub fn finite(mut self) -> Self {
                $(self.$name.keep_finite();)*
                self
            }
        }

        /// A row without figures.
        impl Default for TrialRow {
            fn default() -> Self {
                TrialRow { $($name: ColumnType::empty(),)* }
            }
        }

        /// The columns, in the order of the file.
        pub(super) fn columns() -> Vec<MetricOf<TrialRow>> {
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
