import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectWebSocket, UpgradeRefusedError } from '@wigwag/socket'
import { ChildProgram, execWigwag, findProgram } from '@wigwag/testkit'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const guide = readFileSync(join(root, 'docs/exec.md'), 'utf8')
/** What stands between fences, in order. */
const samples = [...guide.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, code = '']) => ({ language, code }))

/** The sample that has this in it. */
function sampleWith(text: string): string {
  const sample = samples.find(({ code }) => code.includes(text))
  if (sample === undefined) throw new Error(`docs/exec.md has no sample with ${text}.`)
  return sample.code
}

/** The first messages of a WebSocket, which is then closed. */
async function firstMessages(url: string, count: number, say: readonly string[] = [], headers = {}): Promise<string[]> {
  const messages: string[] = []
  return new Promise((resolve, reject) => {
    const connected = connectWebSocket(url, {
      headers,
      open: (socket) => {
        for (const line of say) socket.send(line)
      },
      message: (socket, data) => {
        if (messages.push(String(data)) === count) socket.close()
      },
      close: () => resolve(messages),
    })
    connected.catch(reject)
  })
}

/** Runs what follows `wigwag exec` in a line of the guide, on any free port. */
function run(line: string) {
  const [, args = ''] = /^wigwag exec (.*)$/.exec(line) ?? []
  return execWigwag(args.split(' '))
}

describe('docs/exec.md', () => {
  test.runIf(findProgram('vmstat') !== undefined)('begins with a line that draws vmstat', async () => {
    const { program, url } = await run(samples[0]?.code.trim() ?? '')
    await using _program = program
    const [banner, names, numbers] = await firstMessages(url, 3)
    expect(banner).toContain('memory')
    expect(names?.trim().split(/\s+/)).toContain('free')
    expect(
      numbers
        ?.trim()
        .split(/\s+/)
        .every((cell) => /^\d+$/.test(cell)),
    ).toBe(true)
    expect(await (await fetch(url.replace('ws', 'http'))).text()).toContain('<title>')
  })

  test('has a greeter', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-guide-'))
    writeFileSync(join(folder, 'greeter.sh'), sampleWith('echo "Hello $name!"'), { mode: 0o755 })
    const { program, url } = await run(`wigwag exec -- ${folder}/greeter.sh`)
    await using _program = program
    expect(await firstMessages(url, 1, ['Ada'])).toEqual(['Hello Ada!'])
    rmSync(folder, { recursive: true })
  })

  test('has a program that decides', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-guide-'))
    writeFileSync(join(folder, 'decide.sh'), sampleWith('Status: 101'), { mode: 0o755 })
    const { program, url } = await run(`wigwag exec --decided-by program -- ${folder}/decide.sh`)
    await using _program = program
    const refused = await firstMessages(url, 1).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(UpgradeRefusedError)
    expect(refused).toMatchObject({ status: 401, body: 'Log in first.' })
    expect(await firstMessages(url, 1, ['hello'], { cookie: 'session=secret' })).toEqual(['you said hello'])
    rmSync(folder, { recursive: true })
  })

  test('has a server that runs', async () => {
    const file = join(root, 'packages/cli/test', `guide-${process.pid}.mjs`)
    const sample = sampleWith("from '@wigwag/programs'")
    writeFileSync(file, `${sample.trimEnd()}\nserver.on('listening', () => console.log(server.address().port))\n`)
    try {
      await using program = new ChildProgram(process.execPath, [file], { PORT: '0' })
      const [, port] = await program.waitFor(/(\d+)\n/)
      expect(await firstMessages(`ws://127.0.0.1:${port}`, 2, ['hi'])).toEqual(['Hello 127.0.0.1', 'hi'])
    } finally {
      rmSync(file)
    }
  })
})
