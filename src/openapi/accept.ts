/** Whether an `Accept` header allows a media type (RFC 9110, section 12.5.1). Without the header everything is allowed. */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true
  const [type = '', subtype = ''] = mediaType.toLowerCase().split(';', 1).join('').trim().split('/')
  // The most specific range decides: it may refuse what a wider one allows.
  const ranges = header.toLowerCase().split(',').map(parseRange)
  const found =
    ranges.find(({ range }) => range === `${type}/${subtype}`) ??
    ranges.find(({ range }) => range === `${type}/*`) ??
    ranges.find(({ range }) => range === '*/*' || range === '*')
  return found !== undefined && found.quality > 0
}

function parseRange(text: string): { readonly range: string; readonly quality: number } {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  return { range, quality: quality === undefined ? 1 : Number(quality) }
}
