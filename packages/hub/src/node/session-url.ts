import { originForm } from '@wigwag/socket/core'

/** Where sessions come in over a WebSocket, as clients of Centrifuge's protocol expect it. */
const SESSION_PATH = '/connection/websocket'

/** Whether a request-target is that of sessions. */
export function isSessionUrl(target: string, basePath = ''): boolean {
  return originForm(target).split('?', 1)[0] === basePath + SESSION_PATH
}
