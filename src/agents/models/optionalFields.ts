/** A part of a request that not every server takes, and that a call can do without. */
export interface OptionalField {
  readonly name: string;
  /** What an error says that is about it. */
  readonly named: RegExp;
  /** It was refused for what it held, not for what it is: the next call is asked with it again. */
  readonly once?: boolean;
}

/** What a provider said when it did not accept a request. */
export interface Refusal {
  readonly text: string;
  /** It names another cause, or may: it is not about an optional field unless it says so. */
  readonly namesCause: boolean;
}

/** Which optional fields each server refused, so that each is asked only once. One for each model. */
export class RefusedFields {
  readonly #refused = new Map<string, Set<string>>();

  /** The fields of one call to `server`. `fields` come in the order in which a refusal that names none is blamed on them. */
  ofCall(server: string, fields: readonly OptionalField[]): CallFields {
    return new CallFields(fields, this.#of(server));
  }

  has(server: string, name: string): boolean {
    return this.#refused.get(server)?.has(name) === true;
  }

  #of(server: string): Set<string> {
    const refused = this.#refused.get(server) ?? new Set();
    this.#refused.set(server, refused);
    return refused;
  }
}

export class CallFields {
  readonly #refused: Set<string>;
  readonly #left: OptionalField[];
  #suspect: OptionalField | undefined;

  constructor(fields: readonly OptionalField[], refused: Set<string>) {
    this.#refused = refused;
    this.#left = fields.filter((field) => !refused.has(field.name));
  }

  has(name: string): boolean {
    return this.#left.some((field) => field.name === name);
  }

  /** Takes out the field that a refusal is about, if any; says whether it did. Servers speak of it in words of their own, or not at all. */
  takeOut({ text, namesCause }: Refusal): boolean {
    const field = this.#left.find(({ named }) => named.test(text)) ?? (namesCause ? undefined : this.#left[0]);
    if (field === undefined) return false;
    this.#left.splice(this.#left.indexOf(field), 1);
    this.#suspect = field;
    return true;
  }

  /** The request was accepted: it was the field that was taken out last. What else was taken out is tried again by the next call. */
  accepted(): void {
    if (this.#suspect !== undefined && this.#suspect.once !== true) this.#refused.add(this.#suspect.name);
  }
}
