// The process of one contender: node driven.mjs <suite> <contender> <url>, told by its parent what to do.
import { answerCommands } from '../tools/answer-commands.ts'
import { openContender } from './cases.ts'
import { Driver } from './drive.ts'

const [suite = '', name = '', url = ''] = process.argv.slice(2)
const driver = new Driver(await openContender(suite, name, url))

answerCommands({ drive: (load) => driver.drive(load) })
