export { ChildProgram, type ProgramExit } from './child-program.ts'
export { hasChromium, launchChromium } from './chromium.ts'
export { type CutHow, HEALTHY, type LineConditions, type LineDirection } from './fault-conditions.ts'
export type { FaultLine } from './fault-line.ts'
export { type FaultPlanOptions, type FaultStep, planLineFaults, playLineFaults } from './fault-plan.ts'
export { FaultProxy } from './fault-proxy.ts'
export { findProgram } from './find-program.ts'
export { freePort } from './free-port.ts'
export { HaproxyServer, hasHaproxy } from './haproxy-server.ts'
export { hasMosquitto, MosquittoServer } from './mosquitto-server.ts'
export { hasNginx, NginxServer } from './nginx-server.ts'
export type { ProxyConfig } from './proxy-server.ts'
export { hasPythonModule, SYSTEM_PYTHON } from './python-module.ts'
export { hasRedis, RedisSentinels, RedisServer, type RedisServerOptions, redisCli } from './redis-server.ts'
export { retainedBytes } from './retained-bytes.ts'
export { type FailureWatch, watchFailures } from './watch-failures.ts'
export { WEBSOCKET_PROXIES, type WebSocketProxy } from './websocket-proxies.ts'
export { execWigwag, runWigwag, type ServedWigwag, serveWigwag } from './wigwag-program.ts'
export type { AnswerHead } from './wire/answer-parser.ts'
export { HttpWire, type WireAnswer, WireClosed, type WireRequest } from './wire/http-wire.ts'
export type { SessionReaderOptions } from './wire/session-reader.ts'
export {
  type ReaderEnd,
  type ReaderOptions,
  ReaderRefused,
  type Told,
  type WirePosition,
  WireReader,
} from './wire/wire-reader.ts'
export { WIRE_TRANSPORTS, type WireTransport, wireTransports } from './wire/wire-transports.ts'
