use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use tidewater_histogram::Snapshot;

/// Writes metrics, a family at a time.
pub(super) struct Exposition<'a>(DescriptorEncoder<'a>);

/// What tells the samples of a family apart: names of labels with their values.
pub(super) type Labels<'a, const COUNT: usize> = [(&'static str, &'a str); COUNT];

impl<'a> Exposition<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A number that only grows. Its name is without `_total`.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl EncodeCounterValue) -> fmt::Result {
        self.counters(name, help, [([], value)])
    }

    /// Numbers that only grow. Their name is without `_total`.
    pub(super) fn counters<'l, const COUNT: usize, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, COUNT>, V)>,
    ) -> fmt::Result {
        let (name, unit) = measured(name);
        let mut encoder = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?;
        for (labels, value) in samples {
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
        }
        Ok(())
    }

    /// A number that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl EncodeGaugeValue) -> fmt::Result {
        self.gauges(name, help, [([], value)])
    }

    /// Numbers that go up and down.
    pub(super) fn gauges<'l, const COUNT: usize, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, COUNT>, V)>,
    ) -> fmt::Result {
        let (name, unit) = measured(name);
        let mut encoder = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        for (labels, value) in samples {
            encoder.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// Durations in seconds.
    pub(super) fn histogram(&mut self, name: &str, help: &str, snapshot: &Snapshot) -> fmt::Result {
        self.histograms(name, help, [([], snapshot)])
    }

    /// Durations in seconds. Those of which there are none yet are left out.
    pub(super) fn histograms<'l, const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'l, COUNT>, &'l Snapshot)>,
    ) -> fmt::Result {
        let (name, unit) = measured(name);
        let mut encoder = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Histogram)?;
        for (labels, snapshot) in samples {
            let upper = |upper: Option<std::time::Duration>| upper.map_or(f64::INFINITY, |upper| upper.as_secs_f64());
            let buckets: Vec<_> = snapshot.coarse_buckets().map(|bucket| (upper(bucket.upper), bucket.count)).collect();
            // Of the same moment as the buckets, so that they agree.
            let count = snapshot.count();
            if count > 0 || COUNT == 0 {
                let sum = snapshot.sum().as_secs_f64();
                encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
            }
        }
        Ok(())
    }

    /// What is told once, by labels alone. The name is without `_info`.
    pub(super) fn info<const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: Labels<'_, COUNT>,
    ) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Info)?.encode_info(&labels)
    }
}

/// A name without the unit that it ends with, and that unit.
fn measured(name: &str) -> (&str, Option<Unit>) {
    for unit in [Unit::Seconds, Unit::Bytes] {
        let bare = name.strip_suffix(unit.as_str()).and_then(|name| name.strip_suffix('_'));
        if let Some(bare) = bare {
            return (bare, Some(unit));
        }
    }
    (name, None)
}
