import { PullIterator } from '../core/pull-iterator.ts'
import type { StreamPosition } from '../event/stream-position.ts'
import type { Member, Members } from './presence-view.ts'

/** What has changed in a channel. A stream of changes begins with the whole list, also when it resumes. */
export type PresenceChange<State> =
  | { readonly type: 'list'; readonly members: readonly Member<State>[] }
  | { readonly type: 'join' | 'update' | 'leave'; readonly member: Member<State> }

/**
 * Who has come, who has changed and who has left, since the list with which it begins. Who is slow is told what has
 * become of it all: of somebody who came and left meanwhile, nothing.
 */
export class PresenceChanges<State> extends PullIterator<PresenceChange<State>> {
  readonly #lists: Members<State>
  readonly '~position': StreamPosition
  #known: ReadonlyMap<string, Member<State>> | undefined
  #waiting: PresenceChange<State>[] = []

  constructor(lists: Members<State>) {
    super()
    this.#lists = lists
    this['~position'] = lists['~position']
  }

  protected async pull(): Promise<IteratorResult<PresenceChange<State>, void>> {
    for (;;) {
      this['~position'].assertOpen?.()
      const change = this.#waiting.shift()
      if (change !== undefined) return { done: false, value: change }
      const { done, value: members } = await this.#lists.next()
      if (done) return { done, value: undefined }
      const known = this.#known
      this.#known = new Map(members.map((member) => [member.id, member]))
      if (known === undefined) return { done: false, value: { type: 'list', members } }
      this.#waiting = changesBetween(known, this.#known)
    }
  }

  protected async release(): Promise<void> {
    await this.#lists.return()
  }
}

type Known<State> = ReadonlyMap<string, Member<State>>

function changesBetween<State>(before: Known<State>, after: Known<State>): PresenceChange<State>[] {
  const changes: PresenceChange<State>[] = []
  for (const [id, member] of before) if (!after.has(id)) changes.push({ type: 'leave', member })
  for (const [id, member] of after) {
    const known = before.get(id)
    if (known === undefined) changes.push({ type: 'join', member })
    else if (known.state !== member.state) changes.push({ type: 'update', member })
  }
  return changes
}
