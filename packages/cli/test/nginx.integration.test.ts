import { readFileSync } from 'node:fs'
import { connectWebSocket } from '@wigwag/socket'
import { hasNginx, NginxServer, type ServedWigwag, serveWigwag } from '@wigwag/testkit'
import { afterEach, describe, expect, test } from 'vitest'

describe.skipIf(!hasNginx)('behind nginx', () => {
  const started: AsyncDisposable[] = []
  afterEach(async () => {
    for (const one of started.splice(0).reverse()) await one[Symbol.asyncDispose]()
  })
  const serve = async (...args: string[]): Promise<ServedWigwag> => {
    const server = await serveWigwag(args)
    started.push(server.program)
    return server
  }
  const proxy = async (directives: string): Promise<NginxServer> => {
    const nginx = await NginxServer.start((port) => `server { listen 127.0.0.1:${port};\n${directives}\n}`)
    started.push(nginx)
    return nginx
  }

  /** The block of the guide, for a server on `port`. */
  const documentedBlock = (port: number): string => {
    const guide = readFileSync(new URL('../../../docs/command.md', import.meta.url), 'utf8')
    const [, block = ''] = /```nginx\n([\s\S]*?)```/.exec(guide) ?? []
    expect(block).toContain('127.0.0.1:8000')
    return block.replace('127.0.0.1:8000', `127.0.0.1:${port}`)
  }

  /** What a page of `origin` gets for a publication, and for a WebSocket. */
  async function statuses(url: string, origin: string, fields: Record<string, string> = {}): Promise<[number, number]> {
    const headers = { ...fields, origin }
    const { status } = await fetch(url, { method: 'POST', body: 'hello', headers })
    const upgraded = await connectWebSocket(url.replace('http', 'ws'), { headers }).then(
      (socket) => {
        socket.terminate()
        return 101
      },
      (refused: { status: number }) => refused.status,
    )
    return [status, upgraded]
  }

  test.each(['as it stands', 'with the path stripped'])('the block of the guide works, %s', async (how) => {
    const strips = how === 'with the path stripped'
    const { port } = await serve('--trusted-proxy', 'loopback', ...(strips ? [] : ['--base-path', '/push']))
    const block = documentedBlock(port)
    const nginx = await proxy(strips ? block.replace(`:${port};`, `:${port}/;`) : block)
    const origin = `http://localhost:${nginx.port}`
    const url = `${origin}/push/channel/a`
    expect((await fetch(`${origin}/push/`)).status).toBe(200)
    expect(await statuses(url, origin)).toEqual([200, 101])
    // What a page claims by itself is not what nginx says.
    expect(await statuses(url, 'https://evil.example', { 'x-forwarded-host': 'evil.example' })).toEqual([403, 403])
    expect((await fetch(`${origin}/push`)).url).toBe(`${origin}/push/`)
  })

  test('clients are told apart by what nginx says of them', async () => {
    const limits = ['--max-address-requests', '1', '--max-address-burst', '1']
    const { port } = await serve('--trusted-proxy', 'loopback', '--base-path', '/push', ...limits)
    const nginx = await proxy(documentedBlock(port))
    // nginx appends our own address, which is one of loopback.
    const ask = async (client: string): Promise<number> => {
      const headers = { 'x-forwarded-for': client }
      return (await fetch(`http://localhost:${nginx.port}/push/health`, { headers })).status
    }
    expect([await ask('198.51.100.1'), await ask('198.51.100.1'), await ask('198.51.100.2')]).toEqual([200, 429, 200])
  })

  test('a common block that drops the port of Host works once nginx is trusted; before, the answer says so', async () => {
    const block = (port: number): string => `location / {
      proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }`
    const trusting = await proxy(block((await serve('--trusted-proxy', '127.0.0.1')).port))
    const origin = `http://localhost:${trusting.port}`
    expect(await statuses(`${origin}/channel/a`, origin)).toEqual([200, 101])

    const nginx = await proxy(block((await serve()).port))
    const own = `http://localhost:${nginx.port}`
    expect(await statuses(`${own}/channel/a`, own)).toEqual([403, 403])
    const refused = await fetch(`${own}/channel/a`, { method: 'POST', body: 'x', headers: { origin: own } })
    expect(await refused.text()).toContain('--trusted-proxy 127.0.0.1')
  })
})
