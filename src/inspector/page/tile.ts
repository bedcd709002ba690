import { h, setText } from './dom.ts'
import type { Point, Span } from './series.ts'
import { Sparkline } from './sparkline.ts'

/** A figure with its name and its last minutes. */
export class Tile {
  readonly #value = h('span', { class: 'tile-value' })
  readonly #spark: Sparkline = new Sparkline()
  readonly element: HTMLElement

  constructor(name: string, hint?: string) {
    this.element = h(
      'div',
      { class: 'tile', title: hint },
      h('span', { class: 'tile-name' }, name),
      this.#value,
      this.#spark.element,
    )
  }

  update(text: string, points: readonly Point[], span: Span, tone?: 'bad' | undefined): void {
    setText(this.#value, text)
    this.element.dataset['tone'] = tone ?? ''
    this.#spark.update(points, span)
  }
}
