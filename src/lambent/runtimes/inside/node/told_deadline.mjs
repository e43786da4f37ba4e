// What is left until a deadline, for a function whose `Date` is not the machine's: a deadline is real time, and AWS's
// client subtracts `Date.now()` from it.

const LEFT = 'deadline - Date.now()';
const GLOBAL = "globalThis[Symbol.for('lambent.time')]";
const TAKE = `const lambentTold = ${GLOBAL}; delete ${GLOBAL}; `;

/** For `module.registerHooks`: the client at `url` with the machine's clock in that one place. */
export function loadByMachine(url) {
  return (asked, context, next) => {
    const loaded = next(asked, context);
    if (asked !== url) {
      return loaded;
    }
    const parts = Buffer.from(loaded.source).toString().split(LEFT);
    if (parts.length !== 2) {
      throw new Error(`lambent: this runtime client does not say "${LEFT}" once: function_time platform needs to know`);
    }
    const source = parts.join('deadline - lambentTold.machine()').replace(/^(#!.*\n)?/, `$1${TAKE}`);
    return { ...loaded, source };
  };
}

/** For Node.js without `registerHooks`, whose client takes the header as it is: a deadline that moves with `Date`. */
export function movingDeadline({ machine, now }) {
  return (text) => ({ valueOf: () => now() + Number(text) - machine() });
}
