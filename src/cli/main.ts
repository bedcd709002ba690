import { ProcessTerminal } from './process-terminal.ts'
import { runCommand } from './run-command.ts'

const terminal = new ProcessTerminal()
// What a server or a proxy has open must not keep the process: all that was to be written is.
process.exit(await runCommand(process.argv.slice(2), terminal))
