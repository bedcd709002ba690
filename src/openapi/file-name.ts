/** The name of a file that is sent as a body (RFC 6266). */
export function fileNameOf(disposition: string | null | undefined): string | undefined {
  const [, encoded] = /filename\*=(?:utf-8|UTF-8)''([^;\s]+)/.exec(disposition ?? '') ?? []
  const [, quoted, token] = /filename="((?:[^"\\]|\\.)*)"|filename=([^;\s"]+)/.exec(disposition ?? '') ?? []
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded)
  } catch {}
  return quoted?.replace(/\\(.)/g, '$1') ?? token
}

/** How a file is sent as a body: shown in place, saved under its name. */
export function toDisposition(file: Blob): string {
  const name = file instanceof File ? file.name : 'blob'
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `inline; filename="${ascii}"; filename*=utf-8''${encoded}`
}
