import { randomToken } from '../core/random-token.ts'
import type { ConnectionState } from '../event/connection-state.ts'
import type { EventGapData } from '../event/event-gap.ts'
import type { KeptEvents } from './kept-events.ts'
import type { TabAnswer, TabEnd, TabEvent, TabQuestion } from './tab-message.ts'

/** What a tab does with what it is handed. */
export interface FollowingTab {
  readonly kept: KeptEvents
  /** Whether every event since the beginning is needed, and not only the newest ones. */
  readonly whole: boolean
  ask(question: TabQuestion): void
  take(event: TabEvent): void
  moveTo(place: string): void
  showState(state: ConnectionState): void
  onGap(gap: EventGapData): void
  end(end: TabEnd): void
  /** Nobody can serve this tab. */
  goAlone(): void
  /** Nobody answers. */
  takeOver(): void
}

type Answer<Type extends TabAnswer['type']> = Extract<TabAnswer, { type: Type }>

/** How long, in ms, an answer of the leading tab is waited for, and how often it is asked. */
const PATIENCE = 500
const ATTEMPTS = 4
/** How long, in ms, the leading tab may be silent before it is asked whether it lives, and then again. */
const SILENCE = 5000

/** Follows the tab that leads: joins where it stands, takes its events one by one, and sees to it that it lives. */
export class TabFollower {
  readonly #tab: FollowingTab
  readonly #who = randomToken(12)
  /** Whose events it takes; `undefined` while it joins. */
  #term: string | undefined
  /** How many events that tab has handed over. */
  #seq = 0
  #attempts = 0
  #isAnswered = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #heardAt = 0
  #askedAt = 0

  constructor(tab: FollowingTab) {
    this.#tab = tab
  }

  join(): void {
    this.#term = undefined
    this.#attempts = 0
    this.#isAnswered = false
    this.#ask()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#term = undefined
  }

  hear(answer: TabAnswer): void {
    this.#heardAt = performance.now()
    if (answer.type === 'lead') this.join()
    else if (answer.type === 'welcome' || answer.type === 'unknown') this.#hearWhetherToJoin(answer)
    else if (answer.term === this.#term) this.#follow(answer)
  }

  /** Who is silent may be frozen, and is asked; who does not answer is no longer followed. */
  tick(): void {
    const now = performance.now()
    if (this.#term === undefined || now - this.#heardAt < SILENCE) return
    const isAsked = this.#askedAt > this.#heardAt
    if (isAsked && now - this.#askedAt >= SILENCE) this.#tab.takeOver()
    if (isAsked) return
    this.#askedAt = now
    this.#tab.ask({ type: 'ping' })
  }

  #ask(): void {
    clearTimeout(this.#timer)
    if (this.#attempts++ === ATTEMPTS) {
      if (this.#isAnswered) this.#tab.goAlone()
      else this.#tab.takeOver()
      return
    }
    this.#tab.ask({ type: 'join', who: this.#who, place: this.#tab.kept.place, whole: this.#tab.whole })
    this.#timer = setTimeout(() => this.#ask(), PATIENCE)
  }

  #hearWhetherToJoin(answer: Answer<'welcome' | 'unknown'>): void {
    if (answer.who !== this.#who || this.#term !== undefined) return
    if (answer.type === 'unknown') {
      this.#isAnswered = true
      if (answer.isFinal) this.#tab.goAlone()
      return
    }
    clearTimeout(this.#timer)
    const { kept } = this.#tab
    this.#term = answer.term
    this.#seq = answer.seq
    if (!answer.isWhole && kept.place === undefined) kept.loseBegin()
    for (const event of answer.events) this.#tab.take(event)
    if (answer.place !== undefined) this.#tab.moveTo(answer.place)
    if (answer.state !== undefined) this.#tab.showState(answer.state)
  }

  #follow(answer: Exclude<TabAnswer, Answer<'welcome' | 'unknown' | 'lead'>>): void {
    const isNext = !('seq' in answer) || answer.seq === this.#seq + (answer.type === 'event' ? 1 : 0)
    if (!isNext) {
      this.join()
      return
    }
    switch (answer.type) {
      case 'event':
        this.#seq++
        this.#tab.take(answer.event)
        break
      case 'place':
        if (answer.place !== undefined) this.#tab.moveTo(answer.place)
        break
      case 'state':
        this.#tab.showState(answer.state)
        break
      case 'gap':
        this.#tab.onGap(answer.gap)
        break
      case 'end':
        this.#tab.end(answer.end)
        break
      case 'dissolve':
        this.#tab.goAlone()
    }
  }
}
