import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  Injectable,
  type MiddlewareConsumer,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  StreamableFile,
  UseFilters,
  UseGuards,
} from '@nestjs/common'
import { APP_INTERCEPTOR } from '@nestjs/core'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { RPCLink as SocketLink } from 'headwater/client/websocket'
import { eventIterator, oc, type } from 'headwater/contract'
import { HeadwaterModule, Implement, implement } from 'headwater/nest'
import { OpenAPILink } from 'headwater/openapi'
import { RPCError } from 'headwater/server'
import { map } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { PLATFORMS, startApp, type TestApp } from './tools/start-app.ts'

const contract = {
  rename: oc
    .route({ method: 'PUT', path: '/planets/{id}' })
    .input(type<{ id: string; name: string }>())
    .output(type<{ id: number; name: string }>()),
  moons: oc
    .route({ method: 'GET', path: '/planets/{id}/moons' })
    .input(type<{ id: string; size?: string }>())
    .output(eventIterator(type<string>())),
  fail: oc.route({ method: 'POST', path: '/fail' }).output(type<string>()),
}

/** Decides by what stands in the path, the query and the body. */
@Injectable()
class PlanetGuard implements CanActivate {
  canActivate(execution: ExecutionContext) {
    const { params, query, body } = execution.switchToHttp().getRequest()
    if (params.id === '12') throw new RPCError('PAYMENT_REQUIRED', { status: 402, data: { price: 1 } })
    return params.id !== '13' && query.size !== 'secret' && body?.name !== 'Vulcan'
  }
}

/** Makes other objects of outputs, as interceptors that serialize classes do. */
@Injectable()
class CopyInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next) {
    const copy = (output) => (output instanceof StreamableFile ? output : JSON.parse(JSON.stringify(output)))
    return next.handle().pipe(map(copy))
  }
}

const caught: unknown[] = []

@Catch(RPCError)
class RPCErrorFilter {
  catch(error: RPCError, host: ArgumentsHost) {
    caught.push(error.code)
    const gone = new RPCError('GONE', { status: 410, message: 'For good', data: { was: error.code } })
    host.switchToHttp().getResponse().status(410).send(gone.toJSON())
  }
}

@Controller()
@UseGuards(PlanetGuard)
class PlanetController {
  @Implement(contract.rename)
  rename(@Param('id', ParseIntPipe) id: number) {
    return implement(contract.rename).handler(({ input }) => ({ id: id + 1, name: input.name }))
  }

  @Implement(contract.moons)
  moons() {
    return implement(contract.moons).handler(async function* ({ input }) {
      yield `a moon of ${input.id}`
    })
  }

  @UseFilters(RPCErrorFilter)
  @Implement(contract.fail)
  fail() {
    return implement(contract.fail).handler(() => {
      throw new RPCError('CONFLICT')
    })
  }
}

describe.each(PLATFORMS)('requests on %s', (platform) => {
  let server: TestApp
  const seen: string[] = []

  class WithMiddleware {
    configure(consumer: MiddlewareConsumer) {
      const note = (request, _response, next) => {
        seen.push(request.originalUrl)
        next()
      }
      consumer.apply(note).forRoutes(PlanetController)
    }
  }

  beforeAll(async () => {
    server = await startApp(
      platform,
      {
        imports: [
          HeadwaterModule.forRoot({
            contract,
            rpc: true,
            websocket: { server: new WebSocketServer({ noServer: true }) },
          }),
          { module: WithMiddleware },
        ],
        controllers: [PlanetController],
        providers: [{ provide: APP_INTERCEPTOR, useClass: CopyInterceptor }],
      },
      (app) => app.setGlobalPrefix('api'),
    )
  })

  afterAll(() => server.close())

  const links = {
    OpenAPILink: () => ({ link: new OpenAPILink(contract, { url: `${server.url}/api` }), close: () => {} }),
    'RPCLink over HTTP': () => ({ link: new RPCLink({ url: `${server.url}/rpc` }), close: () => {} }),
    'RPCLink over a WebSocket': () => {
      const link = new SocketLink({ connect: () => new WebSocket(`${server.url.replace('http', 'ws')}/ws`) as never })
      return { link, close: () => link.close() }
    },
  }

  describe.each(Object.entries(links))('%s', (_name, connect) => {
    async function withClient(work: (client: any) => Promise<void>): Promise<void> {
      const { link, close } = connect()
      try {
        await work(createClient(link as never))
      } finally {
        close()
      }
    }

    test('pipes take what param decorators find in the input', () =>
      withClient(async (client) => {
        expect(await client.rename({ id: '7', name: 'Mars' })).toEqual({ id: 8, name: 'Mars' })
        await expect(client.rename({ id: 'x', name: 'Mars' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      }))

    test('guards decide by the path, the query and the body', () =>
      withClient(async (client) => {
        await expect(client.rename({ id: '13', name: 'Mars' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
        await expect(client.rename({ id: '7', name: 'Vulcan' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
        await expect(client.moons({ id: '7', size: 'secret' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
      }))

    test('guards throw errors of ours', () =>
      withClient(async (client) => {
        const error = { code: 'PAYMENT_REQUIRED', status: 402, data: { price: 1 } }
        await expect(client.rename({ id: '12', name: 'Mars' })).rejects.toMatchObject(error)
      }))

    test('interceptors that copy outputs leave streams alone', () =>
      withClient(async (client) => {
        const moons: unknown[] = []
        for await (const moon of await client.moons({ id: '7' })) moons.push(moon)
        expect(moons).toEqual(['a moon of 7'])
      }))

    test('filters for an RPCError find it, and answer with another', () =>
      withClient(async (client) => {
        caught.length = 0
        await expect(client.fail()).rejects.toMatchObject({ code: 'GONE', data: { was: 'CONFLICT' } })
        expect(caught).toEqual(['CONFLICT'])
      }))
  })

  test('middleware for a controller runs before its routes', async () => {
    await fetch(`${server.url}/api/planets/7/moons`)
    expect(seen).toContain('/api/planets/7/moons')
  })
})
