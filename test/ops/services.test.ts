import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { runCommand } from '../support/spawnedCommand.ts';
import { caddy, example, freePort, nginx } from './proxies.ts';

const OPS = fileURLToPath(new URL('../../ops', import.meta.url));

const works = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const hasYaml = works('python3', '-c', 'import yaml');
const hasSystemd = works('systemd-analyze', '--version');
const hasOpenssl = works('openssl', 'version');
for (const [name, isThere] of Object.entries({ 'python3-yaml': hasYaml, systemd: hasSystemd, openssl: hasOpenssl }))
  if (!isThere) process.stderr.write(`${name} is not installed: its tests are skipped\n`);

interface Service {
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly [key: string]: unknown;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

function yaml(file: string): unknown {
  const script = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))';
  const { stdout, stderr } = spawnSync('python3', ['-c', script, join(OPS, file)], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe.skipIf(!hasYaml)('compose.yaml', () => {
  // What it is, its schema says; here it is looked at by name.
  const compose = (): Compose => yaml('compose.yaml') as Compose;

  test('starts Verbatim alone, and the others by their profiles', () => {
    const profiles = Object.entries(compose().services).map(([name, service]) => [name, service.profiles ?? []]);
    expect(Object.fromEntries(profiles)).toEqual({ verbatim: [], prometheus: ['metrics'], grafana: ['metrics'], jaeger: ['traces'] });
  });

  test('gives Verbatim no more rights than it needs', () => {
    const { verbatim } = compose().services;
    expect(verbatim).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'], tmpfs: ['/tmp'] });
    const seconds = Number.parseInt(String(verbatim?.stop_grace_period), 10);
    expect(seconds * 1_000).toBeGreaterThan(DEFAULT_LIMITS.drainMs * 2);
  });

  test('shows metrics at once: Prometheus has the token and the alerts, Grafana the dashboard', () => {
    const { verbatim, prometheus, grafana } = compose().services;
    expect(yaml('prometheus/prometheus.yml')).toMatchObject({
      rule_files: ['alerts.yml'],
      scrape_configs: [{ authorization: { credentials_file: '/run/secrets/metrics_token' } }],
    });
    expect(verbatim).toMatchObject({ environment: { METRICS_TOKEN_FILE: '/run/secrets/metrics_token' } });
    for (const service of [verbatim, prometheus]) expect(service?.secrets).toContain('metrics_token');
    const { providers } = yaml('grafana/provisioning/dashboards/verbatim.yaml') as { providers: { options: { path: string } }[] };
    expect(grafana?.volumes).toContain(`./grafana/verbatim.json:${providers[0]?.options.path}/verbatim.json:ro`);
  });

  test('names files, folders and volumes that are there', () => {
    const { services, volumes } = compose();
    const { context = '', dockerfile = '' } = services.verbatim?.build ?? {};
    expect(existsSync(resolve(OPS, context, dockerfile))).toBe(true);
    const sources = Object.values(services).flatMap(({ volumes: mounts = [] }) =>
      mounts.map((mount) => mount.replace(/:[^:]*(?::ro)?$/, '')),
    );
    const own = sources.filter((source) => source.startsWith('.'));
    expect(own.length).toBeGreaterThan(1);
    expect(own.filter((source) => !existsSync(resolve(OPS, source)))).toEqual([]);
    expect(sources.filter((source) => !source.startsWith('.') && !source.startsWith('$') && !(source in volumes))).toEqual([]);
  });

  test('has Prometheus ask the server, and Grafana ask Prometheus', () => {
    expect(yaml('prometheus/prometheus.yml')).toMatchObject({ scrape_configs: [{ static_configs: [{ targets: ['verbatim:3000'] }] }] });
    expect(yaml('grafana/provisioning/datasources/prometheus.yaml')).toMatchObject({ datasources: [{ url: 'http://prometheus:9090' }] });
  });
});

describe.skipIf(!hasSystemd)('verbatim.service', () => {
  /** With a command that is there. */
  const unit = (): string => {
    const file = join(tempFolder(), 'verbatim.service');
    writeFileSync(file, example('verbatim.service').replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    return file;
  };

  test('is a unit that systemd takes without a warning', async () => {
    const { stderr } = await runCommand('systemd-analyze', ['verify', unit()], { cwd: OPS });
    expect(stderr).toBe('');
  });

  test('is exposed to little of the machine: at most 1.5 of 10, by systemd itself', async () => {
    await runCommand('systemd-analyze', ['security', '--offline=yes', '--threshold=15', unit()], { cwd: OPS });
  });

  test('gives the server longer to end than it takes', () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(example('verbatim.service'))?.[1]);
    expect(seconds * 1_000).toBeGreaterThan(DEFAULT_LIMITS.drainMs * 2);
  });
});

describe('the examples as they are, with TLS', () => {
  test.skipIf(!nginx.isInstalled || !hasOpenssl)('nginx takes its own', async () => {
    const folder = tempFolder();
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const subject = ['-subj', '/CN=chat.example.com', '-days', '1'];
    await runCommand('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject], {
      cwd: folder,
    });
    const text = example('nginx.conf').replace('/etc/ssl/chat.example.com.pem', cert).replace('/etc/ssl/chat.example.com.key', key);
    writeFileSync(join(folder, 'verbatim.conf'), text.replace('listen 443', `listen 127.0.0.1:${await freePort()}`));
    const main = join(folder, 'nginx.conf');
    writeFileSync(main, `pid ${folder}/nginx.pid; events {} http { include ${folder}/verbatim.conf; }`);
    await runCommand('nginx', ['-t', '-p', folder, '-c', main, '-e', 'stderr'], { cwd: folder });
  });

  test.skipIf(!caddy.isInstalled)('Caddy takes its own', async () => {
    await runCommand('caddy', ['adapt', '--validate', '--config', join(OPS, 'Caddyfile'), '--adapter', 'caddyfile'], {
      cwd: OPS,
      env: { HOME: tempFolder() },
    });
  });
});
