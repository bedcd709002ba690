import type { ParseArgsConfig } from 'node:util'
import type { Arguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

export type OptionsConfig = NonNullable<ParseArgsConfig['options']>

/** One thing that `headwater` can do. */
export interface Command {
  /** For the list of all commands. */
  readonly summary: string
  /** What `--help` prints. */
  readonly help: string
  /** Beside those that every command has. */
  readonly options: OptionsConfig
  /** How many arguments it takes that are no options. */
  readonly arguments: readonly [least: number, most: number]
  /** Resolves with an exit code, or rejects with what is to be told. */
  run(args: Arguments, terminal: Terminal): Promise<number>
}
