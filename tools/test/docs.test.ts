import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { webSocket } from '@wigwag/client'
import { MAX_TAGS, MAX_TAGS_BYTES } from '@wigwag/hub'
import { createHub } from '@wigwag/hub/node'
import { resolveConnectionOptions } from '@wigwag/socket/core'
import { describe, expect, test } from 'vitest'
import { serveCommand } from '../../packages/cli/src/commands/serve.ts'
import { maxBufferedOf } from '../../packages/client/src/client-options.ts'
import { resolveCoreOptions } from '../../packages/client/src/core-options.ts'
import { resolveHttpOptions } from '../../packages/client/src/http/http-options.ts'
import { resolveShareLimits } from '../../packages/client/src/share/share-limits.ts'
import { resolveSocketOptions } from '../../packages/client/src/socket/socket-options.ts'
import { resolveDrainOptions } from '../../packages/hub/src/drain/drain-options.ts'
import { resolveSessionOptions } from '../../packages/hub/src/session/session-options.ts'
import { resolveDeflateOptions } from '../../packages/socket/src/core/extension/deflate/per-message-deflate-options.ts'
import { resolveAdmissionOptions } from '../../packages/socket/src/node/admission-options.ts'
import { deflateLevel } from '../../packages/socket/src/node/deflate-level.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(`${root}/${file}`, 'utf8')
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(`${root}/docs`).map((name) => `docs/${name}`),
]

/** What links to the headings of a document end with. */
function anchorsOf(document: string): string[] {
  const headings = [
    ...read(document)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, text = '']) => text)
  return headings.map((text) => {
    const shown = text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    return shown.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
  })
}

describe('documents point to what is there', () => {
  test.each(documents)('files named in %s', (document) => {
    const paths = [...read(document).matchAll(/`((?:packages|tools|apps|bench|examples|docs)\/[\w./-]+\.\w+)`/g)].map(
      ([, path]) => path,
    )
    expect(paths.filter((path) => !existsSync(`${root}/${path}`))).toEqual([])
  })

  test.each(documents)('links of %s', (document) => {
    const folder = document.includes('/') ? `${root}/docs` : root
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link)
    expect(links.filter((link) => !existsSync(`${folder}/${link}`))).toEqual([])
  })

  test.each(documents)('headings that %s links to', (document) => {
    const folder = document.includes('/') ? 'docs/' : ''
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]*\.md|)#([^)]+)\)/g)]
    const lost = links.filter(([, path, anchor = '']) => {
      return !anchorsOf(path === '' ? document : `${folder}${path}`).includes(anchor)
    })
    expect(lost.map(([link]) => link)).toEqual([])
  })
})

describe('each attack in SECURITY.md names the tests that keep it out', () => {
  const rows = read('SECURITY.md')
    .split('## Attacks on others')[1]
    ?.split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
    .map((line) => line.split(' | '))

  test.each(rows ?? [])('%s', (_attack, tests = '') => {
    const links = [...tests.matchAll(/\[([\w-]+)\]\(([^)]+)\)/g)]
    expect(links.length).toBeGreaterThan(0)
    for (const [, name, path] of links) {
      expect(path).toMatch(new RegExp(`/${name}(\\.fuzz)?(\\.integration)?\\.test\\.ts$`))
      expect(existsSync(`${root}/${path}`), path).toBe(true)
    }
  })

  test('there are some', () => expect(rows?.length).toBeGreaterThan(20))
})

describe('docs/limits.md has the defaults of the code', () => {
  /** Whose options have names that others have, too. */
  const ofHooks = /## Hooks over HTTP[\s\S]*?(?=\n## )/
  const rows = new Map(
    [
      ...read('docs/limits.md')
        .replace(ofHooks, '')
        .matchAll(/^\| `([\w.]+)` \| (\d+)/gm),
    ].map(([, name, value]) => [name as string, Number(value)]),
  )

  test('of a connection', () => {
    const {
      utf8: _utf8,
      textAs: _textAs,
      bytesAs: _bytesAs,
      autoPong: _autoPong,
      echoCloseReason: _echoCloseReason,
      clientEndsTransport: _clientEndsTransport,
      ...limits
    } = resolveConnectionOptions() as unknown as Record<string, number>
    expect(Object.fromEntries([...rows].filter(([name]) => name in limits))).toEqual(limits)
  })

  test('of a socket, a server and a hub', () => {
    const sources = [
      'packages/socket/src/node/socket-options.ts',
      'packages/socket/src/node/websocket-server-options.ts',
      'packages/hub/src/hub-options.ts',
      'packages/hub/src/broker/history-options.ts',
      'packages/hub/src/presence/presence-options.ts',
      'packages/hub/src/node/endpoint-options.ts',
      'packages/hub/src/jwt/jwt-options.ts',
      'packages/hub/src/node/tickets.ts',
      'packages/hub/src/cluster/cluster-options.ts',
      'packages/hub/src/node/api/api-options.ts',
    ].map(read)
    for (const name of [
      'maxQueuedBytes',
      'highWaterMarkBytes',
      'handshakeTimeoutMs',
      'maxHeaderBytes',
      'maxPollWaitMs',
      'maxUnansweredPublications',
      'maxPollBytes',
      'maxSessionRequestBytes',
      'sessionPollGapMs',
      'bodyTimeoutMs',
      'authorizeTimeoutMs',
      'positionCheckIntervalMs',
      'maxChannels',
      'maxTotalBytes',
      'idempotencyTtlMs',
      'maxIdempotencyKeys',
      'ticketTtlMs',
      'maxTokenBytes',
      'clockToleranceMs',
      'jwksTimeoutMs',
      'jwksCooldownMs',
      'jwksMaxAgeMs',
      'presenceTtlMs',
      'cluster.keepaliveIntervalMs',
      'cluster.answerTimeoutMs',
      'cluster.maxMessageBytes',
      'cluster.maxListedChannels',
      'cluster.maxListedSessions',
      'api.maxBodyBytes',
      'api.maxBatchCommands',
      'history.size',
      'history.ttlMs',
      'history.maxBytes',
    ]) {
      const key = name.replace(/^(history|cluster|api)\./, '')
      const defaults = sources.flatMap((source) =>
        [...source.matchAll(new RegExp(`[{ ]${key}: ([\\d_* ]+)[,\\n ]`, 'g'))].map(([, value]) =>
          product(value as string),
        ),
      )
      expect(defaults, name).toContain(rows.get(name))
    }
    expect(createHub().maxPublicationBytes).toBe(rows.get('maxPublicationBytes'))
    for (const document of ['docs/limits.md', 'PROTOCOL.md']) {
      expect(read(document)).toContain(`at most ${MAX_TAGS}`)
      expect(read(document)).toContain(`of ${MAX_TAGS_BYTES} bytes together`)
    }
  })

  test('of sessions', () => {
    const limits = [...rows].filter(([name]) => name.startsWith('sessions.'))
    expect(Object.fromEntries(limits.map(([name, value]) => [name.slice(9), value]))).toEqual(resolveSessionOptions())
  })

  test.each([
    ['bridge', ['bridge/joint-options', 'bridge/tcp-bridge-options', 'bridge/websocket-bridge-options'], 4],
    ['term', ['term/terminal-options'], 8],
  ])('of %ss', (room, files, count) => {
    const source = files.map((file) => read(`packages/programs/src/${file}.ts`)).join('\n')
    const limits = [...rows].filter(([name]) => name.startsWith(`${room}.`))
    expect(limits.length).toBe(count)
    for (const [name, value] of limits) {
      const key = name.slice(room.length + 1)
      const [, expression = ''] = new RegExp(`DEFAULTS[^{]*\\{[^}]*[\\n {]${key}: ([\\d_* ]+)[, ]`).exec(source) ?? []
      expect(product(expression), name).toBe(value)
    }
  })

  test('of a drain', () => {
    const { overMs, graceMs } = resolveDrainOptions()
    expect([rows.get('overMs'), rows.get('graceMs')]).toEqual([overMs, graceMs])
  })

  test("of a session's outbox", () => {
    const source = read('packages/hub/src/session/outbox-options.ts')
    const limits = [...rows].filter(([name]) => name.startsWith('outbox.'))
    expect(limits.length).toBe(5)
    for (const [name, value] of limits) {
      const [, expression = ''] = new RegExp(`\\n  ${name.slice(7)}: ([\\d_* ]+),`).exec(source) ?? []
      expect(product(expression), name).toBe(value)
    }
  })

  test('of hooks over HTTP', () => {
    const [section = ''] = ofHooks.exec(read('docs/limits.md')) ?? []
    const source = read('packages/hub/src/node/http-hooks/http-hooks-options.ts')
    const limits = [...section.matchAll(/^\| `(\w+)` \| (\d+)/gm)]
    expect(limits.length).toBe(8)
    for (const [, name, value] of limits) {
      const [, expression = ''] = new RegExp(`\\n  ${name}: ([\\d_* ]+),`).exec(source) ?? []
      expect(product(expression), name).toBe(Number(value))
    }
  })

  test('of the client', () => {
    const resolved = resolveCoreOptions({ transport: webSocket() })
    const options = { ...resolved, maxBufferedPublications: maxBufferedOf({}) } as unknown as Record<string, number>
    const queue = read('packages/client/src/command/offline-queue.ts')
    const limits = [...rows].filter(([name]) => name.startsWith('client.'))
    const http = resolveHttpOptions({}) as unknown as Record<string, number>
    const share = resolveShareLimits({}) as unknown as Record<string, number>
    expect(limits.length).toBe(18)
    for (const [name, value] of limits) {
      const [, ofShare] = /^client\.share\.(\w+)$/.exec(name) ?? []
      if (ofShare !== undefined) {
        expect(share[ofShare], name).toBe(value)
        continue
      }
      const [, ofHttp] = /^client\.http\.(\w+)$/.exec(name) ?? []
      if (ofHttp !== undefined) {
        expect(http[ofHttp], name).toBe(value)
        continue
      }
      const [, kept] = /^client\.offlineQueue\.(\w+)$/.exec(name) ?? []
      const [, expression = ''] = new RegExp(`[{ ]${kept}: ([\\d_]+)`).exec(queue) ?? []
      expect(kept === undefined ? options[name.slice(7)] : product(expression), name).toBe(value)
    }
  })

  test('of sockets to servers of any kind', () => {
    const options = resolveSocketOptions({ keepalive: { message: '' } })
    const limits = [...rows].filter(([name]) => name.startsWith('socket.'))
    expect(limits.length).toBe(7)
    for (const [name, value] of limits) {
      const found = name
        .split('.')
        .slice(1)
        .reduce((from: unknown, key) => (from as Record<string, unknown>)[key], options)
      expect(found, name).toBe(value)
    }
  })

  test('of programs', () => {
    const sources = ['exec/exec-options', 'shared/shared-options', 'process/kill-ladder', 'http/exec-http']
      .map((name) => `packages/programs/src/${name}.ts`)
      .map(read)
      .join()
    const limits = [...rows].filter(([name]) => name.startsWith('exec.'))
    expect(limits.length).toBe(14)
    for (const [name, value] of limits) {
      const [, expression = ''] = new RegExp(`[{ ]${name.slice(5)}: ([\\d_* ]+)[,\\n ]`).exec(sources) ?? []
      expect(product(expression), name).toBe(value)
    }
  })

  test('of the doors', () => {
    const { maxConnections, addressLimits } = resolveAdmissionOptions({})
    const { exempt: _exempt, ...limits } = addressLimits
    expect(rows.get('maxConnections')).toBe(maxConnections)
    const ofAddress = [...rows].filter(([name]) => name.startsWith('addressLimits.'))
    expect(Object.fromEntries(ofAddress.map(([name, value]) => [name.slice(14), value]))).toEqual(limits)
  })

  test('of permessage-deflate', () => {
    const defaults = resolveDeflateOptions({}) as unknown as Record<string, unknown>
    const limits = [...rows].filter(([name]) => name.startsWith('perMessageDeflate.'))
    expect(limits.length).toBe(4)
    for (const [name, value] of limits) expect(value, name).toBe(defaults[name.slice(18)])
  })

  test('of wigwag serve', () => {
    const flags = [...read('docs/limits.md').matchAll(/^\| `(--[\w-]+)` \| (\d+)/gm)]
    const defaults = new Map(serveCommand().options.map(({ long, defaultValue }) => [long, defaultValue]))
    expect(flags.length).toBeGreaterThan(5)
    for (const [, flag, value] of flags) expect(defaults.get(flag as string), flag).toBe(Number(value))
  })
})

test('docs/compression.md has every option with its default', () => {
  const { serverWindowChosen: _chosen, ...defaults } = resolveDeflateOptions({})
  const options = read('docs/compression.md').split('an object says how:')[1]?.split('\n\n')[1] ?? ''
  const rows = [...options.matchAll(/^\| `(\w+)` \| (\w+)/gm)].map(([, name, value]) => [name, value])
  const [small, large] = [1023, 1024].map((bytes) => deflateLevel({ ...defaults, windowBits: 15 }, bytes))
  expect(options).toContain(`| ${small} below 1 KiB, ${large} from there on |`)
  const expected = Object.entries({ ...defaults, level: small, memLevel: 'what' }).map(([name, value]) => [
    name,
    String(value),
  ])
  expect(rows.sort()).toEqual(expected.sort())
})

test('docs/redis.md has the defaults of the code', () => {
  const source = ['broker', 'line', 'presence']
    .map((part) => read(`packages/redis/src/redis-${part}-options.ts`))
    .join()
  const rows = [...read('docs/redis.md').matchAll(/^\| `(\w+)` \| (\d+)/gm)]
  expect(rows.length).toBeGreaterThan(5)
  for (const [, name, value] of rows) {
    const [, expression = ''] = new RegExp(`\\n  ${name}: ([\\d_* ]+),`).exec(source) ?? []
    expect(product(expression), name).toBe(Number(value))
  }
})

function product(expression: string): number {
  return expression.split('*').reduce((value, factor) => value * Number(factor.replaceAll('_', '')), 1)
}
