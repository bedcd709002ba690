import { Injectable } from '@nestjs/common'

declare module 'headwater/nest' {
  interface HeadwaterContext {
    session?: { user?: { id: string } }
  }
}

/** Where the seed's `context.session` comes from. */
@Injectable()
export class SessionGuard {
  canActivate(execution) {
    const request = execution.switchToHttp().getRequest()
    const user = request.headers['x-user']
    if (user !== undefined) request.session = { user: { id: user } }
    return true
  }
}
