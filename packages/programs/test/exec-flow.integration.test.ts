import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Client, ExecServer, shell } from './support/exec-server.ts'

const MIB = 1024 * 1024
const TOTAL = 48 * MIB

test('a client that sends faster than its program reads is held back, and every byte arrives', async () => {
  // Stopped until the test lets it go on: then it reads all, and says what that was.
  const command = shell(`kill -STOP $$; head -c ${TOTAL} | sha256sum`)
  await using server = await ExecServer.start({ command, format: 'binary', killLadder: { inputGraceMs: 5000 } })
  const client = await Client.connect(server.url(), { maxQueuedBytes: TOTAL })
  const message = Buffer.alloc(256 * 1024, 'some text that is not all the same: 0123456789')
  const hash = createHash('sha256')
  for (let sent = 0; sent < TOTAL; sent += message.length) {
    client.socket.send(message)
    hash.update(message)
  }
  // What has left is in the kernel, in the pipe, and a little in the server; all else stays with who sends it.
  const waiting = await settled(() => client.socket.bufferedAmount)
  expect(waiting).toBeGreaterThan(TOTAL - 24 * MIB)
  const { pid } = server.events[0] as { pid: number }
  while (!readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ')) await new Promise(setImmediate)
  process.kill(pid, 'SIGCONT')
  const [said] = await client.take(1)
  expect(String(said)).toContain(hash.digest('hex'))
})

/** A number that has not changed for a while. */
async function settled(look: () => number): Promise<number> {
  let [before, same] = [look(), 0]
  while (same < 10) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    const now = look()
    same = now === before ? same + 1 : 0
    before = now
  }
  return before
}
