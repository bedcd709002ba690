import { Arguments } from './arguments.ts'
import { bench } from './bench/command.ts'
import { call } from './call.ts'
import type { Command } from './command.ts'
import { ExitCode, exitCodeOf } from './exit-code.ts'
import { faults } from './faults/command.ts'
import { inspect } from './inspect/command.ts'
import { describeError, errorToJSON } from './print.ts'
import { tail } from './tail.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'
import { readVersion } from './version.ts'

const COMMANDS: Readonly<Record<string, Command>> = { call, tail, bench, faults, inspect }

const HELP = `Usage: headwater <command> [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

  headwater <command> --help   what a command takes
  headwater --version          this version

Exit codes: 0 done, 1 the server answered with an error, 2 wrong usage, 3 no answer, 4 events are missing,
130 Ctrl-C, 143 terminated.
`

/** Runs what the arguments say; resolves with the exit code, when all is written. Never rejects. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = '', ...rest] = args
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  try {
    if (command !== undefined) return await run(command, rest, terminal)
    if (['help', '--help', '-h'].includes(name)) {
      const [about = ''] = rest
      await terminal.write((Object.hasOwn(COMMANDS, about) ? COMMANDS[about]?.help : undefined) ?? HELP)
      return ExitCode.DONE
    }
    if (['--version', '-v'].includes(name)) {
      await terminal.write(`${await readVersion()}\n`)
      return ExitCode.DONE
    }
    terminal.note(name === '' ? HELP : `headwater: there is no command ${name}\n\n${HELP}`)
    return ExitCode.USAGE
  } catch (error) {
    // Whatever failed because the command was told to end is no failure.
    const reason = terminal.signal.aborted ? terminal.signal.reason : error
    const code = exitCodeOf(reason)
    if (!terminal.signal.aborted) tell(error, rest, terminal)
    if (error instanceof UsageError) terminal.note(`\nheadwater ${name} --help says more`)
    return code
  }
}

async function run(command: Command, rest: readonly string[], terminal: Terminal): Promise<number> {
  if (rest.slice(0, endOfOptions(rest)).some((arg) => arg === '--help' || arg === '-h')) {
    await terminal.write(command.help)
    return ExitCode.DONE
  }
  const args = new Arguments(rest, command.options)
  const [least, most] = command.arguments
  const count = args.positionals.length
  if (count < least) throw new UsageError(`There is ${['a url', 'a procedure'][count] ?? 'an argument'} missing`)
  if (count > most) throw new UsageError(`There is an argument too many: ${args.positionals[most]}`)
  return command.run(args, terminal)
}

function endOfOptions(args: readonly string[]): number {
  const end = args.indexOf('--')
  return end === -1 ? args.length : end
}

function tell(error: unknown, args: readonly string[], terminal: Terminal): void {
  terminal.note(args.includes('--json') ? errorToJSON(error) : `headwater: ${describeError(error)}`)
}
