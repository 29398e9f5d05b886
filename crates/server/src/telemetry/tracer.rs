use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::trace::{SpanKind, TraceContextExt, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SdkTracerProvider, ShouldSample,
};
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{DynFilterFn, filter_fn};
use tracing_subscriber::layer::Context as Scope;
use tracing_subscriber::registry::LookupSpan;

use super::Part;
use super::delivery::{self, Delivery};
use super::levels::is_ours;
use super::trace_context::{Carried, Place};
use crate::configuration::{TraceConfiguration, TraceSampler};
use crate::error::Error;

/// How long the last spans may take to be sent when the program ends.
const ENDING: Duration = Duration::from_secs(2);

/// The target of spans that are made only where it was decided that they are traced. All others are traced within such a one.
pub(crate) const ROOT: &str = "tidewater::traced";

/// Decides what is traced, before any span is made: what is not traced has none, and costs no more than that. Cheap to clone; one that is
/// made by default traces nothing.
#[derive(Clone, Default)]
pub(crate) struct Tracer(Option<Arc<Inner>>);

struct Inner {
    sampler: Sampler,
    provider: SdkTracerProvider,
    delivery: Arc<Delivery>,
}

/// What was decided of a request or a job.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It is not traced. Its caller may trace it, at this place.
    Untraced(Option<Place>),
    /// It is, as a part of what is in this context.
    Traced(Context),
}

pub(super) fn start(
    configuration: Option<&TraceConfiguration>,
    runtime: &Handle,
) -> Result<(Tracer, Option<Part>), Error> {
    let Some((configuration, endpoint)) = configuration.and_then(|some| Some((some, some.otlp_endpoint.traces()?)))
    else {
        return Ok((Tracer::default(), None));
    };
    let (processor, delivery) = delivery::start(endpoint, &configuration.otlp_headers, runtime)
        .map_err(|reason| Error::Configuration(format!("traces cannot be sent: {reason}")))?;
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        // It was decided before.
        .with_sampler(Sampler::AlwaysOn)
        .with_resource(resource(configuration))
        .build();
    let scope = InstrumentationScope::builder("tidewater").with_version(env!("CARGO_PKG_VERSION")).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer_with_scope(scope))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false);
    let tracer = Tracer(Some(Arc::new(Inner { sampler: sampler(configuration), provider, delivery })));
    Ok((tracer, Some(layer.with_filter(filter_fn(is_traced).with_max_level_hint(LevelFilter::DEBUG)).boxed())))
}

/// Keeps spans that would be parts of a trace from being made where nothing is traced: with filters of the parts alone, each would be made,
/// and told to nobody.
pub(super) fn gate<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let is_wanted = |metadata: &Metadata<'_>, scope: &Scope<'_, S>| {
        !may_be_traced(metadata)
            || scope.lookup_current().is_some_and(|span| span.scope().any(|outer| is_root(outer.metadata())))
    };
    // Never always, or a record that a library only asked about could have the next one left out.
    let ever = |metadata: &'static Metadata<'static>| match is_traced(metadata) {
        true => Interest::sometimes(),
        false => Interest::always(),
    };
    DynFilterFn::new(is_wanted).with_callsite_filter(ever).with_max_level_hint(LevelFilter::TRACE)
}

/// Whether it becomes a span of a trace, if it is made. No record does.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    is_root(metadata) || may_be_traced(metadata)
}

fn is_root(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target() == ROOT
}

/// Spans of level error are for log records.
fn may_be_traced(metadata: &Metadata<'_>) -> bool {
    let is_of_a_statement = metadata.target().starts_with("sea_orm::database") && *metadata.level() == Level::INFO;
    metadata.is_span()
        && !is_root(metadata)
        && (is_of_a_statement || (is_ours(metadata) && *metadata.level() == Level::DEBUG))
}

fn sampler(configuration: &TraceConfiguration) -> Sampler {
    let ratio = || Sampler::TraceIdRatioBased(configuration.traces_sampler_arg);
    let as_caller = |else_: Sampler| Sampler::ParentBased(Box::new(else_));
    match configuration.traces_sampler {
        TraceSampler::AlwaysOn => Sampler::AlwaysOn,
        TraceSampler::AlwaysOff => Sampler::AlwaysOff,
        TraceSampler::Ratio => ratio(),
        TraceSampler::ParentBasedAlwaysOn => as_caller(Sampler::AlwaysOn),
        TraceSampler::ParentBasedAlwaysOff => as_caller(Sampler::AlwaysOff),
        TraceSampler::ParentBasedRatio => as_caller(ratio()),
    }
}

fn resource(configuration: &TraceConfiguration) -> Resource {
    let attributes = configuration.resource_attributes.0.iter();
    let attributes = attributes.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    let name = configuration.service_name.iter().filter(|name| !name.is_empty());
    // What comes later wins.
    Resource::builder_empty()
        .with_service_name("tidewater")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()))
        .with_attributes(attributes)
        .with_attributes(name.map(|name| KeyValue::new("service.name", name.clone())))
        .build()
}

impl Tracer {
    /// What is decided of a request with these headers.
    pub(crate) fn decide(&self, headers: &HeaderMap) -> Decision {
        let Some(inner) = &self.0 else { return Decision::default() };
        let caller = Carried::in_headers(headers).and_then(|caller| caller.context());
        inner.decide(caller)
    }

    /// What is decided of something that comes after `origin`, which may be long over: as there, but in a trace of its own.
    pub(crate) fn decide_after(&self, origin: Option<&Carried>) -> Decision {
        let Some(inner) = &self.0 else { return Decision::default() };
        match origin.and_then(Carried::context) {
            Some(context) if inner.samples(Some(&context)) => Decision::Traced(Context::new()),
            Some(_) => Decision::default(),
            None => inner.decide(None),
        }
    }

    /// Sends what has not been sent, for two seconds at most, and says what became of spans. Blocks.
    pub(crate) fn end(&self) {
        let Some(inner) = &self.0 else { return };
        let _ = inner.provider.shutdown_with_timeout(ENDING);
        inner.delivery.report();
    }
}

impl Inner {
    fn decide(&self, caller: Option<Context>) -> Decision {
        if self.samples(caller.as_ref()) {
            return Decision::Traced(caller.unwrap_or_default());
        }
        let place = |caller: Context| Place { trace: caller.span().span_context().trace_id(), span: None };
        Decision::Untraced(caller.map(place))
    }

    fn samples(&self, caller: Option<&Context>) -> bool {
        let id = match caller {
            Some(caller) => caller.span().span_context().trace_id(),
            // The trace will have another one, as random as this.
            None => RandomIdGenerator::default().new_trace_id(),
        };
        let result = self.sampler.should_sample(caller, id, "", &SpanKind::Server, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }
}

impl Default for Decision {
    fn default() -> Self {
        Self::Untraced(None)
    }
}

impl Decision {
    /// Makes the span, if it is traced; it has to have the target [`ROOT`].
    pub(crate) fn span(&self, make: impl FnOnce() -> Span) -> Span {
        let Self::Traced(context) = self else { return Span::none() };
        let span = make();
        // Fails only if nothing is traced after all.
        let _ = span.set_parent(context.clone());
        span
    }

    /// The place in a trace of what was decided of, if it is in one. `span` is its span.
    pub(crate) fn place(&self, span: &Span) -> Option<Place> {
        match self {
            Self::Untraced(place) => *place,
            Self::Traced(_) => Some(Place::of(span.context().span().span_context())),
        }
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracer").field("is_on", &self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use opentelemetry::Key;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        traces: TraceConfiguration,
    }

    #[test]
    fn the_program_is_called_as_the_specification_says() {
        const ATTRIBUTES: [&str; 2] = ["--resource-attributes", "service.name=of-the-attributes"];
        for (arguments, expected) in [
            (&["--service-name", ""][..], "tidewater"),
            (&[], "tidewater"),
            (&ATTRIBUTES, "of-the-attributes"),
            (&["--service-name", "mine", ATTRIBUTES[0], ATTRIBUTES[1]], "mine"),
        ] {
            let Program { traces } = Program::parse_from([&["tidewater"], arguments].concat());
            let name = resource(&traces).get(&Key::from_static_str("service.name")).unwrap();
            assert_eq!(name.as_str(), expected, "{arguments:?}");
        }
    }
}
