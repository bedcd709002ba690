import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Case, Figure, Scale } from '../../tools/case.ts'

const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'scripts', 'type-cost.mjs')

/** What the compiler takes for applications with zod schemas, shared errors and every tenth procedure a stream. */
export function typeChecking({ quick }: Scale): readonly Case[] {
  return (quick ? [100, 1000] : [100, 1000, 3000]).map((procedures) => ({
    name: `type-checking/${procedures}`,
    title: `Type checking of ${procedures.toLocaleString('en')} procedures: contract, client, implementation`,
    unit: 'seconds of CPU',
    contenders: ['headwater', 'orpc'],
    rounds: 3,
    measure: (contender) => measureChecking(procedures, contender),
  }))
}

async function measureChecking(procedures: number, contender: string): Promise<Figure> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, String(procedures), contender])
  const { seconds, instantiations } = JSON.parse(stdout) as { seconds: number; instantiations: number }
  return { value: seconds, beside: { instantiations } }
}
