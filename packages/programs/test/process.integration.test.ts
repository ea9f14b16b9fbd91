import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ProcessTable, type RunningProgram, resolveKillLadder, startProgram } from '@wigwag/programs'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sessionMembers } from '../src/process/session-members.ts'

const QUICK = resolveKillLadder({ inputGraceMs: 50, interruptGraceMs: 50, terminateGraceMs: 50 })
const env = { PATH: process.env['PATH'] ?? '' }
const started: RunningProgram[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((program) => program.end()))
})

async function startShell(script: string, ladder = QUICK): Promise<RunningProgram> {
  const program = await startProgram({ command: 'sh', args: ['-c', script], env }, ladder)
  started.push(program)
  return program
}

/** Resolves with the next that it writes. */
function output(program: RunningProgram): Promise<string> {
  return new Promise((resolve) => program.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())))
}

describe('the end of a program', () => {
  test('it ends by itself when its input does, and no signal is needed', async () => {
    const slow = resolveKillLadder({ inputGraceMs: 20_000 })
    const program = await startShell('cat; exit 3', slow)
    await program.end()
    expect(await program.ended).toEqual({ by: 'status', status: 3 })
  })

  test.each([
    ['SIGINT', 'trap "echo caught; exit 7" INT; echo ready; while :; do sleep 0.01; done', 7, 'interruptGraceMs'],
    ['SIGTERM', 'trap "" INT; trap "exit 8" TERM; echo ready; while :; do sleep 0.01; done', 8, 'terminateGraceMs'],
  ])('who reads no input is sent %s', async (_signal, script, status, last) => {
    // However slow the machine is: the step behind it is far away.
    const program = await startShell(script, resolveKillLadder({ ...QUICK, [last]: 20_000 }))
    await output(program)
    await program.end()
    expect(await program.ended).toEqual({ by: 'status', status })
  })

  test('who ignores all that is killed', async () => {
    const program = await startShell('trap "" INT TERM; echo ready; while :; do sleep 0.01; done')
    await output(program)
    await program.end()
    expect(await program.ended).toEqual({ by: 'signal', signal: 'SIGKILL' })
  })

  test.each([
    ['while it runs', 'trap "" INT TERM; sleep 1000 & echo ready; wait'],
    ['when it has ended by itself', 'trap "" INT TERM; sleep 1000 & echo ready'],
  ])('what it started does not outlive it: %s', async (_when, script) => {
    const program = await startShell(script)
    await output(program)
    await program.end()
    expect(sessionMembers(program.pid)).toEqual([])
  })

  test('once it is gone its id is signalled no more, whoever has it', async () => {
    const program = await startShell('exit 0')
    await program.gone
    const sent: unknown[][] = []
    const { kill } = process
    process.kill = (...args: unknown[]): true => {
      sent.push(args)
      return true
    }
    try {
      program.kill()
      await program.end()
    } finally {
      process.kill = kill
    }
    expect(sent).toEqual([])
  })

  test('a program that cannot be started says why', async () => {
    const start = startProgram({ command: '/nowhere/to/be/found', args: [], env }, QUICK)
    await expect(start).rejects.toMatchObject({
      code: 'ERR_PROGRAM_START',
      message: 'Cannot start /nowhere/to/be/found: there is no such program; check the name and the PATH.',
    })
  })
})

describe('a process table', () => {
  test('has room for so many, and for more when they are gone', async () => {
    const table = new ProcessTable(1)
    const first = await table.start(() => startShell('cat'))
    await expect(table.start(() => startShell('cat'))).rejects.toMatchObject({ code: 'ERR_PROGRAM_LIMIT' })
    await first.end()
    await first.gone
    await expect(table.start(() => startShell('cat'))).resolves.toBeDefined()
    await table.close()
  })

  test('leaves nothing running when it closes, and starts nothing more', async () => {
    const table = new ProcessTable(0)
    const programs = await Promise.all([1, 2, 3].map(() => table.start(() => startShell('sleep 1000 & sleep 1000'))))
    await table.close()
    for (const { pid } of programs) expect(sessionMembers(pid)).toEqual([])
    expect(table.size).toBe(0)
    await expect(table.start(() => startShell('cat'))).rejects.toMatchObject({ code: 'ERR_PROGRAM_CLOSED' })
  })
})

test('the session of this process has this process in it', () => {
  const session = Number(readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[3])
  expect(sessionMembers(session).map(({ pid }) => pid)).toContain(process.pid)
})

describe.runIf(process.platform === 'linux')('what it writes to are pipes', () => {
  test('which it can open by name', async () => {
    const program = await startShell('cat; echo out >/dev/stdout; echo more | tee /dev/stderr; echo err >>/dev/stderr')
    program.stdin.end('in\n')
    const [out, err] = await Promise.all([program.stdout, program.stderr].map((stream) => text(stream)))
    expect([out, err]).toEqual(['in\nout\nmore\n', 'more\nerr\n'])
  })

  test('whose ends wait, and are nobody else’s', async () => {
    // A megabyte, where a pipe holds 64 KiB: ends that do not block would fail with EAGAIN.
    const programs = await Promise.all(
      Array.from({ length: 30 }, (_, i) => startShell(`head -c 1000000 /dev/zero | tr '\\0' ${i % 10}; cat >&2`)),
    )
    const outputs = programs.map(async ({ stdin, stdout, stderr }, i) => {
      stdin.end(Buffer.alloc(200_000, String(i)))
      const [out, err] = await Promise.all([stdout, stderr].map((stream) => text(stream)))
      expect(out).toBe(String(i % 10).repeat(1_000_000))
      expect(err).toHaveLength(200_000)
    })
    await Promise.all(outputs)
    await Promise.all(programs.map(({ gone }) => gone))
  })

  test('of which nothing is left, by descriptor or by name', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length
    const folder = mkdtempSync(join(tmpdir(), 'wigwag-test-'))
    vi.stubEnv('TMPDIR', folder)
    onTestFinished(() => {
      vi.unstubAllEnvs()
      rmSync(folder, { recursive: true })
    })
    const before = open()
    for (let round = 0; round < 12; round++) {
      const program = await startShell(round % 2 === 0 ? 'echo hello' : 'exec sleep 1000')
      program.stdout.resume()
      program.stderr.resume()
      await program.end()
      await program.gone
      const missing = startProgram({ command: '/nowhere/to/be/found', args: [], env: {} }, resolveKillLadder())
      await expect(missing).rejects.toMatchObject({ code: 'ERR_PROGRAM_START' })
    }
    // What is in stock: two for each of eight programs.
    await expect.poll(() => open() - before).toBeLessThanOrEqual(16)
    expect(readdirSync(folder)).toEqual([])
  })
})
