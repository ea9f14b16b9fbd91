import { BareConnection } from './bare-connection.ts'
import { NetConnection } from './net-connection.ts'
import type { TcpConnection, TcpOwner } from './tcp-connection.ts'
import { loadTcpHandles } from './tcp-handles.ts'

const handles = loadTcpHandles()

/** Connects to a port of 127.0.0.1, by the cheapest means that this Node has. */
export function connectTcp(port: number, owner: TcpOwner): TcpConnection {
  return handles === undefined ? new NetConnection(port, owner) : new BareConnection(handles, port, owner)
}
