/** An element that shows an item, whatever has become of it. */
export interface Row<Item> {
  readonly element: HTMLElement
  update(item: Item): void
}

/** Rows that stay as long as their items do: what is focused or open in them remains so. */
export class RowList<Item> {
  readonly #container: Element
  readonly #keyOf: (item: Item) => string
  readonly #create: (item: Item) => Row<Item>
  readonly #rows = new Map<string, Row<Item>>()

  constructor(container: Element, keyOf: (item: Item) => string, create: (item: Item) => Row<Item>) {
    this.#container = container
    this.#keyOf = keyOf
    this.#create = create
  }

  update(items: readonly Item[]): void {
    const gone = new Set(this.#rows.keys())
    let place = this.#container.firstElementChild
    for (const item of items) {
      const key = this.#keyOf(item)
      gone.delete(key)
      const row = this.#rows.get(key) ?? this.#create(item)
      this.#rows.set(key, row)
      row.update(item)
      if (row.element === place) place = place.nextElementSibling
      else this.#container.insertBefore(row.element, place)
    }
    for (const key of gone) {
      this.#rows.get(key)?.element.remove()
      this.#rows.delete(key)
    }
  }
}
