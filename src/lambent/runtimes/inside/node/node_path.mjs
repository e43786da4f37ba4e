// ES modules are searched for in NODE_PATH too, as in AWS's runtimes from Node.js 18 on; Node.js itself does so for
// CommonJS alone. Only what is not found otherwise is looked for there.

import path from 'node:path';
import { pathToFileURL } from 'node:url';

const RELATIVE = /^(\.{0,2}\/|[a-z]+:|#)/;

function* attempts(specifier) {
  for (const folder of (process.env.NODE_PATH ?? '').split(':').filter(Boolean)) {
    if (path.basename(folder) === 'node_modules') {
      yield [specifier, pathToFileURL(path.join(path.dirname(folder), 'any.mjs')).href];
    } else {
      yield [pathToFileURL(path.join(folder, specifier)).href, undefined];
    }
  }
}

/** For `module.registerHooks`: on this thread. */
export function resolveSync(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || RELATIVE.test(specifier)) {
      throw error;
    }
    for (const [name, parent] of attempts(specifier)) {
      try {
        return next(name, parent ? { ...context, parentURL: parent } : context);
      } catch {
        continue;
      }
    }
    throw error;
  }
}

/** For `module.register`, in Node.js that has no `registerHooks`: on a thread of its own. */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || RELATIVE.test(specifier)) {
      throw error;
    }
    for (const [name, parent] of attempts(specifier)) {
      try {
        return await next(name, parent ? { ...context, parentURL: parent } : context);
      } catch {
        continue;
      }
    }
    throw error;
  }
}
