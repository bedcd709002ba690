import { StreamableFile } from '@nestjs/common'
import type { EventSource } from '../event/event-iterator.ts'
import { isPlainObject } from '../openapi/route.ts'
import type { ServerResponse } from '../session/server-request.ts'

/** What Nest's interceptors see of what they cannot change: those that make other objects of outputs leave such files alone. */
abstract class OpaqueOutput extends StreamableFile {
  constructor() {
    super(new Uint8Array())
  }
}

/** A stream: Nest would send the stream itself as it sends those of Node. */
export class StreamOutput extends OpaqueOutput {
  readonly source: EventSource

  constructor(source: EventSource) {
    super()
    this.source = source
  }
}

/** An answer that a plugin gives instead of the procedure. */
export class PluginOutput extends OpaqueOutput {
  readonly answer: ServerResponse

  constructor(answer: ServerResponse) {
    super()
    this.answer = answer
  }
}

/** A stream or an answer in what interceptors have made of it, even where they put all outputs into an object. */
export function findOutput<Output extends object>(
  value: unknown,
  kind: abstract new (...args: never) => Output,
): Output | undefined {
  if (value instanceof kind) return value
  if (!isPlainObject(value)) return undefined
  return Object.values(value).find((item): item is Output => item instanceof kind)
}
