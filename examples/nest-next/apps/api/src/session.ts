import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'

/** Who calls. */
export interface Session {
  readonly user: { readonly id: string; readonly name: string }
}

declare module 'headwater/nest' {
  interface HeadwaterContext {
    readonly session?: Session | undefined
  }
}

/** Finds out who calls, by a token that says it: put your own check here. Over a WebSocket it sees the same headers. */
@Injectable()
export class SessionGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    const request = execution
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined>; session?: Session }>()
    const [, name] = /^Bearer (\w+)$/.exec(request.headers['authorization'] ?? '') ?? []
    if (name !== undefined) request.session = { user: { id: `user-${name}`, name } }
    return true
  }
}
