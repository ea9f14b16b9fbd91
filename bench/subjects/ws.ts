import { WebSocketServer } from 'ws'
import { serveWs } from './serve-ws.ts'

serveWs(WebSocketServer)
