import { isBinary, type JSONSchema, NATIVE_TYPE } from '../../openapi/json-schema.ts'
import { h } from './dom.ts'
import type { Field, FieldOptions } from './field.ts'
import { choiceField, listField, objectField } from './schema-group.ts'
import { choicesOf, meant, typeText } from './schema-text.ts'

const MAX_DEPTH = 5

/** The field of a schema: of what forms have no words for, JSON. */
export function createField(given: JSONSchema | boolean | undefined, options: FieldOptions): Field {
  if (typeof given !== 'object' || options.depth > MAX_DEPTH) return jsonField(options)
  const { schema, nullable } = meant(options.root, given)
  if (nullable && !isSimple(schema)) return jsonField(options, given)
  if ('const' in schema) return selectField([schema['const']], options, nullable)
  if ('enum' in schema) return selectField(schema['enum'], options, nullable)
  const choices = choicesOf(schema)
  if (choices !== undefined) {
    return choices.every((choice) => 'const' in choice)
      ? selectField(
          choices.map((choice) => choice['const']),
          options,
          nullable,
        )
      : choiceField(choices, options)
  }
  switch (schema['type']) {
    case 'string':
      return isBinary(schema) ? fileField(options) : textField(schema, options, nullable)
    case 'number':
    case 'integer':
      return numberField(schema, options, nullable)
    case 'boolean':
      return selectField([true, false], options, nullable)
    case 'array':
      return schema[NATIVE_TYPE] === 'map' || typeof schema['items'] !== 'object'
        ? jsonField(options, schema)
        : listField(schema['items'], options)
    case 'object':
      return schema['properties'] === undefined ? jsonField(options, schema) : objectField(schema, options)
    default:
      return jsonField(options, schema)
  }
}

function isSimple(schema: JSONSchema): boolean {
  return 'enum' in schema || ['string', 'number', 'integer', 'boolean'].includes(schema['type'])
}

function hintOf(schema: JSONSchema): string | undefined {
  if ('default' in schema) return `${JSON.stringify(schema['default'])} by default`
  const [example] = schema['examples'] ?? []
  return example === undefined ? undefined : String(example)
}

function textField(schema: JSONSchema, { id, required }: FieldOptions, nullable: boolean): Field {
  const isLong = (schema['maxLength'] ?? 0) >= 200
  const isTime = schema['format'] === 'date-time'
  const control = isLong
    ? h('textarea', { id, rows: 2, placeholder: hintOf(schema) })
    : h('input', {
        id,
        type: 'text',
        autocomplete: 'off',
        spellcheck: 'false',
        placeholder: hintOf(schema) ?? (isTime ? '2026-01-31T12:00:00Z' : undefined),
      })
  return {
    element: nullable ? withNote(control, 'empty is null') : control,
    isGroup: false,
    read: () => (control.value !== '' ? control.value : nullable ? null : required ? '' : undefined),
    write: (value) => {
      control.value = value === undefined || value === null ? '' : String(value)
    },
  }
}

function numberField(schema: JSONSchema, { id, required }: FieldOptions, nullable: boolean): Field {
  const control = h('input', {
    id,
    type: 'number',
    step: schema['type'] === 'integer' ? 1 : 'any',
    min: boundOf(schema['minimum']),
    max: boundOf(schema['maximum']),
    placeholder: hintOf(schema),
  })
  return {
    element: nullable ? withNote(control, 'empty is null') : control,
    isGroup: false,
    read: () => {
      if (control.validity.badInput) throw new Error('This is no number')
      if (control.value !== '') return Number(control.value)
      return nullable ? null : required && !('default' in schema) ? Number.NaN : undefined
    },
    write: (value) => {
      control.value = typeof value === 'number' ? String(value) : ''
    },
  }
}

/** Bounds that say no more than that a number is an integer are left out. */
function boundOf(bound: unknown): number | undefined {
  return typeof bound === 'number' && Number.isFinite(bound) && Math.abs(bound) < Number.MAX_SAFE_INTEGER
    ? bound
    : undefined
}

function selectField(values: readonly unknown[], { id, required }: FieldOptions, nullable: boolean): Field {
  const known = [...(required ? [] : [undefined]), ...values, ...(nullable ? [null] : [])]
  const label = (value: unknown): string => (value === undefined ? '–' : String(value))
  const control = h(
    'select',
    { id },
    known.map((value, index) => h('option', { value: index }, label(value))),
  )
  return {
    element: control,
    isGroup: false,
    read: () => known[Number(control.value)],
    write: (value) => {
      control.value = String(Math.max(0, known.indexOf(value)))
    },
  }
}

function fileField({ id }: FieldOptions): Field {
  const control = h('input', { id, type: 'file' })
  return { element: control, isGroup: false, read: () => control.files?.[0], write: () => {} }
}

export function jsonField({ id, root }: Pick<FieldOptions, 'id' | 'root'>, schema?: JSONSchema): Field {
  const type = typeText(root, schema)
  const placeholder = type === 'any' ? 'JSON' : `JSON: ${type}`
  const control = h('textarea', { id, class: 'code', rows: 2, spellcheck: 'false', placeholder })
  return {
    element: control,
    isGroup: false,
    read: () => parseJSON(control.value),
    write: (value) => {
      control.value = value === undefined ? '' : JSON.stringify(value, undefined, 2)
    },
  }
}

/** @throws {Error} in words for people. */
function parseJSON(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : error}`)
  }
}

function withNote(control: HTMLElement, note: string): HTMLElement {
  return h('div', { class: 'noted' }, control, h('span', { class: 'note' }, note))
}
