/**
 * The bytes of a text in Base64 (RFC 4648, section 4).
 *
 * @throws {DOMException} when it is none.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  // `Uint8Array.from` with a callback takes ten times as long, which megabytes show.
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}
