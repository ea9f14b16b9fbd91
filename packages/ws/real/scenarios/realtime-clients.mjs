import { once } from 'node:events'
import { RealtimeClient } from '@supabase/realtime-js'
import { Centrifuge } from 'centrifuge'
import { WebSocketProvider } from 'ethers'
import WebSocket, { WebSocketServer } from 'ws'

export const packages = ['@supabase/realtime-js', 'centrifuge', 'ethers']

/** Clients that speak a protocol of their own over `ws`, each with as much of a server as they need. */
export async function play(check) {
  await supabase(check)
  await centrifuge(check)
  await ethers(check)
}

/** A server that answers each message with those that `answer` returns. */
async function serve(answer) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true })
  await once(server, 'listening')
  server.on('connection', (socket, request) => {
    socket.on('message', (data, isBinary) => {
      for (const reply of answer(isBinary ? data : `${data}`, request) ?? [])
        socket.send(typeof reply === 'string' ? reply : JSON.stringify(reply))
    })
  })
  return {
    server,
    url: `ws://127.0.0.1:${server.address().port}`,
    async stop() {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Phoenix channels, serialized as arrays or as objects. */
async function supabase(check) {
  const kinds = new Set()
  const { server, url, stop } = await serve((data) => {
    const parsed = typeof data === 'string' ? JSON.parse(data) : undefined
    if (parsed === undefined) return []
    const asArray = Array.isArray(parsed)
    const [join_ref, ref, topic, event, payload] = asArray
      ? parsed
      : [parsed.join_ref, parsed.ref, parsed.topic, parsed.event, parsed.payload]
    kinds.add(event)
    const form = (message) =>
      asArray ? [message.join_ref, message.ref, message.topic, message.event, message.payload] : message
    const ok = form({
      join_ref,
      ref,
      topic,
      event: 'phx_reply',
      payload: { status: 'ok', response: { postgres_changes: [] } },
    })
    return event === 'broadcast' ? [form({ join_ref: null, ref: null, topic, event, payload }), ok] : [ok]
  })
  const client = new RealtimeClient(url, {
    transport: WebSocket,
    vsn: '1.0.0',
    params: { apikey: 'key' },
    // It takes a server that does not answer by the next one for gone: a busy machine may be that slow.
    heartbeatIntervalMs: 60_000,
    reconnectAfterMs: () => 20,
  })
  const channel = client.channel('ours', { config: { broadcast: { self: true } } })
  const heard = new Promise((resolve) => channel.on('broadcast', { event: 'move' }, resolve))
  const states = []
  await new Promise((resolve) =>
    channel.subscribe((state) => states.push(state) && state === 'SUBSCRIBED' && resolve()),
  )
  check('realtime-js: sent', await channel.send({ type: 'broadcast', event: 'move', payload: { x: 1 } }))
  const { event, payload } = await heard
  check('realtime-js: heard', [event, payload, client.isConnected(), client.connectionState()])
  const again = new Promise((resolve) => server.once('connection', resolve))
  for (const socket of server.clients) socket.terminate()
  await again
  check('realtime-js: back', states[0])
  check('realtime-js: removed', await client.removeAllChannels())
  await client.disconnect()
  check('realtime-js: said', [...kinds].sort())
  await stop()
}

async function centrifuge(check) {
  const { server, url, stop } = await serve((data) =>
    data
      .split('\n')
      .flatMap((line) => {
        const { id, connect, subscribe, publish, rpc } = JSON.parse(line)
        if (connect) return [{ id, connect: { client: 'one', version: 'test', ping: 25, pong: true } }]
        if (subscribe) return [{ id, subscribe: {} }]
        if (publish) return [{ push: { channel: publish.channel, pub: { data: publish.data } } }, { id, publish: {} }]
        if (rpc) return [{ id, rpc: { data: rpc.data } }]
        return id === undefined ? [] : [{ id, error: { code: 108, message: 'not available' } }]
      })
      .map((reply) => JSON.stringify(reply)),
  )
  const client = new Centrifuge(url, { websocket: WebSocket, minReconnectDelay: 10, maxReconnectDelay: 20 })
  const states = []
  client.on('state', ({ newState }) => states.push(newState))
  const subscription = client.newSubscription('ours')
  const heard = new Promise((resolve) => subscription.once('publication', resolve))
  subscription.subscribe()
  client.connect()
  await client.ready()
  await subscription.ready()
  await subscription.publish({ text: 'é – 漢 🙂' })
  check('centrifuge: publication', (await heard).data)
  check('centrifuge: rpc', await client.rpc('echo', { a: 1 }))
  check('centrifuge: an error', await client.history('ours', {}).catch(({ code, message }) => [code, message]))
  for (const lose of [(socket) => socket.terminate(), (socket) => socket.close(3001, 'come back')]) {
    const back = new Promise((resolve) => client.once('connected', resolve))
    const why = new Promise((resolve) => client.once('connecting', resolve))
    for (const socket of server.clients) lose(socket)
    const { code, reason } = await why
    check('centrifuge: connecting', [code, reason])
    await back
    await subscription.ready()
  }
  const disconnected = new Promise((resolve) => client.once('disconnected', resolve))
  for (const socket of server.clients) socket.close(3501, 'stay away')
  const { code, reason } = await disconnected
  check('centrifuge: disconnected', [code, reason])
  check('centrifuge: states', states)
  await stop()
}

async function ethers(check) {
  const asked = []
  const { server, url, stop } = await serve((data) => {
    const { id, method } = JSON.parse(data)
    asked.push(method)
    const result = {
      eth_chainId: '0x1',
      eth_blockNumber: '0x10',
      eth_subscribe: '0xabc',
      eth_unsubscribe: true,
      eth_getBalance: '0xde0b6b3a7640000',
    }[method]
    const replies = [
      {
        jsonrpc: '2.0',
        id,
        ...(result === undefined ? { error: { code: -32601, message: 'no such method' } } : { result }),
      },
    ]
    if (method === 'eth_subscribe')
      replies.push({
        jsonrpc: '2.0',
        method: 'eth_subscription',
        params: { subscription: '0xabc', result: { number: '0x11' } },
      })
    return replies
  })
  const provider = new WebSocketProvider(url)
  check('ethers: network', (await provider.getNetwork()).chainId)
  check('ethers: block', await provider.getBlockNumber())
  check('ethers: balance', await provider.getBalance(`0x${'00'.repeat(20)}`))
  check('ethers: an error', await provider.send('wigwag_unknown', []).catch(({ code }) => code))
  check('ethers: a block that is told', await new Promise((resolve) => provider.once('block', resolve)))
  check('ethers: asked', [...new Set(asked)].sort())
  const closed = new Promise((resolve) => provider.websocket.addEventListener('close', resolve))
  await provider.destroy()
  const { code, wasClean } = await closed
  check('ethers: destroyed', [code, wasClean])
  while (server.clients.size > 0) await new Promise(setImmediate)
  await stop()
}
