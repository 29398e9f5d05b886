// Holds the metrics, the alerts and what the dashboard asks against a real Prometheus: a server with some traffic is scraped, what it tells
// is checked by promtool, and each query of each panel and alert has to be answered; those of panels with data.
//
//     npm run metrics -- ../../target/debug/tidewater
//
// Needs prometheus, promtool and redis-server.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const here = import.meta.dirname;
const [binary = 'target/debug/tidewater'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'tidewater-metrics-'));
const children = [];

/** How long there is traffic: a rate needs two scrapes, and a gauge that is derived some more. */
const TRAFFIC = 12_000;
const PATIENCE = 30_000;

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Starts a program, and resolves to what it has written when that holds `text`. */
function start(command, args, text, env = {}) {
  const child = spawn(command, args, { cwd: folder, env: { PATH: process.env.PATH, ...env } });
  children.push(child);
  let log = '';
  return new Promise((started, failed) => {
    const fail = (reason) => failed(new Error(`${command} ${reason}:\n${log}`));
    const heard = (chunk) => {
      log += chunk;
      if (log.includes(text)) started(log);
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    child.on('error', (error) => fail(error.message));
    child.on('exit', () => fail('has ended'));
    setTimeout(() => fail(`does not say "${text}"`), PATIENCE).unref();
  });
}

async function traffic(url, until) {
  const ask = async (query, headers = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return response.json();
  };
  const credentials = 'email: "user1@example.test", password: "tidewater"';
  const answer = await ask(`mutation SignIn { signIn(input: { ${credentials} }) { token } }`);
  const headers = { authorization: `Bearer ${answer.data.signIn.token}` };
  const stream = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query: 'query Live @live { viewer { name } }' }),
  });
  for (let round = 0; Date.now() < until; round += 1) {
    // A job each second, so that there are some in any time that is looked at.
    if (round % 20 === 0) {
      await ask('mutation Export { exportMyData { export { id } } }', headers);
    }
    await ask('query Todos { viewer { todos { totalCount nodes { text tags { nodes { name } } } } } }', headers);
    await ask('query Notes { notes(first: 5) { nodes { title user { name } } } }', headers);
    await ask(`mutation Create { createTodo(input: { text: "round ${round}" }) { todo { id } } }`, headers);
    await ask('query Mistaken { node(id: "nothing") { id } }', headers);
    await ask('query Fresh { viewer { tags { totalCount } } }', { ...headers, 'cache-control': 'no-store' });
    await sleep(50);
  }
  await stream.body.cancel();
}

function check(command, args, input) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
}

/** The queries of the dashboard's panels, with what Grafana would put in. */
function panels() {
  const dashboard = JSON.parse(readFileSync(join(here, 'grafana/tidewater.json'), 'utf8'));
  const targets = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map((target) => [panel.title, target.expr]));
  const filled = (query) => query.replaceAll('$__rate_interval', '10s').replaceAll('$instance', '.*');
  return targets.map(([title, query]) => [title, filled(query)]);
}

async function run() {
  const [redis, prometheus] = [await freePort(), await freePort()];
  await start('redis-server', ['--port', `${redis}`, '--save', '', '--bind', '127.0.0.1'], 'Ready to accept connections');
  const log = await start(resolve(binary), ['serve'], 'listening on http://', {
    TIDEWATER_LISTEN: '127.0.0.1:0',
    TIDEWATER_METRICS_LISTEN: '127.0.0.1:0',
    TIDEWATER_VIEW_FLUSH_INTERVAL: '1s',
    REDIS_URL: `redis://127.0.0.1:${redis}`,
  });
  const [, metrics] = log.match(/metrics are at (http:\/\/[^ \n]+)/);
  const [, url] = log.match(/listening on (http:\/\/[0-9.:]+)/);
  const scraping = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(here, 'prometheus/alerts.yml')],
    scrape_configs: [{ job_name: 'tidewater', static_configs: [{ targets: [new URL(metrics).host] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(scraping));
  await start(
    'prometheus',
    [`--web.listen-address=127.0.0.1:${prometheus}`, '--config.file=prometheus.yml', '--storage.tsdb.path=data'],
    'Server is ready to receive web requests',
  );
  await traffic(url, Date.now() + TRAFFIC);

  const text = await (await fetch(metrics)).text();
  check('promtool', ['check', 'metrics'], text);

  const query = async (path) => (await fetch(`http://127.0.0.1:${prometheus}/api/v1/${path}`)).json();
  const targets = await query('targets');
  const [{ health, lastError }] = targets.data.activeTargets;
  if (health !== 'up') throw new Error(`Prometheus cannot scrape: ${lastError}`);
  const empty = [];
  const queries = panels();
  for (const [title, expression] of queries) {
    const answer = await query(`query?query=${encodeURIComponent(expression)}`);
    // A ratio or a quantile of nothing is no number.
    const isNumber = ({ value }) => !Number.isNaN(Number(value[1]));
    if (answer.status !== 'success' || !answer.data.result.some(isNumber)) {
      empty.push(`${title}: ${expression} ${answer.error ?? ''}`);
    }
  }
  if (empty.length > 0) throw new Error(`these panels have no data:\n${empty.join('\n')}`);
  const rules = (await query('rules')).data.groups.flatMap((group) => group.rules);
  const broken = rules.filter((rule) => rule.health !== 'ok');
  if (rules.length < 20 || broken.length > 0) throw new Error(`rules fail: ${JSON.stringify(broken)}`);
  const firing = rules.filter((rule) => rule.state !== 'inactive').map((rule) => rule.name);
  if (firing.length > 0) throw new Error(`these alerts fire, or are about to, though nothing is wrong: ${firing.join(', ')}`);
  const bytes = text.length;
  console.log(`${queries.length} queries of panels have data, ${rules.length} rules are sound; a scrape has ${bytes} bytes`);
}

try {
  await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const child of children) {
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true });
}
