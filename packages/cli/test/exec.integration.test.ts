import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectWebSocket } from '@wigwag/socket'
import { ChildProgram, execWigwag, findProgram, freePort, runWigwag, type ServedWigwag } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificate, hasOpenssl } from './support/certificate.ts'

/** The messages of a program: all until it ends, or as many as are wanted. */
async function linesOf(
  url: string,
  input: readonly string[] = [],
  count = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    const opened = connectWebSocket(url, {
      open: (socket) => {
        for (const line of input) socket.send(line)
      },
      message: (socket, data) => {
        if (lines.push(String(data)) === count) socket.close()
      },
      close: () => resolve(),
    })
    opened.catch(reject)
  })
  return lines
}

/** What `wigwag connect` prints when it has sent `input` and the program has ended, or so many lines have come. */
async function talk(url: string, input = '', args: readonly string[] = []): Promise<string> {
  const client = runWigwag(['connect', '--stay', ...args, url])
  client.write(input)
  client.endInput()
  return (await client.exit).stdout
}

/** The processes of a session. Those that have ended are waited for by whoever has inherited them. */
function processesOf(session: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const [state, , , of] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      return of === session && state !== 'Z'
    } catch {
      return false
    }
  })
}

describe("websocketd's examples, in a folder of programs", () => {
  const scripts = {
    'count.sh': '#!/bin/sh\nfor i in 1 2 3; do echo $i; done',
    'count.py': '#!/usr/bin/env python3\nfor i in range(1, 4): print(i, flush=True)',
    'count.pl': '#!/usr/bin/env perl\n$| = 1; for my $i (1..3) { print "$i\\n"; }',
    'count.js': '#!/usr/bin/env node\nfor (let i = 1; i <= 3; i++) console.log(i)',
    'greeter.sh': '#!/bin/sh\nwhile read name; do echo "Hello $name!"; done',
    'greeter.py':
      '#!/usr/bin/env python3\nimport sys\nfor line in iter(sys.stdin.readline, ""): print("Hello %s!" % line.strip(), flush=True)',
    'greeter.pl': '#!/usr/bin/env perl\n$| = 1; while (<>) { chomp; print "Hello $_!\\n"; }',
    'greeter.js':
      '#!/usr/bin/env node\nrequire("readline").createInterface({ input: process.stdin }).on("line", (name) => console.log("Hello " + name + "!"))',
    'dump-env': '#!/bin/sh\nenv',
  }
  const names = Object.keys(scripts)
  let folder: string
  let server: ServedWigwag
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wigwag-exec-'))
    for (const [name, script] of Object.entries(scripts))
      writeFileSync(join(folder, name), `${script}\n`, { mode: 0o755 })
    const env = { COLOUR: 'green', SECRET: 'do not tell' }
    server = await execWigwag(['--close-wait', '5s', '--pass-env', 'PATH,COLOUR', '--dir', folder], env)
  })
  afterAll(async () => {
    await server.program[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  test.each(names.filter((name) => name.startsWith('count')))('%s', async (name) => {
    expect(await linesOf(`${server.url}/${name}`)).toEqual(['1', '2', '3'])
  })

  test.each(names.filter((name) => name.startsWith('greeter')))('%s', async (name) => {
    expect(await linesOf(`${server.url}/${name}`, ['Ada', 'Grace'], 2)).toEqual(['Hello Ada!', 'Hello Grace!'])
  })

  test('dump-env: who came in and how, and nothing of our own environment but what is passed', async () => {
    const lines = await linesOf(`${server.url}/dump-env/some/path?a=b`)
    const variables = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)))
    expect(variables).toMatchObject({
      COLOUR: 'green',
      GATEWAY_INTERFACE: 'CGI/1.1',
      HTTP_UPGRADE: 'websocket',
      SCRIPT_NAME: '/dump-env',
      PATH_INFO: '/some/path',
      QUERY_STRING: 'a=b',
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_METHOD: 'GET',
      REQUEST_URI: '/dump-env/some/path?a=b',
      SERVER_NAME: 'localhost',
      SERVER_PORT: String(server.port),
    })
    expect(variables).not.toHaveProperty('SECRET')
  })
})

describe('wigwag exec', () => {
  test('says what it runs, where, and what to try; the program may have options of its own', async () => {
    const { program, url } = await execWigwag(['echo', '--port', '1'])
    await using _server = program
    expect(program.stdout).toBe(`Wigwag runs echo --port 1 at ${url}\nTry:  wigwag connect ${url}     Stop: Ctrl-C\n`)
    expect(await talk(url)).toBe('--port 1\n')
  })

  test('a URL never becomes an argument, and no shell reads the command', async () => {
    const { program, url } = await execWigwag(['--', 'echo', '$HOME; id', '*'])
    await using _server = program
    expect(await talk(`${url}/x?a=1&--help`)).toBe('$HOME; id *\n')
  })

  test('nothing is left running when it is told to stop', async () => {
    const { program, url } = await execWigwag([
      ...['--close-wait', '50ms', '--interrupt-wait', '50ms', '--terminate-wait', '50ms'],
      ...['--', 'sh', '-c', 'trap "" INT TERM; sleep 1000 & echo $$; sleep 1000'],
    ])
    await using client = runWigwag(['connect', url])
    const [, pid = ''] = await client.waitFor(/(\d+)\n/)
    expect(processesOf(pid).length).toBeGreaterThan(1)
    program.kill('SIGTERM')
    expect((await program.exit).code).toBe(0)
    expect(processesOf(pid)).toEqual([])
  })

  test('nor when its terminal is closed', async () => {
    const { program, url } = await execWigwag(['--', 'sh', '-c', 'echo $$; sleep 1000'])
    await using client = runWigwag(['connect', url])
    const [, pid = ''] = await client.waitFor(/(\d+)\n/)
    program.kill('SIGHUP')
    expect((await program.exit).code).toBe(0)
    await expect.poll(() => processesOf(pid)).toEqual([])
  })

  describe.runIf(process.platform === 'linux')('while it starts', () => {
    let folder: string
    let env: Record<string, string>
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'wigwag-start-'))
      // What programs are started with takes as long as the test wants.
      const script = `#!/bin/sh\nwhile [ ! -e ${folder}/go ]; do sleep 0.02; done\nexec /usr/bin/mkfifo "$@"\n`
      writeFileSync(join(folder, 'mkfifo'), script, { mode: 0o755 })
      env = { PATH: `${folder}:${process.env['PATH']}`, TMPDIR: folder }
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    test('a signal stops it as at any time: no socket is left behind', async () => {
      const path = join(folder, 'start.sock')
      await using program = runWigwag(['exec', '--host', path, '--mode', 'shared', '--', 'cat'], env)
      await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true)
      program.kill('SIGTERM')
      const { code, stderr } = await program.exit
      expect([code, existsSync(path)]).toEqual([0, false])
      expect(stderr).not.toContain('wigwag:')
    })

    test('and fails, it ends, were somebody connected already', async () => {
      const port = await freePort()
      const args = ['--port', String(port), '--mode', 'shared', '--', '/nowhere/at/all']
      await using program = runWigwag(['exec', ...args], env)
      const connected = async (): Promise<boolean> => {
        const socket = await connectWebSocket(`ws://127.0.0.1:${port}`).catch(() => undefined)
        return socket !== undefined
      }
      await expect.poll(connected, { timeout: 10_000 }).toBe(true)
      writeFileSync(join(folder, 'go'), '')
      expect(await program.exit).toMatchObject({ code: 1, stderr: expect.stringContaining('no such program') })
    })
  })

  test('its log steers no terminal, whatever programs and clients say', async () => {
    const script = "printf '\\033[2J\\302\\233 2J\\177\\n' >&2; cat"
    const { program, url, port } = await execWigwag(['--log-level', 'info', '--', 'sh', '-c', script])
    await using _server = program
    await using _client = runWigwag(['connect', url])
    await program.waitFor(/"msg":"stderr"/, 'stderr')
    const socket = connect(port, '127.0.0.1', () => {
      const head = 'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
      socket.write(`GET /\x9b2J HTTP/1.1\r\n${head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`, 'latin1')
    })
    await once(socket, 'data')
    socket.destroy()
    expect(program.stderr).not.toMatch(/[^\P{Cc}\n]/u)
    const [line] = program.stderr.split('\n').filter((each) => each.includes('"msg":"stderr"'))
    expect(JSON.parse(line as string)).toMatchObject({ stderr: '\x1b[2J\x9b 2J\x7f' })
  })

  test.runIf(existsSync('/dev/full'))('goes on when its log cannot be written', async () => {
    const bin = fileURLToPath(new URL('../bin/wigwag.js', import.meta.url))
    const args = ['-c', 'exec "$@" 2>/dev/full', 'sh', process.execPath, bin, 'exec', '--port', '0', '--', 'cat']
    await using program = new ChildProgram('sh', args)
    const [, url = ''] = await program.waitFor(/ at (ws:\S+)/)
    expect(await linesOf(url, ['one'], 1)).toEqual(['one'])
    expect(await linesOf(url, ['two'], 1)).toEqual(['two'])
  })

  test('a second signal ends all at once', async () => {
    const { program, url } = await execWigwag([
      ...['--log-level', 'info', '--close-wait', '1h', '--', 'sh', '-c', 'trap "" INT TERM; echo $$; sleep 1000'],
    ])
    await using client = runWigwag(['connect', url])
    const [, pid = ''] = await client.waitFor(/(\d+)\n/)
    program.kill('SIGTERM')
    await program.waitFor(/shutting down/, 'stderr')
    program.kill('SIGTERM')
    expect((await program.exit).code).toBe(143)
    // SIGKILL was sent before that; the kernel takes its time on a busy machine.
    await expect.poll(() => processesOf(pid)).toEqual([])
  })

  test('a command line that is wrong is told in one line, without the password in it', async () => {
    const { code, stderr } = await runWigwag(['exec', '--credential', ':secret', '--', 'cat']).exit
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^wigwag: .*NAME:PASSWORD.*\n$/)])
    expect(stderr).not.toContain('secret')
  })

  test.runIf(hasOpenssl)('over TLS; headers of ours go with its answers', async () => {
    const { cert, key, pem } = certificate()
    const { program, url } = await execWigwag([
      ...['--tls-cert', cert, '--tls-key', key, '--header', 'X-All: 1', '--header-http', 'X-Plain: 2'],
      ...['--', 'sh', '-c', 'echo "$HTTPS $SERVER_PORT"'],
    ])
    await using _server = program
    const lines: string[] = []
    await new Promise<void>((resolve, reject) => {
      connectWebSocket(url, {
        tls: { ca: pem },
        message: (_socket, data) => lines.push(String(data)),
        close: () => resolve(),
      }).catch(reject)
    })
    expect(lines).toEqual([`on ${new URL(url).port}`])
    const answer = await new ChildProgram('curl', ['-si', '--cacert', cert, url.replace('ws', 'http')]).exit
    expect(answer.stdout).toMatch(/x-all: 1[\s\S]*x-plain: 2/i)
  })

  test('the password lets in, in the environment as well', async () => {
    const { program, url } = await execWigwag(['--', 'sh', '-c', 'echo $AUTH_TYPE $REMOTE_USER'], {
      WIGWAG_CREDENTIAL: 'ada:secret',
    })
    await using _server = program
    const authorization = `Authorization: Basic ${Buffer.from('ada:secret').toString('base64')}`
    expect(await talk(url, '', ['-H', authorization])).toBe('Basic ada\n')
    expect((await runWigwag(['connect', url]).exit).stderr).toContain('401')
  })

  test.runIf(findProgram('curl') !== undefined)('a plain request is told what this is', async () => {
    const { program, url } = await execWigwag(['--', 'cat'])
    await using _server = program
    const answer = await new ChildProgram('curl', ['-si', url.replace('ws', 'http')]).exit
    expect(answer.stdout).toMatch(/^HTTP\/1\.1 426 [\s\S]*wigwag connect/)
  })
})
