import type { JSONSchema } from '../../openapi/json-schema.ts'
import { h } from './dom.ts'
import type { Field, FieldOptions } from './field.ts'
import { icon } from './icons.ts'
import { meant, typeText } from './schema-text.ts'

/** A field for each property. An object that may be left out begins without. */
export function objectField(schema: JSONSchema, options: FieldOptions): Field {
  const { required, depth } = options
  const group = h('div', { class: depth === 0 ? 'fields' : 'fields nested' })
  let fields: ReadonlyMap<string, Field> | undefined
  const open = (): void => {
    fields = propertyFields(schema, options)
    const rows = [...fields].map(([name, field]) => row(name, field, schema, options))
    group.replaceChildren(...rows, ...(required ? [] : [removeButton(close)]))
  }
  const close = (): void => {
    fields = undefined
    group.replaceChildren(addButton('Add', open))
  }
  if (required) open()
  else close()
  return {
    element: group,
    isGroup: true,
    read: () => {
      if (fields === undefined) return undefined
      const entries = [...fields].map(([name, field]) => [name, readNamed(name, field)] as const)
      return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    },
    write: (value) => {
      if (typeof value !== 'object' || value === null) return required ? open() : close()
      open()
      for (const [name, field] of fields ?? []) field.write((value as Record<string, unknown>)[name])
    },
  }
}

function readNamed(name: string, field: Field): unknown {
  try {
    return field.read()
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`)
  }
}

function propertyFields({ properties, required = [] }: JSONSchema, options: FieldOptions): ReadonlyMap<string, Field> {
  const entries = Object.entries<JSONSchema>(properties).map(([name, property]) => {
    const isRequired = required.includes(name)
    const nested = { ...options, id: `${options.id}.${name}`, required: isRequired, depth: options.depth + 1 }
    return [name, options.create(property, nested)] as const
  })
  return new Map(entries)
}

function row(name: string, field: Field, schema: JSONSchema, { root, id }: FieldOptions): HTMLElement {
  const property: JSONSchema = schema['properties'][name]
  const isRequired = schema['required']?.includes(name) ?? false
  const label = [
    h('span', { class: 'field-name' }, name),
    isRequired && h('span', { class: 'required', title: 'required' }, '*'),
    h('span', { class: 'field-type' }, typeText(root, property)),
  ]
  const description = property['description'] ?? meant(root, property).schema['description']
  return h(
    'div',
    // What can be but one thing need not be looked at.
    { class: field.isGroup ? 'field group' : 'field', hidden: isRequired && 'const' in property },
    field.isGroup ? h('div', { class: 'label' }, label) : h('label', { class: 'label', for: `${id}.${name}` }, label),
    h('div', { class: 'control' }, field.element, description && h('p', { class: 'note' }, description)),
  )
}

/** Items to add and to take away. */
export function listField(items: JSONSchema, options: FieldOptions): Field {
  const { id, required, depth } = options
  const list = h('div', { class: 'items' })
  const fields: Field[] = []
  let count = 0
  const add = (): Field => {
    const field = options.create(items, { ...options, id: `${id}.${count++}`, required: true, depth: depth + 1 })
    fields.push(field)
    const item = h('div', { class: 'item' }, field.element)
    const remove = (): void => {
      fields.splice(fields.indexOf(field), 1)
      item.remove()
    }
    item.append(removeButton(remove))
    list.append(item)
    return field
  }
  return {
    element: h('div', { class: 'fields nested' }, list, addButton('Add an item', add)),
    isGroup: true,
    read: () => (fields.length === 0 && !required ? undefined : fields.map((field) => field.read())),
    write: (value) => {
      fields.length = 0
      list.replaceChildren()
      if (Array.isArray(value)) for (const item of value) add().write(item)
    },
  }
}

/** One of several schemas. */
export function choiceField(choices: readonly JSONSchema[], options: FieldOptions): Field {
  const { root, id, required, depth } = options
  const place = h('div', {})
  let field: Field | undefined
  const select = h(
    'select',
    { id, onchange: () => show() },
    required ? null : h('option', { value: -1 }, '–'),
    choices.map((choice, index) => h('option', { value: index }, titleOf(root, choice, index))),
  )
  const show = (): void => {
    const choice = choices[Number(select.value)]
    field = choice && options.create(choice, { ...options, id: `${id}.choice`, required: true, depth: depth + 1 })
    place.replaceChildren(...(field === undefined ? [] : [field.element]))
  }
  show()
  return {
    element: h('div', { class: 'fields nested' }, select, place),
    isGroup: true,
    read: () => field?.read(),
    write: (value) => {
      if (value === undefined && !required) select.value = '-1'
      show()
      field?.write(value)
    },
  }
}

/** What tells a choice from the others: its title, or the constants in it. */
function titleOf(root: JSONSchema, choice: JSONSchema, index: number): string {
  const { schema } = meant(root, choice)
  if (typeof schema['title'] === 'string') return schema['title']
  const constants = Object.entries<JSONSchema>(schema['properties'] ?? {}).flatMap(([name, property]) =>
    'const' in property ? [`${name}: ${String(property['const'])}`] : [],
  )
  return constants.join(', ') || `${typeText(root, choice)} (${index + 1})`
}

function addButton(text: string, add: () => void): HTMLElement {
  return h('button', { class: 'link', type: 'button', onclick: add }, `+ ${text}`)
}

function removeButton(remove: () => void): HTMLElement {
  return h('button', { class: 'icon-button', type: 'button', 'aria-label': 'Remove', onclick: remove }, icon('close'))
}
