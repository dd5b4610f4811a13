import { SetMetadata, applyDecorators, createParamDecorator, Injectable, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiSecurity } from '@nestjs/swagger';
import { unauthenticated } from '@cairn/kernel';
import type { FastifyRequest } from 'fastify';
import type { Scope } from '../tenancy/scope.js';
import { Authenticator } from './authenticator.js';
import { demand, type Right } from './roles.js';

declare module 'fastify' {
  interface FastifyRequest {
    scope?: Scope;
  }
}

const PUBLIC = 'cairn:public';
const RIGHT = 'cairn:right';

/** Marks a route or controller that needs no token, and has its description say so. */
export const Public = (): MethodDecorator & ClassDecorator => applyDecorators(SetMetadata(PUBLIC, true), ApiSecurity({}));

/** Names the right that a person needs for a route; the table of rights is `permissions.json`. */
export const Needs = (right: Right): MethodDecorator & ClassDecorator => SetMetadata(RIGHT, right);

/** The right that a route needs, by its handler and then its controller; undefined where it names none. */
export const rightNeeded = (reflector: Reflector, targets: readonly (Type | (() => unknown))[]): Right | undefined => reflector.getAllAndOverride<Right | undefined>(RIGHT, [...targets]);

/** The scope of the request: clinic, actor, correlation id. */
export const CurrentScope = createParamDecorator((_: unknown, context: ExecutionContext): Scope => {
  const scope = context.switchToHttp().getRequest<FastifyRequest>().scope;
  if (!scope) throw new Error('A public route has no scope.');
  return scope;
});

/**
 * Lets a request through when its route is public, or when it carries a good bearer token and the person holds the right the route needs.
 * Outside /fhir a route that names neither is refused to everybody: forgetting the decorator must not open a door.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const header = request.headers.authorization;
    const token = /^Bearer ([^\s]+)$/i.exec(header ?? '')?.[1];
    if (!token) throw unauthenticated('Send an Authorization header with a bearer token.');
    const { clinicId, actor } = await this.authenticator.identify(token);
    request.scope = { clinicId, actor, correlationId: request.id };
    const right = rightNeeded(this.reflector, [context.getHandler() as () => unknown, context.getClass()]);
    if (right) demand(actor, right);
    return right !== undefined || request.url.startsWith('/fhir');
  }
}
