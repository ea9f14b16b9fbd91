import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type NodeWebSocket, refuse, WebSocketServer, type WebSocketServerOptions } from '@wigwag/socket'
import { ChildProgram, runWigwag } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'

/** Clears the screen, renames the window, moves the cursor, and does so again in one byte. */
const STEERING = 'a\x1b[2J\x1b]0;b\x07\x08\x7f\u009b2J'
const SHOWN = 'a\\x1b[2J\\x1b]0;b\\x07\\x08\\x7f\\x9b2J'

/** Control characters, all but those that end lines and the tab. */
const CONTROLS = /[^\P{Cc}\t\n]/u

async function serveSockets(options: WebSocketServerOptions<undefined>): Promise<string> {
  const server = new WebSocketServer<undefined>(options)
  onTestFinished(() => server.close())
  return `ws://127.0.0.1:${(await server.listen({ port: 0, host: '127.0.0.1' })).port}`
}

async function serveHttp(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const closeWith = (code: number) => ({ open: (socket: NodeWebSocket<undefined>) => socket.close(code, STEERING) })

/** Runs the command on a terminal; what it prints comes back with the ends of lines that a terminal makes. */
function onTerminal(args: string): ChildProgram {
  return new ChildProgram('script', ['-qec', `${process.execPath} packages/cli/bin/wigwag.js ${args}`, '/dev/null'])
}

describe('a server cannot steer the terminal, whatever it says', () => {
  test('when it refuses an upgrade', async () => {
    const url = await serveSockets({ authorize: () => refuse(403, STEERING) })
    const { stderr, code } = await runWigwag(['connect', url]).exit
    expect(stderr).toContain(`HTTP 403 Forbidden. ${SHOWN}`)
    expect(stderr).not.toMatch(CONTROLS)
    expect(code).toBe(1)
  })

  test('when the status line of its refusal is made for that', async () => {
    const server = createTcpServer((socket) => socket.end(Buffer.from('HTTP/1.1 500 \x9b2J\r\n\r\n', 'latin1')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { stderr } = await runWigwag(['connect', `127.0.0.1:${(server.address() as AddressInfo).port}`]).exit
    expect(stderr).toContain('HTTP 500 \\x9b2J')
    expect(stderr).not.toMatch(CONTROLS)
  })

  test('when it closes with an error', async () => {
    const { stderr } = await runWigwag(['connect', '--stay', await serveSockets(closeWith(1008))]).exit
    expect(stderr).toBe(`wigwag: The server closed the connection: 1008 ${SHOWN}\n`)
  })

  test.each([1000, 1008])('on a terminal, when it closes with %i', async (code) => {
    const { stdout } = await onTerminal(`connect ${await serveSockets(closeWith(code))}`).exit
    expect(stdout).toContain(`${code} ${SHOWN}`)
    expect(stdout).not.toContain(STEERING)
    expect(stdout).not.toContain('\x1b]0;')
  })

  test('when it refuses a publication', async () => {
    const url = await serveHttp((_incoming, response) => response.writeHead(500).end(STEERING))
    const { stderr } = await runWigwag(['publish', url, 'foo', 'hello']).exit
    expect(stderr).toBe(`wigwag: The server refused the publication (HTTP 500): ${SHOWN}\n`)
  })

  test('on a terminal, when it accepts a publication; in a pipe the answer is left as it is', async () => {
    const url = await serveHttp((_incoming, response) => response.end(STEERING))
    expect((await onTerminal(`publish ${url} foo hello`).exit).stdout).toBe(`${SHOWN}\r\n`)
    expect((await runWigwag(['publish', url, 'foo', 'hello']).exit).stdout).toBe(`${STEERING}\n`)
  })
})

describe('wigwag publish takes no more of an answer than it needs', () => {
  const endless: RequestListener = (_incoming, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', write)
    write()
  }
  // As in CVE-2026-1526: a small answer that inflates to a large one.
  const bomb: RequestListener = (_incoming, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' })
    response.end(gzipSync(Buffer.alloc(100_000_000)))
  }

  test.each([
    ['without end', endless],
    ['that inflates to 100 MB', bomb],
  ])('one %s is given up', async (_what, answer) => {
    const url = await serveHttp(answer)
    const { code, stdout, stderr } = await runWigwag(['publish', url, 'foo', 'hello']).exit
    expect(stderr).toBe(
      'wigwag: The server answered with more than 64 KiB. Check that the URL is that of a Wigwag server.\n',
    )
    expect([code, stdout]).toEqual([1, ''])
  })

  test.each([301, 307, 308])(
    'a redirect (%i) is not followed: data and headers go to the server that was named',
    async (status) => {
      const asked: string[] = []
      const other = await serveHttp((incoming, response) => response.end(asked.push(incoming.url ?? '') ? '{}' : ''))
      const url = await serveHttp((_incoming, response) =>
        response.writeHead(status, { location: `${other}/elsewhere` }).end(),
      )
      const { code, stderr } = await runWigwag(['publish', '-H', 'X-Key: secret', url, 'foo', 'hello']).exit
      expect(stderr).toBe(
        `wigwag: The server leads elsewhere (HTTP ${status}), to ${other}/elsewhere. Publish there if you trust it.\n`,
      )
      expect([code, asked]).toEqual([1, []])
    },
  )
})
