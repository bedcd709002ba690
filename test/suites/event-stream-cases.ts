/** An event as an `EventSource` dispatches it: type, data, last event id. */
export type Dispatched = readonly [type: string, data: string, id: string]

const bytes = (text: string): number[] => [...new TextEncoder().encode(text)]

interface StreamCase {
  readonly name: string
  readonly body: readonly number[]
  /** What the standard says: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
  readonly events: readonly Dispatched[]
}

function streamCase(name: string, body: string | readonly number[], events: readonly Dispatched[]): StreamCase {
  return { name, body: typeof body === 'string' ? bytes(body) : body, events }
}

const long = 'x'.repeat(300_000)

/** Streams of bytes on which our decoder and a browser have to agree. */
export const STREAM_CASES: readonly StreamCase[] = [
  streamCase('a byte order mark', '\uFEFFdata: 1\n\n', [['message', '1', '']]),
  streamCase('only the first byte order mark', '\uFEFF\uFEFFdata: 1\n\ndata: 2\n\n', [['message', '2', '']]),
  streamCase('a byte order mark later on', 'data: 1\n\n\uFEFFdata: 2\n\n', [['message', '1', '']]),
  streamCase('LF', 'data: 1\ndata: 2\n\n', [['message', '1\n2', '']]),
  streamCase('CR', 'data: 1\rdata: 2\r\r', [['message', '1\n2', '']]),
  streamCase('CRLF', 'data: 1\r\ndata: 2\r\n\r\n', [['message', '1\n2', '']]),
  streamCase('ends of lines that differ', 'data: 1\rdata: 2\r\n\ndata: 3\n\r', [
    ['message', '1\n2', ''],
    ['message', '3', ''],
  ]),
  streamCase('no ends of lines of Unicode', 'data: a\u2028b\u0085c\vd\n\n', [['message', 'a\u2028b\u0085c\vd', '']]),
  streamCase('characters of several bytes', 'data: é→😀\n\n', [['message', 'é→😀', '']]),
  streamCase(
    'bytes that are no UTF-8',
    [...bytes('data: a'), 0xff, 0xc3, ...bytes('b\n\n')],
    [['message', 'a��b', '']],
  ),
  streamCase('an id with NUL', 'id: 1\ndata: 1\n\nid: 2\0\ndata: 2\n\n', [
    ['message', '1', '1'],
    ['message', '2', '1'],
  ]),
  streamCase('NUL elsewhere', 'event: a\0b\ndata: 1\0\n\n', [['a\0b', '1\0', '']]),
  streamCase('a retry that is none', 'retry: 1x\nretry: -1\ndata: 1\n\n', [['message', '1', '']]),
  streamCase('fields without a colon', 'data\n\ndata\ndata\n\n', [
    ['message', '', ''],
    ['message', '\n', ''],
  ]),
  streamCase('an id without a colon takes it back', 'id: 1\ndata: 1\n\nid\ndata: 2\n\n', [
    ['message', '1', '1'],
    ['message', '2', ''],
  ]),
  streamCase('no space behind the colon, or two', 'data:1\ndata:  2\ndata:\t3\n\n', [['message', '1\n 2\n\t3', '']]),
  streamCase('colons in values', 'data: a: b:c\n\n', [['message', 'a: b:c', '']]),
  streamCase('empty data', 'data:\n\ndata: \n\n', [
    ['message', '', ''],
    ['message', '', ''],
  ]),
  streamCase('comments', ': x\ndata: 1\n:y\n:\n\n: z\n\n', [['message', '1', '']]),
  streamCase('an id alone', 'data: 1\n\nid: 7\n\ndata: 2\n\n', [
    ['message', '1', ''],
    ['message', '2', '7'],
  ]),
  streamCase('an id stays until there is another', 'id: a\ndata: 1\n\ndata: 2\n\nid: b\nid: c\ndata: 3\n\n', [
    ['message', '1', 'a'],
    ['message', '2', 'a'],
    ['message', '3', 'c'],
  ]),
  streamCase('an event without data', 'event: x\nid: 1\n\ndata: 1\n\n', [['message', '1', '1']]),
  streamCase('an empty name, and a second one', 'event:\ndata: 1\n\nevent: a\nevent: b\ndata: 2\n\n', [
    ['message', '1', ''],
    ['b', '2', ''],
  ]),
  streamCase(
    'unknown fields, and those that look like known ones',
    'foo: 1\nDATA: 2\n data: 3\ndata : 4\ndata: 5\n\n',
    [['message', '5', '']],
  ),
  streamCase('a last event without its empty line', 'data: 1\n\nid: 2\ndata: 2\n', [['message', '1', '']]),
  streamCase('a last event without its end of line', 'data: 1\n\ndata: 2', [['message', '1', '']]),
  streamCase('a very long line', `data: ${long}\n\n`, [['message', long, '']]),
  streamCase('nothing', '\n\n\r\n\r\n', []),
]
