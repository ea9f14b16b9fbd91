import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, type as systemName, totalmem } from 'node:os'
import { peerVersion } from './peers.ts'
import { findRedis } from './redis-service.ts'
import type { Subject } from './subject-table.ts'

/** What the figures were measured on and with. */
export interface Machine {
  readonly date: string
  readonly machine: string
  readonly cores: number
  readonly node: string
  readonly versions: Readonly<Record<string, string>>
}

/** Looks at the machine, and at the packages under test as they are installed. */
export function describeMachine(subjects: readonly Subject[]): Machine {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  return {
    date: new Date().toISOString(),
    machine: `${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemName()} ${release().split('-')[0]}`,
    cores: cpus().length,
    node: process.version,
    versions: {
      ...Object.fromEntries(subjects.map((subject) => [subject.name, describeVersions(subject)])),
      ...(subjects.some(({ workloads }) => workloads.includes('cluster')) ? { redis: findRedis() ?? 'unknown' } : {}),
    },
  }
}

function describeVersions({ about, packages, home }: Subject): string {
  const versions = packages.map((name) => `${name} ${home === 'peers' ? peerVersion(name) : workspaceVersion(name)}`)
  return [...versions, about].join('; ')
}

function workspaceVersion(packageName: string): string {
  const file = createRequire(import.meta.url).resolve(`${packageName}/package.json`)
  return `${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}${commit()}`
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: import.meta.dirname,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    const changed = git('status', '--porcelain', '--', '../packages') === '' ? '' : ', with changes'
    return ` (commit ${git('rev-parse', '--short', 'HEAD')}${changed})`
  } catch {
    return ''
  }
}
