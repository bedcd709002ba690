import { coerce } from '../../openapi/coerce.ts'
import type { JSONSchema } from '../../openapi/json-schema.ts'
import { h, setText } from './dom.ts'
import type { Field } from './field.ts'
import { createField, jsonField } from './schema-field.ts'
import { exampleOf } from './schema-text.ts'

/** Where an input is made: by a form, where its schema describes itself, or as JSON. */
export class InputEditor {
  readonly #schema: JSONSchema
  readonly #form: Field | undefined
  readonly #json: Field
  readonly #modes: HTMLElement
  readonly #place = h('div', { class: 'editor' })
  readonly #problem = h('p', { class: 'problem', role: 'alert' })
  #isForm: boolean
  readonly element: HTMLElement

  /** @param id unique in the page. */
  constructor(schema: JSONSchema | undefined, id: string) {
    this.#schema = schema ?? {}
    const options = { root: this.#schema, id, required: true, depth: 0, create: createField }
    const field = schema && createField(schema, options)
    this.#form = field?.element.matches('textarea.code') ? undefined : field
    this.#json = jsonField({ id: `${id}-json`, root: this.#schema })
    this.#json.element.setAttribute('rows', '8')
    this.#json.element.setAttribute('aria-label', 'Input as JSON')
    this.#isForm = this.#form !== undefined
    const mode = (name: string, isForm: boolean): HTMLElement =>
      h('button', { type: 'button', onclick: () => this.#switch(isForm) }, name)
    this.#modes = h('div', { class: 'segments', role: 'group', 'aria-label': 'Edit as' })
    if (this.#form !== undefined) this.#modes.append(mode('Form', true), mode('JSON', false))
    this.#json.write(schema === undefined ? undefined : exampleOf(this.#schema, this.#schema))
    this.element = h(
      'div',
      { class: 'input-editor' },
      h('div', { class: 'card-head' }, h('h3', {}, 'Input'), this.#modes),
      this.#place,
      this.#problem,
      schema === undefined &&
        h('p', { class: 'note' }, 'No schema says what it is: write JSON, or nothing for no input.'),
    )
    this.#show()
  }

  /** @throws {Error} when there is nothing that could be sent; it is shown, too. */
  read(): unknown {
    try {
      const value = this.#current.read()
      setText(this.#problem, '')
      return coerce(this.#schema, value)
    } catch (error) {
      setText(this.#problem, error instanceof Error ? error.message : String(error))
      throw error
    }
  }

  get #current(): Field {
    return this.#isForm && this.#form !== undefined ? this.#form : this.#json
  }

  /** What was made in the one is taken over to the other. */
  #switch(isForm: boolean): void {
    if (isForm === this.#isForm) return
    try {
      const value = this.#current.read()
      this.#isForm = isForm
      this.#current.write(value)
      setText(this.#problem, '')
      this.#show()
    } catch (error) {
      setText(this.#problem, error instanceof Error ? error.message : String(error))
    }
  }

  #show(): void {
    this.#place.replaceChildren(this.#current.element)
    for (const [index, button] of [...this.#modes.children].entries()) {
      button.setAttribute('aria-pressed', String((index === 0) === this.#isForm))
    }
  }
}
