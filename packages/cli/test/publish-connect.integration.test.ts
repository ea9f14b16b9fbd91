import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NodeWebSocket, WebSocketServer } from '@wigwag/socket'
import { ChildProgram, runWigwag, serveWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let server: Awaited<ReturnType<typeof serveWigwag>>
let socketUrl: string
beforeAll(async () => {
  server = await serveWigwag()
  socketUrl = server.url.replace('http', 'ws')
})
afterAll(async () => server.program[Symbol.asyncDispose]())

/** `SERVER` is the server that runs, `https:SERVER` the same with another scheme. */
const withServer = (arg: string): string =>
  arg.replace(/^(?:(\w+):)?SERVER/, (_all, scheme = 'http') => `${scheme}://localhost:${server.port}`)

describe('wigwag publish', () => {
  test('prints the place of what it published', async () => {
    const { code, stdout } = await runWigwag(['publish', server.url, 'place', 'hello']).exit
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ channel: 'place', offset: 1, epoch: expect.any(String) })
  })

  test('text, JSON, a file, stdin and bytes arrive as what they are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-publish-'))
    writeFileSync(join(folder, 'file.txt'), 'from a file')
    await using listener = runWigwag(['connect', '-s', 'wigwag.publication.v1', `${socketUrl}/channel/kinds?live=1`])
    await listener.waitFor(/live/)
    await runWigwag(['publish', server.url, 'kinds', 'grüße']).exit
    await runWigwag(['publish', server.url, 'kinds', '--json', '{"a":[1,null]}']).exit
    await runWigwag(['publish', server.url, 'kinds', '--file', join(folder, 'file.txt')]).exit
    const piped = runWigwag(['publish', server.url, 'kinds'])
    piped.write('from a pipe\n')
    piped.endInput()
    await piped.exit
    await runWigwag(['publish', server.url, 'kinds', '--binary', 'AB']).exit
    await listener.waitFor(/b64data/)
    rmSync(folder, { recursive: true })
    const lines = listener.stdout.trim().split('\n').slice(1)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { offset: 1, data: 'grüße' },
      { offset: 2, data: { a: [1, null] } },
      { offset: 3, data: 'from a file' },
      { offset: 4, data: 'from a pipe' },
      { offset: 5, b64data: 'QUI=' },
    ])
  })

  test.each([
    [['http://localhost:1', 'foo', 'x'], 1, 'Cannot reach http://localhost:1'],
    [['https:SERVER', 'foo', 'x'], 1, 'there is no TLS on that port. Write http:// in its place.'],
    [['SERVER/channel/foo', 'foo', 'x'], 1, 'Write the URL without /channel/NAME.'],
    [['SERVER', 'foo', '--json', '{bad'], 1, 'is application/json but no JSON'],
    [['ftp://localhost', 'foo', 'x'], 2, 'Write the URL as http://host:port'],
    [['SERVER', 'foo', 'x', '--file', 'y'], 2, 'exclude each other'],
    [['SERVER', 'foo', '--file', '/no/such'], 1, 'Cannot read /no/such (--file): it does not exist'],
    [['SERVER', 'foo', '--file', '/'], 1, 'Cannot read / (--file): it is a folder'],
    [['SERVER', 'foo', 'x', '-H', 'no token: x'], 2, 'A header is written "Name: value"'],
    [['SERVER', '..', 'x'], 2, '".." cannot name a channel'],
    [['SERVER', '__foo', 'x'], 2, '"__foo" cannot name a channel'],
    [['SERVER'], 2, "missing required argument 'channel'"],
  ])('%j fails in one line', async (args, exitCode, text) => {
    const { code, stderr } = await runWigwag(['publish', ...args.map(withServer)]).exit
    expect(code).toBe(exitCode)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain(text)
  })
})

describe('wigwag connect', () => {
  test('in a pipe: lines in, messages out and nothing else, closed when stdin ends', async () => {
    const program = runWigwag(['connect', `${socketUrl}/channel/pipe`])
    program.write('one\ntwo\n')
    program.endInput()
    expect(await program.exit).toEqual({ code: 0, stdout: 'one\ntwo\n', stderr: '' })
  })

  test('no line is lost, however many come before the connection is open', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(50)}`)
    await using echo = new WebSocketServer({
      message: (socket, data) => void socket.send(data),
      maxQueuedBytes: 2 ** 30,
    })
    const { port } = await echo.listen({ port: 0, host: '127.0.0.1' })
    const program = runWigwag(['connect', `ws://127.0.0.1:${port}`])
    program.write(`${lines.join('\n')}\n`)
    program.endInput()
    const { code, stdout } = await program.exit
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(0, -1)).toEqual(lines)
  })

  test('--stay keeps listening when stdin has ended; Ctrl-C says goodbye', async () => {
    const program = runWigwag(['connect', '--stay', `${socketUrl}/channel/stay`])
    program.endInput()
    // It may not be subscribed yet: publish until it hears.
    let heard = false
    const hears = program.waitFor(/ping/).then(() => {
      heard = true
    })
    while (!heard) await fetch(`${server.url}/channel/stay`, { method: 'POST', body: 'ping' })
    await hears
    program.kill('SIGINT')
    expect(await program.exit).toMatchObject({ code: 0 })
  })

  test('on a terminal there is a prompt, and what comes is set off', async () => {
    // script(1) gives the command a terminal.
    const command = `${process.execPath} packages/cli/bin/wigwag.js connect ${socketUrl}/channel/tty`
    await using program = new ChildProgram('script', ['-qec', command, '/dev/null'])
    await program.waitFor(/connected to/)
    program.write('hello\r')
    await program.waitFor(/< hello/)
    expect(program.stdout).toContain('> ')
  })

  /** A terminal of 40 columns with `wigwag connect` in it. */
  function connectOnTerminal(path: string): ChildProgram {
    const command = `stty cols 40 rows 24; ${process.execPath} packages/cli/bin/wigwag.js connect ${socketUrl}${path}`
    return new ChildProgram('script', ['-qec', command, '/dev/null'])
  }

  test('on a terminal, what comes while a long line is typed stands above all rows of it', async () => {
    await using program = connectOnTerminal('/channel/rows')
    await program.waitFor(/connected to/)
    const typed = 'a line of more than two rows '.repeat(3)
    program.write(typed)
    await program.waitFor(/two rows $/)
    for (const text of ['first', 'second']) {
      await fetch(`${server.url}/channel/rows`, { method: 'POST', body: text })
      // Up to the first row of the prompt and clear; then the message, and prompt and line anew behind it.
      await program.waitFor(
        new RegExp(`\\r\\x1b\\[2A\\x1b\\[J< ${text}\\r\\n\\x1b\\[1G\\x1b\\[0J> a line[^\\r]*two rows \\x1b\\[10G$`),
      )
    }
  })

  test('on a terminal, a message cannot steer the terminal, and the end says who closed', async () => {
    await using peer = new WebSocketServer({
      open: (socket: NodeWebSocket<undefined>) => {
        socket.send('red \x1b[31m\x9b2J\r\nand\ta tab')
        socket.close(1001, 'restart')
      },
    })
    const { port } = await peer.listen({ port: 0, host: '127.0.0.1' })
    const command = `${process.execPath} packages/cli/bin/wigwag.js connect ws://127.0.0.1:${port}`
    const { code, stdout } = await new ChildProgram('script', ['-qec', command, '/dev/null']).exit
    expect(stdout).toContain('< red \\x1b[31m\\x9b2J\r\nand\ta tab\r\n')
    expect(stdout).toContain('closed by the server: 1001 restart')
    expect(code).toBe(0)
  })

  test.each(['connect --stay SOCKET/channel/pipe-ends </dev/null', 'publish SERVER foo hello', 'serve --help'])(
    'wigwag %s ends quietly when whoever reads its output has had enough',
    async (args) => {
      const command = args.replace('SOCKET', socketUrl).replace('SERVER', server.url)
      await using reader = new ChildProgram('bash', [
        '-c',
        // `exec true` has closed the pipe long before anything is written.
        `set -o pipefail; { sleep 0.2; exec ${process.execPath} packages/cli/bin/wigwag.js ${command}; } | exec true`,
      ])
      const published = setInterval(() => {
        void fetch(`${server.url}/channel/pipe-ends`, { method: 'POST', body: 'x' })
      }, 50)
      const exit = await reader.exit
      clearInterval(published)
      expect(exit).toEqual({ code: 0, stdout: '', stderr: '' })
    },
  )

  test.each([
    [1000, '', 0, ''],
    [1001, 'bye', 0, ''],
    [1008, 'no', 1, 'wigwag: The server closed the connection: 1008 no\n'],
    [4001, '', 1, 'wigwag: The server closed the connection: 4001\n'],
  ])('a close with %d %j ends it with exit code %d', async (closeCode, reason, exitCode, stderr) => {
    await using peer = new WebSocketServer({
      open: (socket: NodeWebSocket<undefined>) => socket.close(closeCode, reason),
    })
    const { port } = await peer.listen({ port: 0, host: '127.0.0.1' })
    const exit = await runWigwag(['connect', `ws://127.0.0.1:${port}`]).exit
    expect(exit).toMatchObject({ code: exitCode, stderr })
  })

  test('headers, origin and subprotocols are sent as asked', async () => {
    let seen: unknown
    await using peer = new WebSocketServer({
      subprotocols: ['b'],
      allowOrigins: ['https://app.example'],
      authorize: ({ headers, subprotocols }) => {
        seen = { token: headers.get('x-token'), origin: headers.get('origin'), subprotocols }
        return undefined
      },
      open: (socket: NodeWebSocket<undefined>) => socket.close(1000),
    })
    const { port } = await peer.listen({ port: 0, host: '127.0.0.1' })
    const args = ['-H', 'X-Token: t', '-o', 'https://app.example', '-s', 'a', '-s', 'b', `127.0.0.1:${port}`]
    expect(await runWigwag(['connect', ...args]).exit).toMatchObject({ code: 0 })
    expect(seen).toEqual({ token: 't', origin: 'https://app.example', subprotocols: ['a', 'b'] })
  })

  test.each([
    [['ws://localhost:1/'], 1, 'Cannot connect to localhost:1: '],
    [['ws://localhost:1/'], 1, 'Is the server running there?'],
    [['wss:SERVER/'], 1, 'there is no TLS on that port. Write ws:// in its place.'],
    [['SERVER/nowhere'], 1, 'There is nothing here.'],
    [['SERVER/channel/__foo'], 1, 'HTTP 400'],
    [['ftp://localhost/'], 2, 'Write the URL as ws://host:port/path'],
    [['-H', 'no token: x', 'ws://localhost:1/'], 2, 'A header is written "Name: value"'],
    [['--ca', '/no/such', 'ws://localhost:1/'], 1, 'Cannot read /no/such (--ca)'],
    [[], 2, "missing required argument 'url'"],
  ])('%j fails in one line', async (args, exitCode, text) => {
    const { code, stderr } = await runWigwag(['connect', ...args.map(withServer)]).exit
    expect(code).toBe(exitCode)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain(text)
  })
})
