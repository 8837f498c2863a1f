/** `lookup_order` as `LookupOrder`: a name that TypeScript takes, of a name that it might not. */
export function pascalCase(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^\p{L}/u.test(joined) ? joined : `N${joined}`;
}

export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

/** Names of one file, each given once. */
export class TypeNames {
  readonly #taken: Set<string>;

  constructor(reserved: readonly string[] = []) {
    this.#taken = new Set(reserved);
  }

  /** The name itself, or, where it is taken, the first of `Name2`, `Name3` and so on that is not. */
  take(name: string): string {
    let free = name;
    for (let count = 2; this.#taken.has(free); count += 1) free = `${name}${count}`;
    this.#taken.add(free);
    return free;
  }

  /** The beginning of several names that are all free: `Order` for `OrderInput` and `OrderOutput`, else `Order2` and so on. */
  takeAll(name: string, endings: readonly string[]): string {
    let free = name;
    for (let count = 2; endings.some((ending) => this.#taken.has(free + ending)); count += 1) free = `${name}${count}`;
    for (const ending of endings) this.#taken.add(free + ending);
    return free;
  }
}

/** A key of an object type or literal, in quotes where it must be. */
export function keyOf(name: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? name : quoted(name);
}

/** In single quotes where that needs no escapes. */
export function quoted(text: string): string {
  const json = JSON.stringify(text);
  return /['"\\]/.test(json.slice(1, -1)) ? json : `'${text}'`;
}
