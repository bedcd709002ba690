import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that tests need and Debian has. */
export interface DebianProgram {
  /** Debian's package. */
  readonly package: string
  /** What its executable may be called. */
  readonly names: readonly string[]
  /** Where it may be beside the `PATH`. */
  readonly folders?: readonly string[] | undefined
  /** The environment variable that may name another one. */
  readonly variable: string
  /** Which tests need it, for those who have to install it. */
  readonly neededBy: string
}

/**
 * The path of a program. Installs Debian's package when run as root without it.
 *
 * `undefined`, with a warning, where there is none and the tests have to be skipped.
 *
 * @throws {Error} in CI, where skipping would hide that nothing was tested.
 */
export function findProgram(program: DebianProgram): string | undefined {
  const found = lookUp(program) ?? (install(program) ? lookUp(program) : undefined)
  if (found !== undefined) return found
  const hint = `Install it (Debian: apt-get install ${program.package}) or name one with ${program.variable}.`
  const message = `${program.neededBy} need ${program.package}. ${hint}`
  if (process.env['CI']) throw new Error(message)
  console.warn(`\n*** SKIPPED: ${message} ***\n`)
  return undefined
}

function lookUp({ names, folders: more = [], variable }: DebianProgram): string | undefined {
  const named = process.env[variable]
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...more]
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  return [...(named === undefined ? [] : [named]), ...candidates].find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function install({ package: name }: DebianProgram): boolean {
  if (process.getuid?.() !== 0) return false
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const
  try {
    execFileSync('apt-get', ['update', '-qq'], options)
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], options)
    return true
  } catch (error) {
    console.warn(`${name} could not be installed: ${error}`)
    return false
  }
}
