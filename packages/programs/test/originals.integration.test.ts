import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TcpBridge } from '@wigwag/programs/bridge'
import { ChildProgram, findProgram, freePort } from '@wigwag/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendBytes } from './bridge/support/random-bytes-source.ts'
import { StreamServer } from './bridge/support/stream-server.ts'
import { Client, ExecServer } from './support/exec-server.ts'

/** Resolves with a connection to a server that says nothing of when it listens. */
async function connectWhenListening(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => setTimeout(() => resolve(false), 20))
    })
    if (isThere) return socket
  }
}

/** The SHA-256 of the next so many bytes. */
function receiveUntil(socket: Socket, total: number): Promise<string> {
  const hash = createHash('sha256')
  let bytes = 0
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      bytes += chunk.length
      if (bytes >= total) resolve(hash.digest('hex'))
    })
    socket.resume()
  })
}

/** What websocketd's users write, in what they write it in. */
const SCRIPTS = {
  'count.sh': '#!/bin/sh\nfor i in 1 2 3; do echo $i; done',
  'count.py': '#!/usr/bin/env python3\nfor i in range(1, 4): print(i, flush=True)',
  'count.pl': '#!/usr/bin/env perl\n$| = 1; for my $i (1..3) { print "$i\\n"; }',
  'count.php': '#!/usr/bin/env php\n<?php for ($i = 1; $i <= 3; $i++) { echo $i . "\\n"; }',
  'count.awk': '#!/usr/bin/awk -f\nBEGIN { for (i = 1; i <= 3; i++) { print i; fflush() } }',
  'greeter.sh': '#!/bin/sh\nwhile read name; do echo "Hello $name!"; done',
  'greeter.py':
    '#!/usr/bin/env python3\nfrom sys import stdin\nwhile True:\n  line = stdin.readline()\n  if not line: break\n  print("Hello %s!" % line.strip(), flush=True)',
  'greeter.pl': '#!/usr/bin/env perl\n$| = 1; while (<>) { chomp; print "Hello $_!\\n"; }',
  'greeter.php':
    '#!/usr/bin/env php\n<?php while (($line = fgets(STDIN)) !== false) { echo "Hello " . trim($line) . "!\\n"; }',
  // Debian's awk collects its input, unless it is told not to.
  'greeter.mawk': '#!/bin/sh\nexec mawk -W interactive \'{ print "Hello " $0 "!"; fflush() }\'',
  'crlf.sh': "#!/bin/sh\nprintf 'one\\r\\n\\ntwo\\n'",
  'bytes.sh': "#!/bin/sh\nprintf 'a\\303\\244\\342\\202\\254\\n'",
  'dump-env.sh': '#!/bin/sh\nenv',
}
const INTERPRETERS: Readonly<Record<string, string>> = {
  sh: 'sh',
  py: 'python3',
  pl: 'perl',
  php: 'php',
  awk: 'awk',
  mawk: 'mawk',
}
const runnable = Object.keys(SCRIPTS).filter(
  (name) => findProgram(INTERPRETERS[name.split('.')[1] ?? ''] ?? '') !== undefined,
)

describe.skipIf(findProgram('websocketd') === undefined)('beside the original websocketd', () => {
  let folder: string
  let ours: ExecServer
  let original: ChildProgram
  let urls: readonly [original: string, ours: string]
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wigwag-websocketd-'))
    for (const [name, script] of Object.entries(SCRIPTS))
      writeFileSync(join(folder, name), `${script}\n`, { mode: 0o755 })
    const port = await freePort()
    original = new ChildProgram('websocketd', [`--port=${port}`, '--address=127.0.0.1', `--dir=${folder}`])
    ours = await ExecServer.start({ folder })
    ;(await connectWhenListening(port)).destroy()
    urls = [`ws://127.0.0.1:${port}`, ours.url('')]
  })
  afterAll(async () => {
    await original[Symbol.asyncDispose]()
    await ours[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  /** All that a program says to somebody who says nothing. */
  async function linesOf(url: string): Promise<readonly string[]> {
    const client = await Client.connect(url, { headers: { 'X-Some-Header': 'a, b', Cookie: 'c=d' } })
    await client.closed
    return client.messages.map(String)
  }

  test.each(runnable.filter((name) => !/greeter|env/.test(name)))('%s: the same messages', async (name) => {
    const [theirs, own] = await Promise.all(urls.map((url) => linesOf(`${url}/${name}`)))
    expect(own).toEqual(theirs)
    expect(own).not.toEqual([])
  })

  test.each(runnable.filter((name) => name.startsWith('greeter')))('%s: the same answers', async (name) => {
    const answers = urls.map(async (url) => {
      const client = await Client.connect(`${url}/${name}`)
      for (const who of ['Ada', 'Grace']) client.socket.send(who)
      const said = await client.take(2)
      client.socket.close()
      return said.map(String)
    })
    expect(await Promise.all(answers)).toEqual([
      ['Hello Ada!', 'Hello Grace!'],
      ['Hello Ada!', 'Hello Grace!'],
    ])
  })

  test('a program knows of its client what it did, by the same names', async () => {
    const [theirs = {}, own = {}] = await Promise.all(
      urls.map(async (url) => {
        const lines = await linesOf(`${url}/dump-env.sh/some%20path/x?a=b%20c&d`)
        return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]))
      }),
    )
    /** What differs because they are two: themselves, the connection, what the shell adds. */
    const different =
      /^(SERVER_SOFTWARE|GATEWAY_INTERFACE|SERVER_PORT|REMOTE_PORT|UNIQUE_ID|HTTP_HOST|HTTP_SEC_WEBSOCKET_KEY|PWD|OLDPWD|SHLVL|_)$/
    const shared = Object.entries(theirs).filter(([name]) => !different.test(name))
    expect(shared.length).toBeGreaterThan(15)
    expect(Object.fromEntries(shared.map(([name]) => [name, own[name]]))).toEqual(Object.fromEntries(shared))
    expect(Object.keys(theirs).filter((name) => !(name in own) && name !== 'OLDPWD')).toEqual([])
  })
})

describe.skipIf(findProgram('websockify') === undefined)('beside the original websockify', () => {
  test('TCP through our bridge and the original, 4 MiB each way, byte for byte', async () => {
    await using target = await StreamServer.start()
    const port = await freePort()
    await using original = new ChildProgram('websockify', [`127.0.0.1:${port}`, target.target])
    await original.waitFor(/proxying from/i, 'stderr')
    const bridge = new TcpBridge({ to: `ws://127.0.0.1:${port}` })
    const [, at] = (await bridge.listen()).split(':')
    const near = await connectWhenListening(Number(at))
    const far = await target.next()
    // At an end it forgets what it has not passed on yet: bytes are counted, not waited for to end.
    const received = receiveUntil(far, 4 * 1024 * 1024)
    const sent = await sendBytes(near, 4 * 1024 * 1024, 1)
    expect(await received).toBe(sent)
    const back = receiveUntil(near, 4 * 1024 * 1024)
    const answered = await sendBytes(far, 4 * 1024 * 1024, 2)
    expect(await back).toBe(answered)
    near.destroy()
    await bridge.close()
  })
})
