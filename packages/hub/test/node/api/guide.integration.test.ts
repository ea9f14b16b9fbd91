import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { jwt } from '@wigwag/hub/jwt'
import { Tickets } from '@wigwag/hub/node'
import { ChildProgram } from '@wigwag/testkit'
import { expect, test } from 'vitest'
import { API_METHODS } from '../../../src/node/api/api-methods.ts'
import { API_KEY, serveApi } from '../../support/served-api.ts'
import { nextEvent } from '../../support/served-sessions.ts'
import { SECRET, signToken } from '../../support/tokens.ts'

const guide = readFileSync(fileURLToPath(new URL('../../../../../docs/server-api.md', import.meta.url)), 'utf8')

/** Each call of the guide, with its answer. */
const calls = [...guide.matchAll(/^(curl .*)\n# (.*)$/gm)].map(
  ([, command = '', answer = '']) => [command, answer] as const,
)

/** What differs from run to run. */
function settle(answer: string): string {
  return answer
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '…')
    .replaceAll(/"(epoch|name|ticket)":"[^"]+"/g, '"$1":"…"')
    .replaceAll(/"(time|uptime|expiresAt)":\d+/g, '"$1":0')
}

test('each call of docs/server-api.md is answered as it says', async () => {
  const token = await signToken({ sub: 'ann' })
  const served = await serveApi({
    authenticate: jwt({ secret: SECRET }),
    namespaces: { orders: { presence: true } },
    serverRpc: { double: (params) => Number(params) * 2 },
    tickets: new Tickets(),
  })
  const client = served.client({ token })
  const connecting = nextEvent(client, 'connected')
  client.connect()
  await connecting
  for (const [command, answer] of calls) {
    const line = command.replace('curl', 'curl -s').replace('localhost:8000', `127.0.0.1:${served.port}`)
    const ask = async (): Promise<string> => {
      const { stdout } = await new ChildProgram('sh', ['-c', line], { KEY: API_KEY, TOKEN: token }).exit
      return settle(stdout.trim())
    }
    // Presence comes when the store has it.
    if (command.includes('presence')) await expect.poll(ask, { message: command }).toBe(answer)
    else expect(await ask(), command).toBe(answer)
  }
})

test('the guide has every method', () => {
  const commands = calls.map(([command]) => command).join()
  for (const name of [...API_METHODS.keys(), 'batch'])
    expect(commands).toMatch(new RegExp(`/${name} |"method": "${name}"`))
})
