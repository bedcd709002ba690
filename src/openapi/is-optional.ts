import { type Schema, validate } from '../core/schema.ts'

const known = new WeakMap<Schema, Promise<boolean>>()

/** Whether a schema takes `undefined`: a request without anything may then be one without an input. */
export function isOptional(schema: Schema): Promise<boolean> {
  let optional = known.get(schema)
  if (optional === undefined) {
    optional = takesUndefined(schema)
    known.set(schema, optional)
  }
  return optional
}

async function takesUndefined(schema: Schema): Promise<boolean> {
  try {
    return (await validate(schema, undefined)).issues === undefined
  } catch {
    return false
  }
}
