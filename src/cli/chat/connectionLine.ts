import type { ConnectionState, ConnectionStatus } from '../../client/connectionState.ts';
import { plainLine } from '../plainText.ts';
import { type Line, line } from '../terminal/span.ts';
import { fitText } from '../terminal/textWidth.ts';
import type { ChatScreen } from './chatScreen.ts';

/** For so long it is said that the connection is back. */
const BACK_MS = 3_000;

/** One line that says how a lost connection stands, until it is back. */
export class ConnectionLine {
  readonly #screen: ChatScreen;
  readonly #unsubscribe: () => void;
  #state: ConnectionState;
  #wasThere = false;
  #lostAt: number | undefined;
  #backAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: ConnectionStatus, screen: ChatScreen) {
    this.#screen = screen;
    this.#state = connection.state;
    this.#unsubscribe = connection.subscribe((state) => this.#changed(state));
  }

  lines(width: number): Line[] {
    if (this.#lostAt !== undefined) return [line(this.#lost(width), { colour: 'yellow' })];
    if (this.#backAt !== undefined) return [line('~ connected again, and nothing was missed', { colour: 'green' })];
    return [];
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  /** Of a reason that is too long for the line, the beginning. */
  #lost(width: number): string {
    if (this.#state.status !== 'offline') return fitText('~ connecting again', width);
    const seconds = Math.max(0, Math.ceil((this.#state.nextAttemptAt - Date.now()) / 1_000));
    const next = `; trying again${seconds > 0 ? ` in ${seconds} s` : ''}`;
    const reason = fitText(`~ ${plainLine(this.#state.reason.message).replace(/\.$/, '')}`, Math.max(1, width - next.length));
    return fitText(`${reason}${next}`, width);
  }

  #changed(state: ConnectionState): void {
    this.#state = state;
    this.#wasThere ||= state.status === 'online';
    // A server that never was there ends the chat: nobody tries again.
    if (!this.#wasThere) return;
    if (state.status === 'offline') this.#lostAt ??= Date.now();
    else if (state.status === 'online' && this.#lostAt !== undefined) {
      this.#lostAt = undefined;
      this.#backAt = Date.now();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#backAt = undefined;
        this.#screen.changed();
      }, BACK_MS);
    }
    this.#screen.turn('connection', this.#lostAt !== undefined);
    this.#screen.changed();
  }
}
