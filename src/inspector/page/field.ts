import type { JSONSchema } from '../../openapi/json-schema.ts'

/** A part of a form: it takes and gives plain JSON, and files. `undefined` is what is left out. */
export interface Field {
  readonly element: HTMLElement
  /** Whether it brings a heading of its own. */
  readonly isGroup: boolean
  /** @throws {Error} when what was typed is nothing that could be sent. */
  read(): unknown
  write(value: unknown): void
}

export interface FieldOptions {
  readonly root: JSONSchema
  readonly id: string
  readonly required: boolean
  /** How deep it stands: what contains itself ends somewhere. */
  readonly depth: number
  /** Makes the fields inside of it. */
  readonly create: (schema: JSONSchema, options: FieldOptions) => Field
}
