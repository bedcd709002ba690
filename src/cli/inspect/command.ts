import { spawn } from 'node:child_process'
import { RPCError } from '../../core/error.ts'
import { COMMON_HELP } from '../arguments.ts'
import type { Command } from '../command.ts'
import { ExitCode } from '../exit-code.ts'
import { toJSON } from '../print.ts'
import { parseURL } from '../target.ts'
import { type Findings, type FoundProcedure, find } from './find-inspector.ts'

/** Tells what a server can be asked, and where its inspector is. */
export const inspect: Command = {
  summary: 'list what a server can be asked, and find its inspector',
  help: `Usage: headwater inspect <url>

Asks a server for its inspector, at /inspector behind the url or at the server's root, and lists its procedures, and the
channels, streams and connections as they stand. Without an inspector it reads the OpenAPI document at /spec.json.

  headwater inspect http://localhost:3000/rpc
  headwater inspect https://example.com -H 'authorization: Bearer abc' --open

      --open                  opens the inspector's page in a browser
${COMMON_HELP}

Exit codes: 0 found, 1 the server does not tell, or not to you, 2 wrong usage, 3 no answer, 130 Ctrl-C.
`,
  options: { open: { type: 'boolean' } },
  arguments: [1, 1],
  async run(args, terminal) {
    const [text = ''] = args.positionals
    const url = parseURL(text)
    url.protocol = url.protocol.replace('ws', 'http')
    const findings = await find(url, { headers: args.headers, signal: terminal.signal }).catch((cause: unknown) => {
      // `fetch` itself says no more than that it failed.
      if (!(cause instanceof TypeError)) throw cause
      throw new RPCError('CONNECTION_FAILED', { status: 503, message: 'The server could not be reached', cause })
    })
    await terminal.write(args.flag('json') ? `${toJSON(findings)}\n` : describe(findings))
    if (args.flag('open') && findings.inspector !== undefined) openPage(findings.inspector)
    if (findings.procedures !== undefined) return ExitCode.DONE
    const { guarded } = findings
    terminal.note(
      guarded === undefined
        ? 'There is a server, but neither an inspector at /inspector nor a document at /spec.json. Add InspectorPlugin of headwater/inspector to its handler'
        : `The inspector at ${guarded} does not let you in: its \`allow\` decides by the request, so --header may help`,
    )
    return ExitCode.FAILED
  },
}

function describe(findings: Findings): string {
  const { inspector, document, title, procedures, sample } = findings
  if (procedures === undefined) return ''
  const lines = [`${title ?? 'A server'}: ${inspector ?? document}`, '', ...table(procedures.map(toRow))]
  if (sample !== undefined) {
    const { connections, streams, publishers } = sample
    lines.push('', `${count(connections.length, 'connection')}, ${count(streams.length, 'stream')} open`)
    const rows = publishers.flatMap(({ name, channels }) =>
      channels.map(({ channel, subscribers, lag, head = '-' }) => [
        `${name} ${channel}`,
        count(subscribers, 'subscriber'),
        `lag ${lag}`,
        `head ${head}`,
      ]),
    )
    lines.push(...table(rows))
  }
  return `${lines.join('\n')}\n`
}

function toRow({ path, route = '', summary = '', isStream, input }: FoundProcedure): string[] {
  const fields = Object.keys((input as { properties?: object } | undefined)?.properties ?? {})
  const shown = fields.length === 0 ? '' : `{ ${fields.join(', ')} }`
  return [path.join('.'), isStream ? 'stream' : '', shown, route, summary]
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  const used = widths.map((width) => width > 0)
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .filter((_, column) => used[column])
      .join('  ')
      .trimEnd(),
  )
}

/** By what the system opens addresses with. That there is none is no failure: the address has been printed. */
function openPage(address: string): void {
  const [command = '', ...args] =
    process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : [process.platform === 'darwin' ? 'open' : 'xdg-open']
  spawn(command, [...args, address], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
