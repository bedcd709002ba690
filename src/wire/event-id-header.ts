/**
 * An event id as an HTTP header value. Headers carry bytes, which `fetch` takes as one character each: the id's UTF-8
 * bytes travel so, as an `EventSource` sends them.
 */
export function toEventIdHeader(id: string): string {
  return String.fromCharCode(...new TextEncoder().encode(id))
}

export function fromEventIdHeader(header: string): string {
  return isASCII(header)
    ? header
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(header, (char) => char.charCodeAt(0)))
}

function isASCII(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant.
  return /^[\x00-\x7f]*$/.test(text)
}
