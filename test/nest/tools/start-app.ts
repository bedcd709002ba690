import type { AddressInfo } from 'node:net'
import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'

export const PLATFORMS = ['express', 'fastify'] as const

export type Platform = (typeof PLATFORMS)[number]

export interface TestApp {
  readonly app: INestApplication
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Runs an application of Nest's on a free port. */
export async function startApp(
  platform: Platform,
  metadata: ModuleMetadata,
  configure: (app: INestApplication) => void = () => {},
): Promise<TestApp> {
  class TestModule {}
  Module(metadata)(TestModule)
  const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter()
  const app = await NestFactory.create(TestModule, adapter as never, {
    logger: false,
    abortOnError: false,
    forceCloseConnections: true,
  })
  configure(app)
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address() as AddressInfo
  return { app, port, url: `http://127.0.0.1:${port}`, close: () => app.close() }
}
