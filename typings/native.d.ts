/**
 * Globals of the XS compiler that `@moddable/typings` 5.6.0 lacks (documented in the SDK's "XS in C").
 * Both take one string literal, which the compiler turns into a reference to a C function.
 */
declare function native(name: string): (this: unknown, ...args: unknown[]) => never;
declare function Native(destructor: string): unknown;

interface ObjectConstructor {
	/** XS: `freeze(object, 1)` freezes deeply, so that preloaded objects stay in flash. */
	freeze<T>(object: T, deep: number): Readonly<T>;
}
