// Runs the function of the module given as the first argument behind a Function URL on the port given as the second.
import { awslambda, type LambdaFunction, serveLambda } from '../tools/lambda.ts'

const [, , module = '', port] = process.argv
Object.assign(globalThis, { awslambda })
const { handler }: { handler: LambdaFunction } = await import(module)
await serveLambda(handler, Number(port))
