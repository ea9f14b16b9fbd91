import { fileURLToPath } from 'node:url'
import { connectWebSocket, type NodeWebSocket } from '@wigwag/socket'
import { ChildProgram, hasChromium, hasPythonModule, launchChromium, SYSTEM_PYTHON } from '@wigwag/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { create_signed_value, decode_signed_value } from '../websocket-handler.mjs'

const SECRET = 'a secret'
const program = fileURLToPath(new URL('../tornado-chat.mjs', import.meta.url))
const cookieOf = (user: string): string => `theme=dark; user=${create_signed_value(SECRET, 'user', user)}`

async function startChat(): Promise<{ chat: ChildProgram; page: string; url: string }> {
  const chat = new ChildProgram(process.execPath, [program], { PORT: '0', COOKIE_SECRET: SECRET })
  onTestFinished(() => chat[Symbol.asyncDispose]())
  const [page] = await chat.waitFor(/http:\/\/\S+/)
  return { chat, page, url: `${page.replace('http', 'ws')}chat` }
}

/** A guest with what it was told, and a way to wait for the `count`th message. */
async function enter(url: string, headers: Record<string, string>) {
  const told: unknown[] = []
  let changed = (): void => {}
  const socket: NodeWebSocket = await connectWebSocket(url, {
    headers,
    message: (_socket, data) => {
      told.push(JSON.parse(String(data)))
      changed()
    },
  })
  onTestFinished(() => socket.terminate())
  const until = async (count: number): Promise<unknown[]> => {
    while (told.length < count) await new Promise<void>((resolve) => (changed = resolve))
    return told
  }
  return { socket, until }
}

describe('tornado-chat: a chat with a handler class', () => {
  test('who has the cookie comes in, hears everybody, and what was said before', async () => {
    const { chat, url } = await startChat()
    const ada = await enter(url, { cookie: cookieOf('ada') })
    ada.socket.send('hello')
    ada.socket.send('is there anybody?')
    await ada.until(2)
    const bob = await enter(`${url}?last=1`, {
      cookie: cookieOf('bob'),
      origin: new URL(url.replace('ws', 'http')).origin,
    })
    bob.socket.send('yes')
    expect(await bob.until(2)).toEqual([
      { from: 'ada', body: 'is there anybody?' },
      { from: 'bob', body: 'yes' },
    ])
    expect((await ada.until(3)).at(-1)).toEqual({ from: 'bob', body: 'yes' })
    bob.socket.close(1001)
    await chat.waitFor(/bob left: 1001/)
    ada.socket.send('bye')
    expect((await ada.until(4)).at(-1)).toEqual({ from: 'ada', body: 'bye' })
  })

  test.each([
    ['without a cookie', {}, 401],
    [
      'with a cookie that somebody else signed',
      { cookie: `user=${create_signed_value('another', 'user', 'ada')}` },
      401,
    ],
    ['with a cookie of another name', { cookie: `user=${create_signed_value(SECRET, 'admin', 'ada')}` }, 401],
    ['from a page of another origin', { cookie: cookieOf('ada'), origin: 'https://evil.example' }, 403],
    ['from a page without an origin', { cookie: cookieOf('ada'), origin: 'null' }, 403],
  ])('%s nobody comes in', async (_who, headers, status) => {
    const { url } = await startChat()
    await expect(connectWebSocket(url, { headers })).rejects.toMatchObject({ status })
    await expect(connectWebSocket(`${url}s`, { headers: { cookie: cookieOf('ada') } })).rejects.toMatchObject({
      status: 404,
    })
  })

  test.skipIf(!hasChromium)('its page, in Chromium', async () => {
    const { page: address } = await startChat()
    const browser = await launchChromium()
    onTestFinished(() => browser.close())
    const page = await browser.newPage()
    await page.goto(address)
    await page.getByRole('textbox', { name: 'Message' }).fill('from a browser')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('from a browser').waitFor()
    expect(await page.locator('#messages li').innerText()).toMatch(/^guest-[0-9a-f]{4}\s*from a browser$/)
  })
})

describe('signed cookies are those of Tornado', () => {
  const signed = '2|1:0|10:1700000000|4:user|4:YWRh|8b9809722c7e69b508f5242bc9a3dea8c3ef3ac90b08483dbae962e353c4427b'

  test('the same secret, name, value and time make the same cookie', () => {
    expect(create_signed_value(SECRET, 'user', 'ada', 1_700_000_000_000)).toBe(signed)
    expect(decode_signed_value(SECRET, 'user', signed, 31, 1_700_000_000_000)).toBe('ada')
  })

  test.each([
    ['another secret', ['other', 'user', signed]],
    ['another name', [SECRET, 'admin', signed]],
    ['a value that was changed', [SECRET, 'user', signed.replace('YWRh', 'YWRi')]],
    ['a signature that was cut', [SECRET, 'user', signed.slice(0, -1)]],
    ['no signature', [SECRET, 'user', 'ada']],
    ['nothing', [SECRET, 'user', '']],
  ])('not with %s', (_what, [secret, name, value]) => {
    expect(decode_signed_value(secret, name, value, 31, 1_700_000_000_000)).toBeUndefined()
  })

  test('nor when it is too old', () => {
    const day = 24 * 60 * 60 * 1000
    expect(decode_signed_value(SECRET, 'user', signed, 31, 1_700_000_000_000 + 31 * day)).toBe('ada')
    expect(decode_signed_value(SECRET, 'user', signed, 31, 1_700_000_001_000 + 31 * day)).toBeUndefined()
  })

  test.skipIf(!hasPythonModule('tornado'))('Tornado itself reads ours, and we read its', async () => {
    const script = [
      'import sys, tornado.web as web',
      `print(web.decode_signed_value('${SECRET}', 'user', sys.argv[1]).decode())`,
      `print(web.create_signed_value('${SECRET}', 'user', 'Grace ü').decode())`,
    ].join('\n')
    const { stdout } = await new ChildProgram(SYSTEM_PYTHON, ['-c', script, create_signed_value(SECRET, 'user', 'Adá')])
      .exit
    const [read, theirs = ''] = stdout.trim().split('\n')
    expect(read).toBe('Adá')
    expect(decode_signed_value(SECRET, 'user', theirs)).toBe('Grace ü')
  })
})
