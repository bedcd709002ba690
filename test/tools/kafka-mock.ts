import { type ChildProcess, spawn } from 'node:child_process'
import { findProgram } from './debian-package.ts'

/** The path of a kcat; `undefined` where the tests of the Kafka protocol have to be skipped. */
export function findKcat(): string | undefined {
  return findProgram({ package: 'kcat', names: ['kcat'], variable: 'KCAT_PATH', neededBy: 'The tests of KafkaLog' })
}

/**
 * A mock of a Kafka broker, which librdkafka brings along: it speaks the protocol and keeps everything in memory. Topics are
 * there when they are asked for, with 4 partitions.
 */
export class KafkaMock {
  readonly broker: string
  readonly #child: ChildProcess

  private constructor(broker: string, child: ChildProcess) {
    this.broker = broker
    this.#child = child
  }

  /** Resolves when it accepts connections. */
  static async start(): Promise<KafkaMock> {
    const command = findKcat()
    if (command === undefined) throw new Error('There is no kcat: skip the tests that need one')
    // A producer that gets nothing to send: it lives as long as its standard input is open.
    const args = ['-P', '-b', 'none', '-t', 'none', '-X', 'test.mock.num.brokers=1', '-d', 'mock', '-u']
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'] })
    const broker = await new Promise<string>((resolve, reject) => {
      let output = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (output.length > 100_000) return
        output += text
        const [, found] = /bootstrap\.servers=(\S+:\d+)/.exec(output) ?? []
        if (found !== undefined) resolve(found)
      })
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`kcat ended with ${code}:\n${output}`)))
    })
    return new KafkaMock(broker, child)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await gone
  }
}
