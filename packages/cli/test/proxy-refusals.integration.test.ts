import { ChildProgram } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'
import { certificate } from './support/certificate.ts'
import { ask, openSocket, originOf } from './support/front.ts'
import { nginxWith, UPGRADE } from './support/nginx-location.ts'
import { canProxy, startProxied } from './support/proxied-wigwag.ts'
import { fillIn, guideBlock } from './support/proxy-guide.ts'

const FORWARDED = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'

interface Row {
  readonly what: string
  readonly lines: readonly string[]
  readonly serve?: readonly string[]
  /** What the answer says, with ORIGIN and UPSTREAM for what they are. */
  readonly says: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    what: 'the port of Host dropped',
    lines: ['proxy_set_header Host $host;'],
    says: ['Origin "ORIGIN" does not match Host "localhost"', '--allow-origin'],
  },
  {
    what: 'the port of Host dropped, by a proxy that says whom it speaks for',
    lines: ['proxy_set_header Host $host;', FORWARDED],
    says: ['Origin "ORIGIN" does not match Host "localhost"', 'headers were ignored', '--trusted-proxy 127.0.0.1'],
  },
  {
    what: 'no line for Host',
    lines: [],
    says: ['Origin "ORIGIN" does not match Host "UPSTREAM"', '--allow-origin'],
  },
  {
    what: 'X-Forwarded-Host of a proxy that is not trusted',
    lines: ['proxy_set_header X-Forwarded-Host $http_host;'],
    says: ['Origin "ORIGIN" does not match Host "UPSTREAM"', 'headers were ignored', '--trusted-proxy 127.0.0.1'],
  },
  {
    what: 'another host forwarded by a proxy that is trusted',
    lines: ['proxy_set_header X-Forwarded-Host push.example.com;'],
    serve: ['--trusted-proxy', 'loopback'],
    says: ['Origin "ORIGIN" does not match X-Forwarded-Host "push.example.com"', '--allow-origin'],
  },
  {
    what: 'the name of an upstream for Host',
    lines: ['proxy_set_header Host wigwag_servers;'],
    says: ['Host "wigwag_servers" is not served here', '--allow-host'],
  },
]

describe.skipIf(!canProxy('nginx'))(
  'a page is refused with 403 that names what was compared and the option that mends it',
  () => {
    test.each(ROWS)('$what', async ({ lines, serve = [], says }) => {
      let upstream = ''
      const config: ReturnType<typeof nginxWith> = (places) => {
        upstream = `127.0.0.1:${places.upstream}`
        return nginxWith(...UPGRADE, ...lines)(places)
      }
      await using proxied = await startProxied({ proxy: 'nginx', config, serve: () => serve })
      const headers = { origin: originOf(proxied.front) }
      const answers = [
        await ask(proxied.front, '/channel/a', { headers }),
        await ask(proxied.front, '/channel/a', { headers, method: 'POST', body: 'x' }),
        await ask(proxied.front, '/channel/a', { headers: { ...headers, accept: 'text/event-stream' } }),
        await openSocket(proxied.front, '/channel/a', headers).then(
          () => ({ status: 101, body: '' }),
          (error: { status: number; body: string }) => error,
        ),
      ]
      for (const { status, body } of answers) {
        expect(status).toBe(403)
        for (const part of says)
          expect(body).toContain(part.replace('ORIGIN', headers.origin).replace('UPSTREAM', upstream))
      }
      // Programs send no Origin; the Host policy is for them as well.
      const program = await ask(proxied.front, '/channel/a')
      expect(program.status).toBe(says[0]?.startsWith('Host') ? 403 : 204)
    })
  },
)

describe.skipIf(!canProxy('nginx'))('a name of its own', () => {
  const config = fillIn.bind(undefined, guideBlock('nginx'))

  test.each([
    [[], 'Host "push.example.com:PORT" is not served here'],
    [['--allow-host', 'push.example.com'], 'published'],
  ])('with %j', async (serve, expected) => {
    const proxied = await startProxied({ proxy: 'nginx', scheme: 'https', config, serve: () => serve })
    await using _ = proxied
    const { port } = proxied.proxy
    const curl = (...args: string[]): ChildProgram =>
      new ChildProgram('curl', [
        ...['-s', '--cacert', certificate().cert, '--resolve', `push.example.com:${port}:127.0.0.1`, ...args],
        `https://push.example.com:${port}/channel/a`,
      ])
    await curl('-d', 'published').exit
    expect((await curl().exit).stdout).toContain(expected.replace('PORT', String(port)))
  })
})
