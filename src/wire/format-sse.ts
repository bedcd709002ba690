import type { SSEBlock } from './sse.ts'

/** A comment alone: says that the stream is alive, changes nothing. */
export const SSE_COMMENT = ': \n\n'

/** A block as text. The data must be without line breaks, as JSON is. */
export function formatSSE({ event, data, id, retry, comments }: SSEBlock): string {
  let text = ''
  if (comments !== undefined) for (const comment of comments) text += `: ${comment}\n`
  if (event !== undefined) text += `event: ${event}\n`
  if (retry !== undefined) text += `retry: ${retry}\n`
  if (id !== undefined) text += `id: ${id}\n`
  if (data !== undefined) text += `data: ${data}\n`
  return `${text}\n`
}
