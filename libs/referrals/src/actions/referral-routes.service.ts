import { Injectable, RequestMethod, type OnModuleInit, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { DECORATORS } from '@nestjs/swagger';
import { rightNeeded, type Right } from '@cairn/platform';
import { DONE_BY_ROUTE, REFERRAL_ACTS, type DoneByRoute } from './referral-act.js';

const ONE_REFERRAL = '/api/v1/referrals/:id';
const JSON_TYPE = 'application/json';

/** A registered route that does something with one referral. */
export interface ActRoute extends DoneByRoute {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** What follows the referral's address. */
  readonly path: string;
  readonly right: Right;
  /** Types of the body that it takes; null where it takes none. */
  readonly takes: readonly string[] | null;
  /** Where the OpenAPI document describes it. */
  readonly describedBy: string;
}

/** The routes that act on a referral, read from what is registered. A process doesn't start where one does not say what it does, or where an act has none. */
@Injectable()
export class ReferralRoutes implements OnModuleInit {
  #routes: readonly ActRoute[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** In the order in which acts are offered. */
  get all(): readonly ActRoute[] {
    return this.#routes;
  }

  onModuleInit(): void {
    const found = this.discovery.getControllers().flatMap(({ metatype }) => (typeof metatype === 'function' ? this.#routesOf(metatype as Type) : []));
    const lacking = REFERRAL_ACTS.filter((act) => !found.some((route) => route.act === act));
    if (lacking.length > 0) throw new Error(`No route does: ${lacking.join(', ')}.`);
    this.#routes = found.sort((a, b) => REFERRAL_ACTS.indexOf(a.act) - REFERRAL_ACTS.indexOf(b.act));
  }

  #routesOf(controller: Type): ActRoute[] {
    return this.scanner.getAllMethodNames(controller.prototype as object).flatMap((name) => {
      const handler = (controller.prototype as Record<string, () => unknown>)[name];
      const method = handler && this.#metadata<RequestMethod>(METHOD_METADATA, handler);
      if (!handler || method === undefined || method === RequestMethod.GET) return [];
      const whole = `/${[controller, handler].map((target) => this.#metadata<string | string[]>(PATH_METADATA, target)).flatMap((path) => (typeof path === 'string' ? path.split('/') : (path ?? []))).filter(Boolean).join('/')}`;
      if (!whole.startsWith(`${ONE_REFERRAL}/`)) return [];
      const done = this.#metadata<DoneByRoute>(DONE_BY_ROUTE, handler);
      const right = rightNeeded(this.reflector, [handler, controller]);
      const verb = RequestMethod[method];
      if (!done || !right || !isVerb(verb)) throw new Error(`${verb ?? '?'} ${whole} writes to a referral but does not say what it does, or who may.`);
      const inDocument = whole.replaceAll(/:(\w+)/g, '%7B$1%7D').replaceAll('/', '~1');
      return [{ ...done, method: verb, path: whole.slice(ONE_REFERRAL.length), right, takes: this.#takes(controller, handler, name), describedBy: `/docs/openapi.json#/paths/${inDocument}/${verb.toLowerCase()}` }];
    });
  }

  #takes(controller: Type, handler: () => unknown, name: string): readonly string[] | null {
    const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) as Readonly<Record<string, unknown>> | undefined) ?? {};
    const hasBody = Object.keys(parameters).some((key) => key.startsWith(`${RouteParamtypes.BODY}:`));
    return hasBody ? (this.#metadata<readonly string[]>(DECORATORS.API_CONSUMES, handler) ?? [JSON_TYPE]) : null;
  }

  #metadata<Value>(key: string, target: Type | (() => unknown)): Value | undefined {
    return this.reflector.get<Value | undefined>(key, target);
  }
}

const isVerb = (verb: string | undefined): verb is ActRoute['method'] => verb === 'POST' || verb === 'PUT' || verb === 'DELETE';
