/** A page that shows a document, served from here: nothing is loaded from elsewhere. */
export interface ReferenceUI {
  readonly script: string
  readonly style?: string | undefined
  /** The JavaScript that shows the document, once the script is there: `url` is its address, `#app` the place. */
  readonly start: string
}

/**
 * Scalar: `script` is the text of `@scalar/api-reference/dist/browser/standalone.js`.
 *
 * @param config of Scalar's own, besides `url`.
 */
export function scalarUI(script: string, config: object = {}): ReferenceUI {
  return { script, start: `Scalar.createApiReference('#app', { ...${toScript(config)}, url })` }
}

/**
 * Swagger UI: the texts of `swagger-ui-dist/swagger-ui-bundle.js` and `swagger-ui-dist/swagger-ui.css`.
 *
 * @param config of Swagger UI's own, besides `url`.
 */
export function swaggerUI(
  { script, style }: { readonly script: string; readonly style: string },
  config: object = {},
): ReferenceUI {
  return { script, style, start: `SwaggerUIBundle({ dom_id: '#app', ...${toScript(config)}, url })` }
}

export interface ReferencePage {
  readonly title: string
  /** Where it stands, and what it loads, behind the handler's prefix. */
  readonly docsPath: string
  readonly specPath: string
  readonly scriptPath: string
  readonly stylePath: string
}

/** The page. It finds what it loads by its own address: what is mounted somewhere need not know where. */
export function formatPage(ui: ReferenceUI, page: ReferencePage): string {
  const { docsPath, specPath, scriptPath, stylePath } = page
  const own = docsPath.replace(/\/+$/, '').length
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHTML(page.title)}</title>
</head>
<body>
<div id="app"></div>
<script>
const path = location.pathname.replace(/\\/+$/, '')
const base = path.slice(0, path.length - ${own})
const url = base + ${toScript(specPath)}
${ui.style === undefined ? '' : `document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: base + ${toScript(stylePath)} }))`}
document.body.append(Object.assign(document.createElement('script'), {
  src: base + ${toScript(scriptPath)},
  onload() { ${ui.start} },
}))
</script>
</body>
</html>
`
}

/** JSON inside a script element: nothing in it may end that. */
function toScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c')
}

function escapeHTML(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
