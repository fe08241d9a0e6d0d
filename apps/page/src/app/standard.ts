/**
 * What a browser may lack yet. Imported first, in the page and in its workers.
 *
 * `Symbol.dispose` is a key of classes here. Safari does not have it, and everything would be called `undefined`
 * instead: that works until two such keys meet in one object.
 */
if (Symbol.dispose === undefined) Object.defineProperty(Symbol, 'dispose', { value: Symbol('Symbol.dispose') });
