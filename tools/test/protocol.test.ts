import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type ClientInfo,
  DisconnectCode,
  ErrorCode,
  isTemporary,
  type PublicationPacket,
  type Push,
  type Requests,
  type Results,
  reconnectsAfter,
  resubscribesAfter,
  SubscriptionFlag,
  UnsubscribeCode,
} from '@wigwag/protocol'
import { describe, expect, test } from 'vitest'
import { REQUEST_FIELDS } from '../../packages/protocol/src/json/request-fields.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [, sessions = ''] = readFileSync(`${root}/PROTOCOL.md`, 'utf8').split('\n## Sessions\n')

/** The cells of a table's rows, by what its head begins with. */
function rowsOf(head: string): string[][] {
  const [, table = ''] = sessions.split(`\n| ${head} |`)
  return (table.split('\n\n')[0] ?? '')
    .split('\n')
    .slice(2)
    .map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}

/** The names in code type of a cell, what stands in brackets aside. */
const namesIn = (cell = ''): string[] =>
  [...cell.replace(/\(.*?\)/g, '').matchAll(/`(\w+)`/g)].map(([, name]) => name as string)

type KeysOf<Union> = Union extends unknown ? keyof Union : never

/** What each push is called. A push that is missing here does not compile. */
const PUSHES: Record<Exclude<KeysOf<Push>, 'channel'>, 'sent' | 'not sent'> = {
  pub: 'sent',
  join: 'sent',
  leave: 'sent',
  unsubscribe: 'sent',
  subscribe: 'sent',
  message: 'sent',
  refresh: 'sent',
  disconnect: 'sent',
  connect: 'not sent',
}

/** Fields of each reply. The same. */
const REPLIES: { readonly [M in keyof Results]: Record<keyof Results[M], boolean> } = {
  connect: {
    client: true,
    version: true,
    expires: true,
    ttl: true,
    data: true,
    subs: true,
    ping: true,
    pong: true,
    time: true,
    session: true,
    node: true,
  },
  subscribe: {
    expires: true,
    ttl: true,
    recoverable: true,
    positioned: true,
    epoch: true,
    offset: true,
    publications: true,
    was_recovering: true,
    recovered: true,
    data: true,
  },
  unsubscribe: {},
  publish: {},
  presence: { presence: true },
  presence_stats: { num_clients: true, num_users: true },
  history: { publications: true, offset: true, epoch: true },
  ping: {},
  rpc: { data: true },
  refresh: { client: true, version: true, expires: true, ttl: true },
  sub_refresh: { expires: true, ttl: true },
}

const PUBLICATION: Record<keyof PublicationPacket, boolean> = {
  data: true,
  offset: true,
  info: true,
  tags: true,
  time: true,
  channel: false,
}
const CLIENT_INFO: Record<keyof ClientInfo, boolean> = { client: true, user: true, conn_info: true, chan_info: true }

const told = (fields: Record<string, boolean>): string[] => Object.keys(fields).filter((name) => fields[name])

describe('PROTOCOL.md has what packages/protocol has', () => {
  const commands = new Map(rowsOf('command | fields').map(([name = '', ...cells]) => [namesIn(name)[0], cells]))

  test('commands', () => {
    expect([...commands.keys()].sort()).toEqual(Object.keys(REQUEST_FIELDS).sort())
  })

  test.each(Object.keys(REQUEST_FIELDS) as (keyof Requests)[])('fields of %s', (method) => {
    const [fields = '', reply = ''] = commands.get(method) ?? []
    const names = Object.keys(REQUEST_FIELDS[method])
    expect(namesIn(fields).filter((name) => name !== 'offset' || names.includes(name))).toEqual(
      expect.arrayContaining(names),
    )
    expect(namesIn(fields).filter((name) => !names.includes(name) && name !== 'authorization')).toEqual([])
    if (method === 'send') expect(reply).toBe('no reply')
    else
      expect([...new Set(namesIn(reply))].filter((name) => name !== 'subscribe' && name !== 'client').sort()).toEqual(
        told(REPLIES[method])
          .filter((name) => name !== 'client')
          .sort(),
      )
  })

  test('pushes', () => {
    const sent = Object.entries(PUSHES).flatMap(([name, is]) => (is === 'sent' ? [name] : []))
    expect(
      rowsOf('push | says')
        .flatMap(([name]) => namesIn(name))
        .sort(),
    ).toEqual(sent.sort())
    const [, publication] = rowsOf('push | says').find(([name]) => name === '`pub`') ?? []
    for (const name of told(PUBLICATION)) expect(publication, name).toContain(`\`${name}\``)
    for (const name of told(CLIENT_INFO)) expect(sessions, name).toContain(`\`${name}\``)
  })

  test('flags', () => {
    const [, sentence = ''] = sessions.split('Bits of `flag`:')
    expect([...(sentence.split('.')[0] ?? '').matchAll(/(\d+),/g)].map(([, bit]) => Number(bit))).toEqual(
      Object.values(SubscriptionFlag),
    )
  })

  const codesIn = (head: string): Record<string, number> =>
    Object.fromEntries(
      rowsOf(head).flatMap(([code = '', name]) => (/^\d+$/.test(code) ? [[namesIn(name)[0], Number(code)]] : [])),
    )

  test('errors, and which are temporary', () => {
    expect(codesIn('error')).toEqual(ErrorCode)
    for (const [code = '', , when = ''] of rowsOf('error')) {
      if (/^\d+$/.test(code)) expect(when.includes('temporary'), code).toBe(isTemporary(Number(code)))
    }
  })

  test('ends of subscriptions, and whether clients come back', () => {
    expect(codesIn('unsubscribe')).toEqual(UnsubscribeCode)
    for (const [code = '', , , client = ''] of rowsOf('unsubscribe')) {
      expect(!client.startsWith('does not'), code).toBe(resubscribesAfter(Number(code)))
    }
  })

  test('ends of sessions, and whether clients come back', () => {
    const [, more = ''] = sessions.split('The protocol has more, which')
    const others = [...(more.split('\n\n')[0] ?? '').matchAll(/(\d{4}) `(\w+)`/g)].map(([, code, name]) => [
      name,
      Number(code),
    ])
    expect({ ...codesIn('disconnect'), ...Object.fromEntries(others) }).toEqual(DisconnectCode)
    for (const [code = '', , , client = ''] of rowsOf('disconnect')) {
      if (/^\d+$/.test(code) && client !== '–')
        expect(!client.startsWith('does not'), code).toBe(reconnectsAfter(Number(code)))
    }
  })
})
