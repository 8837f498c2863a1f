import { typeid } from 'typeid-js';

/** A new id, such as `run_01jd...`. Sorts by the clock that made it; order that matters never relies on that. */
export function newId(
  prefix: 'thread' | 'run' | 'msg' | 'call' | 'file' | 'boot' | 'notice' | 'shr' | 'guest' | 'key' | 'user' | 'login' | 'conn' | 'req',
): string {
  return typeid(prefix).toString();
}
