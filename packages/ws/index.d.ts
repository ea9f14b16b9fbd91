import ws = require('./index.cjs')

export { ws as default, ws as WebSocket }
export import WebSocketServer = ws.WebSocketServer
export import createWebSocketStream = ws.createWebSocketStream
export import Sender = ws.Sender
export import Receiver = ws.Receiver
export import PerMessageDeflate = ws.PerMessageDeflate
export import extension = ws.extension
export import subprotocol = ws.subprotocol

export import AddressInfo = ws.AddressInfo
export import CertMeta = ws.CertMeta
export import ClientOptions = ws.ClientOptions
export import CloseEvent = ws.CloseEvent
export import Data = ws.Data
export import ErrorEvent = ws.ErrorEvent
export import Event = ws.Event
export import EventListenerOptions = ws.EventListenerOptions
export import FinishRequestCallback = ws.FinishRequestCallback
export import MessageEvent = ws.MessageEvent
export import PerMessageDeflateOptions = ws.PerMessageDeflateOptions
export import RawData = ws.RawData
export import ServerOptions = ws.ServerOptions
export import VerifyClientCallbackAsync = ws.VerifyClientCallbackAsync
export import VerifyClientCallbackSync = ws.VerifyClientCallbackSync
import Server = ws.Server

export type { Server }
