import {
  type ContractProcedure,
  type ContractRouter,
  type ContractTree,
  isContractProcedure,
} from '../contract/contract-procedure.ts'
import { defineError } from '../contract/define-error.ts'
import { eventSchemas } from '../contract/event-iterator.ts'
import { validateInput } from '../contract/validate-input.ts'
import { validateWhole } from '../contract/validate-whole.ts'
import { RPCError } from '../core/error.ts'
import { type Schema, ValidationError } from '../core/schema.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { leaveStream } from '../event/leave-stream.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import type { LinkInterceptor, LinkPlugin } from '../session/call-link.ts'

/**
 * Checks what is sent against the contract before it is: a call that the server would refuse fails with the same
 * `BAD_REQUEST` and its issues without a request. What is sent stays as it was given.
 *
 * @example
 * new RPCLink({ url: '/rpc', plugins: [new RequestValidationPlugin(contract)] })
 */
export class RequestValidationPlugin implements LinkPlugin {
  readonly interceptor: LinkInterceptor<any>

  constructor(contract: ContractRouter) {
    this.interceptor = async ({ path, input, next }) => {
      const { input: schema } = findContract(contract, path)['~headwater']
      return next({ input: await checkInput(schema, input) })
    }
  }
}

/**
 * Checks what arrives against the contract: outputs, the events of streams, the values that end them and the data of
 * declared errors. Callers get what the schemas make of it, so these must take what they give.
 *
 * What does not fit is a `ValidationError`, in a stream as well.
 *
 * @example
 * new RPCLink({ url: '/rpc', plugins: [new ResponseValidationPlugin(contract)] })
 */
export class ResponseValidationPlugin implements LinkPlugin {
  readonly interceptor: LinkInterceptor<any>

  constructor(contract: ContractRouter) {
    this.interceptor = async ({ path, next }) => {
      const { output: schema, errors } = findContract(contract, path)['~headwater']
      let received: unknown
      try {
        received = await next()
      } catch (error) {
        throw await defineError(errors, error)
      }
      const output = await checkOutput(schema, received)
      return isEventSource(output) ? mapEventIterator(output, { error: (error) => defineError(errors, error) }) : output
    }
  }
}

/** The input itself, once it has passed; a stream with each of its events. */
async function checkInput(schema: Schema | undefined, input: unknown): Promise<unknown> {
  const events = eventSchemas(schema)
  if (events === undefined || !isEventSource(input)) {
    await validateInput(schema, input)
    return input
  }
  const pass = (schema: Schema | undefined) => async (value: unknown) => {
    await validateInput(schema, value)
    return value
  }
  return mapEventIterator(input, { value: pass(events.value), done: pass(events.done) })
}

async function checkOutput(schema: Schema | undefined, output: unknown): Promise<unknown> {
  if (schema === undefined) return output
  const result = await validateWhole(schema, output)
  if (result.issues === undefined) return result.value
  if (isEventSource(output)) leaveStream(output)
  throw new ValidationError('The answer does not fit the contract', result.issues)
}

/** By own keys alone: nothing inherited is a part of the contract. */
function findContract(contract: ContractRouter, path: readonly string[]): ContractProcedure {
  let node: ContractRouter | undefined = contract
  for (const name of path) {
    if (node === undefined || isContractProcedure(node)) node = undefined
    else node = Object.hasOwn(node, name) ? (node as ContractTree)[name] : undefined
  }
  if (isContractProcedure(node)) return node
  throw new RPCError('NOT_FOUND', {
    message: `The contract that the link validates by has nothing at ${path.join('.')}`,
  })
}
