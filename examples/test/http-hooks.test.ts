import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ChildProgram, hasPythonModule, SYSTEM_PYTHON } from '@wigwag/testkit'
import { Centrifuge, type ConnectedContext } from 'centrifuge'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

const root = fileURLToPath(new URL('../..', import.meta.url))
const SECRET = 'a secret of thirty-two bytes or more'

function startBackEnd(secret: string): ChildProgram {
  return new ChildProgram(SYSTEM_PYTHON, [`${root}/examples/http-hooks.py`], { PORT: '0', HOOK_SECRET: secret })
}

function startHub(backEnd: string): ChildProgram {
  const env = { PORT: '0', BACK_END: backEnd, HOOK_SECRET: SECRET }
  return new ChildProgram(process.execPath, [`${root}/examples/http-hooks.mjs`], env)
}

function clientOf(url: string, authorization?: string): Centrifuge {
  const client = new Centrifuge(url, {
    websocket: WebSocket,
    minReconnectDelay: 1,
    ...(authorization !== undefined && { headers: { authorization } }),
  })
  onTestFinished(() => client.disconnect())
  client.on('error', () => {})
  return client
}

test.skipIf(!hasPythonModule('http.server'))(
  'http-hooks: an application in Python says who comes in, what they read, write and call, and hears that they went',
  async () => {
    await using backEnd = startBackEnd(SECRET)
    const [backEndUrl] = await backEnd.waitFor(/http:\/\/\S+/)
    await using hub = startHub(backEndUrl)
    const [url] = await hub.waitFor(/ws:\/\/\S+/)

    const stranger = clientOf(url)
    const refused = new Promise((resolve) => stranger.once('disconnected', resolve))
    stranger.connect()
    expect(await refused).toMatchObject({ code: 4501, reason: 'log in first' })

    const ada = clientOf(url, 'Bearer secret-of-ada')
    const connected = new Promise<ConnectedContext>((resolve) => ada.once('connected', resolve))
    const inbox = new Promise((resolve) => ada.once('subscribed', resolve))
    ada.connect()
    await connected
    expect(await inbox).toMatchObject({ channel: 'inbox-ada' })
    expect((await ada.rpc('since', null)).data).toBeGreaterThan(1_600_000_000)
    await expect(ada.rpc('until', null)).rejects.toMatchObject({ code: 104 })

    const lobby = ada.newSubscription('lobby')
    const heard = new Promise((resolve) => lobby.once('publication', resolve))
    lobby.subscribe()
    await lobby.ready()
    await lobby.publish('  hello ')
    expect(await heard).toMatchObject({ data: { from: 'ada', text: 'hello' }, info: { user: 'ada' } })
    await expect(lobby.publish({ not: 'text' })).rejects.toMatchObject({ code: 422 })
    const closed = ada.newSubscription('inbox-bob')
    const denied = new Promise((resolve) => closed.once('unsubscribed', resolve))
    closed.subscribe()
    expect(await denied).toMatchObject({ code: 403 })

    hub.kill('SIGTERM')
    await backEnd.waitFor(/ada went: 3001 shutdown/)
    expect(await hub.exit).toMatchObject({ code: 0, stderr: '' })
  },
)

test.skipIf(!hasPythonModule('http.server'))(
  'http-hooks: who does not know the secret learns nothing, and lets nobody in',
  async () => {
    await using backEnd = startBackEnd('another secret of thirty-two bytes')
    const [backEndUrl] = await backEnd.waitFor(/http:\/\/\S+/)
    const call = { method: 'POST', body: '{"event":"connect"}', headers: { authorization: 'Bearer secret-of-ada' } }
    expect((await fetch(backEndUrl, call)).status).toBe(403)
    await using hub = startHub(backEndUrl)
    const [url] = await hub.waitFor(/ws:\/\/\S+/)
    const ada = clientOf(url, 'Bearer secret-of-ada')
    const failed = new Promise((resolve) => ada.once('error', resolve))
    ada.connect()
    expect(await failed).toMatchObject({ error: { code: 100, temporary: true } })
    await hub.waitFor(/HookError: Hook connect: the answer has status 403, not 200/, 'stderr')
  },
)

const guide = readFileSync(`${root}/docs/http-hooks.md`, 'utf8')
const snippet = (language: string): string => {
  const [, code = ''] = guide.split('## Who asks')[1]?.match(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``)) ?? []
  expect(code).not.toBe('')
  return code
}

/** Headers, and whether they are good for the body. */
function signatures(body: string): [header: string, isGood: boolean][] {
  const now = Math.floor(Date.now() / 1000)
  const sign = (time: number | string, secret = SECRET): string =>
    createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')
  return [
    [`t=${now},v1=${sign(now)}`, true],
    [`t=${now},v1=${sign(now, 'of the next year')},v1=${sign(now)}`, true],
    [`t=${now},v1=${sign(now, 'of somebody else')}`, false],
    [`t=${now - 1000},v1=${sign(now - 1000)}`, false],
    [`t=${now},v1=${sign(now - 1000)}`, false],
    [`t=${now},v1=${sign(now).slice(1)}`, false],
    [`t=${now},v1=`, false],
    [`t=${now}`, false],
    [`v1=${sign('')}`, false],
    ['t=soon,v1=ä', false],
    ['', false],
  ]
}

test('the Node code of the guide knows a signature', async () => {
  const code = `data:text/javascript,${encodeURIComponent(snippet('js'))}`
  const { isFromHub } = (await import(/* @vite-ignore */ code)) as { isFromHub(...given: unknown[]): boolean }
  const body = '{"user":"ä"}'
  for (const [header, isGood] of signatures(body)) {
    expect(isFromHub(header, Buffer.from(body), SECRET), header).toBe(isGood)
  }
})

test.skipIf(!hasPythonModule('http.server'))('so does the Python code, which the example has', async () => {
  const code = snippet('python')
  const [definition = ''] = code.match(/def is_from_hub[\s\S]*/) ?? []
  expect(readFileSync(`${root}/examples/http-hooks.py`, 'utf8')).toContain(definition)
  const body = '{"user":"ä"}'
  const cases = signatures(body)
  const asks = [
    'import json, sys',
    code,
    'for header in json.load(sys.stdin):',
    `    print(is_from_hub(header, ${JSON.stringify(body)}.encode(), b"${SECRET}"))`,
  ].join('\n')
  const program = new ChildProgram(SYSTEM_PYTHON, ['-c', asks], { PYTHONUTF8: '1' })
  program.write(JSON.stringify(cases.map(([header]) => header)))
  program.endInput()
  const { stdout, stderr } = await program.exit
  expect(stderr).toBe('')
  expect(stdout.trim().split('\n')).toEqual(cases.map(([, isGood]) => (isGood ? 'True' : 'False')))
})
