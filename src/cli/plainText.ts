/**
 * What a terminal would obey or be led astray by: C0 but tab and line feed, DEL, C1 (8-bit CSI among them), and what turns the direction of
 * text. Joiners and marks that scripts and emoji need are none.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about.
const COMMANDS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;
/** Those of them that stand in a JSON text as they are. */
const COMMANDS_IN_JSON = /[\u007f-\u009f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;

/**
 * Text of users, models and tools for a terminal: escape sequences and other commands are shown, as in `␛[2J`, and not obeyed. Lines stay
 * lines. Each character stands for itself, so the pieces of a stream may be given one by one.
 */
export function plainText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(COMMANDS, shown);
}

/** The same on one line: each run of white space is one space. */
export function plainLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().replace(COMMANDS, shown);
}

/** A JSON text that says the same, with such characters as `\u009b`. */
export function plainJson(json: string): string {
  return json.replace(COMMANDS_IN_JSON, (character) => `\\u${hex(character)}`);
}

/** Unicode has pictures of the old ones. */
function shown(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `\\u${hex(character)}`;
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, '0');
}
