use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderName, HeaderValue};
use clap::ValueEnum;
use url::Url;

use super::parse;

/// Where traces are sent, and of what. The variables are those of the OpenTelemetry specification.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceConfiguration {
    /// The OpenTelemetry collector that traces are sent to, such as http://127.0.0.1:4318; without one, nothing is traced
    #[arg(
        long,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true,
        global = true
    )]
    pub(crate) otlp_endpoint: Endpoint,

    /// Headers that everything sent to the collector has, such as `api-key=KEY,x-tenant=TENANT`
    #[arg(
        long,
        value_name = "HEADERS",
        env = "OTEL_EXPORTER_OTLP_HEADERS",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true,
        global = true
    )]
    pub(crate) otlp_headers: Headers,

    /// How the collector is spoken to
    #[arg(
        long,
        value_name = "PROTOCOL",
        env = "OTEL_EXPORTER_OTLP_PROTOCOL",
        default_value = "http/protobuf",
        global = true
    )]
    pub(crate) otlp_protocol: Protocol,

    /// What the program is called in traces; by default what `service.name` among the attributes says, else tidewater
    #[arg(long, value_name = "NAME", env = "OTEL_SERVICE_NAME", global = true)]
    pub(crate) service_name: Option<String>,

    /// What else is told of the program in traces, such as `deployment.environment.name=staging`
    #[arg(
        long,
        value_name = "ATTRIBUTES",
        env = "OTEL_RESOURCE_ATTRIBUTES",
        default_value = "",
        hide_default_value = true,
        global = true
    )]
    pub(crate) resource_attributes: Attributes,

    /// Which requests are traced; with `parentbased_`, those whose caller says so in `traceparent`, and of those whose caller says
    /// nothing the ones that the rest of the name says
    #[arg(
        long,
        value_name = "SAMPLER",
        env = "OTEL_TRACES_SAMPLER",
        default_value = "parentbased_always_on",
        global = true
    )]
    pub(crate) traces_sampler: TraceSampler,

    /// The share that is traced, from 0 to 1, where the sampler is one by ratio
    #[arg(
        long,
        value_name = "SHARE",
        env = "OTEL_TRACES_SAMPLER_ARG",
        default_value = "1",
        value_parser = parse::share,
        global = true
    )]
    pub(crate) traces_sampler_arg: f64,
}

/// A collector, or none.
#[derive(Clone)]
pub(crate) struct Endpoint(Option<Url>);

/// Names and values of headers. The values may be secrets.
#[derive(Clone)]
pub(crate) struct Headers(pub(crate) Vec<(HeaderName, HeaderValue)>);

/// Names and values of attributes.
#[derive(Clone)]
pub(crate) struct Attributes(pub(crate) Vec<(String, String)>);

/// How a collector is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// Protocol buffers over HTTP.
    #[value(name = "http/protobuf")]
    HttpProtobuf,
}

/// Which requests are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum TraceSampler {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share of them, by the number of the trace.
    #[value(name = "traceidratio")]
    Ratio,
    /// As the caller says, else all.
    #[value(name = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// As the caller says, else none.
    #[value(name = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// As the caller says, else a share.
    #[value(name = "parentbased_traceidratio")]
    ParentBasedRatio,
}

impl Endpoint {
    /// Where spans are sent, if they are sent anywhere: `v1/traces` below what is configured.
    pub(crate) fn traces(&self) -> Option<String> {
        let base = self.0.as_ref()?.as_str();
        Some(format!("{}/v1/traces", base.trim_end_matches('/')))
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        match Url::parse(text.trim()) {
            // It would be repeated where deliveries fail.
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Err("expected no user and no password in it; set OTEL_EXPORTER_OTLP_HEADERS instead".to_owned())
            }
            Ok(url) if url.scheme() == "http" && url.has_host() && url.query().or(url.fragment()).is_none() => {
                Ok(Self(Some(url)))
            }
            _ => Err("expected the address of a collector that takes OTLP over HTTP without TLS, such as http://127.0.0.1:4318"
                .to_owned()),
        }
    }
}

impl FromStr for Headers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let header = |(name, value): (String, String)| {
            let (name, value) = (HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
            Some((name, value))
        };
        let headers = pairs(text)?.into_iter().map(header).collect::<Option<_>>();
        headers.map(Self).ok_or_else(|| "expected names and values of HTTP headers".to_owned())
    }
}

impl FromStr for Attributes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        pairs(text).map(Self)
    }
}

/// `name=value,name=value`, where both are percent-encoded (W3C Baggage).
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    const EXPECTED: &str = "expected names and values such as name=value,other=value";
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text.trim()).decode_utf8().map(|text| text.into_owned()).ok();
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').filter(|(name, _)| !name.trim().is_empty())?;
        Some((decoded(name)?, decoded(value)?))
    };
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty()).map(pair);
    pairs.collect::<Option<_>>().ok_or_else(|| EXPECTED.to_owned())
}

/// Without what may be a secret.
impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(text: &str) -> Option<String> {
        text.parse::<Endpoint>().unwrap().traces()
    }

    #[test]
    fn spans_go_to_a_path_below_the_endpoint() {
        assert_eq!(endpoint(""), None);
        assert_eq!(endpoint("http://127.0.0.1:4318").as_deref(), Some("http://127.0.0.1:4318/v1/traces"));
        assert_eq!(endpoint("http://[::1]:4318/otlp/").as_deref(), Some("http://[::1]:4318/otlp/v1/traces"));
        for bad in [
            "collector:4317",
            "grpc://127.0.0.1:4317",
            "127.0.0.1",
            "https://collector.example",
            "http://",
            "http://host/?a=b",
            "http://host/#a",
            "http://user:password@host",
        ] {
            assert!(bad.parse::<Endpoint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_and_values_are_decoded() {
        let attributes: Attributes = " a = 1 ,b=x%2Cy%3D,".parse().unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(attributes.0, [pair("a", "1"), pair("b", "x,y=")]);
        assert!("a".parse::<Attributes>().is_err() && "=1".parse::<Attributes>().is_err());
        let headers: Headers = "Api-Key=secret".parse().unwrap();
        assert_eq!((headers.0[0].0.as_str(), headers.0[0].1.as_bytes()), ("api-key", b"secret".as_slice()));
        assert!("a b=1".parse::<Headers>().is_err() && "a=1%0A2".parse::<Headers>().is_err());
        assert!(!format!("{headers:?}").contains("secret"));
    }
}
