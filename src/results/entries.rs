//! How an entry of a column begins: what kind of column it is.

use crate::results::metric::{Kind, MetricOf, Unit};

pub(super) fn label<R>() -> MetricOf<R> {
    MetricOf::new(Kind::Label, Unit::Number, "", "")
}

pub(super) fn factor<R>() -> MetricOf<R> {
    MetricOf::new(Kind::Factor, Unit::Number, "", "")
}

pub(super) fn transport_factor<R>() -> MetricOf<R> {
    MetricOf::new(Kind::TransportFactor, Unit::Number, "", "")
}

pub(super) fn us<R>(group: &'static str, title: &'static str) -> MetricOf<R> {
    MetricOf::new(Kind::Measured, Unit::Microseconds, group, title)
}

pub(super) fn bytes<R>(group: &'static str, title: &'static str) -> MetricOf<R> {
    MetricOf::new(Kind::Measured, Unit::Bytes, group, title)
}

pub(super) fn percent<R>(group: &'static str, title: &'static str) -> MetricOf<R> {
    MetricOf::new(Kind::Measured, Unit::Percent, group, title)
}

pub(super) fn count<R>(group: &'static str, title: &'static str) -> MetricOf<R> {
    MetricOf::new(Kind::Measured, Unit::Count, group, title)
}

pub(super) fn number<R>(group: &'static str, title: &'static str) -> MetricOf<R> {
    MetricOf::new(Kind::Measured, Unit::Number, group, title)
}

pub(super) fn of_unit<R>(unit: Unit, group: &'static str, title: &'static str) -> MetricOf<R> {
    MetricOf::new(Kind::Measured, unit, group, title)
}
