import { isJsonObject, type JsonObject, type JsonValue, LakeError } from '../../../base/index.ts';
import { modelsErrors } from '../errors.ts';

/**
 * A value of a request and where it stands. Each reading throws `models.bad_request` with the JSON pointer (RFC 6901) where
 * the value is not of the kind that is read; the value itself is never repeated.
 */
export class RequestNode {
  readonly value: JsonValue | undefined;
  readonly pointer: string;

  constructor(value: JsonValue | undefined, pointer = '') {
    this.value = value;
    this.pointer = pointer;
  }

  /** Null counts as absent, as it does at the services. */
  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  member(name: string): RequestNode {
    const object = this.object();
    return new RequestNode(Object.hasOwn(object, name) ? object[name] : undefined, `${this.pointer}/${name}`);
  }

  object(): JsonObject {
    return isJsonObject(this.value) ? this.value : this.fail('an object');
  }

  items(): readonly RequestNode[] {
    if (!Array.isArray(this.value)) return this.fail('a list');
    return this.value.map((item, at) => new RequestNode(item, `${this.pointer}/${at}`));
  }

  /** None where the value is absent. */
  optionalItems(): readonly RequestNode[] {
    return this.isAbsent ? [] : this.items();
  }

  string(): string {
    return typeof this.value === 'string' ? this.value : this.fail('a string');
  }

  optionalString(): string | null {
    return this.isAbsent ? null : this.string();
  }

  boolean(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false');
  }

  optionalBoolean(): boolean | null {
    return this.isAbsent ? null : this.boolean();
  }

  optionalNumber(): number | null {
    if (this.isAbsent) return null;
    return typeof this.value === 'number' ? this.value : this.fail('a number');
  }

  /** A whole number from 1 up. */
  optionalCount(): number | null {
    const value = this.optionalNumber();
    if (value !== null && (!Number.isSafeInteger(value) || value < 1))
      return this.fail('a whole number from 1 up');
    return value;
  }

  fail(expected: string): never {
    const detail = `must be ${expected}`;
    throw new LakeError(modelsErrors.bad_request, {
      detail: `The request is malformed: ${this.pointer === '' ? 'the body' : this.pointer} ${detail}.`,
      data: { errors: [{ pointer: this.pointer, detail }] },
    });
  }
}
