import { type } from 'arktype'
import { z } from 'zod'
import { eventIterator } from '../../src/contract/event-iterator.ts'
import { os } from '../../src/server/builder.ts'
import type { Router } from '../../src/server/router.ts'

const planet = z
  .object({ id: z.int(), name: z.string().describe('As people call it'), seen: z.date().optional() })
  .meta({ id: 'Planet' })
const comment = z.object({
  text: z.string(),
  get replies() {
    return z.array(comment)
  },
})
const base = os.errors({ NOT_FOUND: { message: 'No such thing' } })
const conflicts = base.errors({
  TAKEN: { status: 409, data: z.object({ by: z.string() }) },
  LOCKED: { status: 409, message: 'Locked', data: z.object({ until: z.date() }) },
})

function createResource(name: string, tag: string) {
  const list = base
    .route({ method: 'GET', path: '/', summary: `List ${name}`, tags: ['List'] })
    .input(
      z.object({
        page: z.int().min(1).default(1),
        tags: z.array(z.string()).optional(),
        where: z.object({ q: z.string() }).optional(),
      }),
    )
    .output(z.array(planet))
    .handler(({ input: { page, tags = [], where } }) => [{ id: page, name: [...tags, where?.q ?? ''].join() }])
  const find = base
    .route({ method: 'GET', path: '/{id}' })
    .input(z.object({ id: z.int() }))
    .output(planet)
    .handler(({ input, errors }) => {
      if (input.id === 404) throw errors.NOT_FOUND()
      return { id: input.id, name, seen: new Date(0) }
    })
  const create = conflicts
    .route({ method: 'POST', path: '/', successStatus: 201 })
    .input(planet.omit({ id: true }))
    .output(planet)
    .handler(({ input, errors }) => {
      if (input.name === 'taken') throw errors.TAKEN({ data: { by: 'Ada' } })
      return { ...input, id: 1 }
    })
  const update = conflicts
    .route({
      method: 'PUT',
      path: '/{id}',
      inputStructure: 'detailed',
      outputStructure: 'detailed',
      spec: (operation) => ({ ...operation, security: [{ token: [] }] }),
    })
    .input(
      z.object({
        params: z.object({ id: z.int() }),
        query: z.object({ dry: z.boolean().optional() }).optional(),
        headers: z.object({ 'x-reason': z.string().optional() }),
        body: planet.omit({ id: true }),
      }),
    )
    .output(
      z.union([
        z.object({ status: z.literal(200).describe('Updated'), body: planet }),
        z.object({
          status: z.literal(202).describe('Will be'),
          headers: z.object({ location: z.string() }),
          body: z.void(),
        }),
      ]),
    )
    .handler(({ input }) => ({ status: 200 as const, body: { id: input.params.id, ...input.body } }))
  const remove = base
    .route({ method: 'DELETE', path: '/{id}', successStatus: 204, deprecated: true })
    .input(z.object({ id: z.int() }))
    .output(z.void())
    .handler(() => {})
  const reply = base
    .route({ method: 'POST', path: '/{id}/comments', description: 'Comments have replies.' })
    .input(comment.extend({ id: z.int() }))
    .output(comment)
    .handler(({ input: { text, replies } }) => ({ text, replies }))
  const upload = base
    .route({ method: 'POST', path: '/{id}/images' })
    .input(z.object({ id: z.int(), image: z.file(), title: z.string() }))
    .output(z.object({ size: z.number() }))
    .handler(({ input }) => ({ size: input.image.size }))
  const download = base
    .route({ method: 'GET', path: '/{id}/images/{+path}' })
    .input(z.object({ id: z.int(), path: z.string() }))
    .output(z.file().mime('image/png'))
    .handler(({ input }) => new File([input.path], 'a.png', { type: 'image/png' }))
  const watch = base
    .route({ method: 'GET', path: '/watch' })
    .input(z.object({ types: z.array(z.enum(['made', 'gone'])).optional() }))
    .output(eventIterator(planet, z.object({ bye: z.boolean() })))
    .handler(async function* () {
      yield { id: 1, name }
      return { bye: true }
    })
  const rate = base
    .route({ method: 'POST', path: '/{id}/rate' })
    .input(type({ id: 'number', stars: '1 <= number.integer <= 5', 'at?': 'Date' }))
    .output(type({ mean: 'number' }))
    .handler(({ input }) => ({ mean: input.stars }))
  return os
    .prefix(`/${name}`)
    .tag(tag)
    .router({ list, find, create, update, remove, reply, upload, download, watch, rate })
}

/** Fifty procedures of all kinds. */
export const fifty: Router = {
  planets: createResource('planets', 'Planets'),
  moons: createResource('moons', 'Moons'),
  comets: createResource('comets', 'Comets'),
  stars: createResource('stars', 'Stars'),
  rings: createResource('rings', 'Rings'),
}
