/** An event as it is published. */
export interface Body {
  readonly event: string
  text: string
}

export function bodyOf(event: string, size: number): Body {
  return { event, text: textOf(event, size) }
}

/** Whether nothing of an event was changed on its way. */
export function isIntact(body: Body): boolean {
  return body.text === textOf(body.event, body.text.length)
}

/** Characters of one to four bytes, with all that a protocol of lines could trip over; no two events have the same. */
function textOf(event: string, size: number): string {
  const unit = `${event} ü€😀\n\r\ndata: id: \0\t`
  return unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
}
