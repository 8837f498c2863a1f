import { VerbatimError } from '../../protocol/verbatimError.ts';
import { nearestName } from '../nearestName.ts';
import type { Setting, Settings } from './setting.ts';

/**
 * Throws `CONFIG_INVALID` for the first name that there is not, with the one that was likely meant, and for the first value of a wrong kind.
 * What is absent or undefined is not looked at, but in a group of limits, where it would take a default's place.
 */
export function checkSettings(options: object, settings: Settings, path = '', noun = 'option'): void {
  for (const [name, value] of Object.entries(options)) {
    const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (setting === undefined)
      throw unknownName(`There is no ${noun} "${noun === 'option' ? path : ''}${name}".`, name, Object.keys(settings));
    if (value !== undefined || noun === 'limit') checkValue(`${path}${name}`, setting, value);
  }
}

function checkValue(name: string, setting: Setting, value: unknown): void {
  switch (setting.kind) {
    case 'group':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`\`${name}\` must be an object of options.`);
      return checkSettings(value, setting.members, `${name}.`, setting.noun);
    case 'code':
      // What else it may be is looked at where it is used.
      if (setting.members !== undefined && typeof value === 'object' && value !== null) checkSettings(value, setting.members, `${name}.`);
      return;
    default: {
      const problem = problemOf(setting, value);
      if (problem !== undefined) throw invalid(setting.kind === 'number' && setting.says ? setting.says : `${name} ${problem}`);
    }
  }
}

/** What is wrong with a value, to be said after its name; undefined when nothing is. */
export function problemOf(setting: Exclude<Setting, { readonly kind: 'group' | 'code' }>, value: unknown): string | undefined {
  switch (setting.kind) {
    case 'text':
      return typeof value === 'string' ? undefined : 'must be text.';
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'must be true or false.';
    case 'choice':
      return setting.of.some((choice) => choice === value) ? undefined : `must be one of ${setting.of.join(', ')}.`;
    case 'list':
      return Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'must be a list of texts.';
    case 'number': {
      const { max, orFalse } = setting;
      if (orFalse && value === false) return undefined;
      const fits = typeof value === 'number' && value >= 0 && (max === undefined || (Number.isInteger(value) && value <= max));
      if (fits) return undefined;
      return `must be ${max === undefined ? 'a number of 0 or more' : `a whole number from 0 to ${max}`}${orFalse ? ', or false' : ''}.`;
    }
  }
}

export function unknownName(what: string, name: string, names: readonly string[]): VerbatimError {
  const nearest = nearestName(name, names);
  return invalid(nearest === undefined ? `${what} There are: ${names.join(', ')}.` : `${what} Did you mean "${nearest}"?`);
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
