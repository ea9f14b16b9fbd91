import { WebSocketServer } from '@wigwag/ws'
import { serveWs } from './serve-ws.ts'

serveWs(WebSocketServer as unknown as Parameters<typeof serveWs>[0])
