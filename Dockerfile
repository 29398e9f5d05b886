# syntax=docker/dockerfile:1

FROM node:24-trixie-slim AS node

FROM rust:1.95-slim-trixie AS build
# With npm at hand, the build of the server embeds GraphiQL and Studio.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /source
COPY . .
# The target directory is a cache that no layer holds, so the binary is copied out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/root/.npm \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package tidewater \
    && cp target/release/tidewater /usr/local/bin/tidewater

FROM debian:trixie-slim
# For Redis over TLS, which is verified against the system's certificates.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin tidewater \
    && install --directory --owner=tidewater /data
COPY --from=build /usr/local/bin/tidewater /usr/local/bin/tidewater
USER tidewater
# Without DATABASE_URL the server keeps its SQLite file here.
WORKDIR /data
VOLUME /data
ENV TIDEWATER_LISTEN=0.0.0.0:8000
EXPOSE 8000
# Whether it lives, not whether it is ready: a restart does not mend a database that is out of reach. By bash, because
# the image has no HTTP client.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1.. 200' <&3"]
ENTRYPOINT ["tidewater"]
CMD ["serve"]
