// on, once and off, as every element has them.

class Emitter {
  #listeners = new Map();

  on(name, handler) {
    if (typeof handler !== 'function') throw new IntegrationError(`The handler for '${name}' must be a function.`);
    this.#listeners.set(name, [...(this.#listeners.get(name) || []), handler]);
    return this;
  }

  once(name, handler) {
    const first = (event) => {
      this.off(name, first);
      handler(event);
    };
    first.original = handler;
    return this.on(name, first);
  }

  off(name, handler) {
    const kept = (this.#listeners.get(name) || []).filter((one) => handler && one !== handler && one.original !== handler);
    this.#listeners.set(name, kept);
    return this;
  }

  emit(name, event) {
    for (const handler of this.#listeners.get(name) || []) handler(event);
  }
}
