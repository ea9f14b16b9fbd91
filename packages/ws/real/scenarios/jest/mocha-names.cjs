// koa-websocket is tested with mocha, which has other names for two of these.
Object.assign(globalThis, { before: beforeAll, after: afterAll })
