import type { Connection } from '../../session/peer/connection.ts'
import { type FrameData, toFrameData } from '../../wire/chunks.ts'

type Listener = (message: unknown) => void

/** A MessagePort of a page, a worker or Node, a `Worker`, or a worker's own global scope. */
export interface EventPort {
  postMessage(message: unknown): void
  addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void
  removeEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void
  start?(): void
  close?(): void
}

/** A `Worker` of `node:worker_threads`, or Electron's `MessagePortMain`. */
export interface EmitterPort {
  postMessage(message: unknown): void
  on(event: string, listener: Listener): unknown
  off(event: string, listener: Listener): unknown
  start?(): void
  close?(): void
}

/** A port of a browser extension. What it carries becomes JSON on the way: text, and no files. */
export interface ExtensionPort {
  postMessage(message: unknown): void
  disconnect(): void
  readonly onMessage: { addListener(listener: Listener): void; removeListener(listener: Listener): void }
  readonly onDisconnect: { addListener(listener: () => void): void; removeListener(listener: () => void): void }
}

/** Whatever passes messages to one other side. */
export type PortLike = EventPort | EmitterPort | ExtensionPort

export interface PortListener {
  onData(data: FrameData): void
  /** The other side is gone, where the port tells. */
  onGone(): void
}

/** Serves a port until the connection is closed. */
export function openPort(port: PortLike, listener: PortListener): Connection {
  const stop = listen(
    port,
    (message) => {
      if (isFrame(message)) listener.onData(toFrameData(message))
    },
    () => {
      stop()
      listener.onGone()
    },
  )
  return {
    send(data) {
      try {
        port.postMessage(data)
      } catch {
        // An extension's port throws when it is disconnected; its own event follows.
      }
    },
    buffered: 0,
    closesSilently: true,
    introduces: true,
    close() {
      stop()
      if ('disconnect' in port) port.disconnect()
      // The global scope of a worker has a `close`, too, but that would end the worker.
      else if (port.start !== undefined) port.close?.()
    },
  }
}

/** Listens on a port; returns what takes the listeners off. */
function listen(port: PortLike, onMessage: Listener, onGone: () => void): () => void {
  if ('addEventListener' in port) {
    const onEvent = ({ data }: { readonly data: unknown }): void => onMessage(data)
    port.addEventListener('message', onEvent)
    port.addEventListener('close', onGone)
    port.start?.()
    return () => {
      port.removeEventListener('message', onEvent)
      port.removeEventListener('close', onGone)
    }
  }
  if ('on' in port) {
    const onEvent = (message: unknown): void => onMessage(dataOf(message))
    const events = [
      ['message', onEvent],
      ['close', onGone],
      ['exit', onGone],
    ] as const
    for (const [event, listener] of events) port.on(event, listener)
    port.start?.()
    return () => {
      for (const [event, listener] of events) port.off(event, listener)
    }
  }
  port.onMessage.addListener(onMessage)
  port.onDisconnect.addListener(onGone)
  return () => {
    port.onMessage.removeListener(onMessage)
    port.onDisconnect.removeListener(onGone)
  }
}

/** Electron emits events, Node the messages themselves. */
function dataOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'data' in message ? message.data : message
}

/** Other messages on the same port are none of ours. */
function isFrame(message: unknown): boolean {
  return typeof message === 'string' || message instanceof ArrayBuffer || ArrayBuffer.isView(message)
}
