/** What opens a WebSocket. */
export function upgradeRequest(path: string, protocol?: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'host: localhost',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    ...(protocol === undefined ? [] : [`sec-websocket-protocol: ${protocol}`]),
    '\r\n',
  ].join('\r\n')
}

/** A text frame of a client (RFC 6455, section 5.2), masked with zeros, which leave the text as it is. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  return Buffer.concat([frameHead(payload.length), Buffer.alloc(4), payload])
}

function frameHead(length: number): Buffer {
  if (length < 126) return Buffer.from([0x81, 0x80 | length])
  if (length < 65_536) return Buffer.from([0x81, 0x80 | 126, length >> 8, length & 255])
  const head = Buffer.alloc(10)
  head.set([0x81, 0x80 | 127])
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}

/** A call by HTTP/1.1 with JSON as its body. */
export function postRequest(path: string, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${lines.join('')}`
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

export function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`
}
