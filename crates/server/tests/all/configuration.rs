use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::fixture::{binary, fail, sentence, succeed};

#[tokio::test]
async fn a_bad_setting_is_one_sentence_that_names_it() {
    for (name, value, expected) in [
        ("DATABASE_URL", "mysql://root:secret@host/x", "--database-url (DATABASE_URL)"),
        ("REDIS_URL", "http://:secret@host", "--redis-url (REDIS_URL)"),
        ("TIDEWATER_LISTEN", "localhost", "invalid value 'localhost' for --listen (TIDEWATER_LISTEN)"),
        ("TIDEWATER_DATABASE_POOL", "0", "--database-pool"),
        ("TIDEWATER_CACHE_MEMORY", "much", "--cache-memory"),
        ("TIDEWATER_ITEM_TTL", "10", "expected a duration with its unit"),
        ("TIDEWATER_LOG_RETENTION", "19min", "twice the longest time to live, which is 10m"),
        ("TIDEWATER_CACHE_POLICY", "todo:ttl=60s", "'ttl=60s' is not one of"),
        ("TIDEWATER_CACHE_POLICY", "todos:off", "todos"),
        ("TIDEWATER_LOG_LEVEL", "loud", "--log-level"),
        ("TIDEWATER_LOG_FORMAT", "xml", "expected one of text, json"),
        ("TIDEWATER_SLOW_OPERATION", "1", "expected a duration with its unit"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "https://:secret@collector",
            "--otlp-endpoint (OTEL_EXPORTER_OTLP_ENDPOINT): expected",
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret", "--otlp-headers (OTEL_EXPORTER_OTLP_HEADERS): expected"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "expected one of http/protobuf"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "expected one of always_on, always_off, traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "expected a number from 0 to 1"),
        ("TIDEWATER_GRAPHIQL", "maybe", "expected one of auto, on, off"),
        ("TIDEWATER_STUDIO", "maybe", "expected one of auto, on, off"),
        ("TIDEWATER_CORS_ORIGINS", "https://app.example.com,*", "'*' is no origin such as https://app.example.com"),
        ("TIDEWATER_COMPRESS_FROM", "some", "--compress-from (TIDEWATER_COMPRESS_FROM)"),
        ("TIDEWATER_INTROSPECTION", "maybe", "expected one of auto, on, off"),
        ("TIDEWATER_MAX_TOKENS", "0", "expected a whole number from 1 to"),
        ("TIDEWATER_MAX_HEADER", "1KiB", "expected a size from 8KiB to 1MiB"),
        ("TIDEWATER_MAX_BATCH", "-1", "expected a whole number from 0 to"),
        ("TIDEWATER_MIGRATE", "perhaps", "--migrate (TIDEWATER_MIGRATE)"),
        ("TIDEWATER_REDIS_KEY_PREFIX", "a b", "--redis-key-prefix"),
        ("TIDEWATER_REQUEST_RATE", "1000", "expected a count and a time such as 1000/s"),
        ("TIDEWATER_SIGN_IN_RATE", "0/s", "--sign-in-rate (TIDEWATER_SIGN_IN_RATE): a quota has at least one unit"),
        (
            "TIDEWATER_COST_RATE",
            "19999/s",
            "--cost-rate (TIDEWATER_COST_RATE): expected at least what one operation may cost",
        ),
        (
            "TIDEWATER_SESSION_LIFETIME",
            "1day",
            "--session-idle-timeout (TIDEWATER_SESSION_IDLE_TIMEOUT): expected at most the lifetime of a session, which is 1day",
        ),
        (
            "TIDEWATER_TRUSTED_DOCUMENTS_ONLY",
            "true",
            "needs documents to trust: name their file with --trusted-documents",
        ),
        ("TIDEWATER_TRUSTED_PROXIES", "10.0.0.0/33", "'10.0.0.0/33' is no address and no network"),
        ("TIDEWATER_FORWARDED_HEADER", "via", "expected one of x-forwarded-for, forwarded"),
    ] {
        let (code, sentence) = fail(&["serve"], &[(name, value)]).await;
        assert_eq!(code, 2, "{name}: {sentence}");
        assert!(sentence.contains(expected), "{name}: {sentence}");
        assert!(!sentence.contains("secret"), "{name}: {sentence}");
    }
}

#[tokio::test]
async fn an_unknown_command_or_flag_is_one_sentence() {
    for arguments in [&["fly"][..], &["--fast"], &["migrate", "sideways"], &["seed", "--users", "0"], &["migrate"]] {
        let (code, sentence) = fail(arguments, &[]).await;
        assert_eq!(code, 2, "{arguments:?}: {sentence}");
    }
}

#[tokio::test]
async fn help_documents_every_variable() {
    let help = succeed(&["--help"], &[("DATABASE_URL", "postgres://u:secret@h/d"), ("REDIS_PASSWORD", "secret")]).await;
    for name in ["DATABASE_URL", "REDIS_URL", "TIDEWATER_LISTEN", "TIDEWATER_CACHE_POLICY", "TIDEWATER_LOG_RETENTION"] {
        assert!(help.contains(name), "{name} is not in:\n{help}");
    }
    assert!(help.contains("[default: 127.0.0.1:8000]"), "{help}");
    assert!(!help.contains("secret"), "{help}");
}

#[tokio::test]
async fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = Folder::with_env_file("TIDEWATER_LOG_FORMAT=file\n");
    assert!(folder.refusal(&[], &[]).await.contains("'file'"));
    assert!(folder.refusal(&[], &[("TIDEWATER_LOG_FORMAT", "environment")]).await.contains("'environment'"));
    let flag = ["--log-format", "flag"];
    assert!(folder.refusal(&flag, &[("TIDEWATER_LOG_FORMAT", "environment")]).await.contains("'flag'"));
}

#[tokio::test]
async fn a_malformed_file_is_refused_without_its_values() {
    for line in ["REDIS PASSWORD=secret", "DATABASE_URL: postgres://admin:secret@localhost/x", "secret"] {
        let folder = Folder::with_env_file(&format!("REDIS_HOST=ok\n{line}\n"));
        let sentence = folder.refusal(&[], &[]).await;
        assert!(sentence.contains(".env") && sentence.contains("NAME=VALUE"), "{sentence}");
        assert!(!sentence.contains("secret"), "{sentence}");
    }
}

/// A folder of a test's own, with a file `.env`.
struct Folder(TempDir);

impl Folder {
    fn with_env_file(content: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join(".env"), content).unwrap();
        Self(folder)
    }

    async fn refusal(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let output = Command::new(binary())
            .args(arguments)
            .env_clear()
            .envs(environment.iter().copied())
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let (code, sentence) = sentence(output.status.code(), &output.stdout, &output.stderr);
        assert_eq!(code, 2, "{sentence}");
        sentence
    }
}
