import { Client, type Environment, type OpenTransport, type Transport, type TransportSink } from '@wigwag/client'
import { must } from '../../../../tools/fuzz/fuzz-target.ts'

/** What a hub says to a client that has asked for one channel, and for what is in it. */
export function fuzz(input: Uint8Array): void {
  const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString()
  const reports: unknown[] = []
  const timers = new Set<() => void>()
  const environment: Environment = {
    nowMs: () => 0,
    after: (_delayMs, run) => {
      timers.add(run)
      return () => timers.delete(run)
    },
    random: () => 0.5,
    createId: () => 'id',
    watch: () => () => {},
    report: (error) => reports.push(error),
  }
  const transport = new Recorder()
  const client = new Client('http://hub.test/', { transports: [transport], environment })
  const subscription = client.subscribe('a', { joinLeave: true })
  subscription.history().catch(() => {})
  const told: unknown[] = []
  for (const event of ['publication', 'gap', 'join', 'leave'] as const)
    subscription.on(event, (each) => told.push(each))
  transport.sink?.greeting()
  for (const message of text.split('\f')) transport.sink?.received(message)
  must(reports.length === 0, () => `reported: ${reports}`)
  const { state } = client
  must(subscription.state.phase !== 'subscribed' || transport.closes === 0, 'subscribed without a connection')
  must(state.phase !== 'connected' || transport.closes === 0, 'connected over what was dropped')
  client.disconnect()
  must(client.state.phase === 'disconnected', 'it does not end')
  must(timers.size === 0, 'a timer is left')
}

class Recorder implements Transport {
  readonly name = 'recorder'
  sink: TransportSink | undefined
  closes = 0

  open(_url: URL, sink: TransportSink): OpenTransport {
    this.sink = sink
    return { send: () => {}, close: () => this.closes++ }
  }
}

const CONNECTED = '{"id":2,"connect":{"client":"c","version":"v","ping":25,"pong":true}}'
const SUBSCRIBED = '{"id":3,"subscribe":{"recoverable":true,"epoch":"e","offset":3}}'

export const seeds: Record<string, string> = {
  'a ping': `${CONNECTED}\f{}`,
  'connected and subscribed': `${CONNECTED}\n${SUBSCRIBED}\f{"push":{"channel":"a","pub":{"data":{"type":"t"},"offset":4}}}`,
  'recovered publications': `${CONNECTED}\f{"id":3,"subscribe":{"recoverable":true,"epoch":"e","offset":3,"was_recovering":true,"recovered":true,"publications":[{"data":1,"offset":4,"tags":{"type":"x"}}]}}`,
  'who comes and goes': `${CONNECTED}\n${SUBSCRIBED}\f{"push":{"channel":"a","join":{"info":{"client":"c","user":"u"}}}}\n{"push":{"channel":"a","leave":{"info":{"client":"c","user":"u"}}}}`,
  'errors of both':
    '{"id":2,"error":{"code":109,"message":"token expired"}}\f{"id":3,"error":{"code":100,"message":"m","temporary":true}}',
  'server-side subscriptions':
    '{"id":2,"connect":{"client":"c","version":"v","expires":true,"ttl":9,"subs":{"__proto__":{"recoverable":true,"epoch":"e","offset":1,"publications":[{"data":null}]}}}}',
  'unsubscribed and again': `${CONNECTED}\n${SUBSCRIBED}\f{"push":{"channel":"a","unsubscribe":{"code":2500,"reason":"r"}}}\f{"id":4,"subscribe":{}}`,
  'other pushes': `${CONNECTED}\f{"push":{"message":{"data":1}}}\n{"push":{"refresh":{"expires":true,"ttl":1}}}\n{"push":{"channel":"b","subscribe":{}}}\n{"push":{"disconnect":{"code":3500,"reason":"r"}}}`,
  history: `${CONNECTED}\n${SUBSCRIBED}\f{"id":1,"history":{"publications":[{"data":1,"offset":1}],"epoch":"e","offset":1}}`,
}

export const dictionary: readonly string[] = [
  '"id":1',
  '"id":2',
  '"id":3',
  'null',
  '\n',
  '\f',
  '"push":{',
  '"channel":"a"',
  '[]',
  '-1',
]
