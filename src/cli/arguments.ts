import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

/** What every command takes. */
const COMMON_OPTIONS = {
  header: { type: 'string', short: 'H', multiple: true },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  help: { type: 'boolean', short: 'h' },
} satisfies ParseArgsConfig['options']

export const COMMON_HELP = `  -H, --header <name: value>  a header of every request and of the connection; may be given more than once
      --json                  JSON on one line, for other programs
  -q, --quiet                 nothing on the standard error but errors
  -h, --help                  this text`

type Value = string | boolean | (string | boolean)[] | undefined

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The arguments of a command, by their names. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #values: Readonly<Record<string, Value>>

  /** @throws {UsageError} for an option that is none, or a value that is missing. */
  constructor(args: readonly string[], options: ParseArgsConfig['options']) {
    try {
      const { values, positionals } = parseArgs({
        args: [...args],
        options: { ...COMMON_OPTIONS, ...options },
        allowPositionals: true,
      })
      this.positionals = positionals
      this.#values = values
    } catch (error) {
      throw new UsageError(error instanceof Error ? (error.message.split('. To specify')[0] ?? '') : String(error))
    }
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  /** @throws {UsageError} when it is none of the choices. */
  choice<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const value = this.text(name) ?? choices[0]
    const choice = choices.find((choice) => choice === value)
    if (choice === undefined) throw new UsageError(`--${name} has to be ${choices.join(', ')}, not ${value}`)
    return choice
  }

  /** @throws {UsageError} when it is no number, or too small a one. */
  number(name: string, { least = 0, whole = true }: { least?: number; whole?: boolean } = {}): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = Number(text)
    const fits = text.trim() !== '' && Number.isFinite(value) && value >= least && (!whole || Number.isInteger(value))
    if (!fits)
      throw new UsageError(`--${name} has to be a ${whole ? 'whole ' : ''}number from ${least} on, not ${text}`)
    return value
  }

  /** In ms. A bare number is one of seconds. @throws {UsageError} when it is no time. */
  duration(name: string): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
    if (amount === undefined) throw new UsageError(`--${name} has to be a time such as 10, 500ms or 2m, not ${text}`)
    return Number(amount) * (UNITS[unit] ?? 1000)
  }

  get headers(): Readonly<Record<string, string>> {
    const given = this.#values['header']
    const lines = Array.isArray(given) ? given.map(String) : []
    return Object.fromEntries(lines.map(parseHeader))
  }
}

function parseHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(':')
  const name = line.slice(0, colon).trim().toLowerCase()
  const value = line.slice(colon + 1).trim()
  if (colon < 1 || !isHeader(name, value)) {
    throw new UsageError(`--header has to be like 'authorization: Bearer abc'`)
  }
  return [name, value]
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).has(name)
  } catch {
    return false
  }
}
