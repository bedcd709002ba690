import { RPCError } from '../../../src/core/error.ts'
import type { Happening } from '../history.ts'
import { bodyOf } from './body.ts'
import type { PublishCommand } from './commands.ts'
import type { Service } from './service.ts'

type Tell = (happening: Happening) => void

/** Counts this process's calls. */
let calls = 0

/** Publishes as it is told, and tells what became of each event. */
export async function publish(service: Service, command: PublishCommand, tell: Tell): Promise<void> {
  const { channel, publisher, events, how, attempt, size } = command
  const transaction = how === 'commit' || how === 'rollback'
  for (const { event } of events) {
    tell({ type: 'publish', event, channel, publisher, number: ++calls, keyed: how === 'keyed', attempt, transaction })
  }
  const names = events.map(({ event }) => event)
  if (transaction) return publishInTransaction(service, command, tell)
  if (how === 'batch') {
    const bodies = names.map((event) => bodyOf(event, size))
    await outcome(names, tell, () => service.publisher.publishAll(channel, bodies, { idempotencyKey: names.join() }))
    return
  }
  await Promise.all(
    names.map((event) => {
      const body = bodyOf(event, size)
      const options = how === 'keyed' ? { idempotencyKey: event } : {}
      const published = outcome([event], tell, () => service.publisher.publish(channel, body, options))
      // It was encoded by the call: what its owner does to it later is nobody else's business.
      body.text = 'changed'
      return published
    }),
  )
}

/** What is in a transaction is acknowledged by its commit. */
async function publishInTransaction(service: Service, command: PublishCommand, tell: Tell): Promise<void> {
  const { channel, events, how, size } = command
  const end = how === 'rollback' ? how : 'commit'
  const names = events.map(({ event }) => event)
  const ids: string[] = []
  let isCommitting = false
  try {
    await service.opened.transact?.(async (transaction) => {
      for (const event of names) {
        const { id } = await service.publisher.publish(channel, bodyOf(event, size), { transaction })
        ids.push(id)
      }
      isCommitting = end === 'commit'
    }, end)
    for (const [index, event] of names.entries()) {
      if (end === 'rollback') tell({ type: 'refused', event, code: 'ROLLBACK' })
      else tell({ type: 'acked', event, id: ids[index] as string, duplicate: false })
    }
    if (end === 'commit') service.publisher.wake(channel)
  } catch (error) {
    // A commit whose answer was lost may have been carried out. All else is undone with its transaction.
    const type = isCommitting ? 'unknown' : 'refused'
    for (const event of names) tell({ type, event, code: codeOf(error) })
  }
}

async function outcome(
  names: readonly string[],
  tell: Tell,
  publish: () => Promise<{ readonly id: string; readonly duplicate: boolean }>,
): Promise<void> {
  try {
    const { id, duplicate } = await publish()
    for (const event of names) tell({ type: 'acked', event, duplicate, ...(event === names.at(-1) ? { id } : {}) })
  } catch (error) {
    const code = codeOf(error)
    for (const event of names) tell({ type: code === 'APPEND_UNKNOWN' ? 'unknown' : 'refused', event, code })
  }
}

function codeOf(error: unknown): string {
  return error instanceof RPCError ? error.code : String(error)
}
