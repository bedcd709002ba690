/**
 * Extended by a class with private fields, whose constructor then adds them to the object that it is given: nobody sees
 * them, freezing leaves them alone, and the garbage collector does not have to look after them as after a `WeakMap`.
 *
 * Not for objects that cannot be extended.
 */
export const Unseen: new (object: object) => object = class {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: so do the fields get there.
    return object
  }
}
