// Holds the dashboard against what Grafana imports: the types of its own package, and what these do not say, that panels are told apart,
// do not cover each other, and ask for no variable that is not there.
//
//     npm ci && npm run dashboard

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const text = readFileSync(join(here, 'grafana/tidewater.json'), 'utf8');
const dashboard = JSON.parse(text);

/** The columns that a row of panels has. */
const COLUMNS = 24;
/** Variables that Grafana itself gives a value. */
const BUILT_IN = /^__/;

/** What the compiler says of the dashboard as a value of Grafana's type; nothing if it is one. */
function typeFaults() {
  // As text, since what is imported from a JSON file has lost which of several words a string is.
  const source = `import type { Dashboard } from '@grafana/schema';\nexport const dashboard: Dashboard = ${text};\n`;
  const cache = join(here, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'dashboard.ts'), source);
  const options = '--noEmit --strict --skipLibCheck --module esnext --moduleResolution bundler --target esnext'.split(' ');
  const tsc = join(here, 'node_modules/.bin/tsc');
  const { status, stdout, error } = spawnSync(tsc, [...options, join(cache, 'dashboard.ts')], { encoding: 'utf8' });
  return status === 0 ? [] : [error?.message ?? stdout];
}

function repeated(values) {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

const isCovered = ({ gridPos: a }, { gridPos: b }) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

function panelFaults() {
  const { panels } = dashboard;
  const faults = repeated(panels.map(({ id }) => id)).map((id) => `two panels have the id ${id}`);
  panels.forEach((panel, index) => {
    const { title, gridPos, targets = [] } = panel;
    if (gridPos.x < 0 || gridPos.x + gridPos.w > COLUMNS) faults.push(`"${title}" does not fit into ${COLUMNS} columns`);
    const covered = panels.slice(index + 1).filter((other) => isCovered(panel, other));
    faults.push(...covered.map((other) => `"${title}" and "${other.title}" cover each other`));
    faults.push(...repeated(targets.map(({ refId }) => refId)).map((id) => `"${title}" has two queries ${id}`));
  });
  return faults;
}

function variableFaults() {
  const defined = dashboard.templating.list.map(({ name }) => name);
  const used = [...text.matchAll(/\$(?:\{(\w+)[^}]*\}|(\w+))/g)].map(([, braced, plain]) => braced ?? plain);
  const unknown = used.filter((name) => !BUILT_IN.test(name) && !defined.includes(name));
  return [...new Set(unknown)].map((name) => `there is no variable $${name}`);
}

const faults = [...typeFaults(), ...panelFaults(), ...variableFaults()];
if (faults.length > 0) {
  console.error(`Grafana would not show grafana/tidewater.json as it is meant:\n${faults.join('\n')}`);
  process.exitCode = 1;
} else {
  console.log(`${dashboard.panels.length} panels are as Grafana takes them`);
}
