import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bundle } from '../../../test/tools/bundle-size.ts'
import type { Case, Figure, Scale } from '../../tools/case.ts'

/** What a page has to load to call procedures and read streams that resume. The same in every round. */
export function clientBundle(_: Scale): readonly Case[] {
  return [
    {
      name: 'client-bundle',
      title: 'A client: calls, streams, resume',
      unit: 'KB, minified and gzipped',
      contenders: ['headwater', 'orpc', 'socket-io', 'trpc'],
      rounds: 1,
      measure: measureBundle,
    },
  ]
}

async function measureBundle(contender: string): Promise<Figure> {
  const code = await bundle(join(import.meta.dirname, 'clients', `${contender}.ts`))
  return { value: gzipSync(code, { level: 9 }).length / 1024, beside: { 'minified KB': code.length / 1024 } }
}
