import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { defineAgent } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const dashboard = readFileSync(`${ROOT}/ops/grafana/verbatim.json`, 'utf8');
const alerts = readFileSync(`${ROOT}/ops/prometheus/alerts.yml`, 'utf8');

interface Metric {
  readonly name: string;
  readonly type: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Every metric of a server, as it says itself. */
async function exposed(): Promise<readonly Metric[]> {
  await using server = await createTestServer({ agents: { bot: defineAgent({ description: '', model: scriptedModel([]) }) } });
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
}

/** What may be asked for: of a histogram, three series. */
function seriesOf({ name, type }: Metric): readonly string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name];
}

function namesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\b(?:verbatim|process|nodejs)_[a-z0-9_]+/g) ?? [])];
}

test('every metric that the dashboard and the rules ask for is one that a server has', async () => {
  const metrics = await exposed();
  const known = new Set(metrics.flatMap(seriesOf));
  const asked = alerts.replaceAll(/^ +(?:summary|action): .*$/gm, '');
  for (const text of [dashboard, asked]) {
    expect(namesIn(text).length).toBeGreaterThan(10);
    expect(namesIn(text).filter((name) => !known.has(name))).toEqual([]);
  }
  // Words for people name a metric as such.
  for (const { name } of metrics) known.add(name);
  expect(namesIn(alerts).filter((name) => !known.has(name))).toEqual([]);
});

test('every metric of a server has a panel', async () => {
  const asked = new Set(namesIn(dashboard));
  const unseen = (await exposed()).filter((metric) => !seriesOf(metric).some((name) => asked.has(name)));
  expect(unseen.map(({ name }) => name)).toEqual([]);
});

test('a label that is asked for is one of its metric', async () => {
  const { Metrics } = await import('../../src/server/telemetry/metrics.ts');
  const labels = new Map(
    (await new Metrics().registry.getMetricsAsArray()).map((metric) => [metric.name, 'labelNames' in metric ? metric.labelNames : []]),
  );
  const bad: string[] = [];
  for (const text of [
    ...(JSON.parse(dashboard).panels as Panel[]).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    alerts,
  ]) {
    for (const [, name = '', selector = ''] of text.matchAll(/(verbatim_[a-z0-9_]+)\{([^}]*)\}/g)) {
      const of = labels.get(name.replace(/_(?:bucket|sum|count)$/, '')) ?? labels.get(name) ?? [];
      for (const [, label = ''] of selector.matchAll(/([a-z_]+)(?:=~|!=|=)"/g)) {
        if (label !== 'instance' && !(of as readonly string[]).includes(label)) bad.push(`${name}{${label}}`);
      }
    }
  }
  expect(bad).toEqual([]);
});

test('the dashboard is one that Grafana takes: panels with ids of their own, each with something to ask', () => {
  const panels = JSON.parse(dashboard).panels as readonly Panel[];
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { type, title, targets = [] } of panels) {
    expect([title, type === 'row' || targets.length > 0]).toEqual([title, true]);
    for (const { expr } of targets) expect([title, balanced(expr)]).toEqual([title, true]);
  }
});

test('every rule says how bad it is and what to do', () => {
  const rules = alerts.split(/^ {6}- alert: /m).slice(1);
  expect(rules.length).toBeGreaterThan(10);
  for (const rule of rules) {
    expect(rule).toMatch(/^Verbatim[A-Z]\w+\n/);
    expect(rule).toMatch(/\bseverity: (?:page|ticket)\b/);
    expect(rule).toMatch(/\n {10}summary: .+\n {10}action: .+/);
    expect([rule, balanced(rule.replaceAll(/'[^'\n]*'|"[^"\n]*"/g, ''))]).toEqual([rule, true]);
  }
});

function balanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character) && --depth < 0) return false;
  }
  return depth === 0;
}
